"""A project with django.contrib.admin, which wants Django's own middleware or a subclass."""

from __future__ import annotations

import re

import httpx
import pytest
from django_project import OURS, accounts, project

from conftest import Serve, cookies_of

# What follows needs the settings.
# isort: split
from django.contrib import admin
from django.contrib.sessions.middleware import SessionMiddleware as Stock
from django.core.exceptions import ImproperlyConfigured
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from django.test import override_settings
from django.urls import path
from h3s.django import SessionMiddleware

ADMIN = (path("admin/", admin.site.urls),)
CSRF = [*OURS[:1], "django.middleware.csrf.CsrfViewMiddleware", *OURS[1:]]


def test_the_checks_of_a_project_with_the_admin_pass() -> None:
    assert issubclass(SessionMiddleware, Stock)
    with override_settings(ROOT_URLCONF=ADMIN):
        call_command("check")


@pytest.mark.parametrize("kind", ["wsgi", "asgi"])
def test_a_browser_logs_in_to_the_admin_and_out(kind: str, wsgi: Serve, asgi: Serve, client: httpx.Client) -> None:
    accounts()
    with override_settings(ROOT_URLCONF=ADMIN, MIDDLEWARE=CSRF, CSRF_USE_SESSIONS=True):
        at = wsgi(WSGIHandler()) if kind == "wsgi" else asgi(ASGIHandler())

        def post(page: str, **fields: str) -> httpx.Response:
            token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', client.get(at + page).text)
            assert token is not None
            return client.post(at + page, data={"csrfmiddlewaretoken": token[1], **fields})

        assert client.get(at + "/admin/").status_code == 302
        before = client.get(at + "/admin/login/").status_code, client.cookies["sessionid"]
        entered = post("/admin/login/", username="root", password="secret", next="/admin/")
        assert entered.status_code == 302 and client.cookies["sessionid"] != before[1]
        home = client.get(at + "/admin/")
        assert home.status_code == 200 and "root" in home.text
        assert client.get(at + "/admin/auth/user/").status_code == 200
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', home.text)
        assert token is not None
        left = client.post(at + "/admin/logout/", data={"csrfmiddlewaretoken": token[1]})
        assert left.status_code == 200 and cookies_of(left)
        assert client.get(at + "/admin/").status_code == 302


def test_another_engine_beside_the_middleware_is_an_error_at_start() -> None:
    for engine in ("db", "signed_cookies"):
        here = project(SESSION_ENGINE=f"django.contrib.sessions.backends.{engine}")
        with here, pytest.raises(ImproperlyConfigured, match='SESSION_ENGINE: set it to "h3s'):
            WSGIHandler()
