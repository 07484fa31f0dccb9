#!/usr/bin/env bash
# What README.md says, done: its commands, its programs, its options; and each option of
# docs/OPTIONS.md.
. "$(dirname "$0")/suite.sh"
need_c && need_debian /usr/include/microhttpd.h libmicrohttpd-dev && need_debian curl curl &&
    need_debian python3 python3 && need_debian nginx nginx && need_debian /usr/share/nginx/src/configure nginx-dev ||
    skip_suite "needs a C compiler, python3, nginx, nginx-dev and what the demo needs"
need_build
check "docs/OPTIONS.md has each option, and is true of it" bounded 120 python3 tests/suites/options.py
bounded 600 make --no-print-directory nginx >/dev/null || check "make nginx" false

# Each block and each link is one test.
for page in README.md docs/OPTIONS.md; do
    bounded 900 python3 tests/suites/readme.py "$page" "$scratch" 2>&1 | tee "$scratch/log"
    status=${PIPESTATUS[0]}
    read -r p f s < <(sed -n 's/^readme: \([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/\1 \2 \3/p' "$scratch/log")
    add_counts "$status" "${p:-0}" "${f:-0}" "${s:-0}"
done
finish
