"""Of several sessions in one request, only the one that nginx has opened goes upstream."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx
import pytest
from conftest import FE26, LARGE, OPTIONS, Nginx, cookie_with, raw, sessions, value_of

PROXY = "proxy_pass http://UPSTREAM;"
BOTH = [OPTIONS, FE26]
NAMES = ["h3s1", "fe26.2"]


def token_of(data: dict[str, Any], options: dict[str, Any] | None = None) -> str:
    return cookie_with(data, options).partition("=")[2]


def cut(token: str, at: int = 100, count: str = "2") -> str:
    """The cookies of a token in two chunks."""
    return f"h3=__chunked__{count}; h3.1={token[:at]}; h3.2={token[at:]}"


def gate(nginx: Nginx, options: dict[str, Any]) -> None:
    nginx.start(f'h3s get; location / {{ add_header X-Gate "$h3s_data_user"; {PROXY} }}', options=options)


def both(client: httpx.Client, *headers: tuple[str, str]) -> tuple[str, str | None, str | None]:
    """Whom nginx has seen, and the cookies and the header that the upstream was sent."""
    encoded = [(name.encode(), value.encode()) for name, value in headers]
    answer = client.get("/", headers=encoded)
    return answer.headers.get("x-gate", ""), value_of(answer, "Cookie"), value_of(answer, "X-H3-Session")


@pytest.mark.parametrize("options", BOTH, ids=NAMES)
def test_an_upstream_cannot_choose_another_cookie(nginx: Nginx, client: httpx.Client, options: dict[str, Any]) -> None:
    gate(nginx, options)
    friend, banned = token_of({"user": "friend"}, options), token_of({"user": "banned"}, options)
    foreign = token_of({"user": "banned"}, {**options, "password": "quite another password, and long enough"})
    for cookie in (
        # h3 takes the number that a count begins with.
        f"a=1; {cut(banned, count='2x')}; h3={friend}; b=2",
        f"a=1; h3={friend}; {cut(banned, count='02')}; b=2",
        f"a=1; h3={foreign}; h3={friend}; b=2",
        f"a=1; h3={friend}; h3={foreign}; b=2",
        f"a=1; h3=rubbish; h3={friend}; h3=; b=2",
        f"a=1; h3={friend}; h3.1={banned}; h3.99=x; b=2",
        f"a=1; h3={friend}; h3={friend}; b=2",
        # h3 1 takes all white space of JavaScript's from around a name.
        f"a=1; h3={friend}; \u00a0h3={banned}; b=2",
    ):
        assert both(client, ("Cookie", cookie)) == ("friend", f"a=1; h3={friend}; b=2", None), cookie


@pytest.mark.parametrize("options", BOTH, ids=NAMES)
def test_other_chunks_than_those_that_were_opened_stay_behind(
    nginx: Nginx, client: httpx.Client, options: dict[str, Any]
) -> None:
    gate(nginx, options)
    friend, banned = token_of({"user": "friend"}, options), token_of({"user": "banned"}, options)
    own = f"h3=__chunked__2; h3.1={friend[:100]}; h3.2={friend[100:]}"
    other = f"h3.1={banned[:100]}; h3.2={banned[100:]}"
    for cookie in (f"{own}; {other}", f"{other}; {own}", f"{own}; h3.3=x; h3.100=y", f"h3.2=; {own}; h3={banned[:50]}"):
        assert both(client, ("Cookie", f"a=1; {cookie}")) == ("friend", f"a=1; {own}", None), cookie
    # Escapes are nothing that a server could not resolve, and stay as they came.
    escaped = own.replace("__chunked__2", "%5f_chunked__2").replace("h3.1=" + friend[0], f"h3.1=%{ord(friend[0]):x}")
    assert both(client, ("Cookie", f"{escaped}; {other}")) == ("friend", escaped, None)


def test_of_two_good_cookies_the_newer_alone_goes_up(nginx: Nginx, client: httpx.Client) -> None:
    gate(nginx, OPTIONS)
    old, new = (cookie_with({"user": user}, now=time.time() - age) for user, age in (("old", 60), ("new", 30)))
    for pair in (f"{old}; {new}", f"{new}; {old}"):
        assert both(client, ("Cookie", pair)) == ("new", new, None)


@pytest.mark.parametrize("options", BOTH, ids=NAMES)
def test_where_the_header_was_opened_no_cookie_goes_up(
    nginx: Nginx, client: httpx.Client, options: dict[str, Any]
) -> None:
    gate(nginx, options)
    friend, banned = token_of({"user": "friend"}, options), token_of({"user": "banned"}, options)
    for cookie in (f"h3={banned}", cut(banned), "h3.1=x"):
        seen = both(client, ("X-H3-Session", friend), ("Cookie", f"a=1; {cookie}"), ("X-H3-Session", banned))
        assert seen == ("friend", "a=1", friend)
    seen = both(client, ("X-H3-Session", friend), ("Cookie", f"h3={banned}"))
    assert seen == ("friend", None, friend)


@pytest.mark.parametrize("options", BOTH, ids=NAMES)
def test_where_the_cookie_was_opened_no_header_goes_up(
    nginx: Nginx, client: httpx.Client, options: dict[str, Any]
) -> None:
    gate(nginx, options)
    friend = token_of({"user": "friend"}, options)
    foreign = token_of({"user": "banned"}, {**options, "password": "quite another password, and long enough"})
    # One slow derivation a request: the cookie's is known by then.
    both(client, ("Cookie", f"h3={friend}"))
    for header in (foreign, "rubbish"):
        seen = both(client, ("X-H3-Session", header), ("Cookie", f"a=1; h3={friend}"))
        assert seen == ("friend", f"a=1; h3={friend}", None)


def test_where_no_session_opened_all_goes_up_as_it_came(nginx: Nginx, client: httpx.Client) -> None:
    gate(nginx, OPTIONS)
    foreign = {**OPTIONS, "password": "quite another password, and long enough"}
    cookie = f"a=1;h3={token_of({}, foreign)};  {cut(token_of({}, foreign), count='2x')} ; b=2"
    header = token_of({}, foreign)
    assert both(client, ("Cookie", cookie), ("X-H3-Session", header)) == ("", cookie, header)


@pytest.mark.parametrize("data", [{"user": "Zoe"}, {"user": "Zoe", "long": "x" * 6000}], ids=["one", "chunks"])
def test_a_request_with_one_session_goes_up_byte_for_byte(
    nginx: Nginx, client: httpx.Client, data: dict[str, Any]
) -> None:
    nginx.start(
        f'h3s get; location / {{ add_header X-Gate "$h3s_data_user"; {PROXY} }}',
        http="large_client_header_buffers 4 32k;",
        options=LARGE,
    )
    cookie = f"a=1;b = 2 ;  {cookie_with(data, LARGE)};h3x=3"
    assert both(client, ("Cookie", cookie)) == ("Zoe", cookie, None)


def test_h3s_off_lets_all_go_up_as_it_came(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start(f"h3s get; location /off {{ h3s off; {PROXY} }}")
    cookie = f"{cut('x' * 200)}; {cookie_with({'user': 'Zoe'})}"
    answer = client.get("/off", headers={"Cookie": cookie, "X-H3-Session": "rubbish"})
    assert value_of(answer, "Cookie") == cookie and value_of(answer, "X-H3-Session") == "rubbish"


def test_one_session_goes_up_without_a_variable_and_across_redirects_and_subrequests(
    nginx: Nginx, client: httpx.Client
) -> None:
    nginx.start(
        f"""
        h3s get;
        location / {{ {PROXY} }}
        location /falls {{ try_files /nothing /moved; }}
        location /moved {{ {PROXY} }}
        location /off {{ error_page 418 = @off; {PROXY} }}
        location /checked {{ auth_request /check; {PROXY} }}
        location /check {{ internal; h3s off; {PROXY} }}
        location /raw {{ rewrite ^ /open last; }}
        location /open {{ h3s off; {PROXY} }}
        """
    )
    friend = cookie_with({"user": "friend"})
    headers = {"Cookie": f"{cut('x' * 200, count='2x')}; {friend}"}
    for path in ("/", "/falls", "/moved", "/checked"):
        assert value_of(client.get(path, headers=headers), "Cookie") == friend
    assert value_of(client.get("/raw", headers=headers), "Cookie") == headers["Cookie"]


def test_one_session_goes_up_from_a_page_that_is_on_its_way(nginx: Nginx, client: httpx.Client) -> None:
    (nginx.folder / "html/page.html").write_text('<!--# include virtual="/part" -->')
    nginx.start(
        f"""
        location / {{ h3s off; ssi on; ssi_types text/plain; }}
        location /part {{ h3s get; set $who $h3s_data_user; proxy_set_header X-Who $who; {PROXY} }}
        """
    )
    friend = cookie_with({"user": "friend"})
    answer = client.get("/page.html", headers={"Cookie": f"{cut('x' * 200, count='2x')}; {friend}; b=2"})
    assert (value_of(answer, "X-Who"), value_of(answer, "Cookie")) == ("friend", f"{friend}; b=2")


def test_of_several_sessions_none_is_opened_for_what_goes_nowhere(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start(
        f"h3s get; location / {{ }} location /falls {{ try_files /nothing @up; }} location @up {{ {PROXY} }}",
        options=FE26,
        level="debug",
    )
    friend = cookie_with({"user": "friend"}, FE26)
    headers = {"Cookie": f"{friend}; h3.7=rubbish"}
    assert client.get("/page.txt", headers=headers).text == "a page\n"
    assert 'added to thread pool "default"' not in nginx.error_log()
    assert value_of(client.get("/falls", headers=headers), "Cookie") == friend
    assert nginx.error_log().count('added to thread pool "default"') == 1


def test_several_cookie_lines_become_one(nginx: Nginx) -> None:
    gate(nginx, OPTIONS)
    friend = cookie_with({"user": "friend"})
    lines = f"Cookie: a=1\nCookie: h3=rubbish\nCookie: {friend}\nCookie: b=2\n"
    answer = raw(nginx.port, f"GET / HTTP/1.1\nHost: x\nConnection: close\n{lines}\n")
    sent = json.loads(answer.partition("\n\n")[2])
    assert [value for name, value in sent if name == "Cookie"] == [f"a=1; {friend}; b=2"]


def test_many_cookies_of_the_name_cost_little(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start(
        f'h3s get; location / {{ add_header X-Gate "$h3s_data_user"; {PROXY} }}',
        http="large_client_header_buffers 4 64k;",
    )
    friend = cookie_with({"user": "friend"})
    for junk in ("h3=x; ", "h3.7=x; ", f"{friend}; "):
        assert both(client, ("Cookie", junk * (20_000 // len(junk)) + friend)) == ("friend", friend, None), junk
    # Four that may be a session are tried.
    for junk, count in (("h3=__chunked__1x; ", 3), ("h3=%; ", 3000)):
        assert both(client, ("Cookie", junk * count + friend)) == ("friend", friend, None), junk


def test_authorization_may_carry_the_session(nginx: Nginx, client: httpx.Client) -> None:
    options = {**OPTIONS, "sessionHeader": "authorization"}
    nginx.start(
        f"""
        h3s get;
        location / {{ add_header X-Gate "$h3s_data_user|$h3s_carried"; {PROXY} }}
        location /hide {{ h3s_hide_cookie on; {PROXY} }}
        location /both {{ auth_basic realm; auth_basic_user_file FOLDER/users; h3s_hide_cookie on; {PROXY} }}
        """,
        options=options,
    )
    (nginx.folder / "users").write_text("zoe:{PLAIN}secret\n")
    session = sessions(options).use()
    session["user"] = "header"
    token = session.seal()
    for value in (token, f"Bearer {token}", f"bearer   {token}"):
        answer = client.get("/", headers={"Authorization": value, "Cookie": cookie_with({"user": "cookie"}, options)})
        assert answer.headers["x-gate"] == "header|1" and value_of(answer, "Authorization") == value
        assert value_of(answer, "Cookie") is None and "authorization" in answer.headers["vary"].lower()
        assert value_of(client.get("/hide", headers={"Authorization": value}), "Authorization") is None
    # A password is no session: it reaches whoever asks for it.
    cookie = cookie_with({"user": "cookie"}, options)
    basic = client.get("/", headers={"Cookie": cookie}, auth=("zoe", "secret"))
    assert basic.headers["x-gate"] == "cookie|1" and (value_of(basic, "Authorization") or "").startswith("Basic ")
    assert client.get("/", auth=("zoe", "secret")).headers["x-gate"] == "|"
    assert client.get("/both").status_code == 401
    passed = client.get("/both", headers={"Cookie": cookie}, auth=("zoe", "secret"))
    assert passed.status_code == 200 and value_of(passed, "Cookie") is None


def test_an_empty_session_header_hides_none_behind_it(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start(
        f'h3s get; underscores_in_headers on; location / {{ add_header X-Gate "$h3s_data_user";'
        f' add_header X-Seen "$h3s_status $h3s_carried"; {PROXY} }}'
    )
    friend, token = token_of({"user": "friend"}), token_of({"user": "mallory"})
    for empty in ("X-H3-Session", "X_H3_Session", "x-h3_session"):
        lines = [(empty, ""), ("X-H3-Session", token)]
        assert both(client, *lines) == ("mallory", None, token)
        answer = client.get("/", headers=[(name.encode(), value.encode()) for name, value in lines])
        assert answer.headers["x-seen"] == "valid 1"
        assert both(client, *lines, ("Cookie", f"h3={friend}")) == ("mallory", None, token)


@pytest.mark.parametrize("header", [False, "x-other-session"])
def test_what_an_h3_reads_unless_told_otherwise_is_no_way_round(
    nginx: Nginx, client: httpx.Client, header: bool | str
) -> None:
    options = {**OPTIONS, "sessionHeader": header}
    nginx.start(
        f'h3s get; location / {{ add_header X-Gate "$h3s_data_user"; add_header X-Seen "$h3s_status $h3s_carried";'
        f" {PROXY} }} location = /off {{ h3s off; {PROXY} }}",
        options=options,
    )
    friend, banned = token_of({"user": "friend"}, options), token_of({"user": "banned"}, options)
    lines = [("Cookie", f"h3={friend}"), ("X-H3-Session", banned)]
    assert both(client, *lines) == ("friend", f"h3={friend}", None)
    # Alone it goes up, since it may be anybody's, and both the gate and a cache are told.
    answer = client.get("/", headers={"X-H3-Session": banned})
    assert answer.headers["x-seen"] == "malformed 1" and value_of(answer, "X-H3-Session") == banned
    answer = client.get("/off", headers=dict(lines))
    assert value_of(answer, "X-H3-Session") == banned


def test_what_only_some_h3_takes_for_a_session_is_not_none(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start(f'h3s get; location / {{ add_header X-Seen "$h3s_status $h3s_carried"; {PROXY} }}')
    token = token_of({"user": "banned"})
    for name in (b"\xa0h3=", b"h3\xa0="):
        answer = client.get("/", headers=[(b"Cookie", name + token.encode())])
        assert answer.headers["x-seen"] == "malformed 1", name
    assert client.get("/", headers={"Cookie": "a=1"}).headers["x-seen"] == "none"
