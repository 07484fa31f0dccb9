#!/usr/bin/env bash
# The Python package: its API, against real servers, beside a real h3, and out of a wheel.
. "$(dirname "$0")/suite.sh"
need_venv && need_debian cc gcc libc6-dev || skip_suite "needs the packages of tests/requirements.txt and a C compiler"
need_node tests/interop || skip_suite "needs Node 20 or later and the packages of tests/interop"
need_debian curl curl && need_debian chromium chromium || skip_suite "needs curl and chromium"
need_build

export H3S_LIBRARY=$root/target/release/libh3s.so PYTHONPATH=$root/bindings/python/src PYTHONDONTWRITEBYTECODE=1
count_pytest 1200 bindings/python/tests

# As old and as new as the package says, where such a Python is there: what needs no other package.
for version in 3.9 3.10 3.12 3.13; do
    for python in "python$version" "$HOME"/.pyenv/versions/"$version".*/bin/python; do
        "$python" -c '' 2>/dev/null || continue
        check "Python $version" bounded 120 "$python" bindings/python/tests/alone.py
        break
    done
done
finish
