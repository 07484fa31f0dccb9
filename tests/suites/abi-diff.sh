#!/usr/bin/env bash
# That programs made for the last release go on working: the ABI beside the one that tests/abi has
# of it, and proof that the comparison notices what it should.
. "$(dirname "$0")/suite.sh"
# shellcheck source=SCRIPTDIR/../abi/abi.sh
. tests/abi/abi.sh
abi_needs || skip_suite "needs a C compiler and abigail-tools"
need_build

header=include/h3s.h
record=$(abi_record)
version=$(abi_recorded_version)
soname=$(abi_soname target/lib/libh3s.so)
made=$scratch/made
mkdir -p "$made"

# ---- This tree's ABI -----------------------------------------------------------------------------

current=$made/current.abi library=$made/library.abi
one_record() { [ "$(wc -l <<<"$record")" -eq 1 ] && [ -s "${record%.abi}.constants" ]; }
header_abi() { abi_of_header "$header" "$soname" "$made/stub" >"$current"; }
# In the dev profile: the debug information of the library that `make` builds is gone. What a C
# program sees of types is the same.
debug_library() {
    cargo rustc --quiet --locked --lib --features capi --crate-type cdylib -- -C "link-arg=-Wl,-soname,$soname" &&
        abi_dump target/debug/libh3s.so >"$library"
}
constants() {
    abi_constants "$header" >"$made/constants" || return
    abi_other_soname "$record" "$current" || abi_constants_compatible "${record%.abi}.constants" "$made/constants"
}
newer_than_the_record() { setup_at_least "$version" "$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)"; }
# Once there is a tag, the record is what it is there.
as_released() {
    local tag=refs/tags/v$version file
    git rev-parse --quiet --verify "$tag" >/dev/null 2>&1 || return 0
    for file in "$record" "${record%.abi}.constants"; do
        git cat-file -e "$tag:$file" 2>/dev/null || continue
        git show "$tag:$file" | diff -u - "$file" || return
    done
}
members() { sed -n "/class-decl name='$1' /,/<\/class-decl>/s/.*var-decl name='\([a-z_]*\)'.*/\1/p" "$2" | paste -sd ' '; }
# The least that is to be seen in what is compared, or a comparison says nothing.
seen() { # seen ABI
    local functions
    functions=$(grep -c "function-decl name='h3s_" "$1")
    [ "$functions" -eq "$(wc -l <c-tests/symbols.txt)" ] || { echo "$functions functions" && return 1; }
    diff <(expected_members) <(for struct in h3s_counts h3s_error h3s_iter h3s_request h3s_str h3s_view; do members "$struct" "$1"; done)
}
expected_members() {
    sed -n '/^typedef struct h3s_[a-z]* {/,/^}/p' "$header" | sed 's,/\*.*\*/,,; /^ *\*/d; /^ *\/\*/d' |
        awk '/^typedef/ { name = $3; list = "" }
             / [*]?[a-z_]+(\[[0-9]+\])?;/ { sub(/(\[[0-9]+\])?;.*/, ""); sub(/.*[ *]/, ""); list = list (list == "" ? "" : " ") $0 }
             /^}/ { print name "\t" list }' | LC_ALL=C sort | cut -f 2
}

check "there is one record of a released ABI" one_record
check "it is of the newest release" abi_record_is_newest "$version"
check "it is of no later version than this" newer_than_the_record
check "it is as it was released" as_released
check "the header's ABI can be read" header_abi
check "the library's ABI can be read" debug_library
check "all functions and members are seen in the header's" seen "$current"
check "all functions and members are seen in the library's" seen "$library"
check "the header's ABI is that of the library" abi_same "$current" "$library"
check "programs made for $version run with this" abi_compatible "$record" "$current"
check "the constants are those of $version" constants
# What was added is no fault, but worth to be seen.
{
    abi_compatible "$record" "$current"
    LC_ALL=C comm -13 "${record%.abi}.constants" "$made/constants" | sed 's/^/  added constant: /'
} | sed 's/^/        /'

# ---- That it notices what it should --------------------------------------------------------------

# changed SED_SCRIPT [SONAME]: the ABI of a header that the script has changed, in
# $made/changed.abi.
changed() {
    sed -E "$1" "$header" >"$made/changed.h"
    ! cmp -s "$header" "$made/changed.h" || { echo "the script changes nothing" && return 1; }
    abi_of_header "$made/changed.h" "${2:-$soname}" "$made/changed" >"$made/changed.abi"
}
refused() { changed "$@" && ! abi_compatible "$current" "$made/changed.abi"; }
accepted() { changed "$@" && abi_compatible "$current" "$made/changed.abi"; }
shown() { accepted "$1" | grep "$2"; }
# The header's ABI against the library's: one that says other than the machine code does.
not_the_library() { changed "$1" && ! abi_same "$made/changed.abi" "$library"; }

# In the header each of these stands on a line of its own.
remove='/^H3S_NODISCARD int32_t h3s_rotate\(/d'
sign='s/(h3s_rejection_str\()int32_t/\1uint32_t/'
parameter='s/(int32_t h3s_rotate\(struct h3s_session \*session, )/\1int32_t how, /'
returned='s/^int64_t (h3s_session_created_at)/int32_t \1/'
handle='s/(h3s_session_is_new\(const struct )h3s_session/\1h3s_config/'
inserted='s/^    int64_t now_ms;/    int64_t then_ms;\n&/'
appended='s|^    const struct h3s_revocations \*revocations;|&\n    int64_t then_ms;|'
longer='s/char key\[48\]/char key[64]/'
swapped='s/const char \*ptr;/size_t len;/;t;s/^    size_t len;/    const char *ptr;/'
renamed='s/int32_t rejection;/int32_t refusal;/'
unsized='s/^    size_t len;/&\n    size_t room;/'
added='s/^uint32_t h3s_abi_version/void h3s_new_one(void);\n&/'

check "a removed function is refused" refused "$remove"
check "a parameter of another type is refused" refused "$sign"
check "a parameter more is refused" refused "$parameter"
check "another type returned is refused" refused "$returned"
check "another handle is refused" refused "$handle"
check "a member inserted is refused" refused "$inserted"
check "a longer array in a struct is refused" refused "$longer"
check "members that changed places are refused" refused "$swapped"
check "a member of another name is refused" refused "$renamed"
check "a member appended to a struct without a size is refused" refused "$unsized"
check "what changes beside an appended member is refused" refused "$appended;s/const char \*cookie;/char *cookie;/"
check "a parameter changed beside an appended member is refused" refused "$appended;s/^(int32_t h3s_use\()const /\1/"
check "a function removed beside an appended member is refused" refused "$appended;$remove"
check "a function added is accepted" accepted "$added"
check "and is shown" shown "$added" h3s_new_one
check "a member appended to a struct with a size is accepted" accepted "$appended"
check "a removed function under another soname is accepted" accepted "$remove" libh3s.so.99
check "a member inserted under another soname is accepted" accepted "$inserted" libh3s.so.99

check "a function that the library lacks is noticed" not_the_library "$added"
check "a function that the header lacks is noticed" not_the_library "$remove"
check "a parameter that the library lacks is noticed" not_the_library "$parameter"
check "a type that the library does not return is noticed" not_the_library "$returned"
check "a member that the library lacks is noticed" not_the_library "$inserted"
check "an array of another length is noticed" not_the_library "$longer"

changed_constants() { abi_constants "$header" | sed -E "$1" >"$made/others" && ! abi_constants_compatible "$made/constants" "$made/others"; }
added_constants() { (abi_constants "$header" && echo "H3S_SOURCE_WHO 4") | sort >"$made/others" && abi_constants_compatible "$made/constants" "$made/others"; }
check "another value of a constant is refused" changed_constants 's/^(H3S_ERR_BUSY) .*/\1 12/'
check "a removed constant is refused" changed_constants '/^H3S_SOURCE_TOKEN /d'
check "a constant added is accepted" added_constants

# Of tags in a repository of their own.
tagged() { # tagged TAG...
    local folder=$made/tags
    rm -rf "$folder" && git init -q "$folder" &&
        git -C "$folder" -c user.name=n -c user.email=e commit -q --allow-empty -m one || return
    for tag in "$@"; do git -C "$folder" tag "$tag" || return; done
    abi_record_is_newest 0.9.1 "$folder"
}
not_tagged() { ! tagged "$@"; }
check "without tags, a record is the newest" tagged
check "with older ones and one of its own, it is" tagged v0.8.0 v0.9.0 v0.9.1 v1.0.0-rc.1
check "with a newer one it is not" not_tagged v0.9.1 v0.10.0
finish
