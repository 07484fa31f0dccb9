#!/usr/bin/env bash
# release.sh [FOLDER]: makes all packages of this version, by default into target/release-VERSION:
#
#   libh3s-VERSION.tar.gz    the source tree
#   *.deb                    the packages of Debian
#   h3s-VERSION-*.whl        Python's wheel, and h3s-VERSION.tar.gz, its source distribution
#   h3s-VERSION.crate        the package of Rust
#   *.tgz                    the package of npm, where bindings/node is
#   NOTES.md                 what docs/CHANGELOG.md says of this version
#   SHA256SUMS
#
# The times in them are that of the entry in packaging/debian/changelog. Nothing is published.
set -euo pipefail
# What is in packages is for everybody to read, and the same whoever makes them.
umask 022
cd "$(dirname "$0")/.."
# shellcheck source=SCRIPTDIR/../tests/setup.sh
. tests/setup.sh
need_rust && need_debian dpkg-parsechangelog dpkg-dev && need_debian python3 python3
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
folder=$(realpath -m "${1:-target/release-$version}")

# Before anything is built.
notes=$(python3 packaging/notes.py docs/CHANGELOG.md "$version")
python3 packaging/versions.py
if [ -e .git ] && [ -n "$(git status --porcelain)" ]; then
    echo "release: this is not what is committed; publish what is made of a commit alone" >&2
fi
SOURCE_DATE_EPOCH=$(dpkg-parsechangelog --file packaging/debian/changelog --show-field Timestamp)
export SOURCE_DATE_EPOCH

rm -rf "$folder" && mkdir -p "$folder"
printf '%s\n' "$notes" >"$folder/NOTES.md"

packaging/source.sh --transform "s,^\(\./\)\?,libh3s-$version/," | gzip -9n >"$folder/libh3s-$version.tar.gz"
packaging/deb.sh >/dev/null
cp target/deb/*.deb "$folder"
packaging/wheel.sh "$folder" >target/wheel.log 2>&1 || { tail -n 20 target/wheel.log >&2 && exit 1; }
cargo package --locked --quiet --no-verify --allow-dirty
cp "target/package/h3s-$version.crate" "$folder"
if [ -e bindings/node/pack.js ]; then
    make --no-print-directory node && node bindings/node/pack.js "$folder" >/dev/null
fi
(cd "$folder" && sha256sum -- * >../sums && mv ../sums SHA256SUMS)
printf '%s\n' "$folder"/*
