#!/usr/bin/env bash
# Writes the ABI of this version to tests/abi in place of the former one's, unless it would break
# programs made for that. `make abi-record` runs it; when a version is about to be tagged, and in
# the commit that is tagged.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=SCRIPTDIR/../setup.sh
. tests/setup.sh
# shellcheck source=SCRIPTDIR/abi.sh
. tests/abi/abi.sh
abi_needs

version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
made=target/abi
mkdir -p "$made"
abi_of_header include/h3s.h "$(abi_soname target/lib/libh3s.so)" "$made/stub" >"$made/new.abi"
abi_constants include/h3s.h >"$made/new.constants"

former=$(abi_record 2>/dev/null || true)
if [ -n "$former" ]; then
    if ! abi_compatible "$former" "$made/new.abi" ||
        ! { abi_other_soname "$former" "$made/new.abi" || abi_constants_compatible "${former%.abi}.constants" "$made/new.constants"; }; then
        echo "Programs made for $(abi_recorded_version) would not run with this. Undo the change, or give the library another soname (build.rs," >&2
        echo "the major version, h3s_abi_version). If $(abi_recorded_version) was never released, remove $former first." >&2
        exit 1
    fi
    rm -f "$former" "${former%.abi}.constants"
fi
mv "$made/new.abi" "tests/abi/libh3s-$version.abi"
mv "$made/new.constants" "tests/abi/libh3s-$version.constants"
echo "tests/abi/libh3s-$version.abi"
