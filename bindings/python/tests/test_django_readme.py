"""The README's Django project, as a new user types it in, in a process of its own."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

from conftest import SOURCE, run

README = Path(__file__).resolve().parents[1] / "README.md"

SETTINGS = """
ALLOWED_HOSTS = ["*"]
DATABASES = {}
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes"]
ROOT_URLCONF = "urls"
SECRET_KEY = "nothing is signed with this"
"""

VISIT = """
import threading
from wsgiref.simple_server import WSGIRequestHandler, make_server

import django, httpx

django.setup()
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from django.test import Client


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


call_command("check")
client = Client()
print([client.get("/").json()["count"] for _ in range(3)])
with make_server("127.0.0.1", 0, WSGIHandler(), handler_class=Quiet) as server:
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    with httpx.Client(timeout=20) as browser:
        print([browser.get(f"http://127.0.0.1:{server.server_port}/").json()["count"] for _ in range(3)])
    server.shutdown()
    thread.join()
"""


def block(first_line: str) -> str:
    found = re.search(f"^```python\n({re.escape(first_line)}\n.*?)^```$", README.read_text(), re.MULTILINE | re.DOTALL)
    assert found is not None, first_line
    return found[1]


@pytest.mark.parametrize(("debug", "over_http"), [(True, [1, 2, 3]), (False, [1, 1, 1])])
def test_the_project_counts_in_a_test_client_and_with_the_one_switch_over_plain_http(
    debug: bool, over_http: list[int], tmp_path: Path
) -> None:
    settings = block("# settings.py").replace("DEBUG = True", f"DEBUG = {debug}")
    (tmp_path / "settings.py").write_text(settings + SETTINGS)
    (tmp_path / "urls.py").write_text(block("# urls.py"))
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "settings", "PYTHONPATH": f"{SOURCE}{os.pathsep}{tmp_path}"}
    done = run([sys.executable, "-c", VISIT], environment, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-2:] == ["[1, 2, 3]", str(over_http)]
