"""What bench.py found out, as Markdown and charts, and the figures for the top README."""

from __future__ import annotations

import re
import statistics
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path

from charts import bars, lines, rounded
from peers import PEERS, SIZES, WORKS, Cell, Peer, Results

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
        self.sizes = [size for size in SIZES if any(cell.size == size and cell.work in WORKS for cell in results.times)]
        self.ours = results.times_of("c", "h3s", "request", "1024")

    def name(self, peer: Peer) -> str:
        version = self.results.versions.get(f"{peer.driver} {peer.name}", "")
        return (
            peer.label
            if peer.kind == "ours"
            else f"{peer.label} {version}".replace("h3 2 ", "h3 ").replace("h3 1.15 ", "h3 ")
        )

    def figure(self, peer: Peer, work: str, size: str) -> Figure | None:
        rounds = self.results.times.get(Cell(peer, work, size))
        return Figure(rounds) if rounds else None

    def microseconds(self, peer: Peer, work: str, size: str) -> str:
        figure = self.figure(peer, work, size)
        return f"{rounded(figure.value / 1000)} {figure.spread_text}" if figure else "–"

    # ---- The parts -------------------------------------------------------------------------------

    def figures(self) -> list[str]:
        """The three that the top README shows."""

        def takes(driver: str, name: str) -> str:
            return rounded(Figure(self.results.times_of(driver, name, "request", "1024")).value / 1000)

        def times(driver: str, name: str) -> str:
            found = ratio(self.results.times_of(driver, name, "request", "1024"), self.ours)
            return rounded(found.value) if found else "?"

        def size(driver: str, name: str, of: str) -> str:
            return f"{self.results.number_of(driver, name, 'bytes', of) or 0:,.0f}"

        h3 = self.results.versions["node h3-2"]
        request = (
            f"A whole request with 1 KiB of data, from Cookie header to Set-Cookie value, takes **{takes('c', 'h3s')} µs** of CPU time through the C ABI: "
            f"{times('node', 'h3-2')} times less than in h3 {h3}, {times('node', 'iron-session')} than in iron-session."
        )
        languages = (
            f"In Python it takes **{takes('python', 'h3s')} µs**, or {takes('python', 'h3s-asgi')} as ASGI middleware, where Starlette's takes "
            f"{takes('python', 'starlette')} and Flask's sessions {takes('python', 'flask')}; in Go {takes('go', 'h3s')}, where gorilla/securecookie takes {takes('go', 'securecookie')}."
        )
        cookie = (
            f"The cookie of that session has **{size('c', 'h3s', '1024')} bytes**, h3's {size('node', 'h3-2', '1024')}; that of an empty one "
            f"{size('c', 'h3s', 'empty')} and {size('node', 'h3-2', 'empty')}."
        )
        return [request, languages, cookie]

    def budgets(self) -> str:
        """The design's budgets: what was found, and by how much it misses."""
        found: list[tuple[str, float | None, str, float, bool]] = []
        times = self.results.times_of

        def shown(figure: Figure | None) -> tuple[float | None, str]:
            return (figure.value, figure.spread_text) if figure else (None, "")

        def at_least(what: str, a: Sequence[float], b: Sequence[float], budget: float) -> None:
            value = ratio(a, b)
            found.append((what, *shown(value), budget, True))

        def at_most(what: str, value: float | None, spread: str, budget: float) -> None:
            found.append((what, value, spread, budget, False))

        for size, budget in (("200", 1.1), ("1024", 0.7), ("3072", 0.7)):
            value = ratio(times("c", "h3s", "request", size), times("c", "openssl", "request", size))
            at_most(f"request of {SIZES[size]:,} B / bare OpenSSL", *shown(value), budget)
        h3 = times("node", "h3-2", "request", "1024")
        at_least("h3 2 / request of 1,024 B", h3, self.ours, 8000)
        at_least("h3 2 / the same in Fe26.2, warm", h3, times("c", "fe26", "request", "1024"), 2500)
        # A cold request derives the keys of what it opens; those to seal under are
        # derived with the configuration.
        cold, fe26, native = (
            times("c", name, work, "1024") for name, work in (("cold", "request"), ("fe26", "start"), ("h3s", "start"))
        )
        derived = [opened + with_keys - without for opened, with_keys, without in zip(cold, fe26, native)]
        at_least("h3 2 / the same in Fe26.2, cold, with the keys to seal under", h3, derived, 1)
        at_most("allocations in it", self.results.number_of("c", "h3s", "allocations", "1024"), "", 6)
        # The least of all rounds: two threads need both processors to
        # themselves, which they seldom have.
        one, two, limit_one, limit_two = (
            min(times("c", name, work, "3072"), default=0.0)
            for name in ("h3s", "openssl")
            for work in ("threads1", "threads2")
        )
        scaling = one / two / (limit_one / limit_two) if two and limit_one else None
        found.append(("scaling to two threads / bare OpenSSL's", scaling, "", 0.95, True))
        python, go = times("python", "h3s", "request", "1024"), times("go", "h3s", "request", "1024")
        at_least("Starlette / Python", times("python", "starlette", "request", "1024"), python, 4)
        at_least("Flask / Python", times("python", "flask", "request", "1024"), python, 15)
        at_least("gorilla/securecookie / Go", times("go", "securecookie", "request", "1024"), go, 15)
        empty = self.results.number_of("c", "h3s", "bytes", "empty")
        at_most("characters of an empty session's token", None if empty is None else empty - len("h3="), "", 110)
        at_most("bytes of the stripped library", self.results.library_bytes, "", 800 * 1024)
        rows = []
        for what, number, spread, budget, least in found:
            if number is None:
                continue
            holds = number >= budget if least else number <= budget
            miss = (
                "holds" if holds else f"missed by a factor of {rounded(budget / number if least else number / budget)}"
            )
            text = f"{number:,.0f}" if number == int(number) else rounded(number)
            rows.append([what, f"{text} {spread}".strip(), f"at {'least' if least else 'most'} {budget:,}", miss])
        return table(["what", "found", "budget", ""], rows)

    def work(self, work: str) -> str:
        found = [(figure.value, peer) for peer in self.peers if (figure := self.figure(peer, work, "1024"))]
        base = self.results.times_of("c", "h3s", work, "1024")
        rows = []
        for _, peer in sorted(found, key=lambda each: each[0]):
            times = ratio(self.results.times[Cell(peer, work, "1024")], base)
            row = [self.name(peer), *(self.microseconds(peer, work, size) for size in self.sizes)]
            rows.append([*row, rounded(times.value) if times else "–"])
        return table(["µs", *(f"{SIZES[size]:,} B" for size in self.sizes), "times libh3s in C, 1,024 B"], rows)

    def others(self) -> str:
        works = {
            "forged": "forged token",
            "limited": "over the rate limit",
            "none": "no cookie",
            "start": "configuration",
        }
        rows = []
        for peer in self.peers:
            row = [self.microseconds(peer, work, "1024") for work in works]
            if any(text != "–" for text in row):
                rows.append([self.name(peer), *row])
        return table(["µs", *works.values()], rows)

    def bytes(self) -> str:
        rows = []
        for peer in self.peers:
            row = [self.results.numbers.get(Cell(peer, "bytes", size)) for size in ("empty", *self.sizes)]
            if any(row):
                rows.append([self.name(peer), *(f"{value:,.0f}" if value else "–" for value in row)])
        return table(["bytes", "empty", *(f"{SIZES[size]:,} B" for size in self.sizes)], rows)

    def cost(self) -> str:
        """What is counted, where it can be."""
        rows = []
        instructions = self.results.instructions
        for work in dict.fromkeys(work for work, _ in instructions):
            counted = (instructions[work, size] for size in self.sizes)
            rows.append([f"instructions of a {work}: libh3s, C", *(f"{value:,}" for value in counted)])
        for work, what in {"allocations": "allocations", "heap": "most bytes in use"}.items():
            for peer in self.peers:
                found = [self.results.numbers.get(Cell(peer, work, size)) for size in self.sizes]
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
            "seal": "A token made of the data",
            "open": "A token opened",
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
            "![Requests by size](sizes.svg)\n",
            "## Budgets\n",
            self.budgets(),
        ]
        for work in WORKS:
            parts += [f"## {works[work]}\n", self.work(work)]
        parts += [
            "## Other requests, and the start\n",
            self.others(),
            "## The cookies of the same data\n",
            self.bytes(),
        ]
        parts += ["## What a request costs besides time\n", self.cost(), self.process()]
        return "\n".join(parts)

    def charts(self, output: Path) -> None:
        values = [
            (self.name(peer), figure.value / 1000, peer.kind)
            for peer in self.peers
            if (figure := self.figure(peer, "request", "1024"))
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
                by_size = [self.figure(peer, "request", size) for size in self.sizes]
                series.append(
                    (self.name(peer), [figure.value / 1000 if figure else None for figure in by_size], peer.kind)
                )
        (output / "sizes.svg").write_bytes(
            lines(
                "A request by the size of its data: µs of CPU time",
                [f"{SIZES[size]:,} B" for size in self.sizes],
                series,
            )
        )


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
    print(report.budgets())
    print(f"See {output / 'RESULTS.md'}")
    readme = ROOT / "README.md"
    text = readme.read_text()
    if complete and BEGIN in text:
        head, rest = text.split(BEGIN, 1)
        figures = wrapped("".join(f"- {line}\n" for line in report.figures()))
        readme.write_text(f"{head}{BEGIN}\n{figures}{END}{rest.split(END, 1)[1]}")
