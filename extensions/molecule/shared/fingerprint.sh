#!/bin/sh
# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Prints everything of the host's own rsyslog that the role must not touch: files with owner, mode, time and content, and
# its service, whose process must not even have been restarted.

set -eu
for path in /etc/rsyslog.conf /etc/rsyslog.d /etc/default/rsyslog /etc/logrotate.d/rsyslog; do
    # The receiver's own folder lies where stock AppArmor lets rsyslogd read; the host's rsyslog includes only *.conf beside it.
    find "$path" ! -path "/etc/rsyslog.d/spamexperts*" -type d -exec stat -c '%n %F %a %U:%G' {} + 2>/dev/null | sort
    find "$path" ! -path "/etc/rsyslog.d/spamexperts*" ! -type d -exec stat -c '%n %F %a %U:%G %s %Y' {} + 2>/dev/null | sort
    find "$path" ! -path "/etc/rsyslog.d/spamexperts*" -type f -exec sha256sum {} + 2>/dev/null | sort
done
for unit in rsyslog.service syslog.socket; do
    systemctl show "$unit" -p ActiveState -p UnitFileState -p MainPID -p FragmentPath -p DropInPaths -p ExecMainStartTimestamp
done
ls -l /etc/systemd/system/syslog.service 2>/dev/null || true
