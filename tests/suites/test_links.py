"""The check of links finds what it is for, and nothing else."""

from __future__ import annotations

import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import links


class Links(unittest.TestCase):
    def wrong(self, text: str) -> list[str]:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder).resolve()
            (root / "docs").mkdir()
            (root / "docs/OTHER.md").write_text("# Other\n\n## `cookie.path`: one, two\n\n## Twice\n\n## Twice\n")
            (root / "README.md").write_text(f"# Here\n\n{text}\n")
            return links.faults(root / "README.md", root)

    def test_what_is_there_is_right(self) -> None:
        for link in ("docs/OTHER.md", "docs", "#here", "docs/OTHER.md#cookiepath-one-two", "docs/OTHER.md#twice-1"):
            self.assertEqual(self.wrong(f"a [link]({link})"), [])
        self.assertEqual(self.wrong("[elsewhere](https://h3.dev) and [`code`](docs)"), [])

    def test_what_is_not_there_is_wrong(self) -> None:
        for link in ("docs/NONE.md", "docs/OTHER.md#none", "#none", "/etc/passwd", "../../..", "docs/OTHER.md#twice-2"):
            self.assertEqual(len(self.wrong(f"a [link]({link})")), 1, link)
        self.assertEqual(len(self.wrong("![a picture](none.svg)")), 1)
        self.assertEqual(len(self.wrong('<img alt="" src="none.svg">')), 1)
        self.assertEqual(len(self.wrong("[plain](http://h3.dev)")), 1)

    def test_code_is_no_link(self) -> None:
        self.assertEqual(self.wrong("`a[0](none)` and\n```c\na[0](none)\n```\n"), [])


if __name__ == "__main__":
    unittest.main()
