#!/bin/bash
# The whole test run in a Debian 13 of its own: debian13.sh [command for the project's copy]
# The tree lies outside the project and stays for the next run: DEBIAN13_ROOT, default
# /var/tmp/mod_auth_bearer-debian13. Its packages come from the mirror that this machine's apt uses,
# or from DEBIAN13_MIRROR. Needs root, debootstrap and unshare.
set -eu
project=$(cd "$(dirname "$0")/.." && pwd)
root=${DEBIAN13_ROOT:-/var/tmp/mod_auth_bearer-debian13}
tree=$root/tree
copy=/srv/project

die()
{
    echo "debian13.sh: $*" >&2
    exit 1
}

# The first Debian archive among apt's sources that is not the one of security updates alone.
mirror()
{
    find /etc/apt -name '*.list' -o -name '*.sources' | sort | xargs cat | awk '
        $1 == "URIs:" { for (i = 2; i <= NF; i++) print $i }
        $1 == "deb" { for (i = 2; i <= NF; i++) if ($i ~ /:\//) { print $i; break } }' \
        | grep -E '/debian/?$' | head -1
}

bootstrap()
{
    local from=${DEBIAN13_MIRROR:-$(mirror)}

    [ -n "$from" ] || die "no Debian mirror among apt's sources: set DEBIAN13_MIRROR"
    command -v debootstrap > /dev/null || die "debootstrap is missing"
    rm -rf "$tree.part"
    mkdir -p "$root"
    debootstrap --variant=minbase --include=ca-certificates trixie "$tree.part" "$from" \
        || die "debootstrap failed, see $tree.part/debootstrap/debootstrap.log"
    mv "$tree.part" "$tree"
}

# The project's own files, with changes that are not committed, and without what was built.
files()
{
    if git -C "$project" rev-parse --git-dir > /dev/null 2>&1; then
        git -C "$project" ls-files -z --cached --others --exclude-standard --deduplicate
    else
        cd "$project" && find . \( -name 'build*' -o -name node_modules -o -name .git \) -prune \
            -o -type f -print0
    fi
}

copy_project()
{
    rm -rf "${tree:?}$copy"
    mkdir -p "$tree$copy"
    files | tar -C "$project" --null --files-from=- --ignore-failed-read -c \
        | tar -C "$tree$copy" --no-same-owner -x
    cp /etc/resolv.conf /etc/hosts "$tree/etc/"
    apt-config dump | grep -E '^Acquire::https?::Proxy ' > "$tree/etc/apt/apt.conf.d/90host" || :
}

[ "$(id -u)" = 0 ] || die "needs root"
[ -d "$tree" ] || bootstrap
copy_project
if command -v npm > /dev/null; then
    npm_config_registry=$(npm config get registry)
    export npm_config_registry
fi
# The tree trusts whom this machine trusts.
authorities=/etc/ssl/certs/ca-certificates.crt
if [ -r "$authorities" ]; then
    cp "$authorities" "$tree/etc/ssl/certs/host.crt"
    export npm_config_cafile=/etc/ssl/certs/host.crt
fi
command=${*:-sh support/install-deps.sh build test && make -f apxs.mk test}
# Namespaces of its own: mounts and processes are gone when it ends, however it ends.
# shellcheck disable=SC2016
exec unshare --mount --pid --fork bash -c '
    mount -t proc proc "$1/proc" && mount --rbind /dev "$1/dev" || exit 1
    exec chroot "$1" env HOME=/root LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin \
        sh -c "cd $2 && $3"' debian13 "$tree" "$copy" "$command"
