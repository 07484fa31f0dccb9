#!/usr/bin/env bash
# Tests the tests: changes the code in src/ in one place at a time (a mutant), and runs the Rust and
# the C tests, of which one has to fail. Says how many mutants were caught, and which were not.
#
#     tests/mutants/run.sh [OPTION...] [FILE...]      of src/, or of these files
#
#     --sample N     only N of them, other ones each day
#     --jobs N       N at a time, each in a folder of its own
#     --resume       without those that an earlier run has caught (since which the code is the same)
#     --since COMMIT only of the lines that were changed since
#     --without-c    by the Rust tests alone
#
# A mutant that no test can, or need, catch is named in named.txt, with the reason. Any other that
# survives is a failure: write the test that catches it, for what a user of the library would see.
# A test is written in tests/ or src/ as always, and found here by itself.
#
# So that a mutant takes two seconds and not a minute, it lives in a copy of the code
# (target/mutants) whose Rust tests are one program without debug information, in which slow keys
# are derived once. The C tests run only where these have noticed nothing. cargo-mutants passes over
# unsafe functions, and so over most of src/ffi.
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=SCRIPTDIR/../setup.sh
. tests/setup.sh
need_rust
need_cargo_tool cargo-mutants 27.1.0
need_debian python3 python3
need_debian cc gcc libc6-dev
need_debian pkg-config pkg-config
need_debian /usr/include/cmocka.h libcmocka-dev
need_debian /usr/include/jansson.h libjansson-dev
exec python3 tests/mutants/run.py "$@"
