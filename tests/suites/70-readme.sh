#!/usr/bin/env bash
# What README.md says, done: its commands, its C programs, its options.
. "$(dirname "$0")/suite.sh"
need_c && need_debian /usr/include/microhttpd.h libmicrohttpd-dev && need_debian curl curl &&
    need_debian python3 python3 || skip_suite "needs a C compiler, python3 and what the demo needs"
need_build
bounded 900 python3 tests/suites/readme.py README.md "$scratch"
