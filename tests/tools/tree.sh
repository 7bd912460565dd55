#!/usr/bin/env bash
# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# tree.sh link: .cache/tree, where the collection is a link to this checkout: for playbooks, pytest, mypy.
# tree.sh copy NAME: .cache/copy/NAME, a real copy: ansible-test resolves links and then refuses the path.
# Prints the tree's root, the value for ANSIBLE_COLLECTIONS_PATH.

# shellcheck source=tests/tools/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

NAME=ansible_collections/spamexperts/local_cloud

case "${1:-}" in
link)
    tree="$CACHE/tree"
    mkdir -p "$tree/${NAME%/*}"
    ln -sfn "$ROOT" "$tree/$NAME"
    ;;
copy)
    need_packages git
    tree="$CACHE/copy/$2"
    rm -rf "$tree"
    mkdir -p "$tree/$NAME"
    # What is committed and what could be; a file that is deleted but not yet committed is in git's list and not on disk.
    project_git ls-files -z --cached --others --exclude-standard | (
        cd "$ROOT"
        while IFS= read -r -d '' path; do
            if [ -e "$path" ] || [ -L "$path" ]; then printf '%s\0' "$path"; fi
        done
    ) | tar -C "$ROOT" --null -T - -cf - | tar -C "$tree/$NAME" -xf -
    # Else ansible-test would find this checkout's .git above it, in which everything under .cache is ignored.
    git init -q "$tree/$NAME"
    ;;
*) die "usage: tree.sh link|copy NAME" ;;
esac
echo "$tree"
