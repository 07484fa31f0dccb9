#!/usr/bin/env bash
# The library of `make backend=ring`: the tests that reach its cipher, and what is left of its keys
# in memory. It is made in a copy of the tree, so that the other suites' library stays. (The suites
# fuzz and timing have it as well.)
. "$(dirname "$0")/suite.sh"
need_c && need_debian /usr/include/cmocka.h libcmocka-dev && need_debian /usr/include/jansson.h libjansson-dev ||
    skip_suite "needs a C compiler and cmocka"
need_rust || skip_suite "needs Rust"

# ---- In Rust -------------------------------------------------------------------------------------

# Of crates that the suite rust has compiled.
CARGO_TERM_COLOR=never bounded 1800 cargo test --locked --no-fail-fast --features ring --lib --test format -- xaes h3s1 token \
    2>&1 | tee "$scratch/log"
status=${PIPESTATUS[0]}
read -r p f s < <(awk '/^test result: / { p += $4; f += $6; s += $8 } END { print p + 0, f + 0, s + 0 }' "$scratch/log")
add_counts "$status" "$p" "$f" "$s"

# ---- In C ----------------------------------------------------------------------------------------

tree=$root/target/ring/tree
# With their times, so that it is quick where nothing has changed.
copy() {
    local file
    for file in src include c-tests tests/vectors tests/setup.sh Cargo.toml Cargo.lock Makefile build.rs cbindgen.toml \
        docs/OPTIONS.md README.md LICENSE; do
        mkdir -p "$tree/$(dirname "$file")" && rm -rf "${tree:?}/$file" && cp -a "$file" "$tree/$file" || return
    done
}
in_tree() { (cd "$tree" && export CARGO_TARGET_DIR=$tree/target CARGO_TERM_COLOR=never && "$@"); }
check "the tree is copied" copy
[ "$failed" -eq 0 ] || finish

made() { in_tree bounded 1800 make --no-print-directory backend=ring "$@"; }
no_backend() { ! made backend=other >"$scratch/said" 2>&1 && grep -F 'There is no backend other' "$scratch/said"; }
# `make install`, by an administrator without cargo, installs what was made.
kept() { ! in_tree make --no-print-directory --dry-run DESTDIR=/nowhere install | grep 'cargo'; }
says_its_name() {
    printf '%s\n' '#include <h3s.h>' '#include <stdio.h>' 'int main(void) { return puts(h3s_backend()) < 0; }' >"$scratch/name.c" &&
        cc -Iinclude "$scratch/name.c" -L"$tree/target/lib" -Wl,-rpath,"$tree/target/lib" -lh3s -o "$scratch/name" &&
        [ "$("$scratch/name")" = ring ]
}
symbols_match() { nm -D --defined-only --format=posix "$tree/target/lib/libh3s.so" | cut -d' ' -f1 | diff c-tests/symbols.txt -; }
archive_matches() { diff c-tests/symbols.txt <(readelf --wide --symbols "$tree/target/lib/libh3s.a" | awk '/ (GLOBAL|WEAK) / && !/ UND / { print $8 }' | sort); }
small() { local size; size=$(stat -Lc %s "$tree/target/lib/libh3s.so") && echo "$size bytes" && [ "$size" -le 1126400 ]; }
no_paths() { ! grep -aoE "($tree|$HOME|${CARGO_HOME:-$HOME/.cargo})/[[:graph:]]*" "$1" | sort -u | head -n 5 | grep .; }
export LC_ALL=C
check "make backend=ring" made
check "make says which backends there are" no_backend
check "make install installs what make made" kept
check "h3s_backend says ring" says_its_name
check "the exported symbols are those of c-tests/symbols.txt" symbols_match
check "so are those of the archive" archive_matches
check "it has at most 1100 KiB" small
check "libh3s.so names no folder of this machine" no_paths "$tree/target/lib/libh3s.so"
check "libh3s.a names no folder of this machine" no_paths "$tree/target/lib/libh3s.a"

# count TARGET: what a target of c-tests counts.
count() {
    H3S_SECONDS=2 H3S_CHILDREN=100 in_tree bounded 600 make --no-print-directory -C c-tests "$1" | tee "$scratch/log"
    read -r p f s < <(sed -nE 's/^(c|storms): ([0-9]+) passed, ([0-9]+) failed, ([0-9]+) skipped$/\2 \3 \4/p' "$scratch/log")
    add_counts 0 "${p:-0}" "${f:-0}" "${s:-0}"
}
count plain
count storms

finish
