"""A request's session: opened, read, required, written, and sent with the response."""

from __future__ import annotations

import html
import json
import re
import subprocess
import time
from typing import Any

import h3s
import httpx
import pytest
from conftest import (
    LARGE,
    OPTIONS,
    PATIENCE,
    Nginx,
    Upstream,
    cookie_of,
    cookie_with,
    opened,
    raw,
    sessions,
    set_cookies,
    value_of,
    wait_until,
)  # fmt: skip

SHOW = 'return 200 "$h3s_id|$h3s_data|$h3s_status|$h3s_created_at|$h3s_log_id|$h3s_data_user|$h3s_data_count\\n";'
LOG = "log_format it '$status $h3s_id $h3s_status $h3s_data_user'; access_log FOLDER/access.log it;"


def shown(response: httpx.Response) -> list[str]:
    return response.text.strip("\n").split("|")


def test_use_makes_a_session_for_every_visitor_and_finds_it_again(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start(f"location / {{ h3s use; {SHOW} }}")
    before = time.time()
    first = client.get("/")
    made = opened(first)
    id, data, status, created, log_id, user, count = shown(first)
    assert (id, data, status, log_id) == (made.id, "{}", "new", made.log_id)
    assert before - 2 <= int(created) / 1000 <= time.time() + 2
    assert (user, count) == ("", "")
    second = client.get("/")
    assert shown(second) == [id, "{}", "valid", created, log_id, "", ""]
    assert not set_cookies(second)


def test_get_reads_but_makes_no_session(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start(f"location / {{ h3s get; {SHOW} }}")
    answer = client.get("/")
    assert shown(answer) == ["", "{}", "none", "", "", "", ""] and not set_cookies(answer)
    cookie = cookie_with({"user": "Zoë", "count": 12, "more": [1, {"a": None}]})
    id = sessions().get(cookie).id
    answer = client.get("/", headers={"Cookie": cookie})
    assert shown(answer)[:3] == [id, '{"user":"Zoë","count":12,"more":[1,{"a":null}]}', "valid"]
    assert shown(answer)[5:] == ["Zoë", "12"] and not set_cookies(answer)


def test_h3s_off_is_the_default_and_costs_no_header(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start(f"location / {{ {SHOW} }}")
    answer = client.get("/", headers={"Cookie": cookie_with({"user": 1})})
    assert shown(answer) == [""] * 7
    assert "vary" not in answer.headers and "set-cookie" not in answer.headers


def test_a_request_that_asks_for_nothing_pays_nothing(nginx: Nginx, client: httpx.Client) -> None:
    # A slide would be due: that none comes shows that nothing was opened.
    options = {**OPTIONS, "idleTimeout": 600}
    cookie = cookie_with({"user": 1}, options, now=time.time() - 400)
    nginx.start("location / { h3s get; } location /read { h3s get; return 200 $h3s_id; }", options=options)
    quiet = client.get("/page.txt", headers={"Cookie": cookie})
    assert "set-cookie" not in quiet.headers and "vary" not in quiet.headers
    early = {"Cookie": cookie_with({"user": 1}, options, now=time.time() - 200)}
    # Nor is it by a read in the first half of the time.
    assert not set_cookies(client.get("/read", headers=early))
    read = client.get("/read", headers={"Cookie": cookie})
    (slid,) = set_cookies(read)
    assert slid.startswith("h3.seen=") and read.headers["vary"] == "Cookie, x-h3-session"
    later = sessions(options).get(f"{cookie}; {slid.split(';')[0]}", now=time.time() + 500)
    assert later["user"] == 1


@pytest.mark.parametrize(
    ("cookie", "status"),
    [
        ("h3=rubbish", "malformed"),
        ("h3=Fe26.2**0*a*b*c**d*e~2", "unsupported_format"),
        ("forged", "bad_seal"),
        ("expired", "expired"),
        ("other key", "unknown_key"),
    ],
)
def test_the_status_names_why_a_token_was_refused(nginx: Nginx, client: httpx.Client, cookie: str, status: str) -> None:
    nginx.start(f"location / {{ h3s get; {SHOW} }} location /use {{ h3s use; {SHOW} }}")
    if cookie == "forged":
        cookie = cookie_with({}, {**OPTIONS, "password": "quite another password, and long enough"})
    elif cookie == "expired":
        cookie = cookie_with({}, now=time.time() - 700_000)
    elif cookie == "other key":
        cookie = cookie_with({}, {**OPTIONS, "password": {"other": "quite another password, and long enough"}})
    answer = client.get("/", headers={"Cookie": cookie})
    assert shown(answer) == ["", "{}", status, "", "", "", ""] and not set_cookies(answer)
    answer = client.get("/use", headers={"Cookie": cookie})
    assert shown(answer)[2] == status
    # A mere visit does not overwrite what may be valid elsewhere; then no cookie has the new one.
    kept = status in ("unsupported_format", "unknown_key")
    assert bool(set_cookies(answer)) != kept and bool(shown(answer)[0]) != kept


def test_the_session_header_comes_before_the_cookie(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start(f"location / {{ h3s get; {SHOW} }}")
    session = sessions().use()
    session["user"] = "header"
    answer = client.get("/", headers={"Cookie": cookie_with({"user": "cookie"}), "X-H3-Session": session.seal()})
    assert shown(answer)[5] == "header" and shown(answer)[0] == session.id


def test_without_cookies_there_are_header_sessions_only(nginx: Nginx, client: httpx.Client) -> None:
    options = {**OPTIONS, "cookie": False}
    nginx.start(f"location / {{ h3s use; {SHOW} }}", options=options)
    new = client.get("/")
    assert shown(new)[0] == "" and shown(new)[2] == "none" and not set_cookies(new)
    assert new.headers["vary"] == "x-h3-session"
    session = sessions(options).use()
    found = client.get("/", headers={"X-H3-Session": session.seal()})
    assert shown(found)[0] == session.id


def test_data_variables_find_keys_as_javascript_spells_them(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start(
        """location / { h3s get;
            return 200 "$h3s_data_userId|$h3s_data_user_name|$h3s_data_last_seen|$h3s_data_EXACT|$h3s_data_no|$h3s_data_s"; }"""
    )
    data = {"a": {"userId": 0, "x": ["}", '"', "\\"]}, "userId": "u1", "user_name": True, "last-seen": 5,
            "EXACT": 1, "exact": 2, "no\\": 3, "s": {"t": '"'}}  # fmt: skip
    answer = client.get("/", headers={"Cookie": cookie_with(data)})
    # nginx knows no upper case in variables: a key in lower case comes first.
    assert answer.text == 'u1|true|5|2||{"t":"\\""}'


def test_a_variable_reaches_what_a_pointer_leads_to(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start(
        """location / { h3s get; add_header X-User "$login"; return 200 "$login|$First|$slash|$all|$missing|$deep"; }
           location /off { return 200 "[$login]"; }""",
        http="""h3s_variable $login /user/login; h3s_variable $first /items/0; h3s_variable $slash /a~1b;
                h3s_variable $all ""; h3s_variable $missing /user/none; h3s_variable $deep /user/login/x;""",
    )
    data = {"user": {"login": "Zo\n", "none": None}, "items": [{"n": 1}], "a/b": True}
    answer = client.get("/", headers={"Cookie": cookie_with(data)})
    whole = json.dumps(data, separators=(",", ":"))
    assert answer.text == f'Zo\\n|{{"n":1}}|true|{whole}||' and answer.headers["x-user"] == "Zo\\n"
    assert client.get("/off", headers={"Cookie": cookie_with(data)}).text == "[]"
    assert client.get("/").text == "|||{}||"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Zoe", "Zoe"), ("null", "null"), ("", ""), (None, ""), (True, "true"), (False, "false"), (0, "0"), (1.5, "1.5"),
        ({}, "{}"), ([None], "[null]"),
    ],
)  # fmt: skip
def test_a_null_passes_nowhere_for_a_user(nginx: Nginx, client: httpx.Client, value: Any, text: str) -> None:
    (nginx.folder / "html/greeting.html").write_text('<!--# echo var="h3s_data_user" default="nobody" -->')
    nginx.start(
        """
        access_log FOLDER/access.log it; h3s get;
        location / { return 200 "$h3s_data_user"; }
        location /map { return 200 "$known"; }
        location /if { if ($h3s_data_user) { return 200 yes; } return 200 no; }
        location /greeting.html { ssi on; ssi_types text/plain; }
        location /up { proxy_set_header X-User $h3s_data_user; h3s_upstream on; proxy_pass http://UPSTREAM; }
        """,
        http="log_format it '[$h3s_data_user]'; map $h3s_data_user $known { '' no; default yes; }",
    )
    headers = {"Cookie": cookie_with({"user": value})}

    def seen(path: str) -> str:
        return client.get(path, headers=headers).text

    nothing = text in ("", "0")
    assert [seen("/"), seen("/map"), seen("/if")] == [text, "yes" if text else "no", "no" if nothing else "yes"]
    assert seen("/greeting.html") == ("nobody" if value is None else html.escape(text))
    up = client.get("/up", headers=headers)
    assert value_of(up, "X-User") == (text or None)
    # An upstream is sent the data as they are.
    assert json.loads(value_of(up, "X-Session-Data") or "") == {"user": value}
    assert nginx.logged(1)[0] == ("[-]" if value is None else f"[{text}]")


def test_control_characters_in_data_cannot_split_a_header(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start(
        'location / { h3s get; add_header X-User "$h3s_data_user"; add_header X-All $h3s_data; return 200 ""; }'
    )
    cookie = cookie_with({"user": 'a\r\nSet-Cookie: b=c\x00\x7f"'})
    answer = client.get("/", headers={"Cookie": cookie})
    assert answer.headers["x-user"].startswith("a\\r\\nSet-Cookie: b=c\\u0000") and "set-cookie" not in answer.headers
    assert "\\r\\n" in answer.headers["x-all"]


@pytest.mark.parametrize(
    ("value", "passes"),
    [(1, 1), (0, 1), ("x", 1), ({"a": 1}, 1), ([0], 1), (True, 1), (False, 0), (None, 0), ("", 0), ({}, 0), ([], 0)],
)
def test_require_wants_what_is_there_and_not_empty(nginx: Nginx, client: httpx.Client, value: Any, passes: int) -> None:
    nginx.start("h3s get; h3s_require /a/b~1c;")
    assert client.get("/page.txt").status_code == 401
    answer = client.get("/page.txt", headers={"Cookie": cookie_with({"a": {"b/c": value}})})
    assert answer.status_code == (200 if passes else 401)
    assert answer.headers["vary"] == "Cookie, x-h3-session"


def test_require_wants_all_of_its_pointers(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start('h3s get; h3s_require /a /b/0; h3s_require /c; location /any/ { h3s_require ""; alias FOLDER/html/; }')

    def status(data: dict[str, Any], path: str = "/page.txt") -> int:
        return client.get(path, headers={"Cookie": cookie_with(data)}).status_code

    assert status({"a": 1, "b": [1], "c": 1}) == 200
    assert [status({"a": 1, "b": [1]}), status({"a": 1, "c": 1}), status({"b": [1], "c": 1})] == [401] * 3
    assert [status({"x": 1}, "/any/page.txt"), status({}, "/any/page.txt")] == [200, 401]


def test_error_page_makes_a_401_a_redirect_to_the_login(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start(
        """
        h3s use;
        location / { h3s_require /user; error_page 401 = @login; }
        location @login { return 302 /login?next=$uri; }
        location = /login { h3s_set user Zoë; h3s_rotate on; return 303 /page.txt; }
        location = /logout { h3s_clear on; return 303 /; }
        """
    )
    first = client.get("/page.txt")
    assert first.status_code == 302 and first.headers["location"].endswith("/login?next=/page.txt")
    assert len(set_cookies(first)) == 1
    login = client.get("/login")
    assert len(set_cookies(login)) == 1 and opened(login)["user"] == "Zoë" and opened(login).id != opened(first).id
    assert client.get("/page.txt").status_code == 200
    logout = client.get("/logout")
    assert [value for value in set_cookies(logout) if "Max-Age=0" in value] == set_cookies(logout) != []
    assert client.get("/page.txt").status_code == 302


def test_an_internal_redirect_makes_no_second_session_and_loses_none(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start(
        f"""
        {LOG.split(";")[1]};
        h3s use;
        location / {{ error_page 404 /missing.html; }}
        location = /missing.html {{ internal; h3s get; add_header X-Id "$h3s_id" always; return 404 "missing"; }}
        location /off/ {{ error_page 404 /quiet.html; }}
        location = /quiet.html {{ internal; h3s off; return 404 "quiet [$h3s_status]"; }}
        """,
        http=LOG.split(";")[0] + ";",
    )
    answer = client.get("/nothing")
    assert answer.status_code == 404 and answer.text == "missing"
    assert len(set_cookies(answer)) == 1 and opened(answer).id == answer.headers["x-id"]
    assert nginx.logged(1)[0].split()[1] == answer.headers["x-id"]
    client.cookies.clear()
    answer = client.get("/off/nothing")
    # The session was made before the redirect, and the visitor gets it.
    assert answer.text == "quiet []" and len(set_cookies(answer)) == 1


@pytest.mark.parametrize(
    "path", ["/page.txt", "/nothing", "/moved", "/error", "/proxied/", "/gone/", "/server", "/denied"]
)
def test_every_response_carries_the_cookie(nginx: Nginx, client: httpx.Client, path: str) -> None:
    nginx.start(
        """
        h3s use;
        if ($uri = /server) { return 410; }
        location / { }
        location /moved { return 301 /; }
        location /error { return 500; }
        location /denied { deny all; }
        location /proxied/ { proxy_pass http://UPSTREAM; }
        location /gone/ { proxy_pass http://127.0.0.1:1; }
        """
    )
    answer = client.get(path)
    assert len(set_cookies(answer)) == 1 and answer.headers["cache-control"] == "private"
    assert not opened(answer).is_new
    head = httpx.head(nginx.url + path)
    assert len(set_cookies(head)) == 1
    again = client.get(path)
    assert not set_cookies(again) and "cache-control" not in again.headers


def test_a_304_carries_the_cookie(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start("h3s use;")
    etag = client.get("/page.txt").headers["etag"]
    client.cookies.clear()
    answer = client.get("/page.txt", headers={"If-None-Match": etag})
    assert answer.status_code == 304 and len(set_cookies(answer)) == 1


def test_a_request_that_nginx_could_not_read_costs_nobody_his_session(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start("h3s use; error_page 400 494 /page.txt;", http="large_client_header_buffers 2 1k;")
    for broken in ("GET / HTTP/1.1\nHost: x\n bad\n\n", f"GET / HTTP/1.1\nHost: x\nCookie: {'a' * 3000}\n\n"):
        answer = raw(nginx.port, broken)
        assert " 400 " in answer.splitlines()[0] and "set-cookie" not in answer.lower()


def test_satisfy_any_lets_a_session_or_something_else_pass(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start(
        """
        h3s get;
        location / { satisfy any; h3s_require /user; deny all; }
        location /or { satisfy any; h3s_require /user; allow 127.0.0.1; deny all; alias FOLDER/html/page.txt; }
        location /and { satisfy all; h3s_require /user; deny all; alias FOLDER/html/page.txt; }
        """
    )
    user = {"Cookie": cookie_with({"user": 1})}
    assert [client.get("/page.txt").status_code, client.get("/page.txt", headers=user).status_code] == [401, 200]
    assert client.get("/or").status_code == 200
    assert client.get("/and", headers=user).status_code == 403


def test_auth_request_can_ask_a_location_that_requires(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start(
        """
        h3s get;
        location / { auth_request /check; }
        location = /check { internal; h3s_require /user; proxy_pass http://UPSTREAM; }
        location /both { auth_request /check; h3s_require /admin; alias FOLDER/html/page.txt; }
        """
    )
    user = {"Cookie": cookie_with({"user": 1})}
    admin = {"Cookie": cookie_with({"user": 1, "admin": True})}
    assert [client.get("/page.txt").status_code, client.get("/page.txt", headers=user).status_code] == [401, 200]
    assert [client.get("/both", headers=who).status_code for who in (user, admin)] == [401, 200]


def test_a_subrequest_does_not_lead_around_require(nginx: Nginx, client: httpx.Client) -> None:
    (nginx.folder / "html/shell.html").write_text('<!--#include virtual="/secret/page.txt" -->end')
    (nginx.folder / "html/secret").mkdir()
    (nginx.folder / "html/secret/page.txt").write_text("the secret ")
    nginx.start("location / { ssi on; ssi_types text/plain; } location /secret/ { h3s get; h3s_require /user; }")
    assert "secret" not in client.get("/shell.html").text
    assert client.get("/shell.html", headers={"Cookie": cookie_with({"user": 1})}).text == "the secret end"


def test_subrequests_share_the_session_and_its_cookie_is_set_once(nginx: Nginx, client: httpx.Client) -> None:
    include = '<!--#include virtual="/id" wait="yes" -->'
    (nginx.folder / "html/shell.html").write_text(f"{include} {include}")
    nginx.start("h3s use; location / { ssi on; ssi_types text/plain; } location /id { return 200 $h3s_id; }")
    answer = client.get("/shell.html")
    assert len(set_cookies(answer)) == 1
    assert answer.text.split() == [opened(answer).id] * 2


def test_a_session_first_made_by_a_subrequest_reaches_the_visitor(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start(
        """
        location / { auth_request /check; }
        location = /check { internal; h3s use; h3s_set checked yes; proxy_pass http://UPSTREAM; }
        """
    )
    answer = client.get("/page.txt")
    assert answer.text == "a page\n" and dict(opened(answer)) == {"checked": "yes"}


def test_a_session_made_too_late_for_its_cookie_has_no_id(nginx: Nginx, client: httpx.Client) -> None:
    (nginx.folder / "html/shell.html").write_text('<!--#include virtual="/id" -->end')
    nginx.start(
        "location / { ssi on; ssi_types text/plain; } location /id { h3s use; return 200 '[$h3s_id$h3s_status]'; }"
    )
    answer = client.get("/shell.html")
    assert answer.text == "[none]end" and not set_cookies(answer)


def test_a_subrequest_that_writes_too_late_is_told_to_the_log(nginx: Nginx, client: httpx.Client) -> None:
    (nginx.folder / "html/shell.html").write_text('<!--#include virtual="/set" -->end')
    nginx.start(
        "location / { ssi on; ssi_types text/plain; } location /set { h3s get; h3s_set a b; return 200 'set '; }"
    )
    answer = client.get("/shell.html")
    assert answer.text == "set end" and not set_cookies(answer)
    assert "[error]" in nginx.error_log() and "header was sent already" in nginx.error_log()


def test_set_takes_variables_and_only_successes_count(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start(
        """
        h3s get;
        location /in { auth_basic realm; auth_basic_user_file FOLDER/users; h3s_set user $remote_user; h3s_set at "$uri!";
                       h3s_rotate on; alias FOLDER/html/page.txt; }
        location /out { limit_except POST { deny all; } h3s_clear on; proxy_pass http://UPSTREAM; }
        """
    )
    (nginx.folder / "users").write_text("zoe:{PLAIN}secret\n")
    failed = client.get("/in", auth=("zoe", "wrong"))
    assert failed.status_code == 401 and not set_cookies(failed)
    done = client.get("/in", auth=("zoe", "secret"))
    assert dict(opened(done)) == {"user": "zoe", "at": "/in!"}
    link = client.get("/out")
    assert link.status_code == 403 and not set_cookies(link)
    assert "Max-Age=0" in set_cookies(client.post("/out"))[0]


def test_rotate_changes_the_id_and_keeps_the_data(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start("location / { h3s get; h3s_rotate on; }")
    cookie = cookie_with({"a": 1})
    answer = client.get("/page.txt", headers={"Cookie": cookie})
    assert dict(opened(answer)) == {"a": 1} and opened(answer).id != sessions().get(cookie).id


def test_a_logout_is_final_where_an_older_cookie_of_another_path_stays(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start(f"h3s get; location / {{ {SHOW} }} location /out {{ h3s_clear on; return 204; }}")
    old = cookie_with({"user": "Yan"}, now=time.time() - 60)
    new = cookie_with({"user": "Zoe"}, now=time.time() - 30)
    for pair in (f"{old}; {new}", f"{new}; {old}"):
        assert shown(client.get("/", headers={"Cookie": pair}))[5] == "Zoe"
        out = client.get("/out", headers={"Cookie": pair})
        # Deleted, the new one would give way to the old.
        (left,) = (value.split(";")[0] for value in set_cookies(out))
        client.cookies.clear()
        for sent in (f"{old}; {left}", f"{left}; {old}"):
            answer = shown(client.get("/", headers={"Cookie": sent}))
            assert answer[1:3] == ["{}", "valid"] and answer[5] == ""


def test_a_text_that_is_not_utf_8_is_not_set(nginx: Nginx) -> None:
    nginx.start("location / { h3s use; h3s_set q $http_x_q; h3s_set ok yes; }")
    answer = httpx.get(nginx.url + "/page.txt", headers=[(b"X-Q", b"\xff\xfe")])
    assert answer.status_code == 200 and dict(opened(answer)) == {"ok": "yes"}
    assert "h3s_set failed" in nginx.error_log()


def test_the_access_log_tells_what_the_session_has_become(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start(
        """access_log FOLDER/access.log it; h3s get;
           location /in { h3s_set user Zoe; add_header X-Before "[$h3s_data_user]"; return 200 ""; }
           location / { }""",
        http="log_format it '$status [$h3s_status] [$h3s_data_user] $h3s_log_id';",
    )
    answer = client.get("/in")
    assert answer.headers["x-before"] == "[]"
    client.get("/page.txt")
    lines = nginx.logged(2)
    assert (
        lines[0] == f"200 [new] [Zoe] {opened(answer).log_id}"
        and lines[1] == f"200 [valid] [Zoe] {opened(answer).log_id}"
    )


def test_one_connection_carries_many_visitors(nginx: Nginx) -> None:
    nginx.start(f"location / {{ h3s get; {SHOW} }}")
    cookies = [cookie_with({"user": f"u{n}"}) for n in range(20)]
    with httpx.Client(limits=httpx.Limits(max_connections=1)) as client:
        for _ in range(3):
            for n, cookie in enumerate(cookies):
                assert shown(client.get(nginx.url, headers={"Cookie": cookie}))[5] == f"u{n}"
            assert shown(client.get(nginx.url))[5] == ""


def test_several_workers_open_each_other_s_sessions(nginx: Nginx) -> None:
    nginx.start('location / { h3s use; return 200 "$pid $h3s_id"; }', listen="127.0.0.1:PORT reuseport", workers=3)
    wait_until(lambda: len(nginx.workers()) == 3, "there are no three workers")
    id, seen = "", set()
    jar = httpx.Cookies()
    for n in range(200):
        with httpx.Client(cookies=jar) as client:  # each on a new connection
            pid, found = client.get(nginx.url).text.split()
            jar.update(client.cookies)
        assert found == (id or found)
        id = found
        seen.add(pid)
        if len(seen) > 1 and n > 20:
            break
    assert len(seen) > 1


def curl(*arguments: str) -> str:
    done = subprocess.run(
        ["curl", "-sS", "-i", "--max-time", str(PATIENCE), *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout.replace("\r\n", "\n")


def test_http_2_carries_sessions_in_one_or_several_cookie_headers(nginx: Nginx) -> None:
    nginx.start(f"location / {{ h3s use; {SHOW} }}", listen="127.0.0.1:PORT http2")
    cookie = cookie_with({"user": "Zoe", "long": "x" * 9000}, LARGE)
    crumbs = [word for part in cookie.split("; ") for word in ("-H", f"cookie: {part}")]
    assert len(crumbs) > 4
    small = cookie_with({"user": "Zoe", "long": "x" * 5000})
    for sent in (["-H", f"cookie: {small}"], ["-H", "cookie: theme=dark", *crumbs]):
        answer = curl("--http2-prior-knowledge", *sent, nginx.url)
        assert answer.startswith("HTTP/2 200") and "|valid|" in answer and "|Zoe|" in answer
    new = curl("--http2-prior-knowledge", nginx.url)
    assert new.count("set-cookie: h3=h3s1.") == 1 and "|new|" in new


def test_http_1_joins_several_cookie_lines(nginx: Nginx) -> None:
    nginx.start(f"location / {{ h3s get; {SHOW} }}")
    cookie = cookie_with({"user": "Zoe", "long": "x" * 9000}, LARGE)
    lines = "".join(f"Cookie: {part}\n" for part in cookie.split("; "))
    answer = raw(nginx.port, f"GET / HTTP/1.1\nHost: x\nConnection: close\nCookie: theme=dark\n{lines}\n")
    assert "|valid|" in answer and "|Zoe|" in answer


def test_http_1_0_gets_its_session_and_http_0_9_only_the_page(nginx: Nginx) -> None:
    nginx.start("h3s use; h3s_set a b;")
    assert raw(nginx.port, "GET /page.txt HTTP/1.0\n\n").count("Set-Cookie: h3=h3s1.") == 1
    assert raw(nginx.port, "GET /page.txt\n") == "a page\n"


def most(options: dict[str, Any] | None = None) -> int:
    """How long a text `big` may be in a session of nothing else."""
    session = sessions(options).use()
    good, bad = 0, 10**6
    while bad - good > 1:
        size = (good + bad) // 2
        try:
            session["big"] = "x" * size
            good = size
        except h3s.TooLarge:
            bad = size
    return good


@pytest.mark.parametrize("name", ["h3", "__Host-the-name-of-a-session"])
def test_what_a_write_may_make_nginx_takes_in_one_line(
    nginx: Nginx, client: httpx.Client, upstream: Upstream, name: str
) -> None:
    options = {**OPTIONS, "name": name, "cookie": {"secure": name != "h3"}}
    size = most(options)
    assert 5_900 < size < 6_100
    for path, count in (("/fits", size), ("/more", size + 1)):
        upstream.answer(path, ("X-Session-Update", json.dumps({"big": "x" * count})))
    nginx.start(
        """
        h3s get;
        location / { h3s_upstream on; proxy_buffer_size 16k; proxy_buffers 4 16k; proxy_pass http://UPSTREAM; }
        location /read { return 200 "$h3s_status"; }
        location /set { h3s_set big $arg_big; return 204; }
        location /out { h3s_clear on; return 204; }
        """,
        options=options,
    )

    def cookie(answer: httpx.Response) -> dict[str, str]:
        return {"Cookie": "; ".join(value.split(";")[0] for value in set_cookies(answer))}

    for answer in (client.get("/fits"), client.get("/set", params={"big": "x" * size})):
        line = cookie(answer)
        assert len(line["Cookie"]) > 8_170 and len(opened(answer, options)["big"]) == size
        assert client.get("/read", headers=line).text == "valid"
        assert all("Max-Age=0" in value for value in set_cookies(client.get("/out", headers=line)))

    more = client.get("/more", headers=line)
    assert more.status_code == 502 and not set_cookies(more)
    set_more = client.get("/set", params={"big": "x" * (size + 1)}, headers={"Cookie": cookie_with({"a": 1}, options)})
    assert set_more.status_code == 204 and not [value for value in set_cookies(set_more) if "=__chunked__" in value]
    assert "h3s_set failed" in nginx.error_log()
    assert client.get("/read", headers=line).text == "valid"


def test_larger_sessions_of_others_are_read_as_far_as_the_buffers_go(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start(f"location / {{ h3s get; {SHOW} }}")

    def status(size: int, *, lines: bool) -> int:
        cookie = cookie_with({"big": "x" * size}, LARGE)
        if not lines:
            return client.get("/", headers={"Cookie": cookie}).status_code
        request = "".join(f"Cookie: {part}\n" for part in cookie.split("; "))
        return int(raw(nginx.port, f"GET / HTTP/1.1\nHost: x\nConnection: close\n{request}\n").split()[1])

    # A browser sends one line, and one line has to fit one of the 4 buffers of 8k.
    assert [status(5_900, lines=False), status(6_300, lines=False)] == [200, 400]
    # Over HTTP/2, or in several lines, it is all of them together.
    assert [status(21_000, lines=True), status(26_000, lines=True)] == [200, 400]


def test_a_chunked_session_is_set_and_cleared_whole(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start(
        "h3s get; location /set { h3s_set big $arg_big; return 204; } location /out { h3s_clear on; return 204; } location / { }",
        http="large_client_header_buffers 4 32k;",
        options=LARGE,
    )
    answer = client.get("/set", params={"big": "x" * 9000})
    names = [value.split("=")[0] for value in set_cookies(answer)]
    assert names == ["h3", "h3.1", "h3.2", "h3.3", "h3.4"][: len(names)] and len(names) > 3
    assert len(opened(answer)["big"]) == 9000
    gone = client.get("/out")
    assert sorted(value.split("=")[0] for value in set_cookies(gone)) == names
    assert all("Max-Age=0" in value for value in set_cookies(gone)) and not client.cookies


def test_a_session_that_grows_too_large_stays_as_it_was(nginx: Nginx, client: httpx.Client) -> None:
    options = {**OPTIONS, "cookie": {"secure": False, "maxChunks": 1}}
    nginx.start("location /set { h3s get; h3s_set ok 1; h3s_set big $arg_big; return 204; }", options=options)
    answer = client.get("/set", params={"big": "x" * 5000})
    assert answer.status_code == 204 and dict(opened(answer, options)) == {"ok": "1"}
    said = re.findall(r"h3s: (h3s_set failed: .*?), client: ", nginx.error_log())
    assert len(said) == 1 and "xxx" not in said[0]


def test_an_id_in_a_session_of_an_app_is_kept(nginx: Nginx, client: httpx.Client) -> None:
    session = sessions().use()
    session.set_id("my-own/id")
    nginx.start(f"location / {{ h3s get; {SHOW} }}")
    assert shown(client.get("/", headers={"Cookie": cookie_of(session)}))[0] == "my-own/id"
