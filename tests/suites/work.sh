#!/usr/bin/env bash
# The work and the memory that hostile inputs cost, counted and not timed: they grow as the input
# does. Each kind of input is a test.
. "$(dirname "$0")/suite.sh"
need_c && need_debian /usr/include/valgrind/callgrind.h valgrind && need_debian python3 python3 || skip_suite "needs a C compiler, valgrind and python3"
need_build

build() {
    # shellcheck disable=SC2046  # several words are meant
    cc -std=c99 -O1 -g -Wall -Wextra -Wpedantic -Werror tests/work/work.c -o "$scratch/work" \
        $(PKG_CONFIG_PATH=target/pkgconfig pkg-config --cflags --libs h3s)
}
count() {
    bounded 900 valgrind --tool=callgrind --callgrind-out-file="$scratch/callgrind" "$scratch/work" >"$scratch/held"
}
check "the counting program is built" build
check "it runs under callgrind" count
python3 tests/work/growth.py "$scratch" >"$scratch/kinds"
while read -r verdict kind; do
    check "$kind" [ "$verdict" = ok ]
done <"$scratch/kinds"
check "all kinds were counted" [ "$(grep -c . "$scratch/kinds")" -ge 38 ]
finish
