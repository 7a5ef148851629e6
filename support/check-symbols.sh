#!/bin/sh
# The link check of the module: check-symbols.sh MODULE.so [HTTPD]
# A module takes symbols from the httpd that loads it, so the linker cannot be told to insist on a
# definition of each. Here every undefined symbol must be defined by a library that the module
# itself names, by httpd, or by one that httpd names; and the module must define auth_bearer_module
# alone. Where httpd is not installed, only its headers, the first is not asked.
set -u
module=$1
httpd=${2-}
export LC_ALL=C

needed()    # the paths of the libraries that a file names itself
{
    readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | while read -r name; do
        ldd "$1" | awk -v name="$name" '$1 == name { print $3 }
            name ~ /^ld-linux/ && $1 ~ name "$" { print $1 }'
    done
}

defined()
{
    for file do
        nm -D --defined-only "$file"
    done | awk '{ sub(/@.*/, "", $NF); print $NF }' | sort -u
}

exported=$(defined "$module")
if [ "$exported" != auth_bearer_module ]; then
    echo "$module: must define auth_bearer_module alone, defines:" $exported >&2
    exit 1
fi
if [ -z "$httpd" ]; then
    echo "$module: no httpd is installed here to say whether it has what the module takes from it"
    exit 0
fi
known=$(mktemp) || exit 1
trap 'rm -f "$known"' EXIT
# shellcheck disable=SC2046
defined "$httpd" $(needed "$httpd") $(needed "$module") > "$known"
lost=$(nm -D --undefined-only "$module" | awk '$1 == "U" { sub(/@.*/, "", $2); print $2 }' \
    | sort -u | comm -23 - "$known")
if [ -n "$lost" ]; then
    echo "$module: defined neither by its libraries nor by $httpd:" $lost >&2
    exit 1
fi
