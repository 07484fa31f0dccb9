#!/usr/bin/env bash
# Builds the packages of Debian into target/deb, of what is in the source tree: as packaging/debian
# says, in a copy that has that folder as debian/.
#
# Rust may be that of Debian or of rustup, so what debian/control says is not held against what is
# installed. The version is that of Cargo.toml, without a revision: lower than any of Debian's own.
# (The same release packaged again is +1.) The time is that of the changelog's entry.
set -euo pipefail
# What is in packages is for everybody to read, and the same whoever makes them.
umask 022
cd "$(dirname "$0")/.."
# shellcheck source=SCRIPTDIR/../tests/setup.sh
. tests/setup.sh
need_rust && need_debian cc gcc libc6-dev && need_debian /usr/bin/make make && need_debian pkg-config pkg-config &&
    need_debian dpkg-buildpackage dpkg-dev && need_debian dh debhelper &&
    need_debian dh_nginx nginx nginx-dev && need_debian dh_python3 dh-python &&
    need_debian /usr/share/doc/pybuild-plugin-pyproject/copyright pybuild-plugin-pyproject python3-hatchling python3-dev
# What `make deb` was told is not for the make of the packages.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES

version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
tree=target/deb/libh3s-$version
packaged=$(dpkg-parsechangelog --file packaging/debian/changelog --show-field Version)
if [ "${packaged%%+*}" != "$version" ]; then
    echo "deb: packaging/debian/changelog is of $packaged, and Cargo.toml of $version: add an entry (dch)" >&2
    exit 1
fi

mkdir -p "$tree"
find target/deb -maxdepth 1 -type f -delete
# All but what cargo has built there.
find "$tree" -mindepth 1 -maxdepth 1 ! -name target -exec rm -rf {} +
# With the files' own times, by which make and cargo know what has changed since; but none before
# the packages' own, to which what they hold is set back.
env -u SOURCE_DATE_EPOCH packaging/source.sh | tar -x -C "$tree"
stamp=$(dpkg-parsechangelog --file packaging/debian/changelog --show-field Timestamp)
find "$tree" -path "$tree/target" -prune -o ! -newermt "@$stamp" -exec touch -h -d "@$stamp" {} +
cp -r "$tree/packaging/debian" "$tree/debian"

CARGO_HOME=${CARGO_HOME:-$HOME/.cargo}
RUSTUP_HOME=${RUSTUP_HOME:-$HOME/.rustup}
export CARGO_HOME RUSTUP_HOME
cargo=$(command -v cargo)
# Before rustup's, Debian's own tools: its packages are for its Python.
export PATH=/usr/bin:/usr/sbin:/bin:/sbin:${cargo%/*}
unset CARGO_TARGET_DIR
(cd "$tree" && dpkg-buildpackage --build=binary --no-sign --no-check-builddeps --no-pre-clean) >target/deb/log 2>&1 || {
    tail -n 30 target/deb/log >&2
    exit 1
}
printf '%s\n' target/deb/*.deb
