#!/usr/bin/env bash
# A logout at one of three services, in Python, Go and nginx, which share a Valkey or Redis and a
# file, ends the session at all of them; and what they do where the server or the file is away.
. "$(dirname "$0")/suite.sh"
need_venv && need_c && need_debian nginx nginx && need_debian /usr/share/nginx/src/configure nginx-dev ||
    skip_suite "needs nginx, nginx-dev, a C compiler and the packages of tests/requirements.txt"
need_go tests/revocation/service || skip_suite "needs Go"
command -v valkey-server >/dev/null || need_debian redis-server redis-server || skip_suite "needs valkey-server or redis-server"
need_build

export H3S_LIBRARY=$root/target/lib/libh3s.so PYTHONDONTWRITEBYTECODE=1
# Go does not look whether the header is another than when it compiled the package.
CGO_CFLAGS="-g -O2 -DH3S_HEADER=$(cksum <include/h3s.h | cut -d ' ' -f 1)"
export CGO_CFLAGS CGO_ENABLED=1

check "make nginx" bounded 600 make --no-print-directory nginx
check "the service in Go is built" bounded 600 go -C tests/revocation/service build -o "$root/target/revocation/service" .
check "its go.mod and go.sum are tidy" env GOFLAGS=-mod=mod go -C tests/revocation/service mod tidy -diff
[ "$failed" -eq 0 ] || finish
PYTHONPATH=$root/bindings/python/src:$root/bindings/nginx/tests count_pytest 600 tests/revocation
finish
