"""What rooms.py finds, each planted in a copy of the tree."""

import shutil
import unittest
from pathlib import Path
from tempfile import TemporaryDirectory

from rooms import MAX_LINES, ROOT, check

NGINX = "bindings/nginx/src/ngx_http_h3s"


class Rooms(unittest.TestCase):
    def setUp(self) -> None:
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        for part in ("src", "bindings/nginx/src"):
            shutil.copytree(ROOT / part, self.root / part)
        (self.root / "docs").mkdir()
        shutil.copy(ROOT / "docs/CONTRIBUTING.md", self.root / "docs")

    def plant(self, file: str, text: str) -> None:
        with (self.root / file).open("a", encoding="utf-8") as out:
            out.write(text)

    def assert_found(self, *expected: str) -> None:
        """Each is in a line of its own, and there is no other."""
        found = check(self.root)
        self.assertEqual(len(found), len(expected), found)
        for part in expected:
            self.assertTrue(any(part in line for line in found), f"{part} is not in {found}")

    def test_the_tree_is_as_it_should_be(self) -> None:
        self.assert_found()

    def test_an_import_that_closes_a_circle_is_found(self) -> None:
        self.plant("src/keyring.rs", "use crate::config::Config as Planted;\n")
        self.assert_found("the imports of config <-> ", "keyring imports config, which stands above it")

    def test_a_path_that_closes_a_circle_is_found(self) -> None:
        self.plant("src/record.rs", "fn planted() { crate::session::seal::planted(); }\n")
        self.assert_found("record <-> seal", "record imports session, which stands above it")

    def test_a_circle_inside_a_room_is_found(self) -> None:
        self.plant("src/ffi/guard.rs", "fn planted() { super::writing::planted() }\n")
        self.assert_found("ffi::guard <-> ffi::session <-> ffi::writing make a circle")

    def test_what_imports_ffi_is_found(self) -> None:
        self.plant("src/json.rs", "use crate::ffi::guard;\n")
        self.assert_found("src/json.rs imports ffi", "json imports ffi, which stands above it")

    def test_a_room_that_is_not_in_the_list_is_found(self) -> None:
        self.plant("src/planted.rs", "use crate::error::Error;\n")
        self.assert_found("its list of rooms differs in ['planted']")

    def test_a_file_that_is_too_long_is_found(self) -> None:
        self.plant("src/json.rs", "// planted\n" * MAX_LINES)
        self.plant(f"{NGINX}_site.c", "/* planted */\n" * MAX_LINES)
        self.assert_found("src/json.rs has", "ngx_http_h3s_site.c has")

    def test_a_file_of_the_nginx_module_that_calls_one_above_it_is_found(self) -> None:
        self.plant(f"{NGINX}_log.c", "static void planted(void) { ngx_http_h3s_open(NULL, NULL, 0, NULL); }\n")
        self.assert_found("ngx_http_h3s_log.c calls ngx_http_h3s_open of ngx_http_h3s_open.c")

    def test_a_file_of_the_nginx_module_that_is_not_in_the_list_is_found(self) -> None:
        self.plant(f"{NGINX}_planted.c", "")
        self.assert_found("the list of files in ngx_http_h3s.h")


if __name__ == "__main__":
    unittest.main()
