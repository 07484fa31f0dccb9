#!/usr/bin/env bash
# visits.sh PROGRAM: starts the shop on a free port, visits it with curl and a cookie jar, and
# checks the answers. It ends with a line that counts them; its exit status is 0 if all were right.
set -u
program=$(realpath "$1")
folder=$(mktemp -d)
shop=
trap '[ -z "$shop" ] || kill "$shop" 2>/dev/null; rm -rf "$folder"' EXIT
cd "$folder" || exit
passed=0 failed=0

SESSION_PASSWORD='a password of at least 32 characters' "$program" 127.0.0.1:0 >said 2>log &
shop=$!
for _ in {1..200}; do
    [ -s said ] && break
    sleep 0.05
done
read -r address <said || { echo "the shop did not start" && cat log && exit 1; }

# request PATH [CURL_OPTION...]: the answer is then in $answer, its headers first.
request() {
    local path=$1
    shift
    answer=$(curl -sS --max-time 10 -i "$@" "$address$path" | tr -d '\r')
}
# As a visitor who keeps cookies.
visit() { request "$@" -b jar -c jar; }
# What the jar has as the session's cookie.
kept() { awk -F '\t' '$6 == "h3" { print $7 }' jar; }

expect() { # expect WHAT PATTERN [TEXT]
    local text=${3-$answer}
    # shellcheck disable=SC2053  # a pattern is meant
    if [[ $text == $2 ]]; then
        passed=$((passed + 1))
        echo "  ok    $1"
    else
        failed=$((failed + 1))
        printf '  FAIL  %s: not %s, but:\n%s\n' "$1" "$2" "$text"
    fi
}
expect_not() { # expect_not WHAT PATTERN
    # shellcheck disable=SC2053  # a pattern is meant
    if [[ $answer == $2 ]]; then expect "$1" "not $2"; else expect "$1" '*'; fi
}

visit /
expect "a stranger comes in" 'HTTP/1.1 200 *Hello, stranger. Visit 1. Cart: \[\]. This session ends: *'
expect "with a cookie of a week" '*set-cookie: h3=h3s1.*; Max-Age=604800; *; HttpOnly; SameSite=Lax*'
expect "no cache keeps it for others" '*cache-control: private*'
expect "and tells visitors apart" '*vary: Cookie, x-h3-session*'
visit /
expect "and comes back" '*Hello, stranger. Visit 2.*'
before_login=$(kept)

visit /cart -d sku=A-1
expect "an item goes into the cart" '*1 in the cart.'
visit /cart --data-urlencode 'sku=a "b" é'
expect "and another" '*2 in the cart.'
visit /login -d name=ada
expect "a login" '*Welcome, ada.'
logged_in=$(kept)
visit /
expect "keeps the cart" '*Hello, ada. Visit 3. Cart: \[A-1, a "b" é\].*'
request / -b "h3=$before_login"
expect "a cookie from before the login is not logged in" '*Hello, stranger. Visit 3. Cart: \[\].*'
request / -H "x-h3-session: $logged_in"
expect "the token opens in the header, too" '*Hello, ada. Visit 3.*'
request / -b 'theme=dark; h3=a; h3=b' -H "Cookie: h3=$logged_in"
expect "and among several Cookie lines" '*Hello, ada. Visit 3.*'

visit /cart -d "sku=$(printf 'x%.0s' {1..9000})"
expect "what is too large for cookies" 'HTTP/1.1 413 *'
expect_not "sets none" '*set-cookie*'
visit /
expect "and changes nothing" '*Hello, ada. Visit 4. Cart: \[A-1, a "b" é\].*'

# In the middle of what is sealed one character becomes another.
at=$((${#logged_in} - 20))
other=A
[ "${logged_in:at:1}" = A ] && other=B
request / -b "h3=${logged_in:0:at}$other${logged_in:at+1}"
expect "a cookie that was tampered with is nobody's" '*set-cookie: h3=h3s1.*Hello, stranger. Visit 1. Cart: \[\].*'

for path in login cart logout; do
    visit "/$path" -d name=eve -d sku=B-2 -H 'Sec-Fetch-Site: cross-site'
    expect "another site's form is refused at $path" 'HTTP/1.1 403 *'
    expect_not "and sets no cookie" '*set-cookie*'
done
request /logout -X POST -H 'Sec-Fetch-Site: cross-site'
expect_not "another site logs nobody out whose cookie stayed behind" '*set-cookie*'
visit /logout
expect "nor does a link" 'HTTP/1.1 405 *'
visit /logout -X POST
expect "a logout" '*set-cookie: h3=; Max-Age=0; *Goodbye.'
expect "deletes the cookie" '' "$(kept)"
visit /
expect "and the next visit is a stranger's" '*Hello, stranger. Visit 1. Cart: \[\].*'

kill "$shop"
wait "$shop" 2>/dev/null
shop=
expect "what it logs holds no token" '' "$(grep -F h3s1. said log)"
echo "visits: $passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
