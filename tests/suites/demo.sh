#!/usr/bin/env bash
# What `make demo`, `make demo-nextjs` and `make demo-nuxt` show, checked; `make serve` and the
# first of the frameworks in a browser, too.
. "$(dirname "$0")/suite.sh"
need_c && need_debian /usr/include/microhttpd.h libmicrohttpd-dev && need_debian curl curl ||
    skip_suite "needs a C compiler, libmicrohttpd and curl"
need_build

bounded 120 examples/demo.sh --check | tee "$scratch/demo"
status=${PIPESTATUS[0]}
read -r p f s < <(sed -nE 's/^demo: ([0-9]+) passed, ([0-9]+) failed, ([0-9]+) skipped$/\1 \2 \3/p' "$scratch/demo")
add_counts "$status" "${p:-0}" "${f:-0}" "${s:-0}"

# ---- make serve ----------------------------------------------------------------------------------

# build PROGRAM OPTION...
build() {
    # shellcheck disable=SC2046  # several words are meant
    cc -std=c99 -O1 -pthread -Wall -Wextra -Wpedantic -Werror "${@:2}" -o "$scratch/$1" examples/serve.c \
        $(PKG_CONFIG_PATH=target/pkgconfig pkg-config --cflags --libs h3s libmicrohttpd)
}
# Its pictures are to be looked at where the page is changed.
in_a_browser() { bounded 180 target/venv/bin/python tests/suites/demo_browser.py "$scratch/$1" target/demo; }
check "the page for a browser compiles without a warning" build serve
check "it compiles with AddressSanitizer" build serve-asan -g -fsanitize=address,undefined -fno-sanitize-recover=all
if need_venv; then
    SERVE=$scratch/serve-asan count_pytest 120 tests/demo
else
    skip "hostile requests" "needs the packages of tests/requirements.txt"
fi
if need_debian chromium chromium && need_venv; then
    check "Chromium tries forged cookies, rotates, clears and revokes" in_a_browser serve
    check "AddressSanitizer finds nothing while Chromium does so again" in_a_browser serve-asan
else
    skip "the page in a browser" "needs chromium and the packages of tests/requirements.txt"
fi

# It prints its address, and ends when it is told to.
serves() {
    local server address page status
    mkfifo "$scratch/said" || return
    examples/demo.sh --serve >"$scratch/said" 2>/dev/null &
    server=$!
    read -r -t 60 address <"$scratch/said" && page=$(curl -sS --max-time 10 "$address")
    kill "$server" && wait "$server"
    status=$?
    echo "$address, status $status"
    [ "$status" -eq 0 ] && [[ $page = *'<h1>A session of libh3s</h1>'* ]]
}
check "make serve starts it" serves

# ---- make demo-nextjs ----------------------------------------------------------------------------

# Status 1 is its own end; timeout's would be another.
names_what_is_missing() {
    local said status
    said=$(cd examples/nextjs && "$@" 2>&1)
    status=$?
    echo "$said"
    [ "$status" -eq 1 ] && [[ $said == *AUTH_SECRET* ]]
}
if need_venv && need_node examples/nextjs && need_debian openssl openssl && need_debian nginx nginx &&
    need_debian /usr/share/nginx/src/configure nginx-dev; then
    check "make nginx" bounded 600 make --no-print-directory nginx
    # It builds the application, too.
    check "make demo-nextjs" bounded 400 make --no-print-directory demo-nextjs
    export NEXT_TELEMETRY_DISABLED=1
    unset AUTH_SECRET AUTH_URL DEMO_PASSWORD SESSION_OPTIONS
    check "Next.js without its secret ends at the start, and names it" names_what_is_missing \
        timeout 60 node node_modules/next/dist/bin/next start -H 127.0.0.1 -p 0
    H3S_LIBRARY=$root/target/lib/libh3s.so PYTHONPATH=$root/bindings/python/src PYTHONDONTWRITEBYTECODE=1 \
        check "so does FastAPI" names_what_is_missing timeout 60 "$root/target/venv/bin/python" cart.py
    if need_debian chromium chromium; then
        check "Chromium logs in at Next.js, fills a cart and logs out everywhere" bounded 180 \
            examples/nextjs/demo.sh --with target/venv/bin/python tests/suites/nextjs_browser.py
    else
        skip "Chromium logs in at Next.js" "needs chromium"
    fi
else
    skip "make demo-nextjs" "needs nginx, nginx-dev, openssl, Node 20 or later and the packages of tests/requirements.txt"
fi
if need_node bindings/node && need_node examples/nuxt && need_debian openssl openssl; then
    check "make demo-nuxt" bounded 300 make --no-print-directory demo-nuxt
else
    skip "make demo-nuxt" "needs Node 20 or later, openssl and the packages of bindings/node and examples/nuxt"
fi
finish
