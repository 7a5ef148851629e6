#!/bin/sh
# What the build needs and this system lacks, a line each with the packages that have it.
# Usage: missing.sh COMPILER APXS
cc=$1
apxs=$2

lacks()
{
    printf '%s: Debian %s, Fedora %s\n' "$1" "$2" "$3"
}

library()   # pkg-config name, least version, Debian package, Fedora package
{
    pkg-config --exists "$1${2:+ >= $2}" || lacks "$1${2:+ >= $2}" "$3" "$4"
}

command -v "$cc" > /dev/null || lacks "the C compiler $cc" gcc gcc
if [ -z "$apxs" ]; then
    lacks "httpd >= 2.4.55 with apxs" apache2-dev httpd-devel
else
    version=$(sh "$(dirname "$0")/httpd-version.sh" "$apxs")
    printf '2.4.55\n%s\n' "$version" | sort -V -C \
        || lacks "httpd >= 2.4.55 (this is ${version:-of unknown version})" apache2-dev httpd-devel
fi
if ! command -v pkg-config > /dev/null; then
    lacks pkg-config pkg-config pkgconf-pkg-config
    exit 0
fi
library libcrypto 3.0 libssl-dev openssl-devel
library jansson 2.14 libjansson-dev jansson-devel
library libjwt "" libjwt-dev libjwt-devel
library libcurl 7.76 libcurl4-openssl-dev libcurl-devel
library libpcre2-8 "" libpcre2-dev pcre2-devel
library apr-1 "" libapr1-dev apr-devel
