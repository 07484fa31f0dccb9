# shellcheck shell=bash
# Sourced, before suite.sh, by suites that try packages in a Debian 12 which has nothing else: as
# target/debian/bookworm holds it, and over which the suite's own files lie in memory. All mounts
# are of the suite's own namespace, and end with it.
if [ -z "${H3S_OWN_MOUNTS-}" ] && unshare -m true 2>/dev/null; then
    H3S_OWN_MOUNTS=1 exec unshare -m "$0"
fi

# need_fresh_debian: in $fresh a Debian that nobody has used. `inside` runs commands in it.
need_fresh_debian() {
    [ -n "${H3S_OWN_MOUNTS-}" ] || { echo "setup: only root may lay file systems over others" >&2 && return 1; }
    setup_alone debootstrap setup_debootstrap || return
    over=$scratch/over fresh=$scratch/fresh
    mkdir -p "$over" "$fresh" target/debian/archives/partial && mount -t tmpfs none "$over" && mkdir "$over"/{upper,work} &&
        mount -t overlay overlay "$fresh" -o "lowerdir=$root/target/debian/bookworm,upperdir=$over/upper,workdir=$over/work" &&
        mount -t proc proc "$fresh/proc" && mount --rbind /dev "$fresh/dev" &&
        mount --bind "$root/target/debian/archives" "$fresh/var/cache/apt/archives" || return
    cp /etc/resolv.conf "$fresh/etc/resolv.conf"
    # How apt gets out of here, if not directly.
    apt-config dump | grep -E '^Acquire::https?::' >"$fresh/etc/apt/apt.conf.d/out" || true
    # No service is started by the mere installation of its package.
    printf '#!/bin/sh\nexit 101\n' >"$fresh/usr/sbin/policy-rc.d" && chmod +x "$fresh/usr/sbin/policy-rc.d"
}

setup_debootstrap() {
    local made=$root/target/debian/bookworm log=$root/target/setup/debootstrap.log mirror
    [ -e "$made.made" ] && return
    need_debian debootstrap debootstrap &&
        need_debian /usr/share/keyrings/debian-archive-keyring.gpg debian-archive-keyring || return
    # From where this machine's apt has its own.
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Codename: bookworm' | head -n 1)
    [ -n "$mirror" ] || setup_update
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Codename: bookworm' | head -n 1)
    if [ -n "${H3S_NO_INSTALL:-}" ] || [ -z "$mirror" ]; then
        echo "setup: there is no target/debian/bookworm; with apt's sources of Debian 12, debootstrap makes it" >&2
        return 1
    fi
    setup_say "making a Debian 12 in target/debian by debootstrap" "packages are tried in it"
    mkdir -p "$root/target/debian"
    # Emptied of what an interrupted one has left; its mounts were of another namespace.
    rm -rf "$made" && timeout --kill-after=10 900 debootstrap --variant=minbase bookworm "$made" "$mirror" >"$log" 2>&1 &&
        touch "$made.made" && return
    tail -n 5 "$log" >&2
    echo "setup: debootstrap could not make a Debian 12" >&2
    return 1
}

# inside COMMAND...: in the fresh Debian, as root. Each command ends in bounded time.
inside() {
    timeout --kill-after=10 600 chroot "$fresh" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
        HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@" </dev/null
}
install_inside() { inside apt-get -q install -y --no-install-recommends "$@"; }
