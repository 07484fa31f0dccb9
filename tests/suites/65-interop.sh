#!/usr/bin/env bash
# Sessions and raw seals in both directions with the real packages from npm.
. "$(dirname "$0")/suite.sh"
need_c && need_debian /usr/include/jansson.h libjansson-dev || skip_suite "needs a C compiler and jansson"
need_node tests/interop || skip_suite "needs Node 20 or later and the packages of tests/interop"
need_build

mkdir -p target/interop
# shellcheck disable=SC2046  # several words are meant
cc -std=c99 -O1 -Wall -Wextra -Wpedantic -Werror tests/interop/driver.c -o target/interop/driver \
    $(PKG_CONFIG_PATH=target/pkgconfig pkg-config --cflags --libs h3s jansson) || {
    check "the driver is built" false
    finish
}
H3S_DRIVER=$root/target/interop/driver bounded 600 node --test --test-reporter=tap tests/interop/*.test.mjs 2>&1 | tee "$scratch/log"
status=${PIPESTATUS[0]}
count() { awk -v what="$1" '$1 == "#" && $2 == what { n = $3 } END { print n + 0 }' "$scratch/log"; }
passed=$(count pass) failed=$(($(count fail) + $(count cancelled))) skipped=$(($(count skipped) + $(count todo)))
if [ "$failed" -eq 0 ] && { [ "$status" -ne 0 ] || [ "$passed" -eq 0 ]; }; then failed=1; fi
finish
