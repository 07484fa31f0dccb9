"""What a location writes survives an internal redirect; what failed there does not."""

from __future__ import annotations

import re

import httpx
import pytest
from conftest import Nginx, Upstream, cookie_with, opened, set_cookies

PROXY = "proxy_pass http://UPSTREAM;"
# Each leads to another location that answers; `DO` is what the first one writes.
WAYS = f"""
h3s get;
location = /try {{ DO try_files /nothing-of-that-name.txt /page.txt; }}
location = /named {{ DO try_files /nothing-of-that-name.txt @named; }}
location /index/ {{ DO index page.txt; alias FOLDER/html/; }}
location = /index/page.txt {{ alias FOLDER/html/page.txt; }}
location = /accel {{ DO {PROXY} }}
location = /twice {{ DO try_files /nothing-of-that-name.txt /falls; }}
location = /falls {{ try_files /nothing-of-that-name.txt @named; }}
location = /off {{ DO try_files /nothing-of-that-name.txt /silent; }}
location = /silent {{ h3s off; return 200 "silent"; }}
location @named {{ return 200 "named"; }}
location / {{ }}
location = /missing {{ DO error_page 404 =200 /page.txt; }}
location = /fallback {{ DO error_page 404 = @named; alias FOLDER/html/none; }}
location = /intercepted {{ DO proxy_intercept_errors on; error_page 403 = @named; {PROXY} }}
location = /recursive {{ DO recursive_error_pages on; error_page 404 = @named; alias FOLDER/html/none; }}
location = /rewritten {{ DO rewrite ^ /page.txt last; }}
location = /denied {{ DO error_page 403 = @named; deny all; }}
location = /method {{ DO error_page 405 = @named; if ($request_method = GET) {{ return 405; }} }}
location = /required {{ DO error_page 401 = @named; h3s_require /admin; }}
location = /away {{ DO error_page 403 https://example.com/login; deny all; }}
location = /away-too {{ DO error_page 404 =303 https://example.com/$arg_x; alias FOLDER/html/none; }}
location = /kept {{ DO error_page 404 /page.txt; alias FOLDER/html/none; }}
location = /accel-failed {{ DO {PROXY} }}
"""
REDIRECTS = ["/try", "/named", "/index/", "/accel", "/twice", "/off"]
# Errors that come once the location's access checks have let the request pass, and which error_page
# makes a success of.
ERRORS = ["/missing", "/fallback", "/intercepted", "/recursive", "/accel-failed"]
BEFORE = ["/denied", "/method", "/required", "/away", "/kept"]


def ways(nginx: Nginx, upstream: Upstream, do: str) -> None:
    upstream.answer("/accel", ("X-Accel-Redirect", "/page.txt"))
    upstream.answer("/accel-failed", ("X-Accel-Redirect", "/page.txt"), status=403)
    upstream.answer("/intercepted", status=403)
    nginx.start(WAYS.replace("DO", do))


def visit(client: httpx.Client, path: str) -> httpx.Response:
    client.cookies.clear()
    return client.get(path, headers={"Cookie": cookie_with({"user": "Zoe"})})


def test_a_logout_logs_out_wherever_it_leads(nginx: Nginx, client: httpx.Client, upstream: Upstream) -> None:
    ways(nginx, upstream, "h3s_clear on;")
    for path in [*REDIRECTS, *ERRORS, "/rewritten", "/away-too"]:
        answer = visit(client, path)
        assert answer.status_code == (303 if path == "/away-too" else 200), path
        assert [value.split(";")[0] for value in set_cookies(answer)] == ["h3="], path


def test_a_logout_that_was_not_allowed_logs_nobody_out(nginx: Nginx, client: httpx.Client, upstream: Upstream) -> None:
    ways(nginx, upstream, "h3s_clear on;")
    for path in BEFORE:
        answer = visit(client, path)
        assert answer.status_code in (200, 302, 303, 404) and not set_cookies(answer), path


def test_what_is_set_or_rotated_survives_redirects(nginx: Nginx, client: httpx.Client, upstream: Upstream) -> None:
    ways(nginx, upstream, "h3s_set lang $arg_lang; h3s_set at $uri; h3s_rotate on;")
    before = {"user": "Zoe"}
    ids = set()
    for path in REDIRECTS:
        answer = visit(client, f"{path}?lang=de")
        session = opened(answer)
        # The variables are those of the location that has set them.
        assert (answer.status_code, dict(session)) == (200, {**before, "lang": "de", "at": path}), path
        ids.add(session.id)
    assert len(ids) == len(REDIRECTS)


def test_who_failed_to_log_in_is_not_logged_in_by_an_error_page(
    nginx: Nginx, client: httpx.Client, upstream: Upstream
) -> None:
    ways(nginx, upstream, "h3s_set admin yes; h3s_rotate on;")
    for path in [*ERRORS, *BEFORE, "/away-too"]:
        answer = visit(client, path)
        assert answer.status_code in (200, 302, 303, 404) and not set_cookies(answer), path


@pytest.mark.parametrize("page", ["= @retry", "=200 /page.txt", "https://example.com/retry", "/page.txt"])
def test_a_wrong_password_with_an_error_page_logs_nobody_in(nginx: Nginx, client: httpx.Client, page: str) -> None:
    (nginx.folder / "users").write_text("zoe:{PLAIN}secret\n")
    nginx.start(
        f"""
        h3s get;
        location = /in {{
            auth_basic realm; auth_basic_user_file FOLDER/users; error_page 401 {page};
            h3s_set user $remote_user; h3s_rotate on; try_files /none @in;
        }}
        location @in {{ return 303 /; }}
        location @retry {{ return 302 /retry; }}
        """
    )
    wrong = client.get("/in", auth=("zoe", "wrong"))
    assert wrong.status_code in (200, 302, 401) and not set_cookies(wrong)
    assert dict(opened(client.get("/in", auth=("zoe", "secret")))) == {"user": "zoe"}


def test_what_rewrite_leaves_before_its_checks_is_told_to_the_log(
    nginx: Nginx, client: httpx.Client, upstream: Upstream
) -> None:
    ways(nginx, upstream, "h3s_set admin yes;")
    assert not set_cookies(visit(client, "/rewritten"))
    assert "[error]" in nginx.error_log() and '"rewrite" leaves the location' in nginx.error_log()


def test_each_location_on_the_way_writes_in_its_turn(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start(
        """
        h3s get;
        location = /a { h3s_set first $uri; h3s_set both a; try_files /none /b; }
        location = /b { h3s_set second $uri; h3s_set both b; try_files /none @c; }
        location @c { h3s_rotate on; return 200 c; }
        location = /out { h3s_clear on; try_files /none /after; }
        location = /after { h3s_set bye yes; return 200 after; }
        location = /gone { h3s_clear on; try_files /none /rotated; }
        location = /rotated { h3s_rotate on; return 200 rotated; }
        location = /over { h3s_set lost yes; try_files /none /cleared; }
        location = /cleared { h3s_clear on; return 200 cleared; }
        """
    )
    assert dict(opened(visit(client, "/a"))) == {"user": "Zoe", "first": "/a", "both": "b", "second": "/b"}
    # After a logout, a fresh session.
    assert dict(opened(visit(client, "/out"))) == {"bye": "yes"}
    for path in ("/gone", "/over"):
        assert [value.split(";")[0] for value in set_cookies(visit(client, path))] == ["h3="]
    assert "failed" not in nginx.error_log()


def test_a_subrequest_s_redirect_writes_the_session(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start(
        f"""
        h3s get;
        location / {{ auth_request /check; }}
        location = /check {{ internal; h3s_set checked $uri; try_files /none @passed; }}
        location @passed {{ {PROXY} }}
        """
    )
    assert dict(opened(visit(client, "/page.txt"))) == {"user": "Zoe", "checked": "/check"}


# Each refuses, or fails, and leads on to a success; `DO` is what it writes itself.
REFUSALS = f"""
location = /denied {{ DO deny all; error_page 403 = /page.txt; }}
location = /missing {{ DO error_page 404 = /page.txt; }}
location = /named {{ DO deny all; error_page 403 =200 @named; }}
location = /away {{ DO deny all; error_page 403 https://example.com/; }}
location = /away-too {{ DO error_page 404 =303 https://example.com/$arg_x; }}
location = /required {{ DO h3s_require /verified; error_page 401 = @login; }}
location = /basic {{ DO auth_basic realm; auth_basic_user_file FOLDER/users; error_page 401 = /page.txt; }}
location = /method {{ DO error_page 405 = /page.txt; if ($request_method = GET) {{ return 405; }} }}
location = /further {{ DO try_files /none /denied; }}
location = /intercepted {{ DO proxy_intercept_errors on; error_page 403 = @named; {PROXY} }}
location = /recursive {{ DO recursive_error_pages on; error_page 404 = @named; alias FOLDER/html/none; }}
location = /unsafe {{ DO error_page 404 = @named; {PROXY} }}
location = /by-server {{ DO }}
location @login {{ return 302 /form; }}
location @named {{ return 200 named; }}
"""
REFUSED = re.findall(r"location = (/[a-z-]+)", REFUSALS)
SERVER = "error_page 418 = /page.txt; if ($uri = /by-server) { return 418; } h3s get;"


def refusals(nginx: Nginx, upstream: Upstream, first: str, second: str) -> None:
    """Each refusal comes after a location that has succeeded, by try_files
    or by X-Accel-Redirect."""
    (nginx.folder / "users").write_text("zoe:{PLAIN}secret\n")
    upstream.answer("/intercepted", status=403)
    upstream.answer("/unsafe", ("X-Accel-Redirect", "/../page.txt"))
    starts = ""
    for path in REFUSED:
        upstream.answer(f"/accel{path}", ("X-Accel-Redirect", path))
        starts += f"location = /try{path} {{ {first} try_files /none {path}; }}"
        starts += f"location = /accel{path} {{ {first} {PROXY} }}"
    locations = REFUSALS.replace("DO", second)
    if "h3s off;" in second:
        locations = locations.replace("h3s_require /verified;", "return 401;")
    nginx.start(SERVER + locations + starts)


@pytest.mark.parametrize("second", ["", "h3s_set second yes;", "h3s_clear on;", "h3s off;"])
def test_who_is_refused_where_a_redirect_leads_is_not_logged_in(
    nginx: Nginx, client: httpx.Client, upstream: Upstream, second: str
) -> None:
    refusals(nginx, upstream, "h3s_set user ada; h3s_rotate on;", second)
    for path in REFUSED:
        for way in ("/try", "/accel"):
            answer = visit(client, way + path)
            assert answer.status_code in (200, 302, 303), way + path
            # A logout counts once its own location's checks were passed.
            assert [value.split(";")[0] for value in set_cookies(answer)] in ([], ["h3="]), way + path
            assert not set_cookies(answer) or second == "h3s_clear on;", way + path


@pytest.mark.parametrize("second", ["", "h3s_set second yes;"])
def test_a_logout_stays_one_where_a_redirect_leads_to_a_refusal(
    nginx: Nginx, client: httpx.Client, upstream: Upstream, second: str
) -> None:
    refusals(nginx, upstream, "h3s_clear on;", second)
    for path in REFUSED:
        for way in ("/try", "/accel"):
            answer = visit(client, way + path)
            assert answer.status_code in (200, 302, 303), way + path
            assert [value.split(";")[0] for value in set_cookies(answer)] == ["h3="], way + path


def test_a_return_to_what_error_page_names_is_no_error(nginx: Nginx, client: httpx.Client, upstream: Upstream) -> None:
    upstream.answer("/proxied", ("Location", "https://example.com/a"), status=302)
    nginx.start(
        f"""
        h3s get; error_page 404 /; error_page 403 /$arg_x; error_page 405 @named; error_page 402 https://example.com/a;
        error_page 410 =303 https://example.com/$arg_x;
        location = /local {{ DO return 303 /; }}
        location = /variable {{ DO return 303 /$arg_x; }}
        location = /static {{ DO return 302 https://example.com/a; }}
        location = /status {{ DO return 302 https://example.com/$arg_x; }}
        location = /proxied {{ DO {PROXY} }}
        location = /before/ {{ DO try_files /none /static/; }}
        location = /static/ {{ return 302 https://example.com/a; }}
        location @named {{ return 200 named; }}
        """.replace("DO", "h3s_set user ada;")
    )
    for path in ("/local", "/variable", "/static", "/status", "/proxied", "/before/"):
        answer = visit(client, f"{path}?x=y")
        assert answer.status_code in (302, 303), path
        assert dict(opened(answer)) == {"user": "ada"}, path


def test_a_logout_counts_where_error_page_may_have_led_away(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start(
        """
        h3s get; error_page 404 /; error_page 403 https://example.com/$arg_x;
        location = /local { h3s_clear on; return 303 /; }
        location = /same { h3s_clear on; return 302 https://example.com/$arg_x; }
        location = /same-in { h3s_set user ada; return 302 https://example.com/$arg_x; }
        location = /before { h3s_clear on; try_files /none /then; }
        location = /then { h3s_set user ada; try_files /none /same-out; }
        location = /same-out { return 302 https://example.com/$arg_x; }
        location = /denied { h3s_clear on; deny all; }
        """
    )
    for path in ("/local", "/same", "/before"):
        assert [value.split(";")[0] for value in set_cookies(visit(client, f"{path}?x=y"))] == ["h3="], path
    for path in ("/same-in", "/denied"):
        assert not set_cookies(visit(client, f"{path}?x=y")), path
    lines = [line for line in nginx.error_log().splitlines() if '"error_page" names the same address' in line]
    assert len(lines) == 2 and all("[error]" in line for line in lines)


def test_a_page_that_refreshes_stands_for_an_error(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start(
        "h3s get; msie_refresh on; location = / { h3s_set user ada; deny all; error_page 403 https://example.com/; }"
    )
    answer = client.get("/", headers={"User-Agent": "Mozilla/4.0 (compatible; MSIE 8.0)"})
    assert answer.status_code == 200 and "https://example.com/" in answer.text and not set_cookies(answer)
