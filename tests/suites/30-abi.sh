#!/usr/bin/env bash
# The built library as a user meets it: its symbols, its size, and what `make install` puts where.
. "$(dirname "$0")/suite.sh"
need_debian cc gcc libc6-dev && need_debian nm binutils || skip_suite "needs a C compiler"
need_build
export LC_ALL=C

library=target/release/libh3s.so
max_size=819200

# ---- The library -----------------------------------------------------------------------------------------------------

nm -D --defined-only --format=posix "$library" | cut -d' ' -f1 | sort >"$scratch/symbols"
dynamic() { readelf --wide --dynamic "$library"; }
names_match() { [ -s "$scratch/symbols" ] && ! grep -v '^h3s_[a-z_]*$' "$scratch/symbols"; }
soname_is() { dynamic | grep -F "Library soname: [$1]"; }
no_textrel() { ! dynamic | grep TEXTREL; }
small() { local size; size=$(stat -c %s "$library") && echo "$size bytes" && [ "$size" -le "$max_size" ]; }

# Cargo tells where build.rs has left the header that it generated for this very build.
header_is_current() {
    local out
    out=$(make --no-print-directory --silent all cargo_options='--quiet --message-format=json' |
        grep '"reason":"build-script-executed"' | grep -F "/$(basename "$root")#" |
        sed -n 's/.*"out_dir":"\([^"]*\)".*/\1/p') &&
        diff -u include/h3s.h "$out/h3s.h"
}

check "the exported symbols are those of c-tests/symbols.txt" diff -u c-tests/symbols.txt "$scratch/symbols"
check "all exported symbols begin with h3s_" names_match
check "the soname is libh3s.so.0" soname_is libh3s.so.0
check "it has no text relocations" no_textrel
check "it has at most $((max_size / 1024)) KiB" small
check "include/h3s.h is what build.rs generates" header_is_current

# ---- The installation ------------------------------------------------------------------------------------------------

stage=$scratch/stage
install_options=(DESTDIR="$stage" prefix=/usr)
lib=$stage/usr/lib
installed() { (cd "$stage" && find . \( -type f -o -type l \) -printf '%p %l\n' | sort); }
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
expected() {
    sort <<END
./usr/include/h3s.h 
./usr/lib/libh3s.a 
./usr/lib/libh3s.so libh3s.so.0
./usr/lib/libh3s.so.$version 
./usr/lib/libh3s.so.0 libh3s.so.$version
./usr/lib/pkgconfig/h3s.pc 
END
}
installed_as_expected() { diff <(expected) <(installed); }
nothing_left() { ! installed | grep .; }

# The program is compiled as the README says, but for the system's root folder. /usr is no system folder in that one.
flags() {
    PKG_CONFIG_LIBDIR=$lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$stage \
        PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 PKG_CONFIG_ALLOW_SYSTEM_LIBS=1 pkg-config --cflags --libs "$@" h3s
}
compile() { # compile OUTPUT FLAG...
    local output=$scratch/$1
    shift
    cc -std=c99 -Wall -Wextra -Wpedantic -Werror -o "$output" tests/suites/installed.c "$@"
}
# shellcheck disable=SC2046  # several words are meant
shared() { compile shared $(flags) && LD_LIBRARY_PATH=$lib bounded 60 "$scratch/shared"; }
# A linker prefers the shared library, so the archive has to be named.
static() { local words; words=$(flags --static) && eval "compile static $1 ${words/-lh3s/-l:libh3s.a}" && bounded 60 "$scratch/static"; }

check "make install" make "${install_options[@]}" install
check "it installs just the files that it should" installed_as_expected
if need_debian pkg-config pkg-config; then
    check "a C program builds with pkg-config and runs" shared
    check "it does with the static library" static ''
    check "it does without any shared library" static -static
else
    skip "programs that use pkg-config" "needs pkg-config"
fi
check "make uninstall" make "${install_options[@]}" uninstall
check "nothing is left behind" nothing_left
finish
