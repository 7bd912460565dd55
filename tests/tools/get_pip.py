# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ansible-test's bootstrap calls as get-pip.py, without a download: Python's own pip installs the wanted one."""

import ensurepip
import os
import runpy
import sys

environment = dict(os.environ)
ensurepip.bootstrap()
# ensurepip turns pip's configuration off for the whole process, and with it this machine's way to its packages.
os.environ.clear()
os.environ.update(environment)
sys.argv = ["pip", "install"] + [word for word in sys.argv[1:] if word not in ("--no-setuptools", "--no-wheel")]
runpy.run_module("pip", run_name="__main__", alter_sys=True)
