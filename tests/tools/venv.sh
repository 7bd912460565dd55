#!/usr/bin/env bash
# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# venv.sh: makes .venv with the newest Python here that a supported ansible-core runs on.
# venv.sh oldest|X.Y: makes .cache/venv-oldest, of the oldest supported ansible-core, or .cache/venv-X.Y.
# Each does nothing when it is up to date.

# shellcheck source=tests/tools/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# Newest Python first. On the controller ansible-core 2.16 runs on Python 3.10 to 3.12, 2.18 and 2.19 on 3.11 to 3.13, and
# 2.20 on 3.12 to 3.14.
core="${1:-}"
venv="$CACHE/venv-$core"
case "$core" in
'')
    venv="$ROOT/.venv" pythons=(3.14 3.13 3.12 3.11)
    ;;
oldest)
    core="$(sed -n 's/^requires_ansible: ">=\(.*\)"$/\1/p' "$ROOT/meta/runtime.yml")"
    pythons=(3.12 3.11 3.10)
    ;;
2.18 | 2.19) pythons=(3.13 3.12 3.11) ;;
2.20) pythons=(3.14 3.13 3.12) ;;
*) die "unknown ansible-core: $core" ;;
esac
if [ -n "$core" ]; then
    # 2.18 is any 2.18.x, and so is 2.18.0.
    case "$core" in *.*.*) release="$core" ;; *) release="$core.0" ;; esac
    packages=("ansible-core~=$release" -r requirements-test.txt)
    remedy="ansible-core $core needs one of Python ${pythons[*]}: install it, as CONTRIBUTING.md says"
else
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
