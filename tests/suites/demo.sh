#!/usr/bin/env bash
# What `make demo` shows, checked.
. "$(dirname "$0")/suite.sh"
need_c && need_debian /usr/include/microhttpd.h libmicrohttpd-dev && need_debian curl curl ||
    skip_suite "needs a C compiler, libmicrohttpd and curl"
need_build
bounded 120 examples/demo.sh --check
