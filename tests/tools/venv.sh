#!/usr/bin/env bash
# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Makes .venv with the newest Python here that a supported ansible-core runs on. Does nothing when it is up to date.

# shellcheck source=tests/tools/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

REQUIREMENTS="$ROOT/requirements-dev.txt"
STAMP="$VENV/.requirements.sha256"

# Newest first. ansible-core 2.20 and later need 3.12 on the controller, 2.19 runs on 3.11.
find_python() {
    local version candidate
    for version in 3.14 3.13 3.12 3.11; do
        for candidate in "python$version" "$HOME/.pyenv/versions/$version".*/bin/python python3; do
            # A pyenv shim exists and fails unless its version is selected, so each candidate has to say its version.
            if [[ "$("$candidate" --version 2>/dev/null || true)" == "Python $version."* ]]; then
                "$candidate" -c 'import sys; print(sys.executable)'
                return 0
            fi
        done
    done
    return 1
}

make_venv() {
    # On Debian the module venv of the system's Python is a package of its own.
    "$1" -c 'import ensurepip' 2>/dev/null || need_packages python3-venv
    rm -rf "$VENV"
    quietly "creating .venv with $("$1" --version)" "$1" -m venv "$VENV"
}

wanted="$(sha256sum <"$REQUIREMENTS")"
if [ -x "$VENV/bin/python" ] && "$VENV/bin/python" --version >/dev/null 2>&1; then
    if [ "$(cat "$STAMP" 2>/dev/null)" = "$wanted" ]; then exit 0; fi
else
    if ! python="$(find_python)"; then
        need_packages python3 python3-venv
        python="$(find_python)" || die "no Python 3.11 or newer found: install one (3.12 or newer gives the newest ansible-core)"
    fi
    make_venv "$python"
fi
quietly "installing requirements-dev.txt into .venv (under a minute)" \
    "$VENV/bin/python" -m pip install --disable-pip-version-check -r "$REQUIREMENTS"
printf '%s\n' "$wanted" >"$STAMP"
say "ready: $("$VENV/bin/ansible" --version | head -n 1) on $("$VENV/bin/python" --version)"
