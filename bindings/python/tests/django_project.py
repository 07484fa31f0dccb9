"""A Django project with accounts and admin. Import it before whatever needs its settings."""

from __future__ import annotations

import atexit
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Callable

import django
from django.conf import settings

from conftest import PASSWORD

# The ORM is not used in an event loop's thread but by the tests' own.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
settings.configure(
    ALLOWED_HOSTS=["*"],
    CHANNEL_LAYERS={},
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "file:accounts?mode=memory&cache=shared"}},
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    H3S_OPTIONS={"password": PASSWORD},
    INSTALLED_APPS=[
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.messages",
    ],
    MIDDLEWARE=[
        "h3s.django.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    ROOT_URLCONF=(),
    SECRET_KEY="nothing is signed with this",
    SESSION_ENGINE="h3s.django",
    STATIC_URL="/static/",
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ],
    USE_TZ=True,
)
django.setup()

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.test import override_settings
from django.urls import URLPattern, path

OURS: list[str] = settings.MIDDLEWARE
STOCK = ["django.contrib.sessions.middleware.SessionMiddleware", *OURS[1:]]


@lru_cache(maxsize=1)
def accounts() -> None:
    """The database, once, with zoe's account and that of root, who may enter the admin."""
    call_command("migrate", verbosity=0)
    User.objects.create_user("zoe", password="secret")
    User.objects.create_superuser("root", password="secret")
    atexit.register(connection.close)


def urls(*views: Callable[..., Any]) -> tuple[URLPattern, ...]:
    """A ROOT_URLCONF: each view under its name."""
    return tuple(path(view.__name__, view) for view in views)


@contextmanager
def project(*views: Callable[..., Any], **settings: Any) -> Iterator[None]:
    """The project with these views and settings."""
    with override_settings(ROOT_URLCONF=urls(count, read, untouched, logout, *views), **settings):
        yield


def count(request: HttpRequest) -> JsonResponse:
    request.session["count"] = request.session.get("count", 0) + 1
    return read(request)


def read(request: HttpRequest) -> JsonResponse:
    return JsonResponse({key: value for key, value in request.session.items() if not key.startswith("_")})


def untouched(request: HttpRequest) -> JsonResponse:
    return JsonResponse({})


def logout(request: HttpRequest) -> JsonResponse:
    request.session.flush()
    return JsonResponse({})
