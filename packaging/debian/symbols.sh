#!/usr/bin/env bash
# Prints the symbols file of libh3s0: each function with the release that had it first, of those in
# tests/abi, else the one that is being made. dpkg-gensymbols compares it with the library.
set -eu
cd "$(dirname "$0")/../.."

version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
mapfile -t released < <(printf '%s\n' tests/abi/libh3s-*.abi | sort -V)
echo "libh3s.so.${version%%.*} libh3s0 #MINVER#"
echo '* Build-Depends-Package: libh3s-dev'
while read -r symbol; do
    first=$(grep -lF "name='$symbol'" "${released[@]}" | head -n 1)
    first=${first#*libh3s-}
    first=${first%.abi}
    echo " $symbol@Base ${first:-$version}"
done <c-tests/symbols.txt
