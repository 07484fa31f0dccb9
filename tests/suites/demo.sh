#!/usr/bin/env bash
# What `make demo` shows, checked; and what `make demo-nextjs` does, also to a browser.
. "$(dirname "$0")/suite.sh"
need_c && need_debian /usr/include/microhttpd.h libmicrohttpd-dev && need_debian curl curl ||
    skip_suite "needs a C compiler, libmicrohttpd and curl"
need_build

bounded 120 examples/demo.sh --check | tee "$scratch/demo"
status=${PIPESTATUS[0]}
read -r p f s < <(sed -nE 's/^demo: ([0-9]+) passed, ([0-9]+) failed, ([0-9]+) skipped$/\1 \2 \3/p' "$scratch/demo")
add_counts "$status" "${p:-0}" "${f:-0}" "${s:-0}"

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
            examples/nextjs/demo.sh --with target/venv/bin/python examples/nextjs/chromium.py
    else
        skip "Chromium logs in at Next.js" "needs chromium"
    fi
else
    skip "make demo-nextjs" "needs nginx, nginx-dev, openssl, Node 20 or later and the packages of tests/requirements.txt"
fi
finish
