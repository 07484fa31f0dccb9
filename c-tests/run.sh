#!/usr/bin/env bash
# run.sh NAME WRAPPER PROGRAM...: runs test programs, each under the wrapper, and counts
# what cmocka says of each.
set -u
name=$1 wrapper=$2
shift 2
passed=0 failed=0 skipped=0
for program in "$@"; do
    echo "-- $(basename "$program")"
    # shellcheck disable=SC2086  # the wrapper is several words
    output=$(timeout --kill-after=10 240 $wrapper "$program" </dev/null 2>&1)
    status=$?
    ok=$(grep -c '^\[       OK \]' <<<"$output")
    # cmocka names each failed test twice.
    bad=$(grep '^\[  FAILED  \] [a-z_0-9]*$' <<<"$output" | sort -u | wc -l)
    none=$(grep -c '^\[  SKIPPED \]' <<<"$output")
    # A program that crashed, leaked or ran nothing has failed, whatever it had counted before.
    if [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then bad=1; fi
    if [ $((ok + bad + none)) -eq 0 ]; then bad=1; fi
    if [ "$bad" -ne 0 ]; then printf '%s\n(exit status %s)\n' "$output" "$status"; fi
    passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + none))
done
echo "$name: $passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
