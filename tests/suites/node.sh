#!/usr/bin/env bash
# The Node package: its API, its types, in Express, Fastify and Hono, beside Python on one file, out
# of its own tarball; then what is in C under AddressSanitizer, and without warnings.
. "$(dirname "$0")/suite.sh"
need_node bindings/node && need_debian cc gcc libc6-dev && need_debian curl curl && need_debian openssl openssl ||
    skip_suite "needs Node 20 or later, the packages of bindings/node, a C compiler, curl and openssl"
need_venv || skip_suite "needs the packages of tests/requirements.txt"
need_node tests/interop || skip_suite "needs the packages of tests/interop, where h3 is"
command -v valkey-server >/dev/null || need_debian redis-server redis-server || skip_suite "needs valkey-server or redis-server"
need_build
export PYTHONDONTWRITEBYTECODE=1
bounded 300 make --no-print-directory node || {
    check "the compiled part is built" false
    finish
}

count_tap 900 --test-concurrency=2 bindings/node/test/*.test.mjs
check "the types are right" bindings/node/node_modules/.bin/tsc --project bindings/node

build() { node bindings/node/build.js --library target/lib/libh3s.a --out "$@"; }
check "the C code gives gcc nothing to warn of" \
    build "$scratch/strict.node" -- -Wstrict-prototypes -Wvla -Werror
if need_debian clang clang; then
    CC=clang check "nor clang" build "$scratch/clang.node" -- -Wshadow -Werror
else
    skip "nor clang" "needs clang"
fi

# Leaks are told apart by the tests of memory, since Node itself leaves much at its end.
sanitized=(core native runtime revocation vectors)
check "it is built with AddressSanitizer" build "$scratch/asan.node" -- -g -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
for name in "${sanitized[@]}"; do
    check "$name under AddressSanitizer" bounded 600 env H3S_NODE_MODULE="$scratch/asan.node" H3S_SANITIZED=1 \
        LD_PRELOAD="$(gcc -print-file-name=libasan.so) $(gcc -print-file-name=libubsan.so)" \
        ASAN_OPTIONS=detect_leaks=0 node --test "bindings/node/test/$name.test.mjs"
done
finish
