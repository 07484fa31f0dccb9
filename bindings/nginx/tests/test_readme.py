"""The READMEs' examples do what they are there for; that nginx accepts them is tested beside their other blocks."""

from __future__ import annotations

import re

import httpx
import pytest
from conftest import OPTIONS, ROOT, Nginx, Upstream, cookie_with, opened, sessions, set_cookies, value_of


def example(file: str, about: str) -> str:
    """The one block that has this text in it, on this machine's ports and in the test's folder."""
    (text,) = (
        block for block in re.findall(r"```nginx\n(.*?)```", (ROOT / file).read_text(), re.DOTALL) if about in block
    )
    text = re.sub(r"/(etc|var/log|var/cache)/nginx/", "FOLDER/", text)
    return re.sub(r"127\.0\.0\.1:(3000|8000)", "UPSTREAM", text).replace("listen 8080", "listen 127.0.0.1:PORT")


def run(nginx: Nginx, text: str) -> None:
    nginx.options(OPTIONS)
    nginx.write(text)
    nginx.run()


@pytest.mark.parametrize("file", ["README.md", "bindings/nginx/README.md"])
def test_who_is_logged_in_may_pass(nginx: Nginx, client: httpx.Client, file: str) -> None:
    run(nginx, example(file, "location /members/"))
    stranger = client.get("/members/")
    assert stranger.status_code == 302 and stranger.headers["location"].startswith(f"{nginx.url}/login")
    cookie = cookie_with({"user": "Zoe"})
    assert value_of(client.get("/members/", headers={"Cookie": cookie}), "Cookie") == cookie
    if "log_format" in example(file, "location /members/"):
        assert nginx.logged(2)[1].endswith(f"200 session={sessions().get(cookie).log_id}")


def test_an_upstream_without_session_code(nginx: Nginx, client: httpx.Client, upstream: Upstream) -> None:
    upstream.answer("/buy", ("X-Session-Update", '{"cart":[1]}'))
    run(nginx, example("bindings/nginx/README.md", "h3s_upstream"))
    (nginx.folder / "users").write_text("zoe:{PLAIN}secret\n")
    bought = client.get("/buy")
    assert dict(opened(bought)) == {"cart": [1]}
    assert client.get("/login", auth=("zoe", "wrong")).status_code == 401
    login = client.get("/login", auth=("zoe", "secret"))
    assert login.status_code == 204 and opened(login).id != opened(bought).id
    seen = client.get("/")
    assert value_of(seen, "X-Session-Data") == '{"cart":[1],"user":"zoe"}' and value_of(seen, "Cookie") is None
    assert client.get("/logout").status_code == 405
    logout = client.post("/logout")
    assert logout.status_code == 303 and "Max-Age=0" in set_cookies(logout)[0]
    assert value_of(client.get("/"), "X-Session-Data") == "{}"


def test_pages_of_those_who_have_a_session_stay_out_of_the_cache(
    nginx: Nginx, client: httpx.Client, upstream: Upstream
) -> None:
    run(nginx, example("bindings/nginx/README.md", "proxy_cache "))
    upstream.answer("/", ("Cache-Control", "max-age=60"))
    for headers in ({}, {}, {"Cookie": cookie_with({"user": 1})}, {}):
        assert client.get("/", headers=headers).text == "answered"
    assert [("Cookie" in dict(headers)) for _, headers in upstream.seen] == [False, True]
