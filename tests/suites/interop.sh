#!/usr/bin/env bash
# Sessions and raw seals in both directions with the real packages from npm, and with a Nitro 2
# server that has nuxt-auth-utils in it, under the options that docs/BESIDE-H3.md shows. And
# `h3s/h3` in applications of h3, and in servers of Nitro 3.
. "$(dirname "$0")/suite.sh"
need_c && need_debian /usr/include/jansson.h libjansson-dev && need_debian /usr/include/microhttpd.h libmicrohttpd-dev ||
    skip_suite "needs a C compiler, jansson and libmicrohttpd"
need_node tests/interop && need_node tests/interop/nitro && need_node tests/interop/nitro3 &&
    need_node tests/interop/nitro3-beta && need_node bindings/node ||
    skip_suite "needs Node 20 or later and the packages of tests/interop, its nitro, nitro3 and nitro3-beta, and bindings/node"
need_build

make --no-print-directory node || {
    check "the Node package is built" false
    finish
}

make --no-print-directory target/interop/driver target/interop/counter || {
    check "the driver and the demo are built" false
    finish
}
bounded 240 make --no-print-directory target/interop/nitro target/interop/nitro-h3s || {
    check "the Nitro servers are built" false
    finish
}
bounded 240 make --no-print-directory target/interop/nitro3{,-h3s,-beta,-beta-h3s} || {
    check "the servers of Nitro 3 are built" false
    finish
}
count_tap 600 --test-concurrency=2 tests/interop/*.test.mjs
finish
