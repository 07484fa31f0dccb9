# shellcheck shell=bash
# Sourced: how an ABI is written down, and how two of them are compared. Paths
# are from the top folder.
#
# What is recorded is the ABI of the header, not of the library: a library of empty functions is
# made of it, and libabigail reads that one's debug information. Rust's own knows neither `const`
# nor signs, shows what is inside the opaque handles, and changes with the compiler. That header and
# library agree is a test of its own (tests/suites/abi-diff.sh).

# The name and version of a released ABI's record, of which there is one.
abi_record() { ls tests/abi/libh3s-*.abi; }
abi_recorded_version() { abi_record | sed -n '1s/.*libh3s-\(.*\)\.abi$/\1/p'; }

# Debian's libabigail is of 2022; later ones read what it writes.
abi_needs() { need_debian cc gcc libc6-dev && need_debian readelf binutils && need_debian abidiff abigail-tools; }

# abi_soname LIBRARY
abi_soname() { LC_ALL=C readelf --wide --dynamic "$1" | sed -n 's/.*Library soname: \[\(.*\)\]/\1/p'; }

# abi_dump LIBRARY: only what is the ABI's, on any machine; ids that stay as they are
# when something else changes.
abi_dump() {
    abidw --no-corpus-path --no-comp-dir-path --no-show-locs --no-elf-needed --no-architecture --no-parameter-names \
        --type-id-style hash "$1"
}

# abi_of_header HEADER SONAME FOLDER: prints it. The folder is for what is made on the way.
abi_of_header() {
    mkdir -p "$3" && cp "$1" "$3/h3s.h" || return
    {
        echo '#include "h3s.h"'
        # Without its comments and directives, one declaration a line.
        cc -E -P -x c "$3/h3s.h" | tr '\n' ' ' | sed 's/;/;\n/g' |
            sed -n 's/^ *\(.*[ *]h3s_[a-z_]*(.*)\) *;$/\1 { __builtin_trap(); }/p'
    } >"$3/stub.c"
    (cd "$3" && cc -std=c99 -g -O0 -w -shared -fPIC -Wl,-soname,"$2" stub.c -o stub.so) && abi_dump "$3/stub.so"
}

# abi_constants HEADER: prints their names and values; not what each version has anew, nor
# initialisers, which grow with their structs.
abi_constants() {
    sed -n '/^#define H3S_VERSION/d; s/^#define \(H3S_[A-Z0-9_]* -*[0-9].*\)/\1/p' "$1" | LC_ALL=C sort
}

# abi_compatible OLD NEW: whether a program made for the one runs with the other. Prints what
# changed, allowed or not.
#
# Whatever was declared has to stay as it was, down to the names of members; more may be added. A
# struct that starts with its own size may also grow at its end (tests/abi/sized.suppr). Under
# another soname all may change.
abi_compatible() {
    local report status=0
    report=$(abidiff --harmless "$1" "$2") || status=$?
    [ -z "$report" ] || echo "$report"
    [ "$status" -ne 0 ] || return 0
    abi_failed "$status" && return 1
    ! abi_other_soname "$1" "$2" || return 0
    # A suppression hides whatever else has changed in the same struct.
    ! grep -Eq 'data member (change|deletion)s?:' <<<"$report" &&
        abidiff --harmless --no-added-syms --suppressions tests/abi/sized.suppr "$1" "$2" >/dev/null
}

# abi_same ONE OTHER: whether the two differ in nothing that matters to the machine.
abi_same() { abidiff "$1" "$2"; }

# abi_constants_compatible OLD NEW: that each old constant is in the new list, with the same value.
abi_constants_compatible() { ! LC_ALL=C comm -23 "$1" "$2" | grep .; }

# abi_other_soname OLD NEW: whether the sonames differ, so that the loader never gives the new
# library to a program made for the old.
abi_other_soname() { [ "$(abi_soname_of "$1")" != "$(abi_soname_of "$2")" ]; }
abi_soname_of() { sed -n "1s/.* soname='\([^']*\)'.*/\1/p" "$1"; }

# abi_failed STATUS: whether abidiff's exit status says that it could not compare at all.
abi_failed() { [ $(($1 & 3)) -ne 0 ]; }

# abi_record_is_newest VERSION [FOLDER]: whether that is the newest release that the repository in
# the folder knows. A repository without all tags, such as a shallow clone, knows none.
abi_record_is_newest() {
    local newest
    newest=$(git -C "${2:-.}" tag --list 'v[0-9]*' 2>/dev/null | sed -nE 's/^v([0-9]+\.[0-9]+\.[0-9]+)$/\1/p' | sort -V | tail -n 1)
    if [ -n "$newest" ] && [ "$newest" != "$1" ] && setup_at_least "$1" "$newest"; then
        echo "v$newest is released, but tests/abi has the ABI of $1:"
        echo "in a checkout of v$newest run 'make abi-record', and commit here what it wrote to tests/abi"
        return 1
    fi
}
