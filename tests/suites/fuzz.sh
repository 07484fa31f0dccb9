#!/usr/bin/env bash
# Each fuzz target on its corpus and seeds, under AddressSanitizer; in `make soak` each for a minute
# on inputs of its own making.
. "$(dirname "$0")/suite.sh"
need_rust_asan && need_cargo_tool cargo-fuzz 0.13.2 && need_debian c++ g++ &&
    need_debian python3 python3 ||
    skip_suite "needs Rust with AddressSanitizer, cargo-fuzz, a C++ compiler and python3"

check "the fuzz targets build" bounded 1500 fuzz/run.sh --build
[ "$failed" -eq 0 ] || finish

# Each is called: what a peer or a program gives to it is fuzzed.
all_functions() {
    local name missing=0
    while read -r name; do
        grep -qw "$name" fuzz/targets/*.rs || { echo "no fuzz target calls $name"; missing=1; }
    done <c-tests/symbols.txt
    return "$missing"
}
check "each function of the C ABI is called by a fuzz target" all_functions

# corpus TARGET: as many inputs were run as there are, and no less than a hundred. An archive that
# is missing would be no inputs, and the seeds alone enough of them.
corpus() {
    local target=$1 out there
    [ -s "fuzz/corpus/$target.zip" ] || { echo "there is no fuzz/corpus/$target.zip"; return 1; }
    out=$(bounded 600 fuzz/run.sh --corpus "$target" 2>&1) || { echo "$out"; return 1; }
    there=$(find "target/fuzz/known/$target" "target/fuzz/seeds/$target" -type f | wc -l)
    tail -n 5 <<<"$out"
    [ "$there" -ge 100 ] && grep -qF "seed corpus: files: $there " <<<"$out" && grep -qE '^Done [0-9]+ runs' <<<"$out"
}
for target in cookies unseal jwe options data revocation abi; do
    check "$target: no input of the corpus breaks what must hold" corpus "$target"
done
with_ring() { H3S_BACKEND=ring corpus unseal; }
check "with ring, unseal: nor does any token of the corpus" with_ring
if [ -n "${H3S_SOAK:-}" ]; then
    for target in cookies unseal jwe options data revocation abi; do
        check "$target: nor does any in ${FUZZ_SECONDS:-60} s" bounded $((${FUZZ_SECONDS:-60} + 300)) fuzz/run.sh "${FUZZ_SECONDS:-60}" "$target"
    done
fi
finish
