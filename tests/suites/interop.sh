#!/usr/bin/env bash
# Sessions and raw seals in both directions with the real packages from npm, and with a Nitro 2
# server that has nuxt-auth-utils in it, under the options that docs/BESIDE-H3.md shows.
. "$(dirname "$0")/suite.sh"
need_c && need_debian /usr/include/jansson.h libjansson-dev && need_debian /usr/include/microhttpd.h libmicrohttpd-dev ||
    skip_suite "needs a C compiler, jansson and libmicrohttpd"
need_node tests/interop && need_node tests/interop/nitro ||
    skip_suite "needs Node 20 or later and the packages of tests/interop and tests/interop/nitro"
need_build

make --no-print-directory target/interop/driver target/interop/counter || {
    check "the driver and the demo are built" false
    finish
}
bounded 120 make --no-print-directory target/interop/nitro || {
    check "the Nitro server is built" false
    finish
}
count_tap 600 --test-concurrency=2 tests/interop/*.test.mjs
finish
