# shellcheck shell=bash disable=SC2154,SC2016  # suite.sh sets $root; the words are apt's
# Sourced, before suite.sh, by suites that try packages in a Debian 12 which has nothing else: as
# target/debian/bookworm holds it, and over which what the suite writes lies in memory. All mounts
# are of the suite's own namespace, and end with it.
#
# Only a folder of apt's downloads and what is read alone is mounted there of this machine: not
# /dev, of which a slip of root's in there would be one out here. And they are not below $scratch,
# which suite.sh deletes with all that it sees there.
if [ -z "${H3S_OWN_MOUNTS-}" ] && unshare -m true 2>/dev/null; then
    H3S_OWN_MOUNTS=1 exec unshare -m "$0"
fi

# need_fresh_debian: in $fresh a Debian that nobody has used. `inside` runs commands in it.
need_fresh_debian() {
    [ -n "${H3S_OWN_MOUNTS-}" ] || { echo "setup: only root may lay file systems over others" >&2 && return 1; }
    setup_alone debootstrap setup_debootstrap || return
    local debian=$root/target/debian node
    fresh=$debian/fresh
    mkdir -p "$fresh" "$debian"/{over,archives/partial} && mount -t tmpfs none "$debian/over" && mkdir "$debian/over"/{upper,work} &&
        mount -t overlay overlay "$fresh" -o "lowerdir=$debian/bookworm,upperdir=$debian/over/upper,workdir=$debian/over/work" &&
        mount -t proc proc "$fresh/proc" && mount -t tmpfs none "$fresh/dev" && mkdir "$fresh/dev/shm" &&
        mount --bind "$debian/archives" "$fresh/var/cache/apt/archives" || return
    for node in null:3 zero:5 full:7 random:8 urandom:9; do
        mknod -m 666 "$fresh/dev/${node%:*}" c 1 "${node#*:}" || return
    done
    ln -s /proc/self/fd "$fresh/dev/fd"
    cp /etc/resolv.conf "$fresh/etc/resolv.conf"
    # With updates, where this machine has them. Rust is among these.
    setup_sources 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' | grep ' bookworm' >"$fresh/etc/apt/sources.list"
    # How apt gets out of here, if not directly.
    apt-config dump | grep -E '^Acquire::https?::' >"$fresh/etc/apt/apt.conf.d/out" || true
    # No service is started by the mere installation of its package.
    printf '#!/bin/sh\nexit 101\n' >"$fresh/usr/sbin/policy-rc.d" && chmod +x "$fresh/usr/sbin/policy-rc.d"
}

# setup_sources FORMAT FILTER...: where this machine's apt has Debian from.
setup_sources() { apt-get indextargets --format "$1" 'Created-By: Packages' 'Origin: Debian' "${@:2}" | sort -u; }

setup_debootstrap() {
    local made=$root/target/debian/bookworm log=$root/target/setup/debootstrap.log mirror
    [ -e "$made.made" ] && return
    need_debian debootstrap debootstrap &&
        need_debian /usr/share/keyrings/debian-archive-keyring.gpg debian-archive-keyring || return
    # From where this machine's apt has its own.
    mirror=$(setup_sources '$(REPO_URI)' 'Codename: bookworm' | head -n 1)
    [ -n "$mirror" ] || setup_update
    mirror=$(setup_sources '$(REPO_URI)' 'Codename: bookworm' | head -n 1)
    if [ -n "${H3S_NO_INSTALL:-}" ] || [ -z "$mirror" ]; then
        echo "setup: there is no target/debian/bookworm; with apt's sources of Debian 12, debootstrap makes it" >&2
        return 1
    fi
    setup_say "making a Debian 12 in target/debian by debootstrap" "packages are tried in it"
    mkdir -p "$root/target/debian"
    # Emptied of what an interrupted one has left; its mounts were of another namespace.
    rm -rf --one-file-system "$made" && timeout --kill-after=10 900 debootstrap --variant=minbase bookworm "$made" "$mirror" >"$log" 2>&1 &&
        touch "$made.made" && return
    tail -n 5 "$log" >&2
    echo "setup: debootstrap could not make a Debian 12" >&2
    return 1
}

# inside COMMAND...: in the fresh Debian, as root. Each command ends in bounded time.
inside() {
    timeout --kill-after=10 1200 chroot "$fresh" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
        HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@" </dev/null
}
install_inside() { inside apt-get -q install -y --no-install-recommends "$@"; }
