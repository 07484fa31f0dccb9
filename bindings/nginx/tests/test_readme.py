"""The READMEs' examples do what they are for. (That nginx accepts them is another test.)"""

from __future__ import annotations

import html
import json
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

import httpx
import pytest
from conftest import (
    FE26,
    OPTIONS,
    PATIENCE,
    ROOT,
    Nginx,
    Upstream,
    cookie_with,
    free_port,
    opened,
    raw,
    sessions,
    set_cookies,
    value_of,
    wait_until,
)  # fmt: skip
from others import Other, revoking
from test_cross_site import HEADLESS
from test_fe26 import exhaust, forged

README = "bindings/nginx/README.md"


def example(file: str, about: str) -> str:
    """The one block that has this text in it, on this machine's ports and in the test's folder."""
    (text,) = (
        block for block in re.findall(r"```nginx\n(.*?)```", (ROOT / file).read_text(), re.DOTALL) if about in block
    )
    text = re.sub(r"/(etc|var/log|var/cache)/nginx/", "FOLDER/", text)
    return re.sub(r"127\.0\.0\.1:(3000|8000)", "UPSTREAM", text).replace("listen 8080", "listen 127.0.0.1:PORT")


def run(nginx: Nginx, text: str, options: object = OPTIONS) -> None:
    nginx.options(options)
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


def test_a_login_lasts_for_a_week_or_until_the_browser_is_closed(nginx: Nginx, client: httpx.Client) -> None:
    run(nginx, example(README, "$arg_remember"))
    (nginx.folder / "users").write_text("zoe:{PLAIN}secret\n")
    for path, seconds, ends in (("/login", 86400, ""), ("/login?remember=1", 604800, "; Max-Age=604800; Expires=")):
        assert client.get(path, auth=("zoe", "wrong")).status_code == 401
        login = client.get(path, auth=("zoe", "secret"))
        session = opened(login)
        assert login.status_code == 204 and session["user"] == "zoe"
        assert session.expires_at is not None and session.created_at is not None
        assert (session.expires_at - session.created_at).total_seconds() == seconds
        assert ("Max-Age" in set_cookies(login)[0]) == bool(ends) and ends in set_cookies(login)[0]
    assert "do nothing" not in nginx.error_log()


def test_a_logout_is_final(nginx: Nginx, client: httpx.Client) -> None:
    options = revoking(nginx.folder, subject="/user/id")
    run(nginx, example(README, "h3s_revoke session"), options)
    data = {"user": {"id": 42}}
    cookie, same_user, stranger = (cookie_with({"user": {"id": id}}, now=time.time() - 1) for id in (42, 42, 7))
    for path in ("/logout", "/logout-everywhere"):
        assert client.get(path, headers={"Cookie": cookie}).status_code == 405
        assert value_of(client.get("/", headers={"Cookie": cookie}), "Cookie") == cookie
        assert client.post(path, headers={"Cookie": cookie}).status_code == 303
        assert value_of(client.get("/", headers={"Cookie": cookie}), "Cookie") is None
        assert Other(options).status(cookie) == "revoked"
        cookie = cookie_with(data, now=time.time() - 1)
    assert value_of(client.get("/", headers={"Cookie": same_user}), "Cookie") is None
    assert value_of(client.get("/", headers={"Cookie": stranger}), "Cookie") == stranger


def test_pages_of_those_who_have_a_session_stay_out_of_the_cache(
    nginx: Nginx, client: httpx.Client, upstream: Upstream
) -> None:
    run(nginx, example("bindings/nginx/README.md", "proxy_cache pages;"))
    upstream.answer("/", ("Cache-Control", "max-age=60"))
    for headers in ({}, {}, {"Cookie": cookie_with({"user": 1})}, {}):
        assert client.get("/", headers=headers).text == "answered"
    assert [("Cookie" in dict(headers)) for _, headers in upstream.seen] == [False, True]


def test_the_login_is_told_of_no_address_of_another_site(nginx: Nginx, client: httpx.Client) -> None:
    run(nginx, example(README, "location /members/"))
    for path, back in (
        ("/members/", "/members/"),
        ("/members/list/of_all-1.html", "/members/list/of_all-1.html"),
        ("//evil.example/../members/", "/members/"),
        ("/\\evil.example/../members/", "/members/"),
        ("/%2fevil.example/../members/", "/members/"),
        ("/members/?from=//evil.example/", "/members/"),
        ("/members/%0d%0aX-Evil:%201", "/members/"),
        ("/members/&from=//evil.example/", "/members/"),
    ):
        answer = raw(nginx.port, f"GET {path} HTTP/1.1\nHost: x\nConnection: close\n\n")
        assert re.findall(r"^Location: \w+://[^/]+(.*)$", answer, re.MULTILINE) == [f"/login?from={back}"], path
        assert "X-Evil" not in answer


def test_no_personal_page_enters_the_cache(nginx: Nginx, client: httpx.Client, upstream: Upstream) -> None:
    text = example(README, "proxy_cache pages;").replace(
        "proxy_cache pages;", "proxy_cache pages; proxy_cache_valid 1h;"
    )
    run(nginx, text, FE26)
    foreign = cookie_with({"user": 1}, {**FE26, "password": "quite another password, and long enough"})
    for n, cookie in enumerate((cookie_with({"user": 1}, FE26), foreign, "h3=x", "h3=__chunked__2x; h3.1=a; h3.2=b")):
        assert cookie in client.get(f"/{n}", headers={"Cookie": cookie}).text
        assert cookie not in client.get(f"/{n}").text
        # Nor is a visitor with a session served from the cache.
        assert cookie in client.get(f"/{n}", headers={"Cookie": cookie}).text


def test_guests_with_a_session_share_pages_and_users_have_their_own(
    nginx: Nginx, client: httpx.Client, upstream: Upstream
) -> None:
    text = example(README, "proxy_cache guests;").replace(
        "proxy_cache guests;", "proxy_cache guests; proxy_cache_valid 1h;"
    )
    run(nginx, text)
    guest, other = (cookie_with({"cart": [n]}) for n in (1, 2))
    user, nobody = cookie_with({"user": "Zoe"}), cookie_with({"user": None})
    foreign = cookie_with({"user": 1}, {**OPTIONS, "password": "quite another password, and long enough"})
    assert guest in client.get("/", headers={"Cookie": guest}).text
    for shared in (other, nobody, "theme=dark"):
        assert guest in client.get("/", headers={"Cookie": shared}).text
    assert len(upstream.seen) == 1 and guest in client.get("/").text
    for own in (user, foreign, "h3=x", "h3.1=x", f"h3=x; {user}"):
        assert guest not in client.get("/", headers={"Cookie": own}).text
        assert guest not in client.get("/new", headers={"Cookie": own}).text
        assert guest in client.get("/").text
    assert value_of(client.get("/new"), "Cookie") is None


def test_only_what_nginx_has_read_passes(nginx: Nginx, client: httpx.Client) -> None:
    text = example(README, "$h3s_data_banned").replace(
        "location / {", "location = /page.txt { h3s_require /user; }\nlocation / {"
    )
    run(nginx, text, FE26)

    def status(cookie: str) -> int:
        return client.get("/", headers={"Cookie": cookie} if cookie else {}).status_code

    banned = cookie_with({"user": 1, "banned": True}, FE26)
    token = banned.partition("=")[2]
    foreign = cookie_with({}, {**FE26, "password": "quite another password, and long enough"})
    for cookie in (
        "",
        cookie_with({"user": 1}, FE26),
        cookie_with({"banned": False}, FE26),
        cookie_with({"banned": None}, FE26),
    ):
        assert status(cookie) == 200
    for cookie in (
        banned,
        f"h3=%46{token[1:]}",
        f"h3=__chunked__2x; h3.1={token[:9]}; h3.2={token[9:]}",
        foreign,
        "h3=x",
    ):
        assert status(cookie) == 403
    exhaust(nginx)
    assert {status(forged()) for _ in range(20)} == {403}


@pytest.fixture
def counting(nginx: Nginx) -> Iterator[Nginx]:
    """The README's upstream that counts, behind the README's nginx, with the README's options for
    plain http.
    """
    text = (ROOT / README).read_text()
    (options,) = re.findall(r"<!-- options: development -->\n```json\n(.*?)```", text, re.DOTALL)
    (program,) = re.findall(r"^    # count\.py\n((?:(?:    .*)?\n)+)", text, re.MULTILINE)
    port = free_port()
    source = "".join(line[4:] or "\n" for line in program.splitlines(keepends=True)).replace("8000", str(port))
    (nginx.folder / "count.py").write_text(source)
    with (
        open(nginx.folder / "count.log", "wb") as log,
        subprocess.Popen([sys.executable, str(nginx.folder / "count.py")], stderr=log, stdout=log) as count,
    ):
        try:

            def is_there() -> bool:
                assert count.poll() is None, (nginx.folder / "count.log").read_text()
                with socket.socket() as probe:
                    return probe.connect_ex(("127.0.0.1", port)) == 0

            wait_until(is_there, "count.py does not start")
            block = example(README, "h3s_upstream").replace("UPSTREAM", f"127.0.0.1:{port}")
            run(nginx, block, json.loads(options))
            yield nginx
        finally:
            count.terminate()


def test_the_example_counts_1_2_3_in_curl(counting: Nginx) -> None:
    jar = str(counting.folder / "jar")
    said = [
        subprocess.run(
            ["curl", "-sS", "--max-time", str(PATIENCE), "-b", jar, "-c", jar, counting.url],
            capture_output=True, text=True, check=True,
        ).stdout
        for _ in range(3)
    ]  # fmt: skip
    assert said == ["1\n", "2\n", "3\n"]


def test_the_example_counts_1_2_3_in_a_browser(counting: Nginx) -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("needs chromium")
    page = """<pre id=said></pre><script>(async () => {
      const said = [];
      for (let n = 0; n < 3; n++) said.push(await (await fetch("/" + n)).text());
      document.getElementById("said").textContent = JSON.stringify(said);
    })()</script>"""
    (counting.folder / "html/visit.html").write_text(page)
    conf = counting.folder / "nginx.conf"
    conf.write_text(
        conf.read_text().replace(
            "location / {",
            f"location = /visit.html {{ root {counting.folder}/html; default_type text/html; }}\nlocation / {{",
        )
    )
    counting.reload()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        seen = subprocess.run(
            [chromium, *HEADLESS, f"--user-data-dir={profile}", "--dump-dom", f"{counting.url}/visit.html"],
            capture_output=True, text=True, timeout=120, check=True,
        ).stdout  # fmt: skip
    found = re.search(r"<pre id=\"said\">(.*?)</pre>", seen, re.DOTALL)
    assert found, seen
    counts = [int(text) for text in json.loads(html.unescape(found[1]))]
    assert counts == [1, 2, 3]
