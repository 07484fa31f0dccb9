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
# shellcheck disable=SC2046  # several words are meant
cc -O2 -std=c99 -Wall -Wextra -Wpedantic -Werror benches/limit.c -o target/benches/limit \
    $(PKG_CONFIG_PATH=target/pkgconfig pkg-config --cflags --libs h3s libcrypto) -lpthread
target/benches/limit
printf '\nlibrary: %s bytes (budget 819200)\n\n' "$(stat -Lc %s target/release/libh3s.so)"
cargo bench --locked --bench request -- --warm-up-time 0.5 --measurement-time 1

need_node tests/interop
# shellcheck disable=SC2046  # several words are meant
cc -O2 -std=c99 -Wall -Wextra -Wpedantic -Werror benches/fe26.c -o target/benches/fe26 \
    $(PKG_CONFIG_PATH=target/pkgconfig pkg-config --cflags --libs h3s)
node benches/fe26.mjs target/benches/fe26
