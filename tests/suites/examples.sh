#!/usr/bin/env bash
# The small examples in C, Python, Go and Node: each is started as its first lines say, and visited
# with curl; then one visitor goes from one to the next, since they share the sessions.
. "$(dirname "$0")/suite.sh"
need_c && need_debian /usr/include/microhttpd.h libmicrohttpd-dev && need_debian curl curl ||
    skip_suite "needs a C compiler, libmicrohttpd and curl"
need_go || skip_suite "needs Go"
need_venv || skip_suite "needs the packages of tests/requirements.txt"
need_node bindings/node || skip_suite "needs Node 20 or later"
need_build

password='an example of 32 characters or more'
export PKG_CONFIG_PATH=$root/target/pkgconfig PYTHONPATH=$root/bindings/python/src PYTHONDONTWRITEBYTECODE=1
declare -A address=() pid=()
end_all() { for one in "${pid[@]}"; do kill "$one" 2>/dev/null; done; }
trap 'end_all; rm -rf "$scratch"' EXIT

# start NAME COMMAND...: the server prints where it is once it listens.
start() {
    local name=$1 line
    shift
    : >"$scratch/$name.said"
    SESSION_PASSWORD=$password "$@" >"$scratch/$name.said" 2>"$scratch/$name.log" </dev/null &
    pid[$name]=$!
    for _ in {1..600}; do
        read -r line <"$scratch/$name.said" && break
        kill -0 "${pid[$name]}" 2>/dev/null || break
        sleep 0.05
    done
    address[$name]=${line%/}
    [[ $line == http://127.0.0.1:*/ ]] || { cat "$scratch/$name.log" && return 1; }
}

# request NAME PATH [CURL_OPTION...]: what this server answers, its headers first.
request() {
    local at=${address[$1]}$2
    shift 2
    curl -sS --max-time 20 -i "$@" "$at" | tr -d '\r'
}
# As a visitor who keeps cookies in a jar.
visit() { request "${@:2}" -b "$scratch/$1" -c "$scratch/$1"; }
# answers WANTED COMMAND...: a pattern.
answers() {
    local wanted=$1 answer
    shift
    answer=$("$@")
    # shellcheck disable=SC2053  # a pattern is meant
    [[ $answer == $wanted ]] || { echo "not $wanted, but: $answer" && return 1; }
}
kept() { awk -F '\t' '$6 == "h3" { print $7 }' "$scratch/$1"; }
no_cookie() { ! grep -qi '^set-cookie:' <<<"$("$@")"; }
# refuses COMMAND...: it ends by itself, and names the option.
refuses() {
    local said
    ! said=$(SESSION_PASSWORD=short bounded 60 "$@" 2>&1 </dev/null) && [[ $said == *password* && $said != *short* ]]
}

# shellcheck disable=SC2046  # several words are meant
check "examples/c/login.c compiles" cc -std=c99 -Wall -Wextra -Wpedantic -Werror -o "$scratch/login-c" \
    examples/c/login.c $(pkg-config --cflags --libs h3s libmicrohttpd)
check "examples/go compiles" env -C examples/go go build -o "$scratch/login-go" .
check "the package for Node compiles" bounded 600 make --no-print-directory node
# Beside the package, as if npm had installed it.
mkdir -p "$scratch/node/node_modules" && cp examples/node/login.mjs "$scratch/node" &&
    ln -s "$root/bindings/node" "$scratch/node/node_modules/h3s"
declare -A command=(
    [c]="$scratch/login-c 0"
    [python]="target/venv/bin/python examples/python/login.py 0"
    [go]="$scratch/login-go 127.0.0.1:0"
    [node]="node $scratch/node/login.mjs 0"
)
languages=(c python go node)

for name in "${languages[@]}"; do
    read -ra words <<<"${command[$name]}"
    check "$name: a short password is refused at the start" refuses "${words[@]}"
    # Not in check, whose subshell would keep what it learns.
    if start "$name" "${words[@]}"; then check "$name: it listens" true; else
        check "$name: it listens" false
        continue
    fi
    jar=$name.jar
    check "$name: a stranger comes in" answers '* 200 *Hello, stranger. Visit 1.' visit "$jar" "$name" /
    check "$name: and comes back" answers '* 200 *Hello, stranger. Visit 2.' visit "$jar" "$name" /
    before=$(kept "$jar")
    check "$name: no cache keeps an answer" answers '*[Cc]ache-[Cc]ontrol: *private*' visit "$jar" "$name" /
    check "$name: a login" answers '* 200 *Welcome, ada.' visit "$jar" "$name" '/login?name=ada' -X POST
    check "$name: is known from then on" answers '*Hello, ada. Visit 4.' visit "$jar" "$name" /
    check "$name: a cookie from before the login is not logged in" \
        answers '*Hello, stranger. Visit *' request "$name" / -b "h3=$before"
    check "$name: a login without a name is refused" answers '* 400 *' visit "$jar" "$name" /login -X POST
    check "$name: nor does a form of another site that leads to the page" \
        answers '* 40[35] *' visit "$jar" "$name" / -X POST -H 'Sec-Fetch-Site: cross-site'
    check "$name: a link logs nobody out" answers '* 405 *' visit "$jar" "$name" /logout
    check "$name: nor does another site" \
        answers '* 403 *' visit "$jar" "$name" /logout -X POST -H 'Sec-Fetch-Site: cross-site'
    check "$name: and it sets no cookie" \
        no_cookie request "$name" /logout -X POST -H 'Sec-Fetch-Site: cross-site'
    check "$name: there is no other page" answers '* 404 *' visit "$jar" "$name" /other
    check "$name: a logout" answers '* 200 *Goodbye.' visit "$jar" "$name" /logout -X POST
    check "$name: deletes the cookie" answers '' kept "$jar"
    check "$name: and the next visit is a stranger's" answers '*Hello, stranger. Visit 1.' visit "$jar" "$name" /
done

count=0
for name in "${languages[@]}"; do
    count=$((count + 1))
    check "one visitor counts on in $name" answers "*Hello, stranger. Visit $count." visit shared "$name" /
done
for name in "${languages[@]}"; do
    check "who logs in with $name" answers '*Welcome, é.' visit shared "$name" '/login?name=%C3%A9' -X POST
    for other in "${languages[@]}"; do
        count=$((count + 1))
        check "is known in $other" answers "*Hello, é. Visit $count." visit shared "$other" /
    done
done
check "and who logs out in go" answers '*Goodbye.' visit shared go /logout -X POST
check "has logged out in c" answers '*Hello, stranger. Visit 1.' visit shared c /
check "no log holds a token" bash -c '! grep -l h3s1 "$@"' logs "$scratch"/*.log
finish
