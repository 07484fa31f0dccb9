# shellcheck shell=bash
# Sourced by whatever needs tools that a fresh machine may lack. Each need_* is quick when all is
# there and may be called again, also by several at once. What it can install, it installs, and says
# before what and why; otherwise it says what to install and returns 1.
#
#     . tests/setup.sh
#     need_debian cc gcc libc6-dev
#
# H3S_NO_INSTALL=1: say what is missing, and install nothing.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# Cargo's output has to be where the tests look for it, whatever the environment says.
export CARGO_TARGET_DIR=$root/target

# need_debian COMMAND_OR_FILE PACKAGE...: the packages, unless the command (or, with a slash in it,
# the file) is there.
need_debian() {
    local wanted=$1 package
    shift
    setup_has "$wanted" && return
    if setup_may_install; then
        for package in "$@"; do
            setup_say "installing the package $package" "$(setup_why "$package")"
        done
        setup_install "$@"
        setup_has "$wanted" && return
    fi
    echo "setup: $wanted is missing; with Debian: apt-get install $*" >&2
    return 1
}

# need_rust [COMPONENT...]: cargo, as new as Cargo.toml says, and components such as clippy. Where
# rustup is not, they are Debian's: of Debian 12 the packages rustc-web and cargo-web, which are
# newer than its rustc and cargo.
# shellcheck disable=SC2120  # here none are named, in suites they are
need_rust() {
    local wanted found component package
    wanted=$(sed -n 's/^rust-version *= *"\(.*\)"/\1/p' "$root/Cargo.toml")
    setup_has cargo || PATH=$PATH:$HOME/.cargo/bin
    found=$(setup_rust_version)
    if ! setup_at_least "$wanted" "${found:-0}" && [ -x "$HOME/.cargo/bin/cargo" ]; then
        PATH=$HOME/.cargo/bin:$PATH # rustup's, behind an older one of the system
        found=$(setup_rust_version)
    fi
    if ! setup_at_least "$wanted" "${found:-0}" && ! setup_has rustup && setup_may_install; then
        package=$(setup_rust_package "$wanted")
        if [ -n "$package" ]; then
            for component in rustc cargo; do
                setup_say "installing the package ${package/rustc/$component}" \
                    "libh3s is built by Rust $wanted or later, and here is ${found:-none}"
            done
            setup_install "$package" "${package/rustc/cargo}"
            # Without it, cargo can fetch nothing.
            need_debian /etc/ssl/certs/ca-certificates.crt ca-certificates
            found=$(setup_rust_version)
        fi
    fi
    if [ -z "$found" ]; then
        echo "setup: Rust $wanted or later is missing; with Debian 12:" \
            "apt-get install rustc-web cargo-web; elsewhere install it with rustup" >&2
        return 1
    fi
    if ! setup_at_least "$wanted" "$found"; then
        if setup_has rustup; then
            echo "setup: Rust $found is older than $wanted; run: rustup update" >&2
        else
            echo "setup: Rust $found is older than $wanted; with Debian 12:" \
                "apt-get install rustc-web cargo-web; elsewhere install it with rustup" >&2
        fi
        return 1
    fi
    for component in "$@"; do
        setup_component "$component" && continue
        if setup_has rustup; then
            if [ -z "${H3S_NO_INSTALL:-}" ]; then
                setup_say "adding the Rust component $component" "it checks the Rust code"
                rustup component add "$component" >/dev/null 2>&1 || true
                setup_component "$component" && continue
            fi
            echo "setup: $component is missing; run: rustup component add $component" >&2
            return 1
        fi
        need_debian "cargo-${component/rustfmt/fmt}" "$(setup_component_package "$component")" || return
    done
}

# need_rust_asan: Rust's AddressSanitizer. rustup's toolchains have it, Debian's packages have not.
need_rust_asan() {
    need_rust || return
    compgen -G "$(rustc --print target-libdir)/librustc*_rt.asan.a" >/dev/null && return
    echo "setup: this Rust has no AddressSanitizer, as Debian's has none; install it with rustup" >&2
    return 1
}

# need_cargo_tool NAME VERSION: the command NAME, of just that version: one that is there, else one
# built into target/tools, which is then the first in PATH. To build takes minutes.
need_cargo_tool() { setup_alone "tool-$1" setup_cargo_tool "$@"; }
setup_cargo_tool() {
    local name=$1 version=$2 tools=$root/target/tools log=$root/target/setup/$1.log
    need_rust || return
    [[ :$PATH: == *:$tools/bin:* ]] || PATH=$tools/bin:$PATH
    setup_is_version "$name" "$version" && return
    if [ -n "${H3S_NO_INSTALL:-}" ]; then
        echo "setup: $name $version is missing; run: cargo install --locked $name@$version" >&2
        return 1
    fi
    setup_say "building $name $version into target/tools" "a suite runs it, and Debian has none"
    mkdir -p "$root/target/setup"
    # Elsewhere than the library is built: its flags are not ours, and what is left of the build is
    # of no use. And without what takes the compiler long and saves the tool milliseconds.
    CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_OPT_LEVEL=0 cargo install --quiet --locked \
        --root "$tools" --target-dir "$root/target/setup/$name" "$name@$version" </dev/null >"$log" 2>&1
    rm -rf "${root:?}/target/setup/$name"
    hash -r
    setup_is_version "$name" "$version" && return
    tail -n 5 "$log" >&2
    echo "setup: $name $version could not be built; run: cargo install --locked $name@$version" >&2
    return 1
}

# need_for_demo: all that `make demo` takes. It does not stop at the first that is missing, so that
# one run names everything.
need_for_demo() {
    local missing=0
    need_rust || missing=1
    need_debian ld binutils || missing=1
    need_debian cc gcc libc6-dev || missing=1
    need_debian pkg-config pkg-config || missing=1
    need_debian /usr/include/microhttpd.h libmicrohttpd-dev || missing=1
    need_debian curl curl || missing=1
    return "$missing"
}

# need_venv: target/venv/bin/python with the packages of tests/requirements.txt.
need_venv() { need_pinned_venv venv tests/requirements.txt "the tests in Python import it"; }

# need_packagers: target/packagers/bin with what packaging/requirements.txt says.
need_packagers() { need_pinned_venv packagers packaging/requirements.txt "it makes Python's packages"; }

# need_site: target/site-venv/bin/python with the packages of tests/requirements-site.txt.
need_site() { need_pinned_venv site-venv tests/requirements-site.txt "it makes a web site of the pages"; }

# need_pinned_venv NAME FILE WHY: target/NAME with the packages that the file pins; made anew when
# that changes.
need_pinned_venv() { setup_alone "$1" setup_pinned_venv "$@"; }
setup_pinned_venv() {
    local venv=$root/target/$1 pinned=$root/$2 log=$root/target/setup/$1.log
    # The copy is put there last, so an interrupted installation does not count.
    cmp -s "$pinned" "$venv/requirements.txt" && "$venv/bin/python" -c '' 2>/dev/null && return
    need_debian python3 python3 || return
    python3 -c 'import ensurepip, venv' 2>/dev/null ||
        need_debian /usr/share/doc/python3-venv/copyright python3-venv || return
    if [ -n "${H3S_NO_INSTALL:-}" ]; then
        echo "setup: the packages of $2 are missing" >&2
        return 1
    fi
    setup_say "installing $2 into target/$1" "$3"
    mkdir -p "$root/target/setup"
    if ! { python3 -m venv --clear "$venv" && timeout 300 "$venv/bin/python" -m pip install --quiet --no-input \
        --disable-pip-version-check -r "$pinned"; } </dev/null >"$log" 2>&1; then
        tail -n 5 "$log" >&2
        echo "setup: the packages of $2 could not be installed" >&2
        return 1
    fi
    cp "$pinned" "$venv/requirements.txt"
}

# need_python_headers PYTHON: what extensions for it are compiled with.
need_python_headers() {
    local folder
    folder=$("$1" -c 'import sysconfig; print(sysconfig.get_path("include"))') || return
    need_debian "$folder/Python.h" python3-dev
}

# setup_python VERSION: the name of a Python of this version, if one is there that can make a venv.
setup_python() {
    local python
    for python in "python$1" "$HOME"/.pyenv/versions/"$1".*/bin/python; do
        "$python" -c 'import ensurepip, venv' 2>/dev/null && echo "$python" && return
    done
    return 1
}

# need_django PYTHON VERSION: target/django-VERSION with this Python and what
# tests/requirements-django-VERSION.txt says; made anew when that changes.
need_django() { setup_alone "django-$2" setup_django "$@"; }
setup_django() {
    local venv=$root/target/django-$2 pinned=$root/tests/requirements-django-$2.txt
    cmp -s "$pinned" "$venv/requirements.txt" && return
    [ -z "${H3S_NO_INSTALL:-}" ] || return
    setup_say "installing $(basename "$pinned") into target/django-$2" "Django $2 needs a Python of its own"
    # Not --clear, which would empty what a symlink leads to.
    rm -rf "$venv" && "$1" -m venv "$venv" &&
        timeout 300 "$venv/bin/python" -m pip install --quiet --no-input --disable-pip-version-check \
            -r "$pinned" </dev/null && cp "$pinned" "$venv/requirements.txt"
}

# need_node FOLDER: Node 20 or later, and in the folder the packages of its package-lock.json;
# installed anew when that changes.
need_node() { setup_alone "node-${1//\//-}" setup_node "$@"; }
setup_node() {
    local folder=$root/$1 log=$root/target/setup/npm.log
    need_debian node nodejs && need_debian npm npm || return
    if ! node -e 'process.exit(parseInt(process.versions.node, 10) < 20 ? 1 : 0)'; then
        echo "setup: Node $(node --version) is older than 20" >&2
        return 1
    fi
    # The copy is put there last, so an interrupted installation does not count.
    cmp -s "$folder/package-lock.json" "$folder/node_modules/.installed" && return
    if [ -n "${H3S_NO_INSTALL:-}" ]; then
        echo "setup: the packages of $1 are missing; run: npm ci" >&2
        return 1
    fi
    setup_say "installing the packages of $1 into $1/node_modules" "the real h3, and what else shares sessions, is there"
    mkdir -p "$root/target/setup"
    if ! (cd "$folder" && npm ci --no-audit --no-fund) </dev/null >"$log" 2>&1; then
        tail -n 5 "$log" >&2
        echo "setup: the packages of $1 could not be installed" >&2
        return 1
    fi
    cp "$folder/package-lock.json" "$folder/node_modules/.installed"
}

# need_go [FOLDER]: Go, as new as the folder's go.mod says, and the modules of its go.sum. The
# folder is bindings/go if none is named.
need_go() {
    local folder=${1:-bindings/go} wanted found log=$root/target/setup/go.log
    wanted=$(sed -n 's/^go //p' "$root/$folder/go.mod")
    setup_has go || PATH=$PATH:/usr/local/go/bin
    need_debian go golang-go || return
    found=$(GOTOOLCHAIN=local go env GOVERSION)
    found=${found#go}
    if ! setup_at_least "$wanted" "$found"; then
        echo "setup: Go $found is older than $wanted; install a newer one" >&2
        return 1
    fi
    (cd "$root/$folder" && GOPROXY=off go mod download) >/dev/null 2>&1 && return
    if [ -n "${H3S_NO_INSTALL:-}" ]; then
        echo "setup: the modules of $folder are missing; run: go mod download" >&2
        return 1
    fi
    setup_say "fetching the modules of $folder" "its tests import them"
    mkdir -p "$root/target/setup"
    if ! (cd "$root/$folder" && go mod download) </dev/null >"$log" 2>&1; then
        tail -n 5 "$log" >&2
        echo "setup: the modules of $folder could not be fetched" >&2
        return 1
    fi
}

# need_nginx_source: target/nginx-source, that of the nginx which Debian has.
need_nginx_source() { setup_alone nginx-source setup_nginx_source "$@"; }
setup_nginx_source() {
    local target=$root/target/nginx-source apt=$root/target/setup/source log=$root/target/setup/source.log options file
    [ -e "$target/configure" ] && return
    if [ -z "${H3S_NO_INSTALL:-}" ] && setup_has apt-get; then
        setup_say "fetching the source of nginx into target/nginx-source" "the module is built into it"
        # In lists of its own: the system's need not name sources, and stay as they are.
        rm -rf "$apt" && mkdir -p "$apt/parts" "$apt/lists/partial"
        for file in /etc/apt/sources.list /etc/apt/sources.list.d/*; do
            [ ! -f "$file" ] || sed -E 's/^(Types:.*|)\bdeb\b/\1deb-src/' "$file" >"$apt/parts/$(basename "$file")"
        done
        options=(-q -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$apt/parts" -o Dir::State::lists="$apt/lists")
        (
            apt-get "${options[@]}" update
            cd "$apt" && apt-get "${options[@]}" source --tar-only nginx
            mkdir -p unpacked && tar -xf nginx_*.orig.tar.* -C unpacked && mv unpacked/nginx-* "$target"
        ) </dev/null >"$log" 2>&1
        [ -e "$target/configure" ] && return
        tail -n 5 "$log" >&2
    fi
    echo "setup: the source of nginx is missing; with Debian: apt-get source nginx, into target/nginx-source" >&2
    return 1
}

# ---- What the above stands on --------------------------------------------------------------------

# setup_alone NAME COMMAND...: while nobody else does what has this name. It is what the others then
# find done. Unlocked by hand, since what the command leaves running has the file open as well.
setup_alone() {
    local lock status
    mkdir -p "$root/target/setup"
    exec {lock}>"$root/target/setup/$1.lock"
    flock -w 1800 "$lock" || echo "setup: somebody else has had $1 for half an hour" >&2
    "${@:2}"
    status=$?
    flock -u "$lock"
    exec {lock}>&-
    return "$status"
}

# setup_say WHAT WHY: before anything is installed.
setup_say() { echo "setup: $1: $2 (H3S_NO_INSTALL=1 forbids it)"; }

# setup_why PACKAGE: what it is for here.
setup_why() {
    case $1 in
        gcc | libc6-dev) echo "it compiles the programs in C" ;;
        g++) echo "it compiles the programs in C++" ;;
        binutils) echo "its linker makes libh3s.a" ;;
        clang) echo "the header and the archive are tried with a second compiler" ;;
        cmake) echo "a program finds the installed library by it" ;;
        pkg-config) echo "it tells compilers where the library is" ;;
        ca-certificates) echo "cargo fetches the crates by https" ;;
        curl) echo "it visits the servers" ;;
        libmicrohttpd-dev) echo "the web servers in examples are made with it" ;;
        libcmocka-dev) echo "the tests of the C ABI are written with it" ;;
        libjansson-dev) echo "the tests of the C ABI read JSON with it" ;;
        libssl-dev) echo "the benchmarks are compared with its ciphers, and nginx needs its headers" ;;
        abigail-tools) echo "it compares the ABI with the last release's" ;;
        valgrind) echo "it finds leaks, and counts instructions" ;;
        nginx | nginx-dev) echo "the nginx module is built for it and tested in it" ;;
        wrk) echo "it puts servers under load" ;;
        chromium) echo "the demos are visited with a browser, too" ;;
        python3 | python3-venv) echo "tests are written in it" ;;
        python3-dev) echo "the extension of the Python package is compiled with its headers" ;;
        nodejs | npm) echo "the real h3 runs in it" ;;
        golang-go) echo "the Go binding is tested with it" ;;
        ruby | shellcheck) echo "it checks scripts" ;;
        rustfmt* | rust-*) echo "it checks the Rust code" ;;
        debhelper | dpkg-dev | dh-python | make | pybuild-plugin-pyproject | python3-hatchling)
            echo "it makes the packages of Debian" ;;
        lintian) echo "it checks the packages of Debian" ;;
        debootstrap | debian-archive-keyring) echo "packages are tried in a fresh Debian" ;;
        git) echo "it tells which files are part of the repository" ;;
        redis-server) echo "what is revoked goes through it" ;;
        openssl) echo "a README makes passwords with it" ;;
        *) echo "a test runs it" ;;
    esac
}

setup_has() {
    case $1 in
        */*) [ -e "$1" ] ;;
        *) command -v "$1" >/dev/null ;;
    esac
}

# setup_at_least WANTED FOUND: of two versions.
setup_at_least() { [ "$(printf '%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

# setup_is_version COMMAND VERSION: what it prints of itself is `COMMAND VERSION`. Some of cargo's
# commands say so only when called as cargo does: with their name as the first argument.
setup_is_version() {
    setup_has "$1" && [[ "$1 $2" == "$("$1" --version 2>/dev/null)" ||
        "$1 $2" == "$("$1" "${1#cargo-}" --version 2>/dev/null)" ]]
}

# rustup leaves a `cargo-clippy` in place that only says that clippy is not installed, so the
# command has to be tried.
setup_component() {
    case $1 in
        rustfmt) cargo fmt --version >/dev/null 2>&1 ;;
        *) cargo "$1" --version >/dev/null 2>&1 ;;
    esac
}

# The version of rustc, where cargo is there as well.
setup_rust_version() {
    local version
    setup_has cargo && version=$(cd "$root" && rustc --version 2>/dev/null) || return 0
    version=${version#rustc }
    echo "${version%% *}"
}

# setup_rust_package VERSION: the package of Debian that has a rustc as new as that.
setup_rust_package() {
    local package version
    mkdir -p "$root/target/setup"
    for package in rustc rustc-web; do
        # The lists may be missing, or older than what they name.
        [ -n "$(setup_candidate "$package")" ] || setup_update >&2
        version=$(setup_candidate "$package")
        if [ -n "$version" ] && setup_at_least "$1" "${version%%[+~-]*}"; then
            echo "$package"
            return
        fi
    done
}
setup_candidate() { apt-cache policy "$1" 2>/dev/null | sed -n '/(none)/d; s/^ *Candidate: //p'; }

# setup_component_package COMPONENT: of Debian, in the flavour of its rustc that is installed.
setup_component_package() {
    if dpkg -s rustc-web >/dev/null 2>&1; then
        case $1 in rustfmt) echo rustfmt-web ;; *) echo "rust-web-$1" ;; esac
    else
        case $1 in rustfmt) echo rustfmt ;; *) echo "rust-$1" ;; esac
    fi
}

# setup_install PACKAGE...
setup_install() { setup_alone apt setup_install_alone "$@"; }
setup_install_alone() {
    mkdir -p "$root/target/setup"
    : >"$root/target/setup/apt.log"
    # Without package lists, or with old ones, the first try fails.
    setup_apt install -y --no-install-recommends "$@" ||
        { setup_update && setup_apt install -y --no-install-recommends "$@"; } ||
        tail -n 5 "$root/target/setup/apt.log" >&2
    hash -r
}

setup_may_install() {
    [ -z "${H3S_NO_INSTALL:-}" ] && setup_has apt-get && { [ "$(id -u)" -eq 0 ] || sudo -n true 2>/dev/null; }
}

setup_apt() {
    local as_root=()
    [ "$(id -u)" -eq 0 ] || as_root=(sudo -n)
    # Another process may be installing as well: wait for it.
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 "$@" \
        </dev/null >>"$root/target/setup/apt.log" 2>&1
}

# Once a run is enough: tests/run removes the mark at its start.
setup_update() { setup_alone apt-lists setup_update_alone; }
setup_update_alone() {
    local mark=$root/target/setup/apt-updated
    [ -z "$(find "$mark" -mmin -60 2>/dev/null)" ] || return
    echo "setup: fetching the package lists of apt"
    setup_apt update && touch "$mark"
}
