#!/usr/bin/env bash
# The same under valgrind.
. "$(dirname "$0")/suite.sh"
need_c && need_debian /usr/include/cmocka.h libcmocka-dev && need_debian /usr/include/jansson.h libjansson-dev && need_debian valgrind valgrind ||
    skip_suite "needs a C compiler and cmocka, and valgrind"
need_build
bounded 900 make --no-print-directory -C c-tests valgrind
