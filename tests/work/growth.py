"""growth.py FOLDER: whether work and memory grow in proportion to the length of the input.

It reads what work.c left in the folder, and prints a line for each kind of input.
"""

import re
import sys
from collections import defaultdict
from pathlib import Path

# Names are sorted to find one that stands twice: n log n, a little more than in proportion.
GROWTH = 1.15
# Per byte of input, at the largest size: instructions (a microsecond has some thousands), and bytes
# held at once, besides what a session needs in any case.
INSTRUCTIONS = 1000
BYTES = 12
FIXED_BYTES = 4096
# Of a good token's instructions, which are those of two derivations.
DERIVATIONS = [
    ("a forged token", "a forged Fe26.2 token costs one key derivation of two", 0.45, 0.55),
    (
        "five forged tokens",
        "five forged Fe26.2 tokens in a Cookie header cost one key derivation",
        0.45,
        0.55,
    ),
    (
        "five forged tokens and one in the session header",
        "five in a Cookie header and one in the session header cost one key derivation",
        0.45,
        0.55,
    ),
    (
        "five forged tokens that were all refused before",
        "forged Fe26.2 tokens that were refused before cost none",
        0.0,
        0.01,
    ),
]


def main(folder: Path) -> None:
    work: dict[str, dict[int, int]] = defaultdict(dict)
    for dump in folder.glob("callgrind.*"):
        label = re.search(r"^desc: Trigger: Client Request: (.+) (\d+)$", text := dump.read_text(), re.MULTILINE)
        total = re.search(r"^totals: (\d+)$", text, re.MULTILINE)
        if label and total:
            work[label[1]][int(label[2])] = int(total[1])
    held: dict[str, dict[int, int]] = defaultdict(dict)
    for line in (folder / "held").read_text().splitlines():
        size, most, kind = line.split(" ", 2)
        held[kind][int(size)] = int(most)

    whole = work.pop("a good token")[1]
    for counted, what, least, below in DERIVATIONS:
        share = work.pop(counted)[1] / whole
        verdict = "ok" if least <= share < below else "FAIL"
        print(f"{verdict} {what}: {share:.3f} of a good one's instructions")
    too_large = "a text that fits into no session"
    most_held = max(held[too_large].values())
    verdict = "ok" if most_held < FIXED_BYTES else "FAIL"
    print(f"{verdict} {too_large} is refused without a copy: {most_held} bytes held")
    for kind, counts in sorted(work.items()):
        small, *_, large = sorted(counts)
        growth = counts[large] / counts[small] / (large / small)
        each, room = counts[large] / large, (held[kind][large] - FIXED_BYTES) / large
        good = growth <= GROWTH and each <= INSTRUCTIONS and room <= BYTES and len(counts) == 3
        print(
            f"{'ok' if good else 'FAIL'} {kind}: {each:.0f} instructions a byte, {growth:.2f} times as many for "
            f"{large // small} times the length, {held[kind][large] / large:.1f} bytes held for each"
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
