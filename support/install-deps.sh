#!/bin/sh
# Installs what is missing on Debian and its kin: install-deps.sh [build] [test] [fuzz] [demo]
# [bench].
# Where nothing is missing it touches neither network nor system. It starts no services.
set -u
cd "$(dirname "$0")/.." || exit 1

build='gcc make pkg-config apache2-dev libapr1-dev libaprutil1-dev libssl-dev libjansson-dev
       libcurl4-openssl-dev libjwt-dev libpcre2-dev'
httpd='apache2-bin apache2-utils openssl curl'
tests='g++ libcmocka-dev valgrind python3 python3-pytest python3-cryptography python3-jwcrypto
       python3-hypothesis python3-h2 git subversion libapache2-mod-svn libapache2-mod-oauth2
       libapache2-mod-auth-openidc litmus cadaver rclone chromium glewlwyd mandoc procps
       libapache2-mod-security2 libapache2-mod-php php-curl'
fuzz='clang libclang-rt-dev'
bench='wrk haproxy libapache2-mod-oauth2 libapache2-mod-auth-openidc util-linux python3
       python3-cryptography python3-matplotlib'

# Programs that may come from elsewhere: program:package.
programs=
packages=
npm=
for set in "${@:-build}"; do
    case $set in
        build) packages="$packages $build" ;;
        test)  packages="$packages $httpd $tests" programs='node:nodejs npm:npm' npm=yes ;;
        fuzz)  packages="$packages $fuzz" ;;
        demo)  packages="$packages $httpd" ;;
        bench) packages="$packages $httpd $bench" ;;
        *) echo "install-deps.sh: want build, test, fuzz, demo or bench, not '$set'" >&2; exit 2 ;;
    esac
done

# A virtual package counts as there when something provides it.
present()
{
    dpkg-query -W -f '${db:Status-Status}\n' "$1" 2> /dev/null | grep -qx installed && return
    dpkg-query -W -f '${db:Status-Status} ${Provides}\n' 2> /dev/null | grep '^installed ' \
        | tr ' ,' '\n\n' | grep -qxF "$1"
}

missing()
{
    for package in $packages; do
        present "$package" || printf ' %s' "$package"
    done
    for pair in $programs; do
        command -v "${pair%:*}" > /dev/null || printf ' %s' "${pair#*:}"
    done
}

root()
{
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo > /dev/null; then
        sudo "$@"
    else
        echo "install-deps.sh: not root, and no sudo to become it: $*" >&2
        return 1
    fi
}

apt()
{
    root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=120 "$@"
}

# A package's service would take a port that the tests or the machine's owner want.
hold_services()
{
    [ -e /usr/sbin/policy-rc.d ] && return
    printf '#!/bin/sh\nexit 101\n' | root tee /usr/sbin/policy-rc.d > /dev/null
    root chmod 755 /usr/sbin/policy-rc.d
    trap 'root rm -f /usr/sbin/policy-rc.d' EXIT
    trap 'exit 1' HUP INT TERM
}

install_packages()
{
    wanted=
    apt update || echo "install-deps.sh: no new package lists, trying with the old ones" >&2
    for package in "$@"; do
        if apt-cache policy "$package" 2> /dev/null | grep -q '^  Candidate: [^(]'; then
            wanted="$wanted $package"
        else
            echo "install-deps.sh: this distribution has no $package; what needs it will say so" >&2
        fi
    done
    [ -z "$wanted" ] && return
    hold_services
    # shellcheck disable=SC2086
    apt install -y --no-install-recommends $wanted
}

if ! command -v apt-get > /dev/null; then
    echo "install-deps.sh: no apt-get here. Needed, by their Debian names: $(echo $packages)"
    for pair in $programs; do
        echo "install-deps.sh: and the program ${pair%:*}"
    done
else
    lacking=$(missing)
    if [ -n "$lacking" ]; then
        echo "install-deps.sh: installing$lacking"
        # shellcheck disable=SC2086
        install_packages $lacking || exit 1
    fi
fi

# The JavaScript clients of the interoperability tests, as their lock file names them.
interop=tests/interop
if [ -n "$npm" ] && [ -f $interop/package-lock.json ] \
    && ! cmp -s $interop/package-lock.json $interop/node_modules/.installed; then
    (cd $interop && npm ci --no-audit --no-fund && cp package-lock.json node_modules/.installed) \
        || echo "install-deps.sh: npm ci failed; the tests of JavaScript clients will say so" >&2
fi
