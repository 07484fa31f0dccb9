#!/usr/bin/env bash
# What the library is made of: its crates and their licences, what is known against them, the
# compiler that it says it needs, and that whoever builds it gets the same bytes.
. "$(dirname "$0")/suite.sh"
# shellcheck source=SCRIPTDIR/../supply/supply.sh
. tests/supply/supply.sh
need_rust clippy && need_debian git git && need_debian python3 python3 && need_cargo_tool cargo-deny 0.20.2 ||
    skip_suite "needs Rust with clippy, git, python3 and cargo-deny"
need_build
fence=$'\x60\x60\x60'

# ---- cargo-deny ----------------------------------------------------------------------------------

advisories=tests/supply/advisories
# As cargo-deny names it by the address, which tests/supply/deny.toml has.
database=advisory-db-3157b0e258782691

# make_database FOLDER: of our snapshot, the git repository in the folder that cargo-deny expects of
# a clone.
make_database() {
    rm -rf "$1" && mkdir -p "$1/$database" && cp -r "$advisories/crates" "$1/$database" &&
        git -C "$1/$database" init -q && git -C "$1/$database" add crates &&
        git -C "$1/$database" -c user.name=snapshot -c user.email=snapshot commit -q -m snapshot
}
export H3S_ADVISORY_DBS=$scratch/advisories
rules=$root/tests/supply/deny.toml
# deny FOLDER CHECK...: of the crates that the lock file in the folder names.
deny() {
    local folder=$1
    shift
    bounded 300 cargo-deny --color never --log-level warn --frozen --manifest-path "$folder/Cargo.toml" \
        --config "$rules" check --hide-inclusion-graph "$@"
}
looked_up() { diff <(supply_crates) <(grep -Fx -f <(supply_crates) "$advisories/CRATES") || { echo "run tests/supply/refresh.sh" && return 1; }; }
# As if all there is of a crate had a fault.
made_up() { # made_up CRATE FACT
    local folder=$scratch/made-up/$database/crates/$1
    make_database "$scratch/made-up" && mkdir -p "$folder" || return
    printf '%s\n' "${fence}toml" '[advisory]' 'id = "RUSTSEC-2099-0001"' "package = \"$1\"" 'date = "2099-01-01"' "$2" '' \
        '[versions]' 'patched = []' "$fence" '' '# Made up' >"$folder/RUSTSEC-2099-0001.md"
}
refused() { # refused FOLDER CRATE FACT
    made_up "$2" "$3" || return
    ! H3S_ADVISORY_DBS=$scratch/made-up deny "$1" advisories >"$scratch/refusal" 2>&1 && grep -q RUSTSEC-2099-0001 "$scratch/refusal" ||
        { cat "$scratch/refusal" && return 1; }
}
# Under other rules the same crates have what they forbid.
fails_under() { # fails_under SED CHECK ERROR
    sed "$1" "$rules" >"$scratch/rules.toml" || return
    ! rules=$scratch/rules.toml deny . "$2" >"$scratch/refusal" 2>&1 && grep -q "^error\[$3\]" "$scratch/refusal" ||
        { cat "$scratch/refusal" && return 1; }
}
none_yanked() {
    deny . advisories >"$scratch/yanked" 2>&1 && grep -q '^advisories ok' "$scratch/yanked" && ! grep -E 'yanked|index' "$scratch/yanked" ||
        { cat "$scratch/yanked" && return 1; }
}
# What other systems would need as well, since cargo-deny checks all.
fetch() { while read -r folder; do bounded 300 cargo fetch --locked --quiet --manifest-path "$folder/Cargo.toml" || return; done < <(supply_workspaces); }

check "all crates can be fetched" fetch
check "licences, duplicates and sources" deny . licenses bans sources
check "a licence that is not allowed is noticed" fails_under 's/^allow = .*/allow = ["ISC"]/' licenses rejected
check "two versions of a crate are noticed" fails_under '/^ *{ crate = "syn@2"/d' bans duplicate
check "another source is noticed" fails_under 's/^unknown-git.*/&\nallow-registry = []/' sources source-not-allowed
while read -r folder; do
    [ "$folder" = . ] || check "the sources of $folder" deny "$folder" sources
done < <(supply_workspaces)

age=$((($(date +%s) - $(date -d "$(sed -n 's/^date //p' "$advisories/SNAPSHOT")" +%s)) / 86400))
echo "  the snapshot of the advisory database is $age days old: $(find "$advisories/crates" -name '*.md' | wc -l) advisories," \
    "$(wc -l <"$advisories/CRATES") crates"
check "each crate of the lock files was looked up in it" looked_up
check "it makes a database" make_database "$H3S_ADVISORY_DBS"
while read -r folder; do
    check "nothing is known against the crates of $folder" deny "$folder" advisories
    check "an advisory against one of them is noticed" refused "$folder" zeroize ''
done < <(supply_workspaces)
check "that a crate is no longer looked after is noticed" refused . aes 'informational = "unmaintained"'
check "that a crate is unsound is noticed" refused . aes 'informational = "unsound"'
# cargo-deny reads what cargo last heard of the registry.
if bounded 120 cargo update --quiet --dry-run </dev/null 2>/dev/null; then
    check "no crate has been yanked" none_yanked
else
    skip "yanked crates" "needs the registry"
fi

# ---- What Cargo.toml and docs/DEPENDENCIES.md say ------------------------------------------------

# metadata EXPRESSION: of what cargo knows (`m`) of all and of our crate (`own`), what is wrong, one
# a line.
metadata() {
    local wrong
    wrong=$(cargo metadata --locked --format-version 1 |
        python3 -c 'import json, sys
m = json.load(sys.stdin)
own = next(p for p in m["packages"] if p["id"] == m["resolve"]["root"])
number = lambda version: [int(n) for n in (version + ".0").split(".")[:3]]
print(*eval(sys.argv[1]), sep="\n")' "$1") && [ -z "$wrong" ] || { echo "$wrong" && return 1; }
}
tree() {
    cargo tree --locked --features capi --edges normal --target x86_64-unknown-linux-gnu --charset utf8 | sed -E 's/ v[0-9][^ ]*( \(\/.*\))?//'
}
tree_is_current() { diff <(sed -n "/^${fence}text\$/,/^$fence\$/p" docs/DEPENDENCIES.md | sed '1d;$d') <(tree); }
each_has_its_word() {
    diff <(tree | sed '1d; s/ (\*)//; s/.* //' | sort -u) \
        <(sed -nE "s/^\| ${fence:0:1}([a-z0-9_-]+)${fence:0:1} \| .*[a-z].* \|\$/\1/p" docs/DEPENDENCIES.md | sort -u)
}
lacks() { tree >"$scratch/tree" && [ -s "$scratch/tree" ] && ! grep -w "$1" "$scratch/tree"; }
check "no dependency comes with its default features" \
    metadata '(d["name"] for d in own["dependencies"] if d["uses_default_features"])'
check "docs/DEPENDENCIES.md has the library's tree of crates" tree_is_current
check "and says why each is there" each_has_its_word
for crate in serde_json cookie time ring governor; do
    check "the library is made without $crate" lacks "$crate"
done

# ---- The oldest compiler -------------------------------------------------------------------------

oldest=$(sed -n 's/^rust-version *= *"\(.*\)"/\1/p' Cargo.toml)
# newer_api VERSION: that clippy notices what the standard library has only since 1.91, under that
# rust-version
newer_api() {
    mkdir -p "$scratch/newer/src"
    printf '[package]\nname = "newer"\nversion = "0.0.0"\nedition = "2024"\nrust-version = "%s"\n' "$1" >"$scratch/newer/Cargo.toml"
    echo 'pub fn minutes() -> std::time::Duration { std::time::Duration::from_mins(1) }' >"$scratch/newer/src/lib.rs"
    cargo clippy --quiet --manifest-path "$scratch/newer/Cargo.toml" --target-dir "$scratch/newer/target" -- -D clippy::incompatible_msrv
}
newer_api_is_noticed() { newer_api 1.91 && ! newer_api "$oldest"; }
check "the library calls nothing of std that Rust $oldest lacks" \
    bounded 600 cargo clippy --quiet --locked --lib --features capi,cookie,serde,time -- -D clippy::incompatible_msrv
check "such a call is noticed" newer_api_is_noticed
check "no crate needs a newer Rust" \
    metadata '(p["name"] for p in m["packages"] if p["rust_version"] and number(p["rust_version"]) > number(own["rust_version"]))'
if setup_has rustup && rustup toolchain list | grep -q "^${oldest}[.-]"; then
    check "Rust $oldest builds it" bounded 900 cargo "+$oldest" check --quiet --locked --features capi,cookie,serde,time --target-dir "target/rust-$oldest"
else
    echo "  Rust $oldest itself is not installed, so it is not asked: rustup toolchain install $oldest"
fi

# ---- The same bytes ------------------------------------------------------------------------------

# Another folder, another home, another CARGO_HOME; what cargo has fetched is the same.
elsewhere=target/reproduced
build_elsewhere() {
    local tree=$elsewhere/tree cargo_home=${CARGO_HOME:-$HOME/.cargo} file
    mkdir -p "$tree" "$elsewhere/home/cargo" && ln -sfn "$cargo_home/registry" "$elsewhere/home/cargo/registry" || return
    # With their times, so that it is quick where nothing has changed.
    for file in src include tests/setup.sh c-tests/symbols.txt Cargo.toml Cargo.lock Makefile build.rs cbindgen.toml \
        docs/OPTIONS.md README.md LICENSE; do
        mkdir -p "$tree/$(dirname "$file")" && rm -rf "${tree:?}/$file" && cp -a "$file" "$tree/$file" || return
    done
    bounded 1800 env -u CARGO_TARGET_DIR RUSTUP_HOME="${RUSTUP_HOME:-$HOME/.rustup}" HOME="$root/$elsewhere/home" \
        CARGO_HOME="$root/$elsewhere/home/cargo" make --no-print-directory -C "$tree" all
}
same() { sha256sum "target/lib/$1" "$elsewhere/tree/target/lib/$1" && cmp "target/lib/$1" "$elsewhere/tree/target/lib/$1"; }
# Of this tree, of the home folder and of what cargo has there.
no_paths() { ! grep -aoE "($root|$HOME|${CARGO_HOME:-$HOME/.cargo})/[[:graph:]]*" "$1" | sort -u | head -n 5 | grep .; }
# As cargo names a folder after the registry that it fetched from, which may be a mirror.
no_registry() { # no_registry FILE
    local folder
    for folder in "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*; do
        ! grep -aoE "(${folder##*/}|$(basename "${folder%-*}"))[[:graph:]]*" "$1" | head -n 3 | grep . || return
    done
}
own_flags() { RUSTFLAGS='--cfg of_mine' make --dry-run all | grep -F -- "RUSTFLAGS='--cfg of_mine --remap-path-prefix="; }

check "make all, in another folder and for another user" build_elsewhere
for file in libh3s.so libh3s.a; do
    check "$file is the same to the byte" same "$file"
    check "$file names no folder of this machine" no_paths "target/lib/$file"
    check "$file names no registry" no_registry "target/lib/$file"
done
check "RUSTFLAGS of the user's are kept" own_flags
finish
