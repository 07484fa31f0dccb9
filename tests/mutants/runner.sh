#!/usr/bin/env bash
# Runs the tests of a mutant, as cargo's runner: `runner.sh TEST_BINARY`. The first that fails is
# enough. An endless loop ends with the limit of seconds on a processor, however busy the machine
# is.
set -e
limited() (
    ulimit -t 20
    exec "$@"
)
tests_of() {
    limited env RUSTC_BOOTSTRAP=1 "$@" -Z unstable-options --fail-fast
}

# Last those that take longest: few mutants get so far.
slow=(a_flood_of floods_is_busy hundred_flooding a_day_and cookies:: properties_tests times_a_second)
tests_of "$@" "${slow[@]/#/--skip=}"
tests_of "$@" "${slow[@]}"

# What these have not noticed the C tests may, which see what is left in memory or drawn after a
# fork. Against a library that is optimised, since that decides what is left.
[ -n "${H3S_MUTANTS_C:-}" ] || exit 0
cargo build --quiet --manifest-path ../library/Cargo.toml --target-dir ../library/target
# Without those that take long.
limited make --silent -C c-tests plain storms='crowd forks memory'
