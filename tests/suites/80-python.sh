#!/usr/bin/env bash
# The Python package: its API, against real servers, beside a real h3, and out of a wheel.
. "$(dirname "$0")/suite.sh"
need_venv && need_debian cc gcc libc6-dev || skip_suite "needs the packages of tests/requirements.txt and a C compiler"
need_node tests/interop || skip_suite "needs Node 20 or later and the packages of tests/interop"
need_build

export H3S_LIBRARY=$root/target/release/libh3s.so PYTHONPATH=$root/bindings/python/src PYTHONDONTWRITEBYTECODE=1
bounded 1200 target/venv/bin/python -W error::ResourceWarning -m pytest -q -p no:cacheprovider --junit-xml "$scratch/report.xml" bindings/python/tests
status=$?
read -r passed failed skipped < <(python3 - "$scratch/report.xml" <<'END'
import sys
import xml.etree.ElementTree as tree

counts = tree.parse(sys.argv[1]).getroot().find("testsuite").attrib
failed = int(counts["failures"]) + int(counts["errors"])
skipped = int(counts["skipped"])
print(int(counts["tests"]) - failed - skipped, failed, skipped)
END
)
if [ -n "${REQUIRE_ALL:-}" ]; then failed=$((failed + skipped)) skipped=0; fi
if [ "${failed:-0}" -eq 0 ] && { [ "$status" -ne 0 ] || [ "${passed:-0}" -eq 0 ]; }; then failed=1; fi

# As old and as new as the package says, where such a Python is there: what needs no other package.
for version in 3.9 3.10 3.12 3.13; do
    for python in "python$version" "$HOME"/.pyenv/versions/"$version".*/bin/python; do
        "$python" -c '' 2>/dev/null || continue
        check "Python $version" bounded 120 "$python" bindings/python/tests/alone.py
        break
    done
done
finish
