#!/usr/bin/env bash
# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# run.sh [OPTION...]: prepares what run.py needs under .cache and runs it with the options. Debian only.
# syslog-ng and tcmalloc are unpacked and not installed: Debian's syslog-ng removes rsyslog from the machine.

# shellcheck source=tests/tools/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../tests/tools/lib.sh"

HERE="$ROOT/benchmarks/receiving"
WORK="$CACHE/receiving"
PACKAGES=(syslog-ng-core libivykis0 libnet1 libpcre3 libwrap0 libtcmalloc-minimal4)

need_packages gcc libc6-dev
mkdir -p "$WORK"
cc -O2 -Wall -Wextra -Werror -pthread "$HERE/send.c" -o "$WORK/send"
if [ ! -e "$WORK/root/complete" ]; then
    rm -rf "$WORK/root" "$WORK/packages"
    mkdir -p "$WORK/root" "$WORK/packages"
    cd "$WORK/packages"
    if ! apt-get download -qq "${PACKAGES[@]}" >/dev/null 2>&1; then
        [ "$(id -u)" -eq 0 ] || die "apt-get download ${PACKAGES[*]} failed: as root run apt-get update, then try again"
        quietly "apt-get update" apt-get update -qq
        quietly "downloading syslog-ng and tcmalloc" apt-get download -qq "${PACKAGES[@]}"
    fi
    for deb in ./*.deb; do dpkg -x "$deb" "$WORK/root"; done
    touch "$WORK/root/complete"
fi
rsyslog="$(bash "$ROOT/tests/tools/rsyslogd.sh")"
tree="$(bash "$ROOT/tests/tools/tree.sh" link)"
preload="$(find "$WORK/root" -name 'libtcmalloc_minimal.so.4' -print -quit)"
cd "$ROOT"
PATH="$rsyslog:$PATH" PYTHONPATH="$tree:$ROOT/tests:$HERE" exec "$ROOT/.venv/bin/python" "$HERE/run.py" \
    --syslog-ng "$WORK/root" --preload "$preload" --send "$WORK/send" "$@"
