#!/usr/bin/env bash
# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# ansible_test.sh VENV sanity|units [ARGUMENT...]: runs that virtual environment's ansible-test on a copy of the checkout,
# in virtual environments of its own.

# shellcheck source=tests/tools/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

venv="$1" command="$2"
shift 2
# A copy for each virtual environment: two may run at the same time.
tree="$("$ROOT/tests/tools/tree.sh" copy "${venv##*/}")"

# ansible-test keeps its environments and its get-pip in the home folder: give it one of its own, and leave the user's alone.
# pip's configuration comes along: of the environment ansible-test passes on little more than HOME.
config="${XDG_CONFIG_HOME:-$HOME/.config}/pip"
export HOME="$CACHE/home/${venv##*/}"
export ANSIBLE_HOME="$HOME/.ansible"
unset ANSIBLE_COLLECTIONS_PATH PYTHONPATH
mkdir -p "$HOME/.ansible/test/cache" "$HOME/.config"
ln -sfn "$config" "$HOME/.config/pip"
library="$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"
sed -n "s/.*pip='\([0-9.]*\)'.*/\1/p" "$library/ansible_test/_internal/python_requirements.py" | while read -r version; do
    cp "$ROOT/tests/tools/get_pip.py" "$HOME/.ansible/test/cache/get_pip_${version//./_}.py"
done

python="$("$venv/bin/python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')"
export PATH="$venv/bin:$PATH"
cd "$tree/ansible_collections/spamexperts/local_cloud"
exec "$venv/bin/ansible-test" "$command" --venv --python "$python" --color no "$@"
