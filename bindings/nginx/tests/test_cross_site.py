"""What another site sends a browser to do comes without SameSite cookies, and must spare them."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator

import httpx
import pytest
from conftest import (
    FE26,
    OPTIONS,
    PATIENCE,
    Nginx,
    Upstream,
    cookie_with,
    opened,
    raw,
    set_cookies,
)  # fmt: skip

PROXY = "proxy_pass http://UPSTREAM;"
FOREIGN = {"Sec-Fetch-Site": "cross-site"}


def sent(nginx: Nginx, lines: str, path: str = "/", host: str = "Victim.Test:8080") -> list[str]:
    """The Set-Cookie values of an answer to a POST with these lines."""
    hosts = f"Host: {host}\n" if host else ""
    version = "1.1" if host else "1.0"
    answer = raw(nginx.port, f"POST {path} HTTP/{version}\n{hosts}Connection: close\nContent-Length: 0\n{lines}\n\n")
    assert re.match(r"HTTP/1.1 (200|204|303) ", answer), answer
    return re.findall(r"^Set-Cookie: (.*)$", answer, re.MULTILINE)


@pytest.mark.parametrize(
    "lines",
    [
        "Sec-Fetch-Site: cross-site",
        "sec-fetch-site: cross-site\nOrigin: http://victim.test:8080",
        "Origin: http://evil.test",
        "Origin: http://evil.test:8080",
        "Origin: null",
        "Origin: http://victim.test.evil.test",
        "Origin: http://evil.test/victim.test",
        "Origin: http://xvictim.test",
        "Origin: http://victim.tes",
        "Origin: http://sub.victim.test",
        "Origin: http://victim.test@evil.test",
        "Origin: http://victim.test:80@evil.test",
        "Origin: victim.test",
        "Origin: http:",
        "Origin: http:/",
        "Origin: http://",
        "Origin: http://:8080",
        "Origin: http:victim.test",
        "Origin: http://evil.test\nReferer: http://victim.test/",
        "Referer: http://evil.test/",
        "Referer: http://evil.test/?http://victim.test/",
        "Referer: http://evil.test#victim.test",
        "Referer: about:blank",
        # No browser's header, though nginx be told to take it.
        "Sec_Fetch_Site: same-origin\nOrigin: http://evil.test",
    ],
)
def test_a_visit_from_another_site_without_the_cookie_sets_none(nginx: Nginx, lines: str) -> None:
    nginx.start("h3s use; location / { return 204; }", http="underscores_in_headers on;")
    assert sent(nginx, lines) == []


@pytest.mark.parametrize(
    "lines",
    [
        "X-Other: 1",
        "Sec-Fetch-Site: same-origin",
        "Sec-Fetch-Site: same-site\nOrigin: http://sub.victim.test",
        "Sec-Fetch-Site: none\nReferer: http://evil.test/",
        "Origin: http://victim.test",
        "Origin: http://victim.test:8080",
        "Origin: https://VICTIM.TEST:1",
        "Origin: http://victim.test\nReferer: http://evil.test/",
        "Referer: http://victim.test",
        "Referer: http://victim.test/page?from=http://evil.test/@",
        "Referer: http://victim.test:81?x",
        "Referer:",
    ],
)
def test_a_visit_from_the_site_itself_is_as_before(nginx: Nginx, lines: str) -> None:
    nginx.start("h3s use; location / { return 204; }")
    assert len(sent(nginx, lines)) == 1


def test_hosts_may_be_addresses_or_not_be_named_at_all(nginx: Nginx) -> None:
    nginx.start("h3s use; location / { return 204; }")

    def own(host: str, origin: str) -> bool:
        return sent(nginx, f"Origin: {origin}", host=host) != []

    assert own("[::1]:8080", "http://[::1]:9") and own("[::1]", "http://[::1]")
    assert not own("[::1]", "http://[::2]") and not own("[::1]", "http://[::1") and not own("[::1]", "http://[")
    assert own("127.0.0.1:8080", "http://127.0.0.1") and not own("127.0.0.1", "http://127.0.0.11")
    # Only tools send none. Whoever has no name is not the host of a page.
    assert sent(nginx, "X-Other: 1", host="") and not own("", "http://victim.test") and not own("", "http://")
    # What stands in the request line goes before Host.
    assert sent(nginx, "Origin: http://victim.test", "http://victim.test/", host="other.test")
    assert not sent(nginx, "Origin: http://other.test", "http://victim.test/", host="other.test")


def test_http_2_names_the_host_by_authority(nginx: Nginx) -> None:
    nginx.start("h3s use; location / { return 200 ''; }", listen="127.0.0.1:PORT http2")
    for origin, count in ((nginx.url, 1), ("http://evil.test", 0)):
        command = ["curl", "-sSi", "--http2-prior-knowledge", "-H", f"Origin: {origin}", nginx.url]
        answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE).stdout
        assert answer.lower().count("set-cookie: ") == count, answer


WRITERS = ["/clear", "/upstream", "/checked", "/late"]


@pytest.fixture
def writers(nginx: Nginx, upstream: Upstream) -> Nginx:
    """Sessions are ended by a directive, an upstream, a subrequest, an answer
    that is not passed on."""
    for path in ("/upstream", "/check"):
        upstream.answer(path, ("X-Session-Clear", "1"))
    upstream.answer("/late", ("X-Session-Clear", "1"), ("X-Accel-Redirect", "/moved"))
    nginx.start(
        f"""
        h3s get;
        location /clear {{ h3s_clear on; return 303 /; }}
        location /upstream {{ h3s_upstream on; {PROXY} }}
        location /checked {{ auth_request /check; {PROXY} }}
        location /check {{ internal; h3s_upstream on; {PROXY} }}
        location /late {{ h3s_upstream on; {PROXY} }}
        location /moved {{ internal; h3s use; return 204; }}
        """
    )
    return nginx


@pytest.mark.parametrize("path", WRITERS)
@pytest.mark.parametrize("lines", ["Sec-Fetch-Site: cross-site", "Origin: http://evil.test", "Origin: null"])
def test_a_logout_from_another_site_deletes_nothing_that_it_came_without(writers: Nginx, path: str, lines: str) -> None:
    assert sent(writers, lines, path) == []
    assert sent(writers, f"{lines}\nCookie: theme=dark; h3x=1", path) == []
    # What did come is deleted: the browser sends it from anywhere (SameSite=None).
    for cookie in (cookie_with({"user": 1}), "h3=rubbish", "h3.1=a-chunk"):
        assert "Max-Age=0" in sent(writers, f"{lines}\nCookie: {cookie}", path)[0]


@pytest.mark.parametrize("path", WRITERS)
def test_a_logout_of_the_site_itself_is_as_before(writers: Nginx, path: str) -> None:
    for lines in ("X-Other: 1", "Sec-Fetch-Site: same-origin", "Origin: http://victim.test:8080"):
        for cookie in ("", f"\nCookie: {cookie_with({'user': 1})}"):
            (deleted,) = sent(writers, lines + cookie, path)
            assert deleted.startswith("h3=;") and "Max-Age=0" in deleted


def test_subrequests_and_internal_redirects_know_where_the_browser_came_from(
    nginx: Nginx, client: httpx.Client
) -> None:
    (nginx.folder / "html/shell.html").write_text('<!--#include virtual="/id" wait="yes" -->end')
    nginx.start(
        f"""
        location / {{ ssi on; ssi_types text/plain; h3s get; }}
        location /id {{ h3s use; return 200 "[$h3s_id$h3s_status]"; }}
        location /missing {{ error_page 404 /made; return 404; }}
        location /made {{ internal; h3s use; return 200 "[$h3s_id$h3s_status]"; }}
        location /twice {{ h3s get; error_page 404 /made; set $early $h3s_status; return 404; }}
        location /checked {{ auth_request /check; {PROXY} }}
        location /check {{ internal; h3s use; h3s_hide_cookie on; {PROXY} }}
        """
    )
    assert client.get("/shell.html", headers=FOREIGN).text == "[none]end"
    for path in ("/missing", "/twice"):
        answer = client.get(path, headers=FOREIGN)
        assert (answer.status_code, answer.text, set_cookies(answer)) == (404, "[none]", [])
    checked = client.get("/checked", headers=FOREIGN)
    assert checked.status_code == 200 and not set_cookies(checked)
    assert len(set_cookies(client.get("/checked"))) == 1


@pytest.mark.parametrize("options", [OPTIONS, FE26])
def test_a_login_from_another_site_sets_the_cookie(
    nginx: Nginx, client: httpx.Client, upstream: Upstream, options: dict[str, object]
) -> None:
    upstream.answer("/up", ("X-Session-Update", '{"user": "Zoe"}'), ("X-Session-Rotate", "1"))
    upstream.answer("/afresh", ("X-Session-Clear", "1"), ("X-Session-Update", '{"user": "Zoe"}'))
    nginx.start(
        f"""
        location /up {{ h3s get; h3s_upstream on; {PROXY} }}
        location /in {{ h3s use; h3s_set user Zoe; h3s_rotate on; return 303 /; }}
        location /afresh {{ h3s get; h3s_upstream on; {PROXY} }}
        """,
        options=options,
    )
    for path in ("/up", "/in", "/afresh"):
        client.cookies.clear()
        login = client.post(path, headers=FOREIGN)
        assert len(set_cookies(login)) == 1 and dict(opened(login, options)) == {"user": "Zoe"}


def test_a_cold_token_that_another_site_s_request_carries_waits_and_opens(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start("h3s use; location / { return 200 '$h3s_status $h3s_data_user'; }", options=FE26)
    cookie = cookie_with({"user": "Zoe"}, FE26)
    for _ in range(2):
        assert client.get("/", headers={**FOREIGN, "Cookie": cookie}).text == "valid Zoe"


# ---- In a browser --------------------------------------------------------------------------------

VICTIM = """
default_type text/html;
location / { h3s get; return 200 "<script>location = '/who'</script>"; }
location /any { h3s use; return 200 "<script>location = '/who'</script>"; }
location = /who { h3s get; return 200 "user=[$h3s_data_user] status=$h3s_status"; }
location = /in { h3s get; h3s_set user victim; h3s_rotate on; return 303 http://evil.test:EVIL/; }
location = /log-in { h3s get; h3s_set user guest; h3s_rotate on; return 303 /; }
location = /here { h3s use; return 200 "<form id=f method=post action=/logout></form><script>f.submit()</script>"; }
location = /logout {
    if ($request_method != POST) { return 405; }
    h3s get; h3s_clear on; return 303 /;
}
"""
FORM = "<form id=f method=post action='http://victim.test:PORT{}'></form><script>f.submit()</script>"
SILENT = "<meta name=referrer content=no-referrer>"
LINK = "<a id=a href='http://victim.test:PORT{}'>a link</a><script>a.click()</script>"
HEADLESS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP *.test 127.0.0.1",
    # Plain http is what this is about: only there does the browser not say where it comes from.
    "--disable-features=HttpsUpgrades,HttpsFirstBalancedModeAutoEnable",
    "--virtual-time-budget=10000",
]


@pytest.fixture
def browser(nginx: Nginx, upstream: Upstream) -> Iterator[Callable[[str, str, str], str]]:
    """Logs in at victim.test, goes to evil.test, and tells what victim.test says at the end."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("needs chromium")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:

        def visit(same_site: str, page: str, start: str = "/in") -> str:
            upstream.answer("/", ("Content-Type", "text/html"), body=page.replace("PORT", str(nginx.port)))
            nginx.start(
                VICTIM.replace("EVIL", upstream.address.split(":")[1]),
                options={**OPTIONS, "cookie": {"secure": False, "sameSite": same_site}},
            )
            command = [chromium, *HEADLESS, f"--user-data-dir={profile}", "--dump-dom"]
            seen = subprocess.run(
                [*command, f"http://victim.test:{nginx.port}{start}"],
                capture_output=True, text=True, timeout=120, check=True,
            ).stdout  # fmt: skip
            assert bool(upstream.seen) == (start == "/in"), "the browser was not where it should have been"
            found = re.search(r"user=.*?status=\w+", seen)
            assert found, seen
            return found[0]

        yield visit


@pytest.mark.parametrize(
    ("same_site", "page"),
    [
        ("lax", FORM.format("/logout")),
        ("lax", SILENT + FORM.format("/logout")),
        ("strict", FORM.format("/logout")),
        ("lax", FORM.format("/any/page")),
        ("strict", FORM.format("/any/page")),
        ("strict", LINK.format("/any/page")),
    ],
    ids=["logout-lax", "logout-silent", "logout-strict", "visit-lax", "visit-strict", "link-strict"],
)
def test_in_a_browser_no_page_of_another_site_ends_a_session(
    browser: Callable[..., str], same_site: str, page: str
) -> None:
    assert browser(same_site, page) == "user=[victim] status=valid"


def test_in_a_browser_a_form_of_the_site_itself_ends_the_session(browser: Callable[..., str]) -> None:
    assert browser("strict", "", "/here") == "user=[] status=none"


def test_in_a_browser_a_form_of_another_site_may_log_in(browser: Callable[..., str]) -> None:
    assert browser("lax", FORM.format("/log-in")) == "user=[guest] status=valid"
