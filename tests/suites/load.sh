#!/usr/bin/env bash
# The C demo and nginx under wrk at full speed: no failed request, no lost session, steady memory.
# LOAD_SECONDS, LOAD_SEED: for how long each, and what the clients' choices depend on.
. "$(dirname "$0")/suite.sh"
need_venv && need_c && need_debian /usr/include/microhttpd.h libmicrohttpd-dev && need_debian wrk wrk && need_debian nginx nginx &&
    need_debian /usr/share/nginx/src/configure nginx-dev ||
    skip_suite "needs wrk, libmicrohttpd, nginx, nginx-dev, a C compiler and the packages of tests/requirements.txt"
need_build

mkdir -p target/load
# build PROGRAM SOURCE [OPTION...]
build() {
    # shellcheck disable=SC2046  # several words are meant
    cc -std=c99 -O2 -pthread -Wall -Wextra -Wpedantic -Werror "${@:3}" -o "target/load/$1" "$2" \
        $(PKG_CONFIG_PATH=target/pkgconfig pkg-config --cflags --libs h3s libmicrohttpd)
}
check "make nginx" bounded 600 make --no-print-directory nginx
check "the demo is built" build counter examples/counter.c
check "the demo is built with AddressSanitizer" build counter-asan examples/counter.c -g -fsanitize=address -fno-omit-frame-pointer
check "the service behind nginx is built" build service tests/load/service.c
[ "$failed" -eq 0 ] || finish

export H3S_LIBRARY=$root/target/lib/libh3s.so PYTHONPATH=$root/bindings/python/src:$root/bindings/nginx/tests PYTHONDONTWRITEBYTECODE=1
seconds=${LOAD_SECONDS:-$(lasting 6 120)}
bounded $((5 * seconds + 600)) target/venv/bin/python tests/load/load.py "$seconds" "${LOAD_SEED:-1}" | tee "$scratch/log"
ended=${PIPESTATUS[0]}
# What it has counted, or that it came to no end.
read -r p f < <(sed -n 's/^load.py: \([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$scratch/log")
add_counts "$ended" "${p:-0}" "${f:-0}" 0
finish
