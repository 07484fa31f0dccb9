"""What bench.py found out, as Markdown and charts, and the figures for the top README."""

from __future__ import annotations

import re
import statistics
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path

from budgets import BUDGETS, OVER_LIMIT
from charts import bars, lines, rounded
from peers import BUILDS, EMPTY, FORMS, LIMIT, MAIN, PEER_SIZES, PEERS, SIZES, WORKS, Cell, Data, Peer, Results

ROOT = Path(__file__).resolve().parents[2]

BEGIN, END = "<!-- figures -->", "<!-- /figures -->"


class Figure:
    """A median of rounds, and half the distance between the quartiles as a part of it."""

    def __init__(self, rounds: Sequence[float]) -> None:
        self.value = statistics.median(rounds)
        low, _, high = statistics.quantiles(rounds, n=4) if len(rounds) > 1 else (self.value,) * 3
        self.spread = (high - low) / 2 / self.value if self.value else 0

    @property
    def spread_text(self) -> str:
        return f"± {self.spread:.0%}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines_of = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(row) + " |" for row in lines_of) + "\n"


def ratio(a: Sequence[float], b: Sequence[float]) -> Figure | None:
    """How much more a takes than b, round by round."""
    return Figure([x / y for x, y in zip(a, b)]) if a and b else None


class Report:
    def __init__(self, results: Results, machine: dict[str, str]) -> None:
        self.results, self.machine = results, machine
        self.peers = [peer for peer in PEERS if any(cell.peer == peer for cell in results.times)]
        measured = {cell.data.size for cell in results.times if cell.work in WORKS}
        self.sizes = [size for size in SIZES if size in measured]
        self.peer_sizes = [size for size in PEER_SIZES if size in measured]
        self.ours = results.times_of("c", "h3s", "request")

    def name(self, peer: Peer) -> str:
        version = self.results.versions.get(f"{peer.driver} {peer.name}", "")
        return (
            peer.label
            if peer.kind == "ours"
            else f"{peer.label} {version}".replace("h3 2 ", "h3 ").replace("h3 1.15 ", "h3 ")
        )

    def figure(self, peer: Peer, work: str, data: Data) -> Figure | None:
        rounds = self.results.times.get(Cell(peer, work, data))
        return Figure(rounds) if rounds else None

    def microseconds(self, peer: Peer, work: str, data: Data) -> str:
        figure = self.figure(peer, work, data)
        return f"{rounded(figure.value / 1000)} {figure.spread_text}" if figure else "–"

    # ---- Beside the limit ------------------------------------------------------------------------

    def over_limit(self, build: Peer, work: str, data: Data, part: slice = slice(None)) -> Figure | None:
        """How much more a build of the library takes than the limit with the same bytes."""
        times = self.results.times
        limit = times.get(Cell(LIMIT, work, Data(data.form, data.size)), [])
        return ratio(times.get(Cell(build, work, data), [])[part], limit[part])

    def worst(self, build: Peer, work: str, form: str, size: str) -> Figure | None:
        """The greater of the two ratios: with the edited member as the last, or as the first."""
        both = [self.over_limit(build, work, Data(form, size, last)) for last in (True, False)]
        return max((figure for figure in both if figure), key=lambda figure: figure.value, default=None)

    def verdicts(self, build: Peer) -> str:
        """For each form, what is met and what is missed."""
        lines = []
        for form, label in FORMS.items():
            said = []
            for size, budget in OVER_LIMIT[build.driver].items():
                figure = self.worst(build, "request", form, size)
                if figure:
                    said.append(f"{SIZES[size]:,} B {budget.verdict(figure.value)}")
            lines.append(f"- {label} (`{form}`): {', '.join(said)}.\n")
        return "".join(lines)

    def beside(self, build: Peer, work: str) -> str:
        """Each form and size beside the limit; for a request, beside the budget."""
        budgets = OVER_LIMIT[build.driver] if work == "request" else {}
        rows = []
        for form in FORMS:
            for size in self.sizes:
                figure = self.worst(build, work, form, size)
                if not figure:
                    continue
                last, first = Data(form, size), Data(form, size, last=False)
                row = [f"{form}, {SIZES[size]:,} B", self.microseconds(LIMIT, work, last)]
                row += [self.microseconds(build, work, first), self.microseconds(build, work, last)]
                row.append(f"**{rounded(figure.value)}** {figure.spread_text}")
                if work == "request":
                    budget = budgets.get(size)
                    row += [f"{budget.bound}", budget.verdict(figure.value)] if budget else ["–", ""]
                rows.append(row)
        head = ["µs", "limit", "`count` first", "`count` last", "times the limit"]
        return table([*head, "budget", ""] if work == "request" else head, rows)

    def stability(self) -> str:
        """How far the ratios to the limit of the run's two halves are apart."""
        middle = self.results.rounds // 2
        apart = []
        for cell in self.results.times:
            if cell.peer in BUILDS and cell.work in WORKS and middle:
                halves = [
                    self.over_limit(cell.peer, cell.work, cell.data, part)
                    for part in (slice(middle), slice(middle, None))
                ]
                a, b = (half.value for half in halves if half)
                apart.append(abs(a - b) / min(a, b))
        if not apart:
            return ""
        return f"The same ratios from the first half of the run and from the second are {statistics.median(apart):.1%} apart in the median, and {max(apart):.1%} at most.\n"

    def limits(self) -> str:
        """All that is beside the limit."""
        what = (
            "The limit is AES-256-GCM of ring with a ready key, and vectorised base64, of as many bytes as the session has: for a request both ways, for a read "
            "to open. It has no cookie, no session and no JSON. Of the two ratios, with the edited member `count` as the first and as the last, the greater one counts.\n"
        )
        parts = ["## Beside the limit\n", what]
        for build in BUILDS:
            if build in self.peers:
                parts += [
                    f"### {build.label}: a request\n",
                    self.verdicts(build),
                    self.beside(build, "request"),
                    f"### {build.label}: a read\n",
                    "There is no budget for it.\n",
                    self.beside(build, "read"),
                ]
        return "\n".join([*parts, self.stability(), "![A request beside the limit](limit.svg)\n"])

    # ---- The other parts -------------------------------------------------------------------------

    def figures(self) -> list[str]:
        """The three that the top README shows."""

        def takes(driver: str, name: str) -> str:
            return rounded(Figure(self.results.times_of(driver, name, "request")).value / 1000)

        def times(driver: str, name: str) -> str:
            found = ratio(self.results.times_of(driver, name, "request"), self.ours)
            return rounded(found.value) if found else "?"

        def size(driver: str, name: str, of: Data) -> str:
            return f"{self.results.number_of(driver, name, 'bytes', of) or 0:,.0f}"

        limit = ratio(self.ours, self.results.times_of("rust", "ring", "request"))
        h3, data = self.results.versions["node h3-2"], Data(MAIN, "1024")
        request = (
            f"A whole request with 1 KiB of data in 30 members, from Cookie header to Set-Cookie value, takes **{takes('c', 'h3s')} µs** of CPU time through the C ABI: "
            f"{times('node', 'h3-2')} times less than in h3 {h3}, {times('node', 'nuxt-auth-utils')} than in nuxt-auth-utils, and "
            f"{rounded(limit.value) if limit else '?'} times as much as bare cryptography."
        )
        languages = (
            f"In Python it takes **{takes('python', 'h3s')} µs**, or {takes('python', 'h3s-asgi')} as ASGI middleware, where Starlette's takes "
            f"{takes('python', 'starlette')} and Flask's sessions {takes('python', 'flask')}; in Go {takes('go', 'h3s')}, where gorilla/securecookie takes {takes('go', 'securecookie')}."
        )
        cookie = (
            f"The cookie of that session has **{size('c', 'h3s', data)} bytes**, h3's {size('node', 'h3-2', data)}; that of an empty one "
            f"{size('c', 'h3s', EMPTY)} and {size('node', 'h3-2', EMPTY)}."
        )
        return [request, languages, cookie]

    def budgets(self) -> str:
        """The other budgets: what was found, and by how much it misses."""
        times = self.results.times_of
        found: dict[str, Figure | float | None] = {}
        h3, python, go = (times(*peer, "request") for peer in (("node", "h3-2"), ("python", "h3s"), ("go", "h3s")))
        found["h3"] = ratio(h3, self.ours)
        found["fe26"] = ratio(h3, times("c", "fe26", "request"))
        found["openssl"] = ratio(self.ours, times("c", "openssl", "request"))
        found["cold"] = ratio(
            times("c", "cold", "request"), [2 * derived for derived in times("c", "openssl", "derive")]
        )
        for name in ("revoked", "unrevoked"):
            found[name] = ratio(times("c", name, "request"), self.ours)
        found["allocations"] = self.results.number_of("c", "h3s", "allocations", Data(MAIN, "1024"))
        # The least of all rounds: two threads need both processors to
        # themselves, which they seldom have.
        one, two, limit_one, limit_two = (
            min(times("c", name, work, "3072"), default=0.0)
            for name in ("h3s", "openssl")
            for work in ("threads1", "threads2")
        )
        found["threads"] = one / two / (limit_one / limit_two) if two and limit_one else None
        found["python"] = Figure([time / 1000 for time in python])
        found["starlette"] = ratio(times("python", "starlette", "request"), python)
        found["go"] = ratio(go, self.ours)
        found["securecookie"] = ratio(times("go", "securecookie", "request"), go)
        node = times("node", "h3s-h3-2", "request")
        found["node"] = ratio(h3, node)
        found["node-1"] = ratio(times("node", "h3-1", "request"), node)
        empty = self.results.number_of("c", "h3s", "bytes", EMPTY)
        found["token"] = None if empty is None else empty - len("h3=")
        found["library"] = self.results.library_bytes
        rows = []
        for key, budget in BUDGETS.items():
            figure = found[key]
            if figure is None:
                continue
            value, spread = (figure.value, figure.spread_text) if isinstance(figure, Figure) else (figure, "")
            text = f"{value:,.0f}" if value == int(value) else rounded(value)
            rows.append([budget.what, f"{text} {spread}".strip(), budget.text, budget.verdict(value)])
        return table(["what", "found", "budget", ""], rows)

    def ranked(self, work: str, shown: Sequence[Data], heads: Sequence[str]) -> str:
        """All peers with these data, the quickest first."""
        data = Data(MAIN, "1024")
        found = [(figure.value, peer) for peer in self.peers if (figure := self.figure(peer, work, data))]
        rows = []
        for _, peer in sorted(found, key=lambda each: each[0]):
            times = ratio(self.results.times[Cell(peer, work, data)], self.results.times_of("c", "h3s", work))
            row = [self.name(peer), *(self.microseconds(peer, work, each) for each in shown)]
            rows.append([*row, rounded(times.value) if times else "–"])
        return table(["µs", *heads, f"times libh3s in C, {heads[shown.index(data)]}"], rows)

    def work(self, work: str) -> str:
        return self.ranked(
            work, [Data(MAIN, size) for size in self.peer_sizes], [f"{SIZES[size]:,} B" for size in self.peer_sizes]
        )

    def forms(self, work: str) -> str:
        return self.ranked(work, [Data(form, "1024") for form in FORMS], list(FORMS.values()))

    def others(self) -> str:
        works = {
            "seal": "a token made",
            "open": "opened",
            "forged": "forged token",
            "limited": "over the rate limit",
            "none": "no cookie",
            "start": "configuration",
        }
        rows = []
        for peer in self.peers:
            row = [self.microseconds(peer, work, Data(MAIN, "1024")) for work in works]
            if any(text != "–" for text in row):
                rows.append([self.name(peer), *row])
        return table(["µs", *works.values()], rows)

    def cookies(self) -> str:
        rows = []
        shown = (EMPTY, *(Data(MAIN, size) for size in self.sizes))
        for peer in self.peers:
            row = [self.results.numbers.get(Cell(peer, "bytes", data)) for data in shown]
            if any(row):
                rows.append([self.name(peer), *(f"{value:,.0f}" if value else "–" for value in row)])
        return table(["bytes", "empty", *(f"{SIZES[size]:,} B" for size in self.sizes)], rows)

    def cost(self) -> str:
        """What is counted, where it can be."""
        rows = []
        shown = [Data(MAIN, size) for size in self.sizes]
        instructions = self.results.instructions
        for work in dict.fromkeys(work for work, _ in instructions):
            counted = (instructions[work, data] for data in shown)
            rows.append([f"instructions of a {work}: libh3s, C", *(f"{value:,}" for value in counted)])
        for work, what in {"allocations": "allocations", "heap": "most bytes in use"}.items():
            for peer in self.peers:
                found = [self.results.numbers.get(Cell(peer, work, data)) for data in shown]
                if any(found):
                    texts = ("–" if value is None else f"{value:,.0f}" for value in found)
                    rows.append([f"{what}: {self.name(peer)}", *texts])
        return table(["of one request", *(f"{SIZES[size]:,} B" for size in self.sizes)], rows)

    def process(self) -> str:
        memory = ", ".join(f"{name} {mib:.0f}" for name, mib in self.results.memory.items())
        return (
            f"The library has {self.results.library_bytes:,} bytes and is loaded in {self.results.load_ns / 1e6:.1f} ms; a configuration takes the time above, most of it "
            f"for a derivation that is made once a password. The most memory that each driver's process had, in MiB, with all its peers in it: {memory}.\n"
        )

    def notes(self) -> str:
        """What is not as it should be."""
        notes = [f"Left out: {what}." for what in self.results.missing]
        django = self.results.versions.get("django django", "")
        if django.startswith("5."):
            notes.append(f"Django is {django}: Django 6 needs Python 3.12 or later, and the benchmarks found none.")
        return "".join(f"\n{note}\n" for note in notes)

    def markdown(self) -> str:
        figures = "\n".join(f"- {line}" for line in self.figures())
        versions = self.results.versions.items()
        runtimes = sorted({version.replace("/", " ") for what, version in versions if what.endswith(" runtime")})
        works = {
            "request": "A request: header parsed, session opened, a counter set, Set-Cookie made",
            "read": "A read: header parsed, session opened, a value read",
        }
        intro = (
            f"Measured on {self.machine['date']}: {self.machine['processor']}; {self.machine['system']}. Each figure is the median of {self.results.rounds} rounds, in CPU time of the "
            f"process, ± half the distance between the quartiles. The run took {self.results.seconds:.0f} s. Repeat it with `make bench`; [README.md](README.md) says what "
            f"is measured and how.\n\nThe drivers ran on {', '.join(runtimes)}.\n{self.notes()}"
        )
        parts = [
            "# Results\n",
            intro,
            figures + "\n",
            "![A request of 1 KiB](request.svg)\n",
            self.limits(),
            "## The other budgets\n",
            self.budgets(),
            "![Requests by size](sizes.svg)\n",
        ]
        for work in WORKS:
            parts += [f"## {works[work]}\n", f"With {FORMS[MAIN]}, and `count` last.\n", self.work(work)]
            parts += [f"## The same {work} with 1,024 B in each form\n", self.forms(work)]
        parts += [
            "## A token alone, other requests, and the start\n",
            self.others(),
            "## The cookies of the same data\n",
            self.cookies(),
        ]
        parts += ["## What a request costs besides time\n", self.cost(), self.process()]
        return "\n".join(parts)

    def charts(self, output: Path) -> None:
        values = [
            (self.name(peer), figure.value / 1000, peer.kind)
            for peer in self.peers
            if (figure := self.figure(peer, "request", Data(MAIN, "1024")))
        ]
        (output / "request.svg").write_bytes(
            bars("A request with 1 KiB of data: µs of CPU time", sorted(values, key=lambda value: value[1]))
        )
        chosen = [
            ("c", "h3s"),
            ("c", "openssl"),
            ("c", "fe26"),
            ("python", "h3s"),
            ("go", "h3s"),
            ("rust", "private-jar"),
            ("python", "starlette"),
        ]
        chosen += [("go", "securecookie"), ("node", "secure-session"), ("node", "iron-session"), ("node", "h3-2")]
        series = []
        for peer in self.peers:
            if (peer.driver, peer.name) in chosen:
                by_size = [self.figure(peer, "request", Data(MAIN, size)) for size in self.peer_sizes]
                series.append(
                    (self.name(peer), [figure.value / 1000 if figure else None for figure in by_size], peer.kind)
                )
        (output / "sizes.svg").write_bytes(
            lines(
                "A request by the size of its data: µs of CPU time",
                [f"{SIZES[size]:,} B" for size in self.peer_sizes],
                series,
            )
        )
        (output / "limit.svg").write_bytes(self.limit_chart())

    def limit_chart(self) -> bytes:
        """How many times the limit each form takes, by size, and the budgets."""
        series: list[tuple[str, list[float | None], str]] = []
        for build in BUILDS:
            if build not in self.peers:
                continue
            for form, label in FORMS.items():
                found = [self.worst(build, "request", form, size) for size in self.sizes]
                series.append((f"{build.label}: {label}", [each.value if each else None for each in found], "ours"))
            budgets = [OVER_LIMIT[build.driver].get(size) for size in self.sizes]
            series.append((f"{build.label}: budget", [each.bound if each else None for each in budgets], "limit"))
        labels = [f"{SIZES[size]:,} B" for size in self.sizes]
        return lines("A request: times the limit", labels, series, [1, 2, 3, 5, 10, 20])


def figures_in(text: str) -> list[str]:
    """The figures between the marks of a README, or at the top of the results."""
    if BEGIN in text:
        text = text[text.index(BEGIN) : text.index(END)]
    return [" ".join(item.split()) for item in re.findall(r"^- (.*(?:\n  .*)*)", text, re.MULTILINE)[:3]]


def wrapped(markdown: str) -> str:
    """The same in at most 100 columns, but for tables, which cannot be broken."""

    def paragraph(line: str) -> str:
        indent = "  " if line.startswith("- ") else ""
        return textwrap.fill(line, 100, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)

    return "\n".join(line if line.startswith("|") else paragraph(line) for line in markdown.split("\n"))


def write(results: Results, machine: dict[str, str], output: Path, complete: bool) -> None:
    """The results' page and charts; after a complete run also the figures in the top README."""
    report = Report(results, machine)
    output.mkdir(parents=True, exist_ok=True)
    (output / "RESULTS.md").write_text(wrapped(report.markdown()))
    report.charts(output)
    for build in BUILDS:
        if build in report.peers:
            print(f"{build.label}, a request beside the limit:\n{report.verdicts(build)}")
    print(report.budgets())
    print(f"See {output / 'RESULTS.md'}")
    readme = ROOT / "README.md"
    text = readme.read_text()
    if complete and BEGIN in text:
        head, rest = text.split(BEGIN, 1)
        figures = wrapped("".join(f"- {line}\n" for line in report.figures()))
        readme.write_text(f"{head}{BEGIN}\n{figures}{END}{rest.split(END, 1)[1]}")
