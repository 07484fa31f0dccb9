"""What width.py finds, and what it leaves alone."""

import unittest
from pathlib import Path
from tempfile import TemporaryDirectory

from width import WIDTH, too_wide

LONG = "word " * WIDTH


class Width(unittest.TestCase):
    def wide(self, name: str, text: str) -> list[int]:
        with TemporaryDirectory() as folder:
            path = Path(folder, name)
            path.write_text(text, encoding="utf-8")
            return too_wide(path)

    def test_a_long_comment_is_found_in_every_language(self) -> None:
        comments = {
            "//": ["a.c", "a.rs", "a.go", "a.jsx", "a.mjs", "a.cc", "go.mod"],
            "#": ["a.py", "a.sh", "a.toml", "a.yml", "a.rb", "Makefile", "run", "nginx.conf", "a.txt"],
            "--": ["a.lua"],
        }
        for mark, names in comments.items():
            for name in names:
                with self.subTest(name):
                    self.assertEqual(self.wide(name, f"\n{mark} {LONG}\n"), [2])

    def test_each_long_line_of_a_block_comment_is_found(self) -> None:
        for name in ("a.c", "a.css"):
            with self.subTest(name):
                self.assertEqual(self.wide(name, f"/*\n * {LONG}\n * short\n * {LONG}\n */\n"), [2, 4])

    def test_a_long_line_of_a_docstring_is_found(self) -> None:
        self.assertEqual(self.wide("a.py", f'def f() -> None:\n    """Short.\n\n    {LONG}\n    """\n'), [4])

    def test_every_long_line_of_a_header_or_of_markdown_is_found(self) -> None:
        for name in ("a.md", "a.h", "a.hpp"):
            with self.subTest(name):
                self.assertEqual(self.wide(name, f"{LONG}\n"), [1])

    def test_a_comment_that_makes_a_line_of_code_long_is_found(self) -> None:
        self.assertEqual(self.wide("a.c", f"int a; // {LONG}\n"), [1])

    def test_code_that_only_resembles_a_comment_is_left_alone(self) -> None:
        code = {
            "a.c": f'char *a = "// {LONG}";',
            "a.rs": f'let a = r#"" // {LONG}"#;',
            "lifetime.rs": f"fn a<'a>(b: &'a str) {{ c(\"' // {LONG}\") }}",
            "a.go": f"a := `// {LONG}`",
            "a.mjs": f"const a = `// {LONG}`;",
            "a.py": f'a = "# {LONG}"',
            "a.sh": f"echo ${{#a[@]}} a#b '# {LONG}'",
        }
        for name, line in code.items():
            with self.subTest(name):
                self.assertEqual(self.wide(name, f"{line}\n"), [])

    def test_a_word_that_cannot_be_broken_may_be_longer(self) -> None:
        self.assertEqual(self.wide("a.md", f"- <https://example.com/{'a' * WIDTH}>\n"), [])

    def test_a_line_may_have_100_columns_and_a_tab_takes_up_to_8(self) -> None:
        words = "ab " * 30
        self.assertEqual(self.wide("a.go", f"// {words}{'c' * 7}\n"), [])
        self.assertEqual(self.wide("a.go", f"// {words}{'c' * 8}\n"), [1])
        self.assertEqual(self.wide("b.go", f"\t// {words[8:]}{'c' * 7}\n"), [])
        self.assertEqual(self.wide("b.go", f"\t// {words[8:]}{'c' * 8}\n"), [1])

    def test_a_column_is_a_character(self) -> None:
        self.assertEqual(self.wide("a.md", "é" * 50 + " " + "é" * 49 + "\n"), [])


if __name__ == "__main__":
    unittest.main()
