#!/usr/bin/env bash
# Format, warnings, types and shell scripts. Each check counts as one test.
. "$(dirname "$0")/suite.sh"

# files PATTERN...: what is, or is about to be, committed.
files() {
    if [ -e .git ]; then
        git ls-files -z --cached --others --exclude-standard -- "$@"
    else
        local pattern names=()
        for pattern in "$@"; do names+=(-o -path "./$pattern"); done
        find . \( -path ./target -o -name node_modules -o -name .next \) -prune -o -type f \( "${names[@]:1}" \) -print0
    fi | while IFS= read -r -d '' file; do
        if [ -f "$file" ]; then printf '%s\0' "$file"; fi
    done
}

# with_examples CRATE OPTION...: rustdoc knows what lacks one, but lets only nightly ask, or whoever
# says that this crate may.
with_examples() {
    RUSTC_BOOTSTRAP=$1 bounded 600 cargo rustdoc --quiet "${@:2}" -- \
        '-Zcrate-attr=feature(rustdoc_missing_doc_code_examples)' \
        --deny rustdoc::missing_doc_code_examples
}
lack_of_example_is_noticed() {
    mkdir -p "$scratch/bare/src" &&
        printf '[package]\nname = "bare"\nedition = "2024"\n' >"$scratch/bare/Cargo.toml" || return
    printf '%s\n' '/// One.' 'pub fn one() {}' >"$scratch/bare/src/lib.rs"
    ! with_examples bare --manifest-path "$scratch/bare/Cargo.toml" --target-dir "$scratch/bare" \
        >"$scratch/refusal" 2>&1 && grep -q 'missing code example' "$scratch/refusal" ||
        { cat "$scratch/refusal" && return 1; }
}
packaged() {
    diff <(cargo package --list --locked --offline --allow-dirty --quiet | grep -v '^src/.*\.rs$') \
        <(printf '%s\n' .cargo_vcs_info.json Cargo.lock Cargo.toml Cargo.toml.orig LICENSE README.md \
            build.rs cbindgen.toml \
            docs/{BESIDE-H3,CHANGELOG,CONCEPTS,CONTRIBUTING,DEPENDENCIES,FORMAT,FORMATS,OPTIONS,REVOCATION,SECURITY,TROUBLESHOOTING}.md \
            docs/picture.svg \
            include/h3s.{h,hpp} | if [ -e .git ]; then cat; else grep -v vcs; fi)
}

peers_rust=benches/peers/rust/Cargo.toml
timing=benches/timing/Cargo.toml
shop=examples/rust/Cargo.toml
if need_rust rustfmt; then
    check "cargo fmt" cargo fmt --check
    check "cargo fmt of the benchmarks" cargo fmt --check --manifest-path "$peers_rust"
    check "cargo fmt of the fuzz targets" cargo fmt --check --manifest-path fuzz/Cargo.toml
    check "cargo fmt of the measurement of timing" cargo fmt --check --manifest-path "$timing"
    check "cargo fmt of the example in Rust" cargo fmt --check --manifest-path "$shop"
    check "rustfmt of the tests' libraries" \
        rustfmt --check --edition 2024 tests/threads/race.rs tests/archive/other.rs
else
    skip "cargo fmt" "needs Rust with rustfmt"
fi
if need_rust clippy; then
    check "cargo clippy" bounded 1200 cargo clippy --quiet --all-targets --locked -- -D warnings
    check "cargo clippy of the benchmarks" bounded 1200 \
        cargo clippy --quiet --all-targets --locked --manifest-path "$peers_rust" -- -D warnings
    if need_debian c++ g++; then
        check "cargo clippy of the fuzz targets" bounded 1200 \
            cargo clippy --quiet --all-targets --locked --manifest-path fuzz/Cargo.toml -- -D warnings
    else
        skip "cargo clippy of the fuzz targets" "needs a C++ compiler"
    fi
    check "cargo clippy of the measurement of timing" bounded 1200 \
        cargo clippy --quiet --all-targets --locked --manifest-path "$timing" -- -D warnings
    check "cargo clippy of the example in Rust" bounded 1200 \
        cargo clippy --quiet --all-targets --locked --manifest-path "$shop" -- -D warnings
    # The tests have all features. Each alone, as a program may take them.
    for feature in '' capi serde cookie time ring; do
        check "cargo clippy of the library with ${feature:-no feature}" bounded 600 \
            cargo clippy --quiet --lib --locked --features "$feature" -- -D warnings
    done
    for features in '' serde,cookie,time; do
        RUSTDOCFLAGS=-Dwarnings check "cargo doc with ${features:-no feature}" bounded 600 \
            cargo doc --quiet --no-deps --locked --features "$features"
    done
    check "each public item has an example" with_examples h3s --locked --features serde,cookie,time
    check "one without is noticed" lack_of_example_is_noticed
    check "the crate's package has what a program needs and no more" packaged
    check "and builds" bounded 600 cargo package --quiet --locked --offline --allow-dirty \
        --features capi,serde,cookie,time
else
    skip "cargo clippy and doc" "needs Rust with clippy"
fi

mapfile -d '' -t python < <(files '*.py')
if [ ${#python[@]} -eq 0 ]; then
    :
elif need_venv; then
    py=target/venv/bin/python
    ruff_options=(--quiet --cache-dir target/ruff --config 'line-length = 120')
    export MYPYPATH=bindings/python/src:bindings/python/tests:tests/vectors:benches/peers:benches/peers/python
    check "ruff check" "$py" -m ruff check "${ruff_options[@]}" "${python[@]}"
    check "ruff format" "$py" -m ruff format --diff "${ruff_options[@]}" "${python[@]}"
    # Each conftest.py is a module of that name.
    mapfile -d '' -t apart < <(files 'bindings/nginx/tests/*.py' benches/nginx.py 'tests/load/*.py' 'tests/revocation/*.py')
    mapfile -d '' -t python < <(files '*.py' ':!bindings/nginx/tests' ':!benches/nginx.py' ':!tests/load' ':!tests/revocation')
    check "mypy" bounded 600 "$py" -m mypy --strict --scripts-are-modules --cache-dir target/mypy "${python[@]}"
    MYPYPATH=bindings/python/src:bindings/nginx/tests:benches/peers check "mypy, nginx" bounded 600 "$py" -m mypy --strict \
        --scripts-are-modules --cache-dir target/mypy-nginx "${apart[@]}"
else
    skip "ruff and mypy" "needs the packages of tests/requirements.txt"
fi

if need_debian python3 python3; then
    check "each promise of docs/SECURITY.md has its tests" \
        python3 tests/suites/promises.py docs/SECURITY.md
    check "the check of the rooms finds what it is for" python3 tests/suites/test_rooms.py
    check "no circle between the rooms of src/ and of the nginx module, and none too large" \
        python3 tests/suites/rooms.py
    mapfile -d '' -t everything < <(files '*')
    check "the check of the width finds what it is for" python3 tests/suites/test_width.py
    check "no comment, header or Markdown line is over 100 columns" \
        python3 tests/suites/width.py "${everything[@]}"
    check "the check of links finds what it is for" python3 tests/suites/test_links.py
    check "each link and anchor of the pages leads somewhere" python3 tests/suites/links.py
else
    skip "the promises, the rooms, the width and the links" "needs python3"
fi

mapfile -d '' -t go < <(files '*.go')
formatted() { local out; out=$(gofmt -l "$@") && [ -z "$out" ] || { echo "$out"; false; }; }
vet() { (cd "${GO_FOLDER:-bindings/go}" && bounded 600 go vet "$@" ./...); }
if need_go && need_c; then
    need_build
    check "gofmt" formatted "${go[@]}"
    check "go vet" vet
    check "go vet, statically linked" vet -tags h3s_static
    PKG_CONFIG_PATH=$root/target/pkgconfig check "go vet, by pkg-config" vet -tags h3s_pkgconfig
    GO_FOLDER=bindings/go/frameworks check "go vet of the tests with frameworks" vet
    GO_FOLDER=bindings/go/valkey check "go vet of what follows Valkey" vet
    GO_FOLDER=tests/revocation/service check "go vet of the service in the tests of revocation" vet
    GO_FOLDER=examples/go check "go vet of the example in Go" vet
    GO_FOLDER=benches/peers/go check "go vet of the benchmarks" vet
else
    skip "gofmt and go vet" "needs Go and a C compiler"
fi

mapfile -d '' -t node < <(files 'benches/*.mjs' 'bindings/node/*.js' 'bindings/node/*.mjs' \
    'examples/*.mjs' 'examples/*.js' 'tests/*.mjs')
if need_debian node nodejs; then
    for file in "${node[@]}"; do check "$file is JavaScript" node --check "$file"; done
else
    skip "the JavaScript files" "needs Node"
fi

mapfile -d '' -t ruby < <(files '*.rb')
if need_debian ruby ruby; then
    check "ruby -wc" ruby -wc "${ruby[@]}"
else
    skip "ruby -wc" "needs Ruby"
fi

mapfile -d '' -t shell < <(files '*.sh' tests/run .ci/run)
if need_debian shellcheck shellcheck; then
    # A && B || skip_suite means just what it says; and functions that only `check` calls look
    # unreachable to shellcheck.
    check "shellcheck" shellcheck --exclude=SC2015,SC2317,SC2119 --external-sources --source-path=SCRIPTDIR "${shell[@]}"
else
    skip "shellcheck" "needs shellcheck"
fi

warnings=(-Wall -Wextra -Wpedantic -Werror -fsyntax-only -Iinclude)
if need_c && need_debian /usr/include/cmocka.h libcmocka-dev && need_debian /usr/include/jansson.h libjansson-dev &&
    need_debian /usr/include/microhttpd.h libmicrohttpd-dev && need_debian /usr/include/openssl/evp.h libssl-dev &&
    need_debian /usr/include/valgrind/callgrind.h valgrind; then
    while IFS= read -r -d '' file; do
        # c-tests/Makefile tells unload.c where the library is.
        check "$file is C99" gcc -std=c99 -DH3S_LIBRARY='""' "${warnings[@]}" "$file"
    done < <(files 'c-tests/*.c' 'examples/*.c' 'benches/*.c' 'tests/*.c')
    while IFS= read -r -d '' file; do
        standard=11
        if grep -q 'include.*h3s\.hpp' "$file"; then standard=17; fi
        check "$file is C++$standard" g++ -std=c++$standard "${warnings[@]}" "$file"
    done < <(files 'c-tests/*.cc' 'c-tests/*.cpp' 'examples/*.cpp' 'tests/*.cc')
else
    skip "the C files" "needs a C compiler and the libraries' headers"
fi

# nginx's headers are those of the system, so that only what is ours is looked at; in C99 with the
# extensions that they need.
nginx=/usr/share/nginx/src
if need_c && need_debian $nginx/configure nginx-dev && need_debian /usr/include/openssl/evp.h libssl-dev &&
    bounded 300 make --no-print-directory all target/nginx/Makefile >/dev/null; then
    includes=()
    while read -r folder; do
        case $folder in
            */bindings/nginx/src) includes+=(-I "$folder") ;;
            /*) includes+=(-isystem "$folder") ;;
            *) includes+=(-isystem "target/nginx/src/$folder") ;;
        esac
    done < <(sed -n '/^ALL_INCS/,/^$/s/.*-I \([^ ]*\).*/\1/p' target/nginx/Makefile)
    while IFS= read -r -d '' file; do
        check "$file" gcc -std=gnu99 "${warnings[@]}" "${includes[@]}" "$file"
    done < <(files 'bindings/nginx/src/*.c')
else
    skip "the nginx module" "needs nginx-dev"
fi
finish
