#!/usr/bin/env bash
# The Python package: its API, against real servers, beside a real h3, and out of a wheel.
. "$(dirname "$0")/suite.sh"
need_venv && need_debian cc gcc libc6-dev || skip_suite "needs the packages of tests/requirements.txt and a C compiler"
need_node tests/interop || skip_suite "needs Node 20 or later and the packages of tests/interop"
need_debian curl curl && need_debian chromium chromium || skip_suite "needs curl and chromium"
need_build

export H3S_LIBRARY=$root/target/lib/libh3s.so PYTHONPATH=$root/bindings/python/src PYTHONDONTWRITEBYTECODE=1
count_pytest 1200 bindings/python/tests

# As old and as new as the package says, where such a Python is there: what needs no other package.
for version in 3.9 3.10 3.12 3.13; do
    for python in "python$version" "$HOME"/.pyenv/versions/"$version".*/bin/python; do
        "$python" -c '' 2>/dev/null || continue
        check "Python $version" bounded 120 "$python" bindings/python/tests/alone.py
        break
    done
done

# django_venv PYTHON VERSION: target/django-VERSION with what its tests need.
django_venv() {
    local venv=target/django-$2 pinned=tests/requirements-django-$2.txt
    cmp -s "$pinned" "$venv/requirements.txt" && return
    [ -z "${H3S_NO_INSTALL:-}" ] && "$1" -m venv --clear "$venv" &&
        bounded 300 "$venv/bin/python" -m pip install --quiet --no-input --disable-pip-version-check -r "$pinned" &&
        cp "$pinned" "$venv/requirements.txt"
}

# The oldest and the newest Django that the README names, where a Python for it is there.
while read -r python django; do
    for python in "python$python" "$HOME"/.pyenv/versions/"$python".*/bin/python; do
        "$python" -c 'import ensurepip, venv' 2>/dev/null || continue
        check "the packages of Django $django" django_venv "$python" "$django"
        check "Django $django" bounded 300 "target/django-$django/bin/python" -m pytest -q -p no:cacheprovider \
            bindings/python/tests/test_django*.py
        break
    done
done <<END
3.9 4.2
3.13 6.1
END
finish
