#!/usr/bin/env bash
# Measures a whole request through the C ABI beside bare cryptography (benches/limit.c), then its steps in Rust.
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=SCRIPTDIR/../tests/setup.sh
. tests/setup.sh
need_debian cc gcc libc6-dev
need_debian pkg-config pkg-config
need_debian /usr/include/openssl/evp.h libssl-dev

mkdir -p target/benches
# build NAME PACKAGE...: benches/NAME.c with the libraries of pkg-config's packages.
build() {
    local name=$1
    shift
    # shellcheck disable=SC2046  # several words are meant
    cc -O2 -std=c99 -Wall -Wextra -Wpedantic -Werror "benches/$name.c" -o "target/benches/$name" \
        $(PKG_CONFIG_PATH=target/pkgconfig pkg-config --cflags --libs "$@") -lpthread
}

build limit h3s libcrypto
target/benches/limit
printf '\nlibrary: %s bytes (budget 819200)\n\n' "$(stat -Lc %s target/release/libh3s.so)"
cargo bench --locked --bench request -- --warm-up-time 0.5 --measurement-time 1

need_node tests/interop
build fe26 h3s
node benches/fe26.mjs target/benches/fe26

need_venv
H3S_LIBRARY=target/release/libh3s.so PYTHONPATH=bindings/python/src target/venv/bin/python benches/python.py

need_go
printf '\nGo, a request of 1 KiB (budget: gorilla/securecookie takes at least 15 times as long)\n'
(cd bindings/go && PKG_CONFIG_PATH=../../target/pkgconfig go test -run '^$' -bench . -benchmem .)
