#!/bin/sh
# The version of the httpd that this apxs belongs to: httpd-version.sh APXS
version=$("$1" -q HTTPD_VERSION 2> /dev/null)
if [ -z "$version" ]; then
    version=$(awk '/define AP_SERVER_(MAJORVERSION|MINORVERSION|PATCHLEVEL)_NUMBER/ {
                       version = version (version ? "." : "") $3
                   }
                   END { print version }' "$("$1" -q INCLUDEDIR)/ap_release.h")
fi
printf '%s\n' "$version"
