#!/usr/bin/env bash
# Builds examples/counter.c against the library in target/, visits it with curl and a cookie jar,
# and prints the conversation. It checks each answer: a wrong one makes the exit status 1.
# For a browser there is examples/serve.c.
#
#     examples/demo.sh            the conversation
#     examples/demo.sh --check    the same, and a closing line that counts the checks
#     examples/demo.sh --serve    starts that, prints its address, and stays until Ctrl-C
set -euo pipefail
shopt -s extglob

root=$(cd "$(dirname "$0")/.." && pwd)
mode=${1:-}
case $mode in
    '' | --check | --serve) ;;
    *) echo 'usage: examples/demo.sh [--check | --serve]' >&2; exit 2 ;;
esac

# shellcheck disable=SC1091  # it is checked by itself
. "$root/tests/setup.sh"
need_for_demo

cd "$root"
counter=target/examples/counter
mkdir -p target/examples
export PKG_CONFIG_PATH=$root/target/pkgconfig
# compile PROGRAM SOURCE LIBRARY...
compile() {
    local flags=()
    # As a shell reads them: a folder may have spaces in its name.
    eval "flags=($(pkg-config --cflags --libs "${@:3}"))"
    cc -std=c99 -O2 -Wall -Wextra -Wpedantic -pthread -o "$1" "$2" "${flags[@]}"
}
if [ "$mode" = --serve ]; then
    compile target/examples/serve examples/serve.c h3s libmicrohttpd
    echo 'For your browser, until Ctrl-C:' >&2
    exec target/examples/serve
fi
compile "$counter" examples/counter.c h3s libmicrohttpd

# ---- The server ----------------------------------------------------------------------------------

dir=$(mktemp -d)
server=
trap 'if [ -n "$server" ]; then kill -9 "$server" 2>/dev/null || true; fi; rm -rf "$dir"' EXIT

# write_options PASSWORDS: replaces the file at once, as the server may be reading it. The demo has
# nothing to keep secret.
write_options() {
    printf '{"maxAge": 604800, "cookie": {"secure": false}, "password": {%s}}\n' "$1" >"$dir/options.new"
    mv "$dir/options.new" "$dir/options.json"
}

# said LINES: waits for the server to have said so many.
said() {
    for _ in {1..100}; do
        [ "$(wc -l <"$dir/said")" -ge "$1" ] && return
        sleep 0.05
    done
    return 1
}

write_options '"k1": "the first password, 32 characters or more"'
"$counter" --options "$dir/options.json" >"$dir/said" 2>"$dir/log" &
server=$!
if ! said 1 || ! read -r address <"$dir/said"; then
    echo "demo: the server did not start" >&2
    cat "$dir/log" >&2
    exit 1
fi
address=${address%/}

# ---- How a visit is made, shown and checked ------------------------------------------------------

bold='' dim='' good='' bad='' plain=''
if [ -t 1 ]; then bold=$'\e[1m' dim=$'\e[2m' good=$'\e[32m' bad=$'\e[31m' plain=$'\e[0m'; fi
passed=0 failed=0
status='' headers='' body=''

title() { printf '\n%s%s%s\n' "$bold" "$1" "$plain"; }

# Long tokens are cut, in what is printed only.
shorten() { sed -E 's/(h3s1\.[A-Za-z0-9_]*\.[A-Za-z0-9_-]{12})[A-Za-z0-9_-]{8,}/\1…/g'; }

# request PATH [CURL_OPTION...]: the answer is then in $status, $headers and $body.
request() {
    local path=$1 word line='curl'
    shift
    for word in "$@"; do
        case $word in
            *[!A-Za-z0-9=_./-]*) line+=" '$word'" ;;
            *) line+=" $word" ;;
        esac
    done
    printf '%s$ %s%s\n' "$bold" "$(shorten <<<"$line $address$path")" "$plain"

    : >"$dir/headers"
    : >"$dir/body"
    status=$(cd "$dir" && curl -sS --max-time 5 -D headers -o body -w '%{http_code}' "$@" "$address$path") ||
        status="no answer"
    headers=$(tr -d '\r' <"$dir/headers")
    body=$(cat "$dir/body")
    printf '%s%s\n' "$dim" "$(head -n 1 <<<"$headers")"
    grep -iE '^(set-cookie|location):' <<<"$headers" | shorten || true
    printf '%s' "$plain"
    case $headers in
        *[Tt]ype:\ text/html*) ;;
        *) [ -z "$body" ] || shorten <<<"$body" ;;
    esac
}

# As a visitor who keeps cookies.
visit() { request "$@" -b jar -c jar; }

# The value of one member of the answer, or all of the session's data.
field() {
    [[ $body =~ \"$1\":\"?([^\",}]*) ]] || return 0
    printf '%s' "${BASH_REMATCH[1]}"
}
data() { local text=${body#*\"data\":}; printf '%s' "${text%\}}"; }

# expect WHAT IS SHOULD_BE
expect() {
    if [ "$2" = "$3" ]; then
        passed=$((passed + 1))
        printf '   %s✓%s %s\n' "$good" "$plain" "$1"
    else
        failed=$((failed + 1))
        printf '   %s✗ %s: %s, not %s%s\n' "$bad" "$1" "${2:-nothing}" "${3:-nothing}" "$plain"
    fi
}
# expect_match WHAT TEXT PATTERN
expect_match() {
    # shellcheck disable=SC2053  # a pattern is meant
    if [[ $2 == $3 ]]; then expect "$1" yes yes; else expect "$1" "$2" "$3"; fi
}
differs() { if [ "$1" != "$2" ]; then echo differs; else echo "the same"; fi; }

# ---- The conversation ----------------------------------------------------------------------------

title "Three visits"
visit /
expect "the first visit" "$status $(field count) $(field isNew)" "200 1 true"
expect_match "its cookie lives a week, and scripts cannot read it" "$headers" \
    '*[Ss]et-[Cc]ookie: h3=h3s1.*Max-Age=604800*HttpOnly*'
expect_match "no cache keeps it" "$headers" '*Cache-Control: private, no-store*Vary: Cookie, x-h3-session*'
id=$(field id)
visit /
expect "the second: it came back in the cookie" "$(field count) $(field isNew) $(field source)" "2 false cookie"
visit /
expect "the third" "$(field count)" 3
expect "it has been one session all along" "$(field id)" "$id"

title "Rotate: a new id, the same data"
before=$(data)
visit /rotate -X POST
expect "another id" "$(differs "$(field id)" "$id")" differs
expect "the same data" "$(data)" "$before"
id=$(field id)

title "Log in"
visit /me
expect "nobody yet" "$status" 401
visit /login --data-urlencode 'name=Zoë "Żółć" 🦊'
expect "logged in, with the count so far" "$status $(field count)" "200 3"
expect "a login changes the id" "$(differs "$(field id)" "$id")" differs
id=$(field id)
visit /me
expect_match "the name, just as it was typed" "$status $body" '200 {"user":"Zoë \\"Żółć\\" 🦊","since":*}'

title "Without cookies: the token in a header"
visit /token
token=$body
request / -H "x-h3-session: $token"
expect "the same session, from the header" "$(field source) $(field count) $(field id)" "header 4 $id"

title "In a browser"
visit / -H 'Accept: text/html'
expect "a page" "$status $(grep -c '<!doctype html>' <<<"$body")" "200 1"
expect_match "with the name escaped" "$body" '*Zoë &#34;Żółć&#34; 🦊</h1>*'
visit /rotate -X POST -H 'Accept: text/html'
expect_match "a form leads back to it" "$status $headers" '303 *Location: /*'
visit /clear
expect_match "no mere link ends a session" "$status $headers" '405 *Allow: POST*'

title "Another program writes the session, and null is nobody"
cat >"$dir/other.c" <<'END'
#include <h3s.h>
#include <stdio.h>
#include <string.h>

/* other OPTIONS JSON: a session of that data, as a Cookie header. */
int main(int argc, char **argv)
{
    h3s_config *config = NULL;
    h3s_request request = { .size = sizeof request };
    h3s_session *session = NULL;
    const h3s_str *list = NULL;
    size_t count = 0;
    h3s_error err = { .status = argc != 3 };
    if (argc == 3 && h3s_config_new(argv[1], strlen(argv[1]), &config, &err) == H3S_OK
        && h3s_get(config, &request, &session, &err) == H3S_OK
        && h3s_replace(session, argv[2], strlen(argv[2]), &err) == H3S_OK
        && h3s_set_cookies(session, &list, &count, &err) == H3S_OK)
        printf("%.*s\n", (int)strcspn(list[0].ptr, ";"), list[0].ptr);
    h3s_session_free(session);
    h3s_config_free(config);
    return err.status;
}
END
compile "$dir/other" "$dir/other.c" h3s
for nobody in null false '""' '{}' 42; do
    written=$("$dir/other" "$(cat "$dir/options.json")" "{\"user\":$nobody,\"since\":1}")
    request /me -b "$written"
    expect "nobody is logged in" "$status" 401
    request / -b "$written" -H 'Accept: text/html'
    expect_match "and the page offers to" "$body" '*<h1>libh3s counter</h1>*Log in*'
done
written=$("$dir/other" "$(cat "$dir/options.json")" '{"user":"null","since":1}')
request /me -b "$written"
expect "a user of that name is somebody" "$status $body" '200 {"user":"null","since":1}'

title "Where another site leads here, and the browser keeps its cookie back"
for sign in 'Sec-Fetch-Site: cross-site' 'Origin: null' "Origin: ${address%:*}.evil.test" \
    'Referer: http://evil.test/'; do
    request / -H "$sign"
    expect_match "no other takes its place" "$status $headers" '200 !(*[Ss]et-[Cc]ookie*)'
    request /clear -X POST -H "$sign"
    expect_match "and nobody is logged out" "$status $headers" '403 !(*[Ss]et-[Cc]ookie*)'
done
visit / -H 'Sec-Fetch-Site: cross-site'
expect "where it sends it, the visit counts" "$(field source) $(field count)" "cookie 5"
for sign in 'Sec-Fetch-Site: none' "Origin: ${address%:*}:1" "Referer: $address/page"; do
    request / -H "$sign"
    expect_match "by itself, or from the same host: a first visit" "$status $headers" \
        '200 *[Ss]et-[Cc]ookie: h3=*'
done

title "Clear, and come again"
visit /clear -X POST
expect "an empty session" "$status $(data)" "200 {}"
expect_match "its cookie is deleted" "$headers" '*[Ss]et-[Cc]ookie: h3=;*'
visit /
expect "a first visit" "$(field count) $(field isNew) $(field source) $(field rejection)" "1 true none none"
id=$(field id)

title "A new password, while the server runs"
write_options '"k2": "the second password, 32 characters or more", "k1": "the first password, 32 characters or more"'
kill -HUP "$server"
said 2 || true
expect "the server has read its options again" "$(tail -n 1 "$dir/said")" "$dir/options.json is in force"
visit /
expect "still the same session" "$(field count) $(field id)" "2 $id"
expect_match "sealed by the new password from now on" "$headers" '*[Ss]et-[Cc]ookie: h3=h3s1.k2.*'
write_options '"k2": "short"'
kill -HUP "$server"
for _ in {1..100}; do [ -s "$dir/log" ] && break; sleep 0.05; done
expect_match "options that are wrong are refused" "$(cat "$dir/log")" 'counter: password*'
: >"$dir/log"
visit /
expect "and change nothing" "$(field count) $(field id)" "3 $id"

title "A cookie that was tampered with"
visit /
expect "all is well" "$(field count) $(field id)" "4 $id"
# In the middle of what is sealed one character becomes another.
awk 'BEGIN { FS = OFS = "\t" }
    $6 == "h3" { at = length($7) - 20; c = substr($7, at, 1)
                 $7 = substr($7, 1, at - 1) (c == "A" ? "B" : "A") substr($7, at + 1) }
    { print }' "$dir/jar" >"$dir/tampered"
expect "one character of the jar is changed" "$(cmp -l "$dir/jar" "$dir/tampered" | wc -l)" 1
mv "$dir/tampered" "$dir/jar"
visit /
expect "a fresh session, and the reason" "$(field count) $(field isNew) $(field rejection)" "1 true bad_seal"
expect "another id" "$(differs "$(field id)" "$id")" differs

title "The end"
kill -TERM "$server"
for _ in {1..100}; do
    kill -0 "$server" 2>/dev/null || break
    sleep 0.05
done
if kill -0 "$server" 2>/dev/null; then kill -9 "$server"; fi
ended=0
wait "$server" || ended=$?
server=
expect "the server ends cleanly" "$ended" 0
expect "it had nothing to complain of" "$(cat "$dir/log")" ""

if [ "$mode" = --check ]; then
    printf '\ndemo: %d passed, %d failed, 0 skipped\n' "$passed" "$failed"
fi
[ "$failed" -eq 0 ]
