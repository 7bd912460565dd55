#!/usr/bin/env bash
# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# lnav.sh SUITE: prints a folder that holds a runnable `lnav`, that of the Debian release SUITE. It is unpacked under
# .cache with every library down to the C library, so it runs beside any other.

# shellcheck source=tests/tools/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

suite="${1:?lnav.sh SUITE}"
arguments=(--variant=extract --include=lnav "$suite")
exec 9>"$CACHE/lnav-$suite.lock"
flock 9
work="$(unpacked "lnav-$suite" "${arguments[@]}")"
if [ ! -x "$work/bin/lnav" ]; then
    rm -rf "$work"
    mkdir -p "$work/bin"
    quietly "unpacking lnav of Debian $suite" mmdebstrap "${arguments[@]}" "$work/root"
    libraries="$(dirname "$(find "$work/root" -name 'libpcre2-8.so.0' -print -quit)")"
    cat >"$work/bin/lnav" <<EOF
#!/bin/sh
exec "$(find "$work/root/" -name 'ld-linux-*.so.*' -print -quit)" \\
    --library-path "$libraries:${libraries/root\/usr/root}" \\
    "$work/root/usr/bin/lnav" "\$@"
EOF
    chmod +x "$work/bin/lnav"
    if ! "$work/bin/lnav" -V >/dev/null; then
        rm "$work/bin/lnav"
        die "the unpacked lnav of Debian $suite does not run"
    fi
    say "unpacked $("$work/bin/lnav" -V) of Debian $suite under .cache"
fi
echo "$work/bin"
