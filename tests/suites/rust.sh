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
finish
