#!/usr/bin/env bash
# The built library as a user meets it: its symbols, its size, its header, and what `make install`
# puts where.
. "$(dirname "$0")/suite.sh"
need_c || skip_suite "needs a C and a C++ compiler, and pkg-config"
need_build
compilers=(gcc)
if need_debian clang clang; then compilers+=(clang); else skip "clang" "needs clang"; fi
export LC_ALL=C

library=target/lib/libh3s.so
archive=target/lib/libh3s.a
# 1 MiB is the aim, which the sessions of five more frameworks come near (benches/peers/RESULTS.md).
max_size=$((1050 * 1024))

# ---- The library ---------------------------------------------------------------------------------

nm -D --defined-only --format=posix "$library" | cut -d' ' -f1 | sort >"$scratch/symbols"
dynamic() { readelf --wide --dynamic "$library"; }
names_match() { [ -s "$scratch/symbols" ] && ! grep -v '^h3s_[a-z_]*$' "$scratch/symbols"; }
soname_is() { dynamic | grep -F "Library soname: [$1]"; }
no_textrel() { ! dynamic | grep TEXTREL; }
small() { local size; size=$(stat -Lc %s "$library") && echo "$size bytes" && [ "$size" -le "$max_size" ]; }

# Cargo tells where build.rs has left the header that it generated for this very build.
header_is_current() {
    local out
    out=$(grep '"reason":"build-script-executed"' target/cargo.json | grep -F "/$(basename "$root")#" |
        sed -n 's/.*"out_dir":"\([^"]*\)".*/\1/p') &&
        diff -u include/h3s.h "$out/h3s.h"
}

check "the exported symbols are those of c-tests/symbols.txt" diff -u c-tests/symbols.txt "$scratch/symbols"
check "all exported symbols begin with h3s_" names_match
check "the soname is libh3s.so.0" soname_is libh3s.so.0
check "it has no text relocations" no_textrel
check "it has at most $((max_size / 1024)) KiB" small
check "include/h3s.h is what build.rs generates" header_is_current
# The folder of this tree may have spaces in its name, by which make would take it for several.
relative() { [ -s target/made.mk ] && ! grep -E ':= /' target/made.mk; }
check "what make has noted of the libraries is as seen from here" relative

# ---- The manual ----------------------------------------------------------------------------------

manual_is_current() { python3 packaging/man.py include/h3s.h docs/OPTIONS.md | diff -u packaging/h3s.3 -; }
warns_of_nothing() {
    groff -man -ww -Tutf8 packaging/h3s.3 2>&1 >"$scratch/manual" | grep . && return 1
    [ "$(wc -l <"$scratch/manual")" -gt 1000 ]
}
has_each() { # has_each COMMAND...: that each word the command prints has a paragraph
    local name missing=0
    while read -r name; do
        grep -qE "^\\.(SS|B) $name( |\$)" packaging/h3s.3 || { echo "$name" && missing=1; }
    done < <("$@")
    return "$missing"
}
constants() { sed -nE 's/^#define (H3S_(OK|END|ERR|REJECTION|SOURCE|TYPE|VIEW|CONFIG)[A-Z_]*) .*/\1/p' include/h3s.h; }
# shellcheck disable=SC2016  # the backticks are Markdown's
options() { sed -n 's/^### `\(.*\)`$/\1/p' docs/OPTIONS.md; }
if need_debian python3 python3; then
    check "packaging/h3s.3 is what the header and docs/OPTIONS.md say" manual_is_current
else
    skip "the manual is current" "needs python3"
fi
if need_debian groff groff-base; then
    check "groff warns of nothing in the manual" warns_of_nothing
else
    skip "groff on the manual" "needs groff"
fi
check "the manual has each function" has_each cat c-tests/symbols.txt
check "the manual has each constant" has_each constants
check "the manual has each option" has_each options

# ---- The header ----------------------------------------------------------------------------------

# Twice, as larger programs do without knowing. By these names of the newest standards older
# compilers know them as well.
printf '#include <h3s.h>\n#include <h3s.h>\n' | tee "$scratch/header.c" >"$scratch/header.cc"
warnings=(-Wall -Wextra -Wpedantic -Werror)
for compiler in "${compilers[@]}"; do
    for standard in c99 c11 c17 c2x; do
        check "the header is $standard to $compiler" \
            "$compiler" -std=$standard "${warnings[@]}" -fsyntax-only -Iinclude "$scratch/header.c"
    done
    for standard in c++11 c++14 c++17 c++20 c++2b; do
        check "the header is $standard to $compiler" \
            "$compiler" -std=$standard "${warnings[@]}" -fsyntax-only -Iinclude "$scratch/header.cc"
    done
done
if [[ " ${compilers[*]} " == *" clang "* ]]; then
    check "no warning that clang has is about it in C" \
        clang -std=c99 -Weverything -Werror -fsyntax-only -Iinclude "$scratch/header.c"
    check "nor in C++, but that this is not C++98" \
        clang -std=c++11 -Weverything -Wno-c++98-compat -Wno-c++98-compat-pedantic -Werror -fsyntax-only -Iinclude "$scratch/header.cc"
fi

# ---- The header for C++ --------------------------------------------------------------------------

printf '#include <h3s.hpp>\n#include <h3s.hpp>\n' >"$scratch/hpp.cc"
# What h3s.hpp does not call, each with the reason: none.
not_in_hpp=()
all_in_hpp() { # all_in_hpp: that each function of h3s.h is called in h3s.hpp, or left out knowingly
    local symbol missing=0
    while read -r symbol; do
        [[ " ${not_in_hpp[*]} " == *" $symbol "* ]] && continue
        # Called, or handed to `open`.
        grep -v '^ *//' include/h3s.hpp | grep -q -w "$symbol" || { echo "$symbol" && missing=1; }
    done <c-tests/symbols.txt
    return "$missing"
}
# says COMPILER MESSAGE FLAG...: that the header refuses, in words.
says() { ! "$1" "${@:3}" -fsyntax-only -Iinclude "$scratch/hpp.cc" >"$scratch/said" 2>&1 && grep -F "$2" "$scratch/said"; }
# In two files of a program.
twice() {
    { cat "$scratch/hpp.cc" && echo 'h3s::session one(const h3s::config &c) { return c.get(h3s::request{}); }'; } >"$scratch/one.cc"
    { cat "$scratch/hpp.cc" && echo 'h3s::session one(const h3s::config &);' &&
        echo 'int main() { one(h3s::config("{\"password\":\"a password of at least 32 characters\"}")); }'; } >"$scratch/two.cc"
    "$1" -std=c++17 "${warnings[@]}" -Iinclude "$scratch/one.cc" "$scratch/two.cc" \
        -Ltarget/lib -lh3s -Wl,-rpath,"$root/target/lib" -o "$scratch/twice" && bounded 60 "$scratch/twice"
}
check "h3s.hpp has each function of h3s.h" all_in_hpp
for compiler in "${compilers[@]}"; do
    [ "$compiler" = gcc ] && compiler=g++ || compiler=clang++
    for standard in c++17 c++20 c++2b; do
        # The tests instantiate its templates.
        check "h3s.hpp is $standard to $compiler" "$compiler" -std=$standard "${warnings[@]}" -Wconversion -Wshadow \
            -fsyntax-only -Iinclude "$scratch/hpp.cc" c-tests/hpp.cc
    done
    check "h3s.hpp needs no RTTI of $compiler" \
        "$compiler" -std=c++17 "${warnings[@]}" -fno-rtti -fsyntax-only -Iinclude "$scratch/hpp.cc"
    check "h3s.hpp says that it needs C++17 to $compiler" says "$compiler" "h3s.hpp needs C++17" -std=c++14
    check "h3s.hpp says that it needs exceptions to $compiler" \
        says "$compiler" "h3s.hpp needs exceptions" -std=c++17 -fno-exceptions
    check "two files of a program include h3s.hpp, with $compiler" twice "$compiler"
done
if [[ " ${compilers[*]} " == *" clang "* ]]; then
    # Of the tests themselves are their structs and a config that lasts until exit.
    check "no warning that clang has is about h3s.hpp, but that it is not C++98" \
        clang++ -std=c++17 -Weverything -Wno-c++98-compat -Wno-c++98-compat-pedantic \
        -Wno-padded -Wno-exit-time-destructors -Werror -fsyntax-only -Iinclude c-tests/hpp.cc
    check "nor about its structs" clang++ -std=c++17 -Weverything -Wno-c++98-compat -Wno-c++98-compat-pedantic \
        -Werror -fsyntax-only -Iinclude "$scratch/hpp.cc"
fi

# ---- The archive ---------------------------------------------------------------------------------

# What the archive defines for others, in the words of readelf.
defined() { readelf --wide --symbols "$archive" | grep -E ' (GLOBAL|WEAK) ' | grep -v ' UND '; }
archive_symbols_match() { diff c-tests/symbols.txt <(defined | awk '{ print $8 }' | sort); }
hidden() { [ "$(defined | awk '{ print $5, $6 }' | sort -u)" = 'GLOBAL HIDDEN' ]; }
one_object() { [ "$(ar t "$archive")" = h3s.o ]; }
# What a C library may lack, the standard library asks for weakly.
weak_kept() { readelf --wide --symbols "$archive" | grep -E ' WEAK .* UND (__cxa_thread_atexit_impl|statx)$'; }
no_executable_stack() { readelf --wide --sections "$archive" | grep -E ' \.note\.GNU-stack +PROGBITS .* 00 +0 +0 +1$'; }
archive_is_small() { local size; size=$(stat -c %s "$archive") && echo "$size bytes" && [ "$size" -le $((4 * max_size)) ]; }

plugins() {
    local one
    for one in one two; do
        cc -std=c99 "${warnings[@]}" -shared -fPIC -Iinclude tests/archive/plugin.c "$archive" -o "$scratch/$one.so" || return
    done
    cc -std=c99 "${warnings[@]}" tests/archive/host.c -o "$scratch/host" -ldl && bounded 60 "$scratch/host" "$scratch/one.so" "$scratch/two.so"
}
other() { rustc --edition 2024 --crate-type staticlib tests/archive/other.rs -o "$scratch/libother.a"; }
# What these warn of is the other library.
beside() { # beside COMPILER FLAG...
    "$1" -std=c99 "${warnings[@]}" -Iinclude tests/archive/beside.c tests/archive/plugin.c "${@:2}" \
        -lpthread -lm -ldl -o "$scratch/beside" && bounded 60 "$scratch/beside"
}
throws() { # throws FLAG...
    cc -std=c99 "${warnings[@]}" -Iinclude -c tests/archive/plugin.c -o "$scratch/plugin.o" &&
        c++ -std=c++11 "${warnings[@]}" "$@" tests/archive/throws.cc "$scratch/plugin.o" "$archive" -o "$scratch/throws" &&
        bounded 60 "$scratch/throws"
}

check "the archive defines for others what c-tests/symbols.txt has, and nothing else" archive_symbols_match
check "what it defines is hidden from other libraries" hidden
check "the archive is one object" one_object
check "its weak symbols are weak" weak_kept
check "the archive asks for no executable stack" no_executable_stack
check "the archive has at most $((4 * max_size / 1024)) KiB" archive_is_small
check "each of two plugins calls its own copy" plugins
check "another Rust library is built" other
whole() { beside "$1" -Wl,--whole-archive "$archive" "$scratch/libother.a" -Wl,--no-whole-archive; }
for compiler in "${compilers[@]}"; do
    check "the archive links before another Rust library, with $compiler" beside "$compiler" "$archive" "$scratch/libother.a"
    check "the archive links after another Rust library, with $compiler" beside "$compiler" "$scratch/libother.a" "$archive"
    check "the archive has no symbol in common with another Rust library, with $compiler" whole "$compiler"
    check "the archive links statically beside another Rust library, with $compiler" \
        beside "$compiler" -static "$archive" "$scratch/libother.a"
    check "the archive links with --gc-sections beside another Rust library, with $compiler" \
        beside "$compiler" -Wl,--gc-sections "$archive" "$scratch/libother.a"
done
check "exceptions of C++ unwind in a program with the archive" throws
check "exceptions of C++ unwind in a static program with the archive" throws -static
check "exceptions of C++ unwind in a program with the archive and --gc-sections" throws -Wl,--gc-sections

# ---- The installation ----------------------------------------------------------------------------

stage=$scratch/stage
install_options=(DESTDIR="$stage" prefix=/usr)
lib=$stage/usr/lib
installed() { (cd "$stage" && find . \( -type f -o -type l \) -printf '%p %l\n' | sort); }
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
expected() {
    sort <<END
./usr/include/h3s.h 
./usr/include/h3s.hpp 
./usr/lib/cmake/h3s/h3s-config-version.cmake 
./usr/lib/cmake/h3s/h3s-config.cmake 
./usr/lib/libh3s.a 
./usr/lib/libh3s.so libh3s.so.0
./usr/lib/libh3s.so.$version 
./usr/lib/libh3s.so.0 libh3s.so.$version
./usr/lib/pkgconfig/h3s.pc 
./usr/share/doc/libh3s/LICENSE 
./usr/share/doc/libh3s/README.md 
./usr/share/man/man3/h3s.3 
END
}
installed_as_expected() { diff <(expected) <(installed); }
nothing_left() { ! installed | grep .; }

# The program is compiled as the README says, but for the system's root folder. /usr is no system
# folder in that one.
flags() {
    PKG_CONFIG_LIBDIR=$lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$stage \
        PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 PKG_CONFIG_ALLOW_SYSTEM_LIBS=1 pkg-config --cflags --libs "$@" h3s
}
compile() { # compile OUTPUT FLAG...
    local output=$scratch/$1
    shift
    cc -std=c99 "${warnings[@]}" -o "$output" tests/suites/installed.c "$@"
}
runs() { LD_LIBRARY_PATH=$lib bounded 60 "$scratch/shared"; }
# shellcheck disable=SC2046  # several words are meant
shared() { "$1" -std=c99 "${warnings[@]}" -o "$scratch/shared" tests/suites/installed.c $(flags) && runs; }
# shellcheck disable=SC2046  # several words are meant
shared_cc() { "$1" -std=c++11 "${warnings[@]}" -o "$scratch/shared" c-tests/cplusplus.cc $(flags) -lstdc++ && runs; }
# The example for C++ is a program of its own that a web server would run.
# shellcheck disable=SC2046  # several words are meant
visits() {
    "$1" -std=c++17 "${warnings[@]}" -o "$scratch/visits" examples/cpp/visits.cpp $(flags) -lstdc++ &&
        LD_LIBRARY_PATH=$lib bounded 60 examples/cpp/visits.sh "$scratch/visits"
}
# A linker prefers the shared library, so the archive has to be named.
static() { local words; words=$(flags --static) && eval "compile static $1 ${words/-lh3s/-l:libh3s.a}" && bounded 60 "$scratch/static"; }

find_by_cmake() { # find_by_cmake PREFIX OPTION...
    rm -rf "$scratch/cmake" && CMAKE_PREFIX_PATH=$1 bounded 120 cmake -S tests/cmake -B "$scratch/cmake" "${@:2}"
}
by_cmake() { # by_cmake LIB: that both of its programs run, and each with its kind of library
    find_by_cmake "${1%/*}" -DWANTED="$version" && bounded 120 cmake --build "$scratch/cmake" &&
        bounded 60 "$scratch/cmake/h3s" && bounded 60 "$scratch/cmake/static" &&
        ldd "$scratch/cmake/h3s" | grep -F "$(readlink -f "$1")/libh3s.so.0" &&
        ! ldd "$scratch/cmake/static" | grep libh3s
}
not_found() { # not_found VERSION: that it is not what such a program wants
    ! find_by_cmake "$stage/usr" -DWANTED="$1" >"$scratch/said" 2>&1 && grep -F "were considered but not accepted" "$scratch/said" ||
        { cat "$scratch/said" && return 1; }
}
# As where /lib leads to /usr/lib.
by_link() { ln -sfn usr/lib "$stage/lib" && by_cmake "$stage/lib" && rm "$stage/lib"; }
elsewhere() {
    local other=(DESTDIR="$scratch/other" prefix=/opt/h3s libdir=/opt/h3s/lib/of/this/machine includedir=/opt/headers)
    make "${other[@]}" install &&
        find_by_cmake / -Dh3s_DIR="$scratch/other/opt/h3s/lib/of/this/machine/cmake/h3s" && bounded 120 cmake --build "$scratch/cmake" &&
        make "${other[@]}" uninstall && ! find "$scratch/other" -type f | grep .
}
# In folders whose names have spaces in them, as the shell reads what pkg-config prints.
in_a_folder() {
    local words folder=$scratch/'a folder of mine'
    make --no-print-directory prefix="$folder" install &&
        words=$(PKG_CONFIG_LIBDIR=$folder/lib/pkgconfig pkg-config --cflags --libs h3s) && eval "compile spaced $words" &&
        LD_LIBRARY_PATH=$folder/lib bounded 60 "$scratch/spaced" &&
        make --no-print-directory prefix="$folder" uninstall && ! find "$folder" -type f | grep .
}

# As packagers do who name no folder of the machine.
relative_stage() {
    stage=target/stage
    rm -rf "$stage" && make --no-print-directory DESTDIR="$stage" prefix=/usr install && installed_as_expected && rm -rf "$stage"
}

check "make install" make "${install_options[@]}" install
check "it installs just the files that it should" installed_as_expected
check "it does where DESTDIR is seen from here" relative_stage
for compiler in "${compilers[@]}"; do
    check "a C program builds by pkg-config and $compiler, and runs" shared "$compiler"
    check "a C++ program does" shared_cc "$compiler"
    check "examples/cpp does, with h3s.hpp" visits "$compiler"
done
check "one builds where the folder's name has spaces in it, and runs" in_a_folder
check "a C program builds with the static library" static ''
check "it does without any shared library" static -static
if need_debian cmake cmake; then
    check "a C program builds by CMake, with each of the two libraries, and runs" by_cmake "$lib"
    check "it does where /lib leads to /usr/lib" by_link
    check "it does with the folders of libdir= and includedir=" elsewhere
    for wanted in 0.1 "$version...<1"; do
        check "CMake takes this version for one of $wanted" find_by_cmake "$stage/usr" -DWANTED="$wanted"
    done
    for wanted in 0.99 1.0 "0.1...<$version"; do
        check "CMake takes this version for none of $wanted" not_found "$wanted"
    done
else
    skip "CMake" "needs cmake"
fi
check "make uninstall" make "${install_options[@]}" uninstall
check "nothing is left behind" nothing_left

# Into folders of their own; then the library is as it was for those who come next.
host=$(rustc -vV | sed -n 's/^host: //p')
other_options="--target $host --profile dev"
other_target() {
    bounded 900 make --no-print-directory cargo_options="$other_options" "${install_options[@]}" install || return
    cmp "$lib/libh3s.so.$version" "target/$host/debug/libh3s.so" && diff <(expected) <(installed) && shared cc && static ''
}
as_before() { make --no-print-directory all && [ "$(readlink -f "$library")" = "$root/target/release/libh3s.so" ]; }
options_kept() { # that `make install`, by an administrator without cargo, installs what was made
    make --no-print-directory all cargo_options="$other_options" || return
    ! make --no-print-directory --dry-run "${install_options[@]}" install | grep 'cargo build'
}
check "make install cargo_options= installs what another target and profile make" other_target
check "make install keeps to the options of make" options_kept
check "make without options makes the release again" as_before
finish
