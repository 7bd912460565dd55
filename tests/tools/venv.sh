#!/usr/bin/env bash
# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# venv.sh [oldest]: makes .venv with the newest Python here that a supported ansible-core runs on, or the second virtual
# environment, of the oldest supported ansible-core. Does nothing when it is up to date.

# shellcheck source=tests/tools/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# Newest Python first. On the controller ansible-core 2.20 and later need 3.12, 2.19 runs on 3.11, and 2.16 on 3.10 to 3.12.
if [ "${1:-}" = oldest ]; then
    oldest="$(sed -n 's/^requires_ansible: ">=\(.*\)"$/\1/p' "$ROOT/meta/runtime.yml")"
    venv="$CACHE/venv-oldest" pythons=(3.12 3.11 3.10)
    packages=("ansible-core~=$oldest" -r requirements-test.txt)
    remedy="ansible-core $oldest needs Python 3.12, 3.11 or 3.10: install one of them, as CONTRIBUTING.md says"
else
    venv="$ROOT/.venv" pythons=(3.14 3.13 3.12 3.11)
    packages=(-r requirements-dev.txt)
    remedy="no Python 3.11 or newer found: install one (3.12 or newer gives the newest ansible-core)"
fi
name="${venv#"$ROOT/"}"
stamp="$venv/.requirements.sha256"

find_python() {
    local version candidate
    for version in "${pythons[@]}"; do
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
    rm -rf "$venv"
    quietly "creating $name with $("$1" --version)" "$1" -m venv "$venv"
}

# One list includes another, so a change of any is a change.
wanted="$(cat "$ROOT"/requirements-*.txt - <<<"${packages[*]}" | sha256sum)"
if [ -x "$venv/bin/python" ] && "$venv/bin/python" --version >/dev/null 2>&1; then
    if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then exit 0; fi
else
    if ! python="$(find_python)"; then
        if command -v apt-get >/dev/null; then need_packages python3 python3-venv; fi
        python="$(find_python)" || die "$remedy"
    fi
    make_venv "$python"
fi
cd "$ROOT"
quietly "installing ${packages[*]} into $name (under a minute)" \
    "$venv/bin/python" -m pip install --disable-pip-version-check "${packages[@]}"
printf '%s\n' "$wanted" >"$stamp"
version="$("$venv/bin/ansible" --version)"
say "ready: ${version%%$'\n'*} on $("$venv/bin/python" --version)"
