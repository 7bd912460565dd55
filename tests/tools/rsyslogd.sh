#!/usr/bin/env bash
# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Prints a folder that holds a runnable `rsyslogd` for configuration checks (`rsyslogd -N1`), for use in PATH.
# Without rsyslog on the machine its packages are unpacked under .cache: installing them would start a service here.

# shellcheck source=tests/tools/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

PACKAGES=(rsyslog libestr0 libfastjson4 liblognorm5)
BIN="$CACHE/bin"

for found in /usr/sbin/rsyslogd /sbin/rsyslogd; do
    if [ -x "$found" ]; then
        dirname "$found"
        exit 0
    fi
done
if [ ! -x "$BIN/rsyslogd" ]; then
    command -v apt-get >/dev/null || die "install rsyslog: the tests check the receiver's configuration with rsyslogd -N1"
    work="$CACHE/rsyslog"
    rm -rf "$work"
    mkdir -p "$work" "$BIN"
    cd "$work"
    if ! apt-get download -qq "${PACKAGES[@]}" >/dev/null 2>&1; then
        [ "$(id -u)" -eq 0 ] || die "apt-get download ${PACKAGES[*]} failed: as root run apt-get update, then try again"
        quietly "apt-get update" apt-get update -qq
        quietly "downloading rsyslog" apt-get download -qq "${PACKAGES[@]}"
    fi
    for deb in ./*.deb; do dpkg -x "$deb" "$work"; done
    library="$(dirname "$(find "$work" -name 'libestr.so.0' -print -quit)")"
    modules="$(dirname "$(find "$work" -name 'imudp.so' -print -quit)")"
    cat >"$BIN/rsyslogd" <<EOF
#!/bin/sh
LD_LIBRARY_PATH="$library\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH}" exec "$work/usr/sbin/rsyslogd" -M "$modules" "\$@"
EOF
    chmod +x "$BIN/rsyslogd"
    "$BIN/rsyslogd" -v >/dev/null || die "the unpacked rsyslogd does not run: install the package rsyslog"
    say "unpacked $("$BIN/rsyslogd" -v | head -n 1) under .cache"
fi
echo "$BIN"
