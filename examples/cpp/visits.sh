#!/usr/bin/env bash
# visits.sh PROGRAM: makes requests to visits.cpp as a web server and a browser would, and checks
# the answers. Prints what is wrong; its exit status is then 1.
set -u
program=$1 failed=0
declare -A jar=()
export SESSION_PASSWORD='a password of at least 32 characters'

# request METHOD PATH [BODY]: the answer is then in $answer, and its cookies in the jar.
request() {
    local body=${3-} cookies='' name pair line
    for name in "${!jar[@]}"; do cookies+="${cookies:+; }$name=${jar[$name]}"; done
    answer=$(HTTP_COOKIE=$cookies REQUEST_METHOD=$1 PATH_INFO=$2 CONTENT_LENGTH=${#body} \
        "$program" <<<"$body" | tr -d '\r')
    while read -r line; do
        pair=${line%%;*}
        jar[${pair%%=*}]=${pair#*=}
        case $line in *Max-Age=0*) unset "jar[${pair%%=*}]" ;; esac
    done < <(sed -n 's/^Set-Cookie: //p' <<<"$answer")
}

expect() { # expect PATTERN
    # shellcheck disable=SC2053  # a pattern is meant
    [[ $answer == $1 ]] && return
    printf 'not %s, but:\n%s\n' "$1" "$answer"
    failed=1
}

request GET /
expect 'Status: 200*Vary: Cookie, x-h3-session*Set-Cookie: h3=h3s1.*Nobody, visits: 1'
expect '*Cache-Control: private, no-store*'
request GET /
expect '*Nobody, visits: 2'
request POST /login 'Grace'
expect '*Set-Cookie: *Grace, visits: 2'
request POST /note 'buy "milk"'
request POST /note 'and bread'
expect '*Grace, visits: 2
- buy "milk"
- and bread'
request POST /note $'\xff'
expect 'Status: 400*- and bread'
for _ in {1..12}; do request POST /note "$(head -c 700 /dev/urandom | base64 --wrap 0)"; done
expect 'Status: 413*- and bread*'
HTTP_SEC_FETCH_SITE=cross-site request POST /
expect 'Status: 405*'
[[ $answer != *Set-Cookie* ]] || { echo "another site's form sets a cookie" && failed=1; }
request GET /logout
expect 'Status: 405*Grace*'
HTTP_SEC_FETCH_SITE=cross-site request POST /logout
expect 'Status: 403*Grace*'
request POST /nowhere
expect 'Status: 404*Grace*'
request POST /logout
expect 'Status: 200*Set-Cookie: h3=;*Nobody, visits: 0'
[ ${#jar[@]} -eq 0 ] || { echo "not deleted: ${!jar[*]}" && failed=1; }
request GET /
jar[h3]+=x
request GET /
expect '*Nobody, visits: 1'
SESSION_PASSWORD=short request GET / 2>/dev/null
expect 'Status: 500*'
exit "$failed"
