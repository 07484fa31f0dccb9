# shellcheck shell=bash
# Sourced by each suite, which thereby starts in the top folder with a scratch folder of its own. A
# suite either counts with check and closes with finish, or closes with the output of something that
# prints the closing line itself.
set -u

# shellcheck source=SCRIPTDIR/../setup.sh
. "$(dirname "${BASH_SOURCE[0]}")/../setup.sh"
cd "$root" || exit

suite=$(basename "$0" .sh)
passed=0 failed=0 skipped=0
# In a place whose path has no spaces, which pkg-config's output could not be used with.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# check WHAT COMMAND...: one test. The command's output is shown only when it fails.
check() {
    local what=$1 output
    shift
    if output=$("$@" 2>&1 </dev/null); then
        passed=$((passed + 1))
        echo "  ok    $what"
    else
        failed=$((failed + 1))
        # shellcheck disable=SC2001  # each line is indented, not the first
        printf '  FAIL  %s\n%s\n' "$what" "${output:+$(sed 's/^/        /' <<<"$output")}"
    fi
}

# skip WHAT WHY: one test that cannot be run here.
skip() {
    if [ -n "${REQUIRE_ALL:-}" ]; then
        failed=$((failed + 1))
        echo "  FAIL  $1: $2"
    else
        skipped=$((skipped + 1))
        echo "  skip  $1: $2"
    fi
}

# The closing line, which tests/run reads.
finish() {
    echo "$suite: $passed passed, $failed failed, $skipped skipped"
    [ "$failed" -eq 0 ]
    exit
}

# skip_suite WHY: when what a suite needs is missing.
skip_suite() {
    skip "the whole suite" "$1"
    finish
}

# lasting SHORT LONG: how long, or how often, something is tried: the first in `make test`, the
# second in `make soak`.
lasting() { if [ -n "${H3S_SOAK:-}" ]; then echo "$2"; else echo "$1"; fi; }

# bounded SECONDS COMMAND...: nothing may hang for ever.
bounded() { timeout --kill-after=10 "$@"; }

# add_counts STATUS PASSED FAILED SKIPPED: what a test runner has counted. Where it ended badly with
# no failure counted, or ran nothing, that is one.
add_counts() {
    local f=$3 s=$4
    if [ -n "${REQUIRE_ALL:-}" ]; then f=$((f + s)) s=0; fi
    if [ "$f" -eq 0 ] && { [ "$1" -ne 0 ] || [ "$2" -eq 0 ]; }; then f=1; fi
    passed=$((passed + $2)) failed=$((failed + f)) skipped=$((skipped + s))
}

# count_pytest SECONDS PYTEST_ARGUMENT...: each test that pytest runs counts as one.
count_pytest() {
    local status p f s
    rm -f "$scratch/report.xml"
    bounded "$1" target/venv/bin/python -W error::ResourceWarning -m pytest -q -p no:cacheprovider \
        --junit-xml "$scratch/report.xml" "${@:2}"
    status=$?
    read -r p f s < <(python3 - "$scratch/report.xml" <<'END'
import sys
import xml.etree.ElementTree as tree

counts = tree.parse(sys.argv[1]).getroot().find("testsuite").attrib
failed = int(counts["failures"]) + int(counts["errors"])
skipped = int(counts["skipped"])
print(int(counts["tests"]) - failed - skipped, failed, skipped)
END
    )
    add_counts "$status" "${p:-0}" "${f:-0}" "${s:-0}"
}

# count_tap SECONDS NODE_ARGUMENT...: each test that node's test runner runs counts as one.
count_tap() {
    local status p f s
    bounded "$1" node --test --test-reporter=tap "${@:2}" 2>&1 | tee "$scratch/tap"
    status=${PIPESTATUS[0]}
    read -r p f s < <(awk '$1 == "#" { n[$2] = $3 } END { print n["pass"] + 0, n["fail"] + n["cancelled"], n["skipped"] + n["todo"] }' "$scratch/tap")
    add_counts "$status" "$p" "$f" "$s"
}

# What is tested is what `make` builds.
need_build() {
    need_rust || skip_suite "needs Rust"
    setup_alone build bounded 1800 make --no-print-directory all </dev/null || {
        check "the library is built" false
        finish
    }
}

need_c() {
    need_debian cc gcc libc6-dev && need_debian g++ g++ && need_debian nm binutils && need_debian pkg-config pkg-config
}

# apart COMMAND...: over the machine's own /etc and /usr, of which nothing that it writes stays.
# Only where can_be_apart, which takes root and mount namespaces.
apart() {
    # shellcheck disable=SC2016  # that shell has the scratch folder as its own first argument
    unshare -m bash -c '
        over=$1/over
        mkdir -p "$over" && mount -t tmpfs none "$over" || exit
        for folder in etc usr; do
            mkdir -p "$over/$folder"/{upper,work}
            mount -t overlay overlay "/$folder" \
                -o "lowerdir=/$folder,upperdir=$over/$folder/upper,workdir=$over/$folder/work" || exit
        done
        shift
        "$@"' apart "$scratch" "$@"
}
can_be_apart() { apart true 2>/dev/null; }
