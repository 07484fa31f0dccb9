#!/usr/bin/env bash
# The Python package: its API, against real servers, beside a real h3, and out of a wheel. All with
# the extension; then by ctypes again what the two do differently, which is how a session is opened,
# read, written and sealed, and each framework's way there. (Browsers, servers and packages see no
# difference, and take most of the time.)
. "$(dirname "$0")/suite.sh"
need_venv && need_debian cc gcc libc6-dev || skip_suite "needs the packages of tests/requirements.txt and a C compiler"
need_node tests/interop || skip_suite "needs Node 20 or later and the packages of tests/interop"
need_debian curl curl && need_debian chromium chromium || skip_suite "needs curl and chromium"
command -v valkey-server >/dev/null || need_debian redis-server redis-server || skip_suite "needs valkey-server or redis-server"
need_build

export H3S_LIBRARY=$root/target/lib/libh3s.so PYTHONPATH=$root/bindings/python/src PYTHONDONTWRITEBYTECODE=1
# In a copy of the package, of which each object has memory of its own.
sanitized() {
    local python=target/venv/bin/python
    cp -r bindings/python/src "$scratch/sanitized" &&
        CC=gcc "$python" bindings/python/build_extension.py "$scratch/sanitized/h3s/_extension.abi3.so" \
            -g -fsanitize=address,undefined -fno-omit-frame-pointer &&
        LD_PRELOAD="$(gcc -print-file-name=libasan.so) $(gcc -print-file-name=libubsan.so)" \
            ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=halt_on_error=1 PYTHONMALLOC=malloc H3S_PYTHON=extension \
            PYTHONPATH=$scratch/sanitized bounded 300 "$python" -m pytest -q -p no:cacheprovider -o pythonpath= \
            -k 'not memory and not without_it and not cannot_be_loaded' \
            bindings/python/tests/test_{extension,revocation,session,vectors}.py
}

ways=(ctypes)
if need_python_headers target/venv/bin/python; then
    # Anew, so that each warning of the compiler is seen.
    rm -rf target/python
    check "the extension is compiled without a warning" make --no-print-directory python \
        PYTHON=target/venv/bin/python EXTENSION_FLAGS='-Wall -Wextra -Werror'
    ways=(extension ctypes)
    check "AddressSanitizer finds nothing in the extension" sanitized
    H3S_PYTHON=extension count_pytest 1200 bindings/python/tests
    H3S_PYTHON=ctypes count_pytest 600 bindings/python/tests/test_{abi,asgi,cli,cross_site,django,django_expiry,django_responses,django_revocation,extension,flask,frameworks,lifetime,revocation,revocation_http,revocation_late,session,vectors,wsgi}.py
else
    skip "the extension" "needs python3-dev"
    H3S_PYTHON=ctypes count_pytest 1200 bindings/python/tests
fi

# As old and as new as the package says, where such a Python is there: what needs no other package.
for version in 3.9 3.10 3.12 3.13; do
    for python in "python$version" "$HOME"/.pyenv/versions/"$version".*/bin/python; do
        "$python" -c '' 2>/dev/null || continue
        for way in "${ways[@]}"; do
            # With its own checks of memory, and of what the extension hands it.
            H3S_PYTHON=$way check "Python $version, $way" bounded 120 "$python" -X dev bindings/python/tests/alone.py
        done
        break
    done
done

# The oldest and the newest Django that the README names, where a Python for it is there.
while read -r version django; do
    python=$(setup_python "$version") || continue
    check "the packages of Django $django" need_django "$python" "$django"
    check "Django $django" bounded 300 "target/django-$django/bin/python" -m pytest -q -p no:cacheprovider \
        bindings/python/tests/test_django*.py
done <<END
3.9 4.2
3.13 6.1
END
finish
