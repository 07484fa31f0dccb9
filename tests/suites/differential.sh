#!/usr/bin/env bash
# The library beside h3, iron-webcrypto, Python's http.cookies and JavaScript's own objects, on many
# generated inputs: what differs has a name and a reason, or is a fault. H3S_SEED=N: other inputs.
. "$(dirname "$0")/suite.sh"
need_node tests/interop && need_debian python3 python3 || skip_suite "needs Node 20 or later, the packages of tests/interop and Python 3"
need_build

# So many times the numbers that the tests name.
H3S_ROUNDS=$(lasting 1 4)
export H3S_ROUNDS
count_tap "$(lasting 900 9000)" tests/interop/differential/*.test.mjs
finish
