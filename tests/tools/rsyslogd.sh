#!/usr/bin/env bash
# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# rsyslogd.sh [SUITE]: prints a folder that holds a runnable `rsyslogd`, for use in PATH.
# Without a suite it is the machine's, or that of its own package sources. With one, such as trixie, it is that Debian
# release's: rsyslog with every library down to the C library, so it runs beside any other. Both are unpacked
# under .cache: installing them would start a service here.

# shellcheck source=tests/tools/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

PACKAGES=(rsyslog libestr0 libfastjson4 liblognorm5)
BIN="$CACHE/bin"

of_release() {
    local suite="$1" arguments work libraries
    # libfaketime: some tests run rsyslogd on a clock of their own.
    arguments=(--variant=extract "--include=rsyslog,libfaketime" "$suite")
    exec 9>"$CACHE/rsyslog-$suite.lock"
    flock 9
    work="$(unpacked "rsyslog-$suite" "${arguments[@]}")"
    if [ ! -x "$work/bin/rsyslogd" ]; then
        rm -rf "$work"
        mkdir -p "$work/bin"
        quietly "unpacking rsyslog of Debian $suite" mmdebstrap "${arguments[@]}" "$work/root"
        libraries="$(dirname "$(find "$work/root" -name libestr.so.0 -print -quit)")"
        cat >"$work/bin/rsyslogd" <<EOF
#!/bin/sh
# With FAKETIME_TIMESTAMP_FILE set, libfaketime stands between it and the clock.
exec "$(find "$work/root/" -name 'ld-linux-*.so.*' -print -quit)" \\
    --library-path "$libraries:${libraries/root\/usr/root}" \\
    \${FAKETIME_TIMESTAMP_FILE:+--preload "$(find "$work/root" -name libfaketimeMT.so.1 -print -quit)"} \\
    "$work/root/usr/sbin/rsyslogd" -M "$libraries/rsyslog" "\$@"
EOF
        chmod +x "$work/bin/rsyslogd"
        "$work/bin/rsyslogd" -v >/dev/null || die "the unpacked rsyslogd of Debian $suite does not run"
        say "unpacked $("$work/bin/rsyslogd" -v | head -n 1) of Debian $suite under .cache"
    fi
    echo "$work/bin"
}

of_machine() {
    local found work="$CACHE/rsyslog" library modules
    for found in /usr/sbin/rsyslogd /sbin/rsyslogd; do
        if [ -x "$found" ]; then
            dirname "$found"
            return
        fi
    done
    if [ ! -x "$BIN/rsyslogd" ]; then
        command -v apt-get >/dev/null || die "install rsyslog: the tests check the receiver's configuration with rsyslogd -N1"
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
}

if [ "$#" -eq 0 ]; then of_machine; else of_release "$1"; fi
