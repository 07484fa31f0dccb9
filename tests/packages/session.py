"""session.py VERSION FILE: makes a session with the package that is installed as that file, and
prints its cookie. No Rust is there, and the package goes by its extension."""

import shutil
import sys

import h3s

version, file = sys.argv[1:]
assert h3s.__file__ == file, h3s.__file__
assert h3s.__version__ == version and h3s._abi.fast.h3s_version().decode() == version
assert h3s.backend() == "extension", h3s._core.why_not
assert shutil.which("cargo") is None
sessions = h3s.Sessions(password="an example of 32 characters or more", cookie={"secure": False})
session = sessions.use()
session["user"] = "ada"
cookie = session.set_cookies()[0].split(";")[0]
assert sessions.get(cookie)["user"] == "ada"
print("cookie", cookie)
