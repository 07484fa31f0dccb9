"""What `nginx -t` accepts and refuses, and how blocks merge."""

from __future__ import annotations

import httpx
import pytest
from conftest import OPTIONS, PASSWORD, Nginx, cookie_with, opened

GOOD = "h3s_config h3s.json;"


def check(nginx: Nginx, http: str) -> str:
    """What nginx -t has to say; the http block's text begins in line 17."""
    if not (nginx.folder / "h3s.json").exists():
        nginx.options(OPTIONS)
    nginx.write(http)
    done = nginx.command("-t")
    assert (done.returncode == 0) == ("test is successful" in done.stderr)
    return done.stderr


@pytest.mark.parametrize(
    ("http", "line", "said"),
    [
        ("h3s get;", 0, '"h3s" needs "h3s_config"'),
        ("h3s_hide_cookie on;", 0, '"h3s_hide_cookie" needs "h3s_config"'),
        (f"{GOOD} h3s maybe;", 0, 'invalid value "maybe"'),
        (f"{GOOD} h3s get; h3s use;", 0, "duplicate"),
        (f"{GOOD} {GOOD}", 0, '"h3s_config" directive is duplicate'),
        (f"{GOOD} h3s get;\nh3s_require user;", 1, '"user" is no JSON Pointer'),
        (f"{GOOD} h3s get;\nh3s_require /a~2b;", 1, '"/a~2b" is no JSON Pointer'),
        (f"{GOOD} h3s get;\nh3s_require off;\nh3s_require /user;", 2, '"h3s_require" directive is duplicate'),
        (f"{GOOD} h3s get;\nh3s_require /user;\nh3s_require off;", 2, '"h3s_require" directive is duplicate'),
        (f"{GOOD} h3s get; h3s_require;", 0, "invalid number of arguments"),
        (f"{GOOD} h3s get;\nh3s_set a b;\nh3s_set a c;", 2, '"h3s_set" of "a" is duplicate'),
        (f"{GOOD} h3s get; h3s_set a $nonsense;", None, 'unknown "nonsense" variable'),
        (f"{GOOD} h3s get; h3s_rotate perhaps;", 0, 'it must be "on" or "off"'),
        (
            f"{GOOD} h3s get;\nh3s_rotate on;\nh3s_clear on;",
            2,
            '"h3s_rotate" and "h3s_clear" contradict each other: give',
        ),
        (f"{GOOD} h3s get;\nh3s_set a b;\nh3s_clear on;", 2, '"h3s_set" and "h3s_clear" contradict each other: give'),
        (f"{GOOD} h3s get;\nh3s_clear on;\nh3s_set a b;", 2, '"h3s_set" and "h3s_clear" contradict each other: give'),
        (f"{GOOD} h3s get;\nh3s_set on;", 1, '"h3s_set" directive needs a key and a value, or "off"'),
        (f"{GOOD} h3s get;\nh3s_set a b;\nh3s_set off;", 2, '"h3s_set" directive is duplicate'),
        (f"{GOOD} h3s get;\nh3s_set off;\nh3s_set a b;", 2, '"h3s_set" directive is duplicate'),
        (f"{GOOD}\nh3s_variable login /user;", 1, '"login" is no name of a variable'),
        (f"{GOOD}\nh3s_variable $login user;", 1, '"user" is no JSON Pointer'),
        (f"{GOOD}\nh3s_variable $login /a~;", 1, '"/a~" is no JSON Pointer'),
        (f"{GOOD}\nh3s_variable $login /a;\nh3s_variable $login /b;", 2, 'the duplicate "login" variable'),
        (f"{GOOD}\nh3s_variable $h3s_id /a;", 1, 'the duplicate "h3s_id" variable'),
        # Without any "h3s", one was forgotten.
        (f"{GOOD}\nh3s_require /user;", 1, '"h3s_require" needs "h3s get" or "h3s use"'),
        (f"{GOOD}\nh3s_set a b;", 1, '"h3s_set" needs'),
        (f"{GOOD}\nh3s_rotate on;", 1, '"h3s_rotate" needs'),
        (f"{GOOD}\nh3s_clear on;", 1, '"h3s_clear" needs'),
        (f"{GOOD}\nh3s_upstream on;", 1, '"h3s_upstream" needs'),
        (f"{GOOD} h3s off;\nh3s_upstream on;", 1, '"h3s_upstream" needs'),
        ("server { location / { h3s_counts; } }", None, '"h3s_counts" needs "h3s_config"'),
        (f"{GOOD}\nserver {{ location / {{ h3s_counts; h3s_counts; }} }}", 1, '"h3s_counts" directive is duplicate'),
        (f"{GOOD}\nh3s_counts;", 1, '"h3s_counts" directive is not allowed here'),
        ("h3s_config nowhere.json;", 0, "nowhere.json"),
        ("h3s_config html;", 0, "is no file of at most 1 MiB"),
    ],
)
def test_a_wrong_configuration_is_named_with_file_and_line(
    nginx: Nginx, http: str, line: int | None, said: str
) -> None:
    output = check(nginx, f"{http}\nserver {{ listen 127.0.0.1:PORT; }}")
    assert "[emerg]" in output and said in output, output
    if line is not None:
        first = (nginx.folder / "nginx.conf").read_text().splitlines().index(http.splitlines()[0]) + 1
        assert f"nginx.conf:{first + line}" in output, output


def test_a_location_cannot_become_public_by_turning_sessions_off(nginx: Nginx) -> None:
    server = "h3s_config h3s.json; server { listen 127.0.0.1:PORT; h3s get; h3s_require /user; location /open { h3s off; %s } }"
    assert '"h3s_require" needs' in check(nginx, server % "")
    assert "successful" in check(nginx, server % "h3s_require off;")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ('{\n  "password": "short"\n}', "h3s.json:2: password"),
        (f'{{\n  "password": "{PASSWORD}",\n  "maxage": 5\n}}', "h3s.json:3: maxage"),
        (f'{{"password": "{PASSWORD}", "cookie": {{"sameSite": "none", "secure": false}}}}', "h3s.json:1: cookie.sameSite"),
        ("{", "h3s.json:1"),
        ("", "h3s.json:1"),
    ],
)  # fmt: skip
def test_bad_options_fail_with_both_files_and_lines_and_no_secret(nginx: Nginx, options: str, said: str) -> None:
    nginx.options(options)
    output = check(nginx, "h3s_config h3s.json;\nserver { listen 127.0.0.1:PORT; h3s get; }")
    assert "[emerg]" in output and said in output and "nginx.conf:" in output, output
    assert PASSWORD not in output and "short" not in output.replace("too short", "")


@pytest.mark.parametrize("other", ["h3s_set user Zoe", "h3s_rotate on"])
def test_a_logout_beside_what_is_inherited_says_how_to_end_it(nginx: Nginx, other: str) -> None:
    name = other.split()[0]
    server = "h3s_config h3s.json;\nserver { listen 127.0.0.1:PORT; h3s get;\n%s;\nlocation / {\n%s; } }"
    output = check(nginx, server % (other, "h3s_clear on"))
    assert f'"h3s_clear" contradicts the inherited "{name}" of {nginx.folder}/nginx.conf:' in output, output
    assert f'say "{name} off" here, in {nginx.folder}/nginx.conf:' in output
    assert "successful" in check(nginx, server % (other, f"h3s_clear on; {name} off"))
    output = check(nginx, server % ("h3s_clear on", other))
    assert f'"{name}" contradicts the inherited "h3s_clear" of' in output and 'say "h3s_clear off" here' in output
    assert "successful" in check(nginx, server % ("h3s_clear on", f"{other}; h3s_clear off"))


HOST = {**OPTIONS, "name": "__Host-session", "cookie": {}}


@pytest.mark.parametrize(
    ("options", "http", "warned"),
    [
        (OPTIONS, "", ""),
        (HOST, "", '"x-__host-session-session", since its name has a "_"'),
        (HOST, "underscores_in_headers on;", ""),
        (HOST, "ignore_invalid_headers off;", ""),
        ({**OPTIONS, "name": "my.session"}, "underscores_in_headers on;", '"x-my.session-session", since its name has a "."'),
        ({**HOST, "sessionHeader": False}, "", ""),
        ({**HOST, "sessionHeader": "x-session"}, "", ""),
    ],
)  # fmt: skip
def test_a_session_header_that_nginx_drops_is_warned_of(
    nginx: Nginx, options: dict[str, object], http: str, warned: str
) -> None:
    nginx.options(options)
    locations = "location /a { h3s get; } location /b { h3s use; } location /c { h3s off; }"
    output = check(nginx, f"h3s_config h3s.json; {http} server {{ listen 127.0.0.1:PORT; {locations} }}")
    assert "successful" in output and output.count("[warn]") == bool(warned) and warned in output, output
    if warned:
        assert f"{nginx.folder}/h3s.json" in output and '"sessionHeader"' in output
        assert ('"underscores_in_headers on"' in output) == ('"_"' in warned)
    assert "[warn]" not in check(nginx, f"h3s_config h3s.json; {http} server {{ listen 127.0.0.1:PORT; }}")


def test_a_right_configuration_is_accepted(nginx: Nginx) -> None:
    output = check(
        nginx,
        """
        h3s_config h3s.json;
        server {
            listen 127.0.0.1:PORT;
            h3s get; h3s_require "" /a /b~1c; h3s_require /d;
            h3s_set one "$uri and $h3s_id"; h3s_set two ""; h3s_rotate on;
            h3s_hide_cookie on; h3s_upstream on; h3s_cache_headers off;
            location /in { h3s use; h3s_clear on; h3s_set off; h3s_rotate off; h3s_require off; }
            location /static { h3s off; h3s_require off; }
        }
        server { listen 127.0.0.1:PORT; server_name without.sessions; }""",
    )
    assert "successful" in output, output
    assert "[warn]" not in output.replace("conflicting server name", "")


def test_a_configuration_without_the_module_s_directives_is_left_alone(nginx: Nginx, client: httpx.Client) -> None:
    nginx.write("server { listen 127.0.0.1:PORT; root FOLDER/html; }")
    nginx.run()
    answer = client.get("/page.txt", headers={"Cookie": "h3=x", "X-Session-Data": "{}"})
    assert answer.text == "a page\n" and "set-cookie" not in answer.headers and "vary" not in answer.headers


def test_inner_blocks_inherit_and_override(nginx: Nginx, client: httpx.Client) -> None:
    nginx.options({**OPTIONS, "name": "other"}, "other.json")
    nginx.start(
        """
        h3s get; h3s_require /user; h3s_set who $uri;
        location / { }
        location /use/ { h3s use; h3s_require off; return 200 $h3s_status; }
        location /more/ { h3s_set other thing; return 200 $h3s_status; }
        location /other/ { h3s_config other.json; h3s use; h3s_require off; return 200 $h3s_status; }
        location /off/ {
            h3s off; h3s_require off; return 200 "[$h3s_status]";
            location /off/on/ { h3s get; return 200 "[$h3s_status]"; }
        }"""
    )
    assert client.get("/page.txt").status_code == 401
    assert client.get("/off/").text == "[]" and not client.cookies
    inner = client.get("/off/on/")
    assert inner.text == "[none]" and dict(opened(inner)) == {"who": "/off/on/"}
    client.cookies.clear()
    first = client.get("/use/")
    assert first.text == "new" and dict(opened(first)) == {"who": "/use/"}
    client.cookies.clear()
    # A level with h3s_set of its own inherits none, as with add_header.
    assert dict(opened(client.get("/more/"))) == {"other": "thing"}
    third = client.get("/other/")
    assert third.headers["set-cookie"].startswith("other=h3s1.") and "x-other-session" in third.headers["vary"]
    assert client.get("/page.txt", headers={"Cookie": cookie_with({"user": 1})}).status_code == 200


def test_every_block_that_names_a_file_shares_it(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start(
        """
        location /a { h3s use; h3s_config h3s.json; return 200 $h3s_id; }
        location /b { h3s get; h3s_config FOLDER/h3s.json; return 200 $h3s_id; }"""
    )
    assert client.get("/a").text == client.get("/b").text != ""
