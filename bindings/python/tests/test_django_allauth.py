"""The login of django-allauth, with and without "remember me"."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import allauth  # type: ignore[import-untyped, unused-ignore]
import pytest
from django_project import OURS, STOCK, accounts

# What follows needs the settings.
# isort: split
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import include, path

assert allauth


def home(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.user.get_username())


@pytest.fixture(params=[OURS, STOCK], ids=["ours", "django's"])
def project(request: pytest.FixtureRequest) -> Iterator[None]:
    accounts()
    ours = override_settings(
        MIDDLEWARE=[*request.param, "allauth.account.middleware.AccountMiddleware"],
        AUTHENTICATION_BACKENDS=["allauth.account.auth_backends.AuthenticationBackend"],
        ACCOUNT_EMAIL_VERIFICATION="none",
        ACCOUNT_RATE_LIMITS=False,
        LOGIN_REDIRECT_URL="/",
    )
    # Its applications want those to be there before.
    applications = override_settings(INSTALLED_APPS=[*settings.INSTALLED_APPS, "allauth", "allauth.account"])
    with ours, applications:
        call_command("migrate", verbosity=0)
        ada, _ = User.objects.get_or_create(username="ada")
        ada.set_password("secret-secret")
        ada.save()
        with override_settings(ROOT_URLCONF=(path("", home), path("accounts/", include("allauth.urls")))):
            yield


def log_in(client: Client, **more: str) -> Any:
    """The session's cookie."""
    response = client.post("/accounts/login/", {"login": "ada", "password": "secret-secret", **more})
    assert response.status_code == 302
    assert client.get("/").content == b"ada"
    return response.cookies["sessionid"]


@pytest.mark.usefixtures("project")
def test_a_login_with_remember_me_lasts_for_the_age_of_the_settings() -> None:
    for until_closed in (False, True):
        with override_settings(SESSION_EXPIRE_AT_BROWSER_CLOSE=until_closed):
            client = Client()
            assert str(log_in(client, remember="on")["max-age"]) == "1209600"
            assert not client.session.get_expire_at_browser_close()


@pytest.mark.usefixtures("project")
def test_a_login_without_it_ends_with_the_browser_also_after_the_next_write() -> None:
    client = Client()
    assert log_in(client)["max-age"] == ""
    session = client.session
    assert session.get_expire_at_browser_close()
    session["n"] = 1
    session.save()
    assert client.cookies["sessionid"]["max-age"] == "" and client.get("/").content == b"ada"


@pytest.mark.usefixtures("project")
def test_beside_h3_a_login_lasts_where_it_always_asks_to_be_remembered() -> None:
    """Fe26.2 has no place for a lifetime of one session."""
    with override_settings(H3S_OPTIONS={**settings.H3S_OPTIONS, "seal": "h3-1"}, ACCOUNT_SESSION_REMEMBER=True):
        assert str(log_in(Client())["max-age"]) == "1209600"
