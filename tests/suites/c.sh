#!/usr/bin/env bash
# The C ABI's tests against the shared library.
. "$(dirname "$0")/suite.sh"
need_c && need_debian /usr/include/cmocka.h libcmocka-dev && need_debian /usr/include/jansson.h libjansson-dev ||
    skip_suite "needs a C compiler and cmocka"
need_build
bounded 900 make --no-print-directory -C c-tests plain
