#!/usr/bin/env bash
# Sessions and raw seals in both directions with the real packages from npm, and with a Nitro 2
# server that has nuxt-auth-utils in it, under the options that README.md shows.
. "$(dirname "$0")/suite.sh"
need_c && need_debian /usr/include/jansson.h libjansson-dev && need_debian /usr/include/microhttpd.h libmicrohttpd-dev ||
    skip_suite "needs a C compiler, jansson and libmicrohttpd"
need_node tests/interop && need_node tests/interop/nitro ||
    skip_suite "needs Node 20 or later and the packages of tests/interop and tests/interop/nitro"
need_build

mkdir -p target/interop
build() {
    local libs=$1 out=target/interop/$2 source=$3
    # shellcheck disable=SC2046,SC2086  # several words are meant
    cc -std=c99 -O1 -pthread -Wall -Wextra -Wpedantic -Werror "$source" -o "$out" \
        $(PKG_CONFIG_PATH=target/pkgconfig pkg-config --cflags --libs h3s $libs)
}
build jansson driver tests/interop/driver.c && build libmicrohttpd counter examples/counter.c || {
    check "the driver and the demo are built" false
    finish
}
bounded 120 node tests/interop/nitro/build.mjs "$root/target/interop/nitro" || {
    check "the Nitro server is built" false
    finish
}
export H3S_DRIVER=$root/target/interop/driver H3S_COUNTER=$root/target/interop/counter
export H3S_NITRO=$root/target/interop/nitro
count_tap 600 --test-concurrency=2 tests/interop/*.test.mjs
finish
