#!/usr/bin/env bash
# Builds the drivers of benches/peers and has bench.py ask them. Arguments are bench.py's.
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=SCRIPTDIR/../../tests/setup.sh
. tests/setup.sh
need_rust
need_debian cc gcc libc6-dev
need_debian pkg-config pkg-config
need_debian /usr/include/openssl/evp.h libssl-dev
need_debian valgrind valgrind
need_venv
need_node benches/peers/node
need_go benches/peers/go
# Django 6 in a Python of its own, where there is one; else the Django of target/venv is measured.
python=$(setup_python 3.13) && need_django "$python" 6.1 || true
# Rails' messages are left out where Debian's package cannot be installed.
need_debian ruby ruby && need_debian /usr/share/doc/ruby-activesupport/copyright ruby-activesupport || true

echo "bench: building the drivers (some minutes the first time)"
export PKG_CONFIG_PATH=$root/target/pkgconfig
built=target/bench
mkdir -p "$built"
# Each program is put in place in one step, so that another run does not meet half of one.
c_driver() {
    local name=$1
    shift
    # shellcheck disable=SC2046  # several words are meant
    cc -O2 -std=c99 -Wall -Wextra -Wpedantic -Werror "$@" benches/peers/c/driver.c -o "$built/$name.new" \
        $(pkg-config --cflags --libs h3s libcrypto) -lpthread
    mv "$built/$name.new" "$built/$name"
}
c_driver driver
c_driver driver-count -DCOUNT -fno-builtin
CARGO_TARGET_DIR=$root/target/peers cargo build --quiet --release --locked --manifest-path benches/peers/rust/Cargo.toml
# Without the headers of Python it is measured by ctypes.
if need_python_headers target/venv/bin/python; then
    make --no-print-directory python PYTHON=target/venv/bin/python >/dev/null
fi
make --no-print-directory node >/dev/null
(cd benches/peers/go && CGO_ENABLED=1 go build -o "$root/$built/driver-go" .)

exec target/venv/bin/python benches/peers/bench.py "$@"
