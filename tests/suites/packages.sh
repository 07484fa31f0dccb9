#!/usr/bin/env bash
# The packages of this version, as `make release` makes them, and as whoever gets one has it: those
# of Debian in a Debian that has nothing else, installed, used and purged; Python's wheel there, and
# its source distribution built elsewhere; Go's module by `go get`.
set -u
# shellcheck source=SCRIPTDIR/../packages/fresh.sh
. "$(dirname "$0")/../packages/fresh.sh"
. "$(dirname "$0")/suite.sh"
# shellcheck source=SCRIPTDIR/../packages/images.sh
. "$(dirname "$0")/../packages/images.sh"
need_c && need_debian python3 python3 && need_debian dpkg-deb dpkg && need_debian unzip unzip ||
    skip_suite "needs a C compiler, python3, dpkg and unzip"
need_build
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
release=target/release-$version

# ---- Before a release ----------------------------------------------------------------------------

same_version() { python3 packaging/versions.py; }
# A tree of which one file names another version.
other_version() { # other_version FILE
    local tree=$scratch/versions file
    rm -rf "$tree"
    for file in packaging Cargo.toml Cargo.lock include tests/abi bindings/python/src/h3s/__init__.py; do
        mkdir -p "$tree/$(dirname "$file")" && cp -r "$file" "$tree/$file" || return
    done
    sed -i "s/\b${version//./\\.}\b/9.9.9/" "$tree/$1" &&
        ! python3 "$tree/packaging/versions.py" 2>"$scratch/said" && grep -F "$1 is of version 9.9.9" "$scratch/said"
}
notes_of() { # notes_of VERSION TEXT
    printf '%s\n' '# Changes' '## [2.0.0] - 2026-01-01' '- two' '## 1.0.0' '- one' '' '[2.0.0]: x' >"$scratch/changes.md"
    [ "$(python3 packaging/notes.py "$scratch/changes.md" "$1" 2>&1)" = "$2" ]
}
check "all that names the version names the same" same_version
for file in include/h3s.h packaging/debian/changelog bindings/python/src/h3s/__init__.py; do
    check "another one in $file is noticed" other_version "$file"
done
check "the notes of a release are its section of the changelog" notes_of 2.0.0 '- two'
check "so are those of a version without brackets" notes_of 1.0.0 '- one'
check "a version without a section is an error" notes_of 3.0.0 "notes: $scratch/changes.md says nothing of 3.0.0: write its section"

# ---- The release ---------------------------------------------------------------------------------

# As whoever keeps their files to themselves.
made() { (umask 077 && bounded 1800 make --no-print-directory release); }
check "make release" made
[ -e "$release/SHA256SUMS" ] || finish
machine=$(dpkg --print-architecture)
expected() {
    printf '%s\n' NOTES.md SHA256SUMS "libh3s-$version.tar.gz" "h3s-$version.crate" "h3s-$version.tar.gz" "$(basename "$wheel")"
    printf "%s_${version}_$machine.deb\n" libh3s0 libh3s-dev libnginx-mod-http-h3s{,-dbgsym} python3-h3s{,-dbgsym}
    [ ! -e bindings/node/pack.js ] || basename "$release"/*.tgz
}
wheel=$(echo "$release"/*.whl)
has_all() { diff <(expected | sort) <(find "$release" -mindepth 1 -printf '%f\n' | sort); }
sums() {
    (cd "$release" && sha256sum --check --quiet SHA256SUMS &&
        diff <(sed 's/^[0-9a-f]*  //' SHA256SUMS) <(printf '%s\n' * | grep -vx SHA256SUMS))
}
source_is_whole() {
    diff <(tar -tf "$release/libh3s-$version.tar.gz" | sort) \
        <(packaging/source.sh | tar -t | sed -E "s,^(\./)?,libh3s-$version/," | sort)
}
source_is_the_same() {
    local stamp
    stamp=$(dpkg-parsechangelog --file packaging/debian/changelog --show-field Timestamp) &&
        SOURCE_DATE_EPOCH=$stamp packaging/source.sh --transform "s,^\(\./\)\?,libh3s-$version/," | gzip -9n |
        cmp - "$release/libh3s-$version.tar.gz"
}
# For everybody to read, and for no group to write.
modes() {
    local file
    for file in "$release"/*; do
        case $file in
            *.deb) dpkg-deb --contents "$file" ;;
            *.whl) zipinfo "$file" | grep ' b[-xl] ' ;;
            *.tar.gz | *.tgz | *.crate) tar -tvzf "$file" ;;
            *) continue ;;
        esac >"$scratch/contents" || return
        [ -s "$scratch/contents" ] || return
        ! grep -vE '^(-rw-r--r--|-rwxr-xr-x|drwxr-xr-x|lrwxrwxrwx) ' "$scratch/contents" || { echo "in $file" && return 1; }
    done
}
# A tree of which nobody else may read a file.
source_of_one() {
    local tree=$scratch/private
    mkdir -p "$tree/packaging" && cp packaging/source.sh "$tree/packaging" && touch "$tree/text" &&
        chmod 600 "$tree/text" && chmod 700 "$tree/packaging/source.sh" && "$tree/packaging/source.sh" | tar -tv >"$scratch/contents" &&
        [ "$(cut -d' ' -f1 "$scratch/contents")" = $'-rwxr-xr-x\n-rw-r--r--' ] || { cat "$scratch/contents" && return 1; }
}
# By the time of a file, make and cargo know whether what they have made of it is still right.
own_times() {
    local file tree=target/deb/libh3s-$version
    for file in src/lib.rs bindings/nginx/src/*; do
        [ "$(stat -c %Y "$tree/$file")" -ge "$(stat -c %Y "$file")" ] || { stat -c '%y %n' "$tree/$file" "$file" && return 1; }
    done
}
check "it has each package" has_all
check "what is in them is for everybody to read" modes
check "SHA256SUMS has each file, with its sum" sums
check "the source has each file of the tree" source_is_whole
check "who else has it may read it, whoever has packed it" source_of_one
check "what Debian's packages are built of is not older than the tree" own_times
check "packed again it is the same to the byte" source_is_the_same

# Of each package what it holds, in a folder with its name.
unpack() {
    local file to
    for file in "$release"/*; do
        to=$scratch/unpacked/$(basename "$file")
        mkdir -p "$to"
        case $file in
            *.deb) dpkg-deb --raw-extract "$file" "$to" ;;
            *.whl) unzip -q "$file" -d "$to" ;;
            *.tar.gz | *.tgz | *.crate) tar -xzf "$file" -C "$to" ;;
        esac || return
    done
    find "$scratch/unpacked" -type f -name "*.gz" -exec gunzip --force {} +
}
names_no_folder() { ! grep -raoE "($root|${CARGO_HOME:-$HOME/.cargo}|$HOME/\.)[[:graph:]]*" "$scratch/unpacked" | head -n 5 | grep .; }
# As cargo names a folder after the registry, or mirror, that it fetched from.
names_no_registry() {
    local folder
    for folder in "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*; do
        folder=$(basename "${folder%-*}")
        ! grep -raoF "$folder" "$scratch/unpacked"/*.{deb,whl} | head -n 5 | grep . || return
    done
}
# shellcheck disable=SC2016  # the backticks are Markdown's
crates() { sed -nE 's/^\| `([a-z0-9_-]+)` \| .*[a-z].* \|$/\1/p' docs/DEPENDENCIES.md | sort -u; }
licences_in() { # licences_in FILE SED: that it has each crate, and Rust's standard library
    diff <(crates) <(sed -nE "$2" "$1" | sort -u) && grep -q "The Rust Project" "$1" &&
        tr -s ' \n' '  ' <"$1" | grep -q "Permission is hereby granted, free of charge"
}
check "each package can be unpacked" unpack
check "none names a folder of this machine" names_no_folder
check "no binary package names a registry" names_no_registry
for package in libh3s0 libh3s-dev; do
    check "$package has the licence of each crate in the library" \
        licences_in "$scratch/unpacked/${package}_${version}_$machine.deb/usr/share/doc/$package/copyright" \
        's,^Files: crates/(.*)-[0-9.]+/\*$,\1,p'
done
check "so has the wheel" licences_in "$scratch/unpacked/$(basename "$wheel")/h3s-$version.dist-info/extra_metadata/LICENCES.txt" \
    's/^([a-z0-9_-]+) [0-9.]+$/\1/p'
symbols_since() {
    diff <(sed -n 's/^ \(h3s_.*\)@Base .*/\1/p' "$scratch/unpacked/libh3s0_${version}_$machine.deb/DEBIAN/symbols") c-tests/symbols.txt
}
check "libh3s0 says of each function since when it is there" symbols_since
if need_debian lintian lintian; then
    check "lintian finds nothing" bounded 300 lintian --no-cfg --allow-root --fail-on error,warning target/deb/*.changes
else
    skip "lintian" "needs lintian"
fi

# The newest version of glibc's symbols that the wheel's files take is in its name.
newest_glibc() {
    readelf --wide --version-info "$scratch/unpacked/$(basename "$wheel")"/h3s/*.so |
        sed -nE 's/.*Name: GLIBC_([0-9]+\.[0-9]+)(\.[0-9]+)? .*/\1/p' | sort -V | tail -n 1
}
true_tag() {
    local newest
    newest=$(newest_glibc) && echo "$newest" && [[ $wheel == *-py3-none-manylinux_${newest/./_}_"$(uname -m)".whl ]]
}
check "the wheel's name says which glibc it needs" true_tag

# ---- Dockerfiles ---------------------------------------------------------------------------------

# wrong SED MESSAGE: that a Dockerfile, or its list of what is left out, is refused if changed so
wrong() {
    sed "$1" packaging/docker/python.Dockerfile >"$scratch/Dockerfile" &&
        sed "$1" packaging/docker/python.Dockerfile.dockerignore >"$scratch/Dockerfile.dockerignore" &&
        ! python3 tests/packages/dockerfiles.py "$scratch/Dockerfile" >"$scratch/said" 2>&1 && grep -F "$2" "$scratch/said"
}
for file in packaging/docker/*.Dockerfile; do
    check "$file is right, and without Rust in its last stage" python3 tests/packages/dockerfiles.py "$file"
done
# shellcheck disable=SC2016  # the last line, to sed
check "a last stage with a compiler is noticed" wrong '/slim/,$s/install/install make/' 'builds something'
check "a stage that is not there is noticed" wrong 's/--from=build/--from=other/' 'no stage before has this name'
check "a server that runs as root is noticed" wrong '/^USER/d' 'runs as root'
check "a list that leaves git's folder in is noticed" wrong '/^\.git/d' 'not left out of the image: .git'
# As in an image, where there is no git. What is built anywhere in the tree is not in the source.
source_without_git() {
    local tree=$scratch/without-git
    mkdir -p "$tree" && packaging/source.sh | tar -x -C "$tree" &&
        mkdir -p "$tree"/{target,examples/rust/target,examples/nextjs/.next,bindings/node/node_modules} &&
        touch "$tree"/{target,examples/rust/target,examples/nextjs/.next,bindings/node/node_modules}/made || return
    diff <(packaging/source.sh | tar -t | sort) <("$tree/packaging/source.sh" | tar -t | sed 's,^\./,,' | sort)
}
check "the source without git is the same" source_without_git

# They take a quarter of an hour, of which `make test` has none to spare.
if [ -z "${H3S_SOAK:-}" ]; then
    echo "  the Dockerfiles are not built here: make soak does"
elif need_base_images; then
    for name in c go python node rust nginx; do
        check "$name.Dockerfile is built by the command at its top" build_told "$name"
        check "$name: its image runs as a user" not_root "$name"
        check "$name: in its image is no compiler, no Rust, no source tree and no list of apt" \
            has_no_tools "$(image_named "$name")"
    done
    check "each of these is noticed where it is" finds_tools
    # With what the packages take that they need.
    is_small() { # is_small NAME BASE MOST
        local size
        size=$(megabytes "$1" "$2")
        check "$1: its image has $size MB, and may have $3, beside those of $2" test "$size" -ge 0 -a "$size" -le "$3"
    }
    is_small c debian:bookworm-slim 5
    is_small go debian:bookworm-slim 15
    is_small python debian:bookworm-slim 60
    is_small node node:24-bookworm-slim 10
    is_small rust debian:bookworm-slim 5
    is_small nginx debian:bookworm-slim 30
    for name in c go rust; do check "$name: the port of its server is published" publishes "$name"; done
    check "c: a visitor logs in and out" serves c /clear
    check "go: a visitor logs in and out" serves go /logout
    check "rust: a visitor logs in and out" serves rust /logout
    check "nginx: its image has loaded the module" loads_module
    check "nginx: a visitor of a site on its image logs in and out" serves_site
    check "python: its image prints the version" prints python "h3s $version"
    check "node: its image prints what the package exports" prints node webSession
    check "python: a visitor of an application on its image logs in and out" starts_from python examples/python/login.py python3 login.py
    check "node: a visitor of an application on its image logs in and out" starts_from node examples/node/login.mjs node login.mjs
    rm -rf --one-file-system "$images"
else
    skip "the images of the Dockerfiles" "needs root, buildah, Go 1.26, Node 20 and a Debian 12 that apt knows"
fi

# ---- Python's source distribution ----------------------------------------------------------------

sdist=$release/h3s-$version.tar.gz
build_sdist() { # build_sdist VARIABLE...: its wheel, where nothing of this tree is seen
    rm -rf "$scratch/built" && (cd "$scratch" && bounded 600 env -i LC_ALL=C.UTF-8 "$@" "$root/target/packagers/bin/python" -m pip wheel \
        --quiet --disable-pip-version-check --no-index --no-build-isolation --no-deps -w "$scratch/built" "$root/$sdist")
}
says_what_is_missing() {
    ! build_sdist PATH=/nowhere HOME="$scratch" >"$scratch/said" 2>&1 && grep -F 'Rust is missing: install it with rustup' "$scratch/said"
}
# Without what takes the compiler long. The extension needs a compiler, which may not be there.
sdist_works() {
    build_sdist PATH="$PATH" HOME="$HOME" CARGO_HOME="${CARGO_HOME:-$HOME/.cargo}" RUSTUP_HOME="${RUSTUP_HOME:-$HOME/.rustup}" \
        CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_OPT_LEVEL=0 &&
        python3 -m venv "$scratch/venv" && "$scratch/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-index \
        "$scratch"/built/*.whl && (cd "$scratch" && env -u H3S_LIBRARY -u PYTHONPATH "$scratch/venv/bin/python" -c \
        "import h3s; s = h3s.Sessions(password='x' * 32).use(); s['a'] = 1; print(h3s.__file__, len(s.set_cookies()))") | grep "^$scratch/venv/.* 1\$"
}
check "where Rust is missing, the source distribution says so" says_what_is_missing
check "elsewhere it builds, and works" sdist_works

# ---- Go's module ---------------------------------------------------------------------------------

go_get() { # go_get MODULE...: a program of these that is in no repository builds, and runs
    local proxy=$scratch/go-module cache module
    cache=$(go env GOMODCACHE)/cache/download || return
    rm -rf "$scratch/go" && mkdir "$scratch/go" && make --no-print-directory -s install DESTDIR="$scratch/stage" prefix=/usr &&
        python3 packaging/go_module.py "$1" "$proxy" && cd "$scratch/go" || return
    export GOPROXY=file://$proxy,file://$cache,off GOSUMDB=off GOMODCACHE=$scratch/go-cache GOFLAGS='-modcacherw -buildvcs=false' \
        CGO_ENABLED=1 CGO_CFLAGS="-g -O2 -I$scratch/stage/usr/include" CGO_LDFLAGS="-L$scratch/stage/usr/lib"
    { echo 'package main' && echo 'import ("fmt"; "log"' && printf '"%s"\n' "$@" && echo ')'
        echo 'func main() { sessions, err := h3s.New(h3s.Options{Password: h3s.NewPassword("an example of 32 characters or more")})'
        echo 'if err != nil { log.Fatal(err) }; _ = sessions'
        [ $# -eq 1 ] || echo '_ = h3svalkey.Dial'
        echo 'fmt.Println("it works") }'; } >main.go
    bounded 60 go mod init app || return
    for module; do bounded 120 go get "$module@v$version" || return; done
    bounded 300 go build -tags h3s_static -o app . && [ "$(bounded 60 ./app)" = 'it works' ] && cat go.mod && ! grep replace go.mod
}
no_path() { ! python3 packaging/go_module.py h3s "$scratch/none" 2>"$scratch/said" && grep -F 'is no path of a module' "$scratch/said"; }
if need_go && need_go bindings/go/valkey; then
    check "go get takes the module, under the path that it is published by" go_get example.org/libh3s/Go
    check "it takes that of Valkey as well" go_get example.org/libh3s/Go example.org/libh3s/Go/valkey
    check "a path without a host is refused" no_path
else
    skip "Go's module" "needs Go"
fi

# ---- cargo-c -------------------------------------------------------------------------------------

cinstall() {
    CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_OPT_LEVEL=1 bounded 900 \
        cargo cinstall --release --locked --target-dir target/cargo-c --destdir "$scratch/cargo-c" --prefix /usr --libdir /usr/lib
}
# All that `make install` puts there, but for what cargo-c knows nothing of.
same_files() {
    make --no-print-directory -s install DESTDIR="$scratch/stage" prefix=/usr &&
        diff <(cd "$scratch/stage/usr" && find . ! -type d ! -path '*/cmake/*' ! -path './share/*' | sort) \
            <(cd "$scratch/cargo-c/usr" && find . ! -type d | sort)
}
same_functions() { nm -D --defined-only --format=posix "$scratch/cargo-c/usr/lib/libh3s.so" | cut -d' ' -f1 | LC_ALL=C sort | diff c-tests/symbols.txt -; }
same_soname() { readelf --wide --dynamic "$scratch/cargo-c/usr/lib/libh3s.so" | grep -F "[libh3s.so.${version%%.*}]"; }
by_pkg_config() {
    # shellcheck disable=SC2046  # several words are meant
    cc tests/suites/installed.c -o "$scratch/program" $(PKG_CONFIG_LIBDIR=$scratch/cargo-c/usr/lib/pkgconfig \
        PKG_CONFIG_SYSROOT_DIR=$scratch/cargo-c PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 PKG_CONFIG_ALLOW_SYSTEM_LIBS=1 \
        pkg-config --cflags --libs h3s) && LD_LIBRARY_PATH=$scratch/cargo-c/usr/lib bounded 60 "$scratch/program"
}
PATH=$PATH:$root/target/tools/bin
has_cargo_c() { cargo cinstall --version 2>/dev/null | grep -F 'cargo-c '; }
# It takes some minutes to build, of which `make test` has none to spare.
if [ -n "${H3S_SOAK:-}" ] && ! has_cargo_c && [ -z "${H3S_NO_INSTALL:-}" ] &&
    need_debian /usr/include/openssl/ssl.h libssl-dev; then
    setup_say "building cargo-c into target/tools" "it installs the library as well"
    CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_OPT_LEVEL=0 bounded 2400 \
        cargo install --quiet --locked --root target/tools --target-dir target/setup/cargo-c cargo-c@0.10.24+cargo-0.98.0
    check "cargo-c is there" has_cargo_c
fi
if has_cargo_c >/dev/null; then
    check "cargo cinstall" cinstall
    check "it installs the files that make install does" same_files
    check "the library exports the same functions" same_functions
    check "it has the same soname" same_soname
    check "a C program builds by its h3s.pc, and runs" by_pkg_config
else
    echo "  cargo-c is not installed, so it is not asked: make soak builds it"
fi

# ---- In a Debian that has nothing else -----------------------------------------------------------

put() { mkdir -p "$fresh/try" && cp "$@" "$fresh/try"; }
installs() {
    put "$release"/{libh3s0,libh3s-dev,libnginx-mod-http-h3s,python3-h3s}_*.deb tests/packages/{nginx.conf,h3s.json,session.py} tests/suites/installed.c "$wheel"
    inside apt-get -q update && install_inside /try/{libh3s0,libh3s-dev,libnginx-mod-http-h3s,python3-h3s}_"${version}_$machine".deb \
        gcc libc6-dev pkg-config curl python3-venv
}
c_program() { # c_program LIBRARY FLAG...
    # shellcheck disable=SC2016  # that shell shall expand it
    inside bash -c 'cc /try/installed.c $(pkg-config --cflags "${@:2}" h3s) "$1" $(pkg-config --libs "${@:2}" h3s | sed s/-lh3s//) \
        -o /try/program && /try/program' - "$@"
}
python_program() { inside python3 -W error /try/session.py "$version" /usr/lib/python3/dist-packages/h3s/__init__.py; }
cookie_of_python() { python_program | sed -n 's/^cookie //p'; }
# nginx takes the session that Python made, and no other.
nginx_answers() {
    inside nginx -c /try/nginx.conf || return
    local cookie with without
    cookie=$(cookie_of_python)
    with=$(inside curl -sS --unix-socket /try/socket -H "Cookie: $cookie" -o /dev/null -w '%{http_code} %header{x-user}' http://nginx/)
    without=$(inside curl -sS --unix-socket /try/socket -o /dev/null -w '%{http_code}' http://nginx/)
    inside nginx -c /try/nginx.conf -s quit
    echo "$with, $without" && [ "$with, $without" = '200 ada, 401' ]
}
manual() { inside sh -c 'zcat /usr/share/man/man3/h3s.3.gz' | grep -F '.TH H3S 3'; }
# Debian 12's Node and Go are too old, so those of this machine are used.
borrowed() { # borrowed FOLDER: as it is here, to be read
    mkdir -p "$fresh$1" && mount --bind "$1" "$fresh$1" && mount -o remount,bind,ro "$fresh$1"
}
node_program() {
    local npm cookie at=(inside env --chdir=/try/node PATH=/usr/local/bin:/usr/bin:/bin node)
    npm=$(readlink -f "$(command -v npm)") && npm=${npm%/bin/*}
    cp "$(command -v node)" "$fresh/usr/local/bin/node" && borrowed "$npm" && mkdir "$fresh/try/node" &&
        cp "$release/h3s-$version.tgz" tests/packages/session.mjs "$fresh/try/node" && cookie=$(cookie_of_python) &&
        "${at[@]}" "$npm/bin/npm-cli.js" install --offline --no-audit --no-fund "h3s-$version.tgz" &&
        "${at[@]}" session.mjs "$version" "$cookie" | grep '^cookie h3='
}
go_program() {
    local goroot cookie at
    goroot=$(go env GOROOT) && borrowed "$goroot" && mkdir "$fresh/try/go" && cp tests/packages/session.go "$fresh/try/go" &&
        python3 packaging/go_module.py example.org/libh3s/Go "$fresh/try/go-module" && cookie=$(cookie_of_python) || return
    at=(inside env --chdir=/try/go HOME=/try PATH="$goroot/bin:/usr/bin:/bin" GOPROXY=file:///try/go-module
        GOSUMDB=off GOTOOLCHAIN=local GOFLAGS=-buildvcs=false)
    "${at[@]}" go mod init app && "${at[@]}" go get "example.org/libh3s/Go@v$version" && "${at[@]}" go build -o app . &&
        "${at[@]}" ./app "$cookie" | grep '^cookie h3='
}
purged() {
    inside apt-get -q purge -y libh3s0 libh3s-dev libnginx-mod-http-h3s python3-h3s &&
        ! inside find / -xdev \( -path /try -o -path /proc -o -path /dev -o -path /var/cache/apt \) -prune -o -name '*h3s*' -print | grep . &&
        inside nginx -t -q
}
wheel_alone() {
    inside python3 -m venv /try/venv && inside /try/venv/bin/pip install --quiet --no-index "/try/$(basename "$wheel")" &&
        inside /try/venv/bin/python -W error /try/session.py "$version" /try/venv/lib/python3.11/site-packages/h3s/__init__.py
}
image_for() { # image_for NAME COMMAND...: what the last stage runs, and then the command
    local line
    mkdir -p "$fresh/packages" && cp "$release"/{libh3s0,python3-h3s}_*.deb "$fresh/packages" || return
    python3 tests/packages/dockerfiles.py "packaging/docker/$1.Dockerfile" >"$scratch/commands" || return
    while read -r line; do inside sh -ec "$line" || return; done <"$scratch/commands"
    inside ldconfig -p | grep -F libh3s.so.0 && inside "${@:2}"
}
if need_fresh_debian; then
    check "apt installs the packages in a fresh Debian, with what they need" installs
    check "a C program builds there by pkg-config, and runs" c_program -lh3s
    check "it does with the archive" c_program -l:libh3s.a --static
    check "the manual is there" manual
    check "a Python program runs there, with the extension" python_program
    check "nginx has loaded the module, and lets in who has a session of Python's" nginx_answers
    if need_node bindings/node; then
        check "Node's package is installed there by npm alone, and goes on with it" node_program
    else
        skip "Node's package in a fresh Debian" "needs nodejs and npm"
    fi
    if need_go; then
        check "a Go program builds there with go get and libh3s-dev, and goes on with it" go_program
    else
        skip "a Go program in a fresh Debian" "needs golang-go"
    fi
    check "purged, they leave nothing, and nginx starts" purged
    check "the wheel works there in a clean venv, without any of them" wheel_alone
    check "the commands of the image for Python lead there" image_for python python3 -m h3s version
    check "those of the image for C do" image_for c true
else
    skip "the packages in a fresh Debian" "needs root, and debootstrap with a Debian 12 that apt knows"
fi
finish
