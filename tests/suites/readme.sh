#!/usr/bin/env bash
# What README.md says, done: its commands, its C programs, its options.
. "$(dirname "$0")/suite.sh"
need_c && need_debian /usr/include/microhttpd.h libmicrohttpd-dev && need_debian curl curl &&
    need_debian python3 python3 && need_debian nginx nginx && need_debian /usr/share/nginx/src/configure nginx-dev ||
    skip_suite "needs a C compiler, python3, nginx, nginx-dev and what the demo needs"
need_build
bounded 600 make --no-print-directory nginx >/dev/null || check "make nginx" false
bounded 900 python3 tests/suites/readme.py README.md "$scratch"
