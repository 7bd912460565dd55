#!/usr/bin/env bash
# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Sourced by the other scripts: where things are and what they are called, progress lines, and Debian packages.

set -euo pipefail

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)"
CACHE="$ROOT/.cache"
# Names of containers and networks begin with it, so that two checkouts on one machine have different ones. The same is in
# tests/e2e/containers.py and extensions/molecule/inventory/hosts.yml.
# shellcheck disable=SC2034  # used by the scripts that source this one
PREFIX="spamexperts-$(printf %s "$ROOT" | sha256sum | cut -c 1-8)"
export CONTAINERS_CONF="$ROOT/tests/tools/containers.conf"
mkdir -p "$CACHE"

# Progress goes to stderr, so that a script's stdout can be used by its caller.
say() { printf '[%4ds] %s\n' "$SECONDS" "$*" >&2; }

die() {
    printf 'ERROR: %s\n' "$*" >&2
    exit 1
}

# quietly LABEL COMMAND...: runs it with a sign of life every ten seconds; its output is shown only when it fails.
quietly() {
    local label="$1" log pid waited=0
    shift
    log="$(mktemp "$CACHE/log.XXXXXX")"
    say "$label ..."
    "$@" >"$log" 2>&1 </dev/null &
    pid=$!
    while kill -0 "$pid" 2>/dev/null; do
        sleep 1
        waited=$((waited + 1))
        if ((waited % 10 == 0)); then say "$label ... still running"; fi
    done
    if ! wait "$pid"; then
        tail -n 40 "$log" >&2
        die "$label failed; the whole output is in $log"
    fi
    rm -f "$log"
    say "$label: done"
}

# apt_get ARGUMENT...: one at a time on this machine, whichever checkout asks; apt itself gives up when its lists are locked.
apt_get() {
    flock --close /run/lock/spamexperts-tests-apt env DEBIAN_FRONTEND=noninteractive \
        apt-get -qq -o DPkg::Lock::Timeout=600 "$@"
}

apt_install() {
    quietly "apt-get update" apt_get update
    quietly "installing Debian packages: $*" apt_get install -y --no-install-recommends "$@"
}

# machine_lock NAME: waits for its turn among all checkouts; until the shell ends.
machine_lock() {
    exec 8>"/run/lock/spamexperts-test-$1.lock"
    flock 8
}

# suite_packages ARGUMENT...: prints a digest of the versions that mmdebstrap installs now with these arguments, or nothing
# where it cannot reach the archive. It asks once a day.
suite_packages() {
    local list
    list="$CACHE/packages-$(printf '%s ' "$@" | sha256sum | cut -c 1-16)"
    if [ -z "$(find "$list" -mtime -1 2>/dev/null)" ]; then
        say "looking for newer packages: $* ..."
        if mmdebstrap --simulate --verbose "$@" /dev/null >"$list.log" 2>&1 </dev/null; then
            sed -n 's/^Inst \([^ ]*\) (\([^ ]*\) .*/\1 \2/p' "$list.log" | sort >"$list"
        else
            say "cannot tell whether there are newer packages, so what is there is kept; see $list.log"
            return 0
        fi
    fi
    sha256sum <"$list" | cut -c 1-16
}

# need_packages PACKAGE...: installs what is missing when root on a Debian machine, else says what is missing.
need_packages() {
    local package missing=()
    for package in "$@"; do
        if [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" != installed ]; then
            missing+=("$package")
        fi
    done
    if [ "${#missing[@]}" -eq 0 ]; then return 0; fi
    command -v apt-get >/dev/null || die "this machine is not Debian: install these yourself: ${missing[*]}"
    [ "$(id -u)" -eq 0 ] || die "missing packages; as root run: apt-get install ${missing[*]}"
    apt_install "${missing[@]}"
}

# unpacked NAME ARGUMENT...: prints the folder for what mmdebstrap unpacks with these arguments: another one when there are
# newer packages, because somebody may be running what is in the old one. Without the archive it is the newest there is.
unpacked() {
    local name="$1" packages
    shift
    need_packages mmdebstrap
    packages="$(suite_packages "$@")"
    if [ -z "$packages" ]; then
        packages="$(cd "$CACHE" && find . -maxdepth 1 -name "$name.*" -type d -printf '%T@ %f\n' | sort -n | sed -n '$s/.*[.]//p')"
    fi
    echo "$CACHE/$name.${packages:-unknown}"
}

# git refuses a checkout that belongs to another user, which is what root in CI has.
project_git() { git -c safe.directory="$ROOT" -C "$ROOT" "$@"; }
