#!/usr/bin/env bash
# The library for 64-bit Arm, cross-built by Debian's own Rust and run under qemu: the C ABI's
# tests, the vectors of tokens among them, but for those of threads, forks and short memory.
set -u
# shellcheck source=SCRIPTDIR/../packages/fresh.sh
. "$(dirname "$0")/../packages/fresh.sh"
. "$(dirname "$0")/suite.sh"
need_rust || skip_suite "needs Rust, to fetch the crates"
need_fresh_debian || skip_suite "needs root, and debootstrap with a Debian 12 that apt knows"

tree=/libh3s
prefix=aarch64-linux-gnu
# Under emulation: what takes the compiler long would not save the tests as much. No network, since
# the crates lie beside.
environment=(
    CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_OPT_LEVEL=1
    CARGO_HOME=/cargo CARGO_NET_OFFLINE=true CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER="$prefix-gcc" H3S_NO_INSTALL=1
    PKG_CONFIG_LIBDIR="/usr/lib/$prefix/pkgconfig:/usr/share/pkgconfig"
)
tools=("CC=$prefix-gcc" "CXX=$prefix-g++" "LD=$prefix-ld" "AS=$prefix-as" "AR=$prefix-ar" "OBJCOPY=$prefix-objcopy")

installs() {
    inside dpkg --add-architecture arm64 && inside apt-get -q update &&
        install_inside rustc-web cargo-web libstd-rust-web-dev:arm64 "gcc-$prefix" "g++-$prefix" libc6-dev:arm64 \
            libcmocka-dev:arm64 libjansson-dev:arm64 make pkg-config qemu-user-static
}
sources() {
    mkdir -p "$fresh$tree" "$fresh/cargo" && packaging/source.sh | tar -x -C "$fresh$tree" &&
        bounded 300 cargo vendor --quiet --locked "$fresh/vendor" >/dev/null &&
        printf '%s\n' '[source.crates-io]' 'replace-with = "vendored"' '[source.vendored]' 'directory = "/vendor"' \
            >"$fresh/cargo/config.toml"
}
builds() {
    inside env "${environment[@]}" make --no-print-directory -C "$tree" all "${tools[@]}" \
        cargo_options='--target aarch64-unknown-linux-gnu'
}
is_for_arm() { readelf --file-header "$(inside readlink -f "$tree/target/lib/libh3s.so" | sed "s,^,$fresh,")" | grep 'Machine: *AArch64'; }
symbols() {
    nm -D --defined-only --format=posix "$(inside readlink -f "$tree/target/lib/libh3s.so" | sed "s,^,$fresh,")" |
        cut -d' ' -f1 | LC_ALL=C sort | diff c-tests/symbols.txt -
}
check "apt installs a compiler for Arm in a fresh Debian" installs
check "the crates are put there" sources
check "make builds the library there" builds
check "it is for Arm" is_for_arm
check "it exports what it should" symbols
# Not those of threads and forks, nor those that look for short memory or at a process's own: these
# would be qemu's.
but=' concurrency copies crowd exhaustion forks jar memory one_session randomness replicas revocation_file unload wiped '
programs=$(for file in c-tests/*.c; do
    name=$(basename "$file" .c)
    [[ $but == *" $name "* ]] || printf '%s ' "$name"
done)
inside env "${environment[@]}" make --no-print-directory -C "$tree/c-tests" plain "${tools[@]}" \
    programs="$programs" wrapper=qemu-aarch64-static 2>&1 | tee "$scratch/log"
status=${PIPESTATUS[0]}
read -r p f s < <(sed -n 's/^c: \([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/\1 \2 \3/p' "$scratch/log")
add_counts "$status" "${p:-0}" "${f:-0}" "${s:-0}"
finish
