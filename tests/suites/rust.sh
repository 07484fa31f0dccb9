#!/usr/bin/env bash
# The unit, property, integration and documentation tests in Rust.
. "$(dirname "$0")/suite.sh"
need_rust || skip_suite "needs Rust"

PROPTEST_CASES=$(lasting 256 5000)
export PROPTEST_CASES
CARGO_TERM_COLOR=never bounded 1800 cargo test --locked --no-fail-fast 2>&1 | tee "$scratch/log"
status=${PIPESTATUS[0]}

# test result: ok. 5 passed; 0 failed; 1 ignored; …
read -r p f s < <(
    awk '/^test result: / { passed += $4; failed += $6; ignored += $8 } END { print passed + 0, failed + 0, ignored + 0 }' \
        "$scratch/log"
)
# What does not compile, or was stopped, has no such line.
add_counts "$status" "$p" "$f" "$s"

# The example, in which axum has sessions, visited as a browser would.
shop=examples/rust
if need_debian curl curl; then
    check "$shop builds" bounded 1800 cargo build --quiet --locked --manifest-path "$shop/Cargo.toml" \
        --target-dir "$shop/target"
    bounded 120 "$shop/visits.sh" "$shop/target/debug/shop" 2>&1 | tee "$scratch/log"
    status=${PIPESTATUS[0]}
    read -r p f s < <(sed -n 's/^visits: \([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/\1 \2 \3/p' "$scratch/log")
    add_counts "$status" "${p:-0}" "${f:-0}" "${s:-0}"
else
    skip "$shop" "needs curl"
fi
finish
