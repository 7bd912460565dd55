# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Thin: what a target does is in tests/tools/. `make help` lists the targets.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help demo demo-clean test test-failed test-matrix test-unit lint docs sanity receiver fault fault-table soak functional bench-api bench-receiving oldest molecule e2e images venv venv-oldest clean

TOOLS := tests/tools
RUN := .venv/bin/python $(TOOLS)/run_tests.py

help: ## seconds: list the targets, how long each takes on two cores, and which need root
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

demo: ## 4 minutes, root: an emulated cluster and an empty host in containers, from settings to JSON records
	@bash $(TOOLS)/demo.sh

demo-clean: ## seconds, root: remove everything the demo made
	@bash $(TOOLS)/demo.sh clean

test: venv ## about an hour, root: the whole check, in lanes: lint, sanity, units, playbooks, receiver, faults, molecule, end to end
	@$(RUN) gate

test-failed: venv ## only what failed in the last run (root where that needs it)
	@$(RUN) failed

test-matrix: venv ## hours, root: as test, and what left it: all of the oldest ansible-core, 2.18, 2.19, 2.20, tests marked "matrix"
	@$(RUN) matrix

test-unit: venv ## 2 minutes: unit and property tests with pytest
	@$(RUN) unit

lint: venv ## a minute: ruff, rumdl, prose, yamllint, shellcheck, mypy, REUSE, ansible-lint
	@$(RUN) lint

docs: venv ## seconds: bring what documents, lnav formats and surveys take from the code up to date
	@.venv/bin/python $(TOOLS)/gen_docs.py
	@.venv/bin/python $(TOOLS)/gen_lnav.py
	@.venv/bin/python $(TOOLS)/gen_awx.py

sanity: venv ## 6 minutes in the gate: ansible-test sanity and units on the newest ansible-core that runs here
	@$(RUN) sanity

receiver: venv ## 6 minutes in the gate: the receiver's configuration in a real rsyslogd, against the reference parser
	@$(RUN) receiver

fault: venv ## 7 minutes in the gate, root: what faults do to the receiver, on the rsyslogd of Debian 12 and 13
	@$(RUN) fault

fault-table: venv ## as fault, root: as fault, and write its table into docs/faults.md
	@$(RUN) fault-table

MINUTES := 60
soak: venv ## an hour, root: receivers at 500 records a second with random faults; MINUTES=5 for less
	@MINUTES=$(MINUTES) $(RUN) soak

functional: venv ## 8 minutes in the gate: playbooks against the emulated cluster
	@$(RUN) functional

bench-api: venv ## minutes, an idle machine: CPU time of the API side beside other ways, into docs/performance.md (see benchmarks/README.md)
	@.venv/bin/python benchmarks/api.py --output benchmarks/results
	@.venv/bin/python benchmarks/report.py

bench-receiving: venv ## minutes, an idle machine: the receiver's CPU time and rates beside raw rsyslog and syslog-ng (see benchmarks/README.md)
	@bash benchmarks/receiving/run.sh --output benchmarks/results

oldest: venv ## minutes: sanity, units and the playbooks that meet ansible-core, on the oldest supported ansible-core
	@$(RUN) oldest

molecule: venv ## 14 minutes in the gate, root: the role in systemd containers of Debian 12 and 13
	@$(RUN) molecule

e2e: venv ## 52 minutes in the gate, root: emulated cluster to JSON records, every record and field compared
	@$(RUN) e2e

images: ## a minute, root: build the container images of Debian 12 and 13 (kept until their recipe changes)
	@bash $(TOOLS)/images.sh

venv: ## a minute: make .venv with the newest suitable Python (kept until its requirements change)
	@bash $(TOOLS)/venv.sh

venv-oldest: ## a minute: make .cache/venv-oldest, for the oldest supported ansible-core
	@bash $(TOOLS)/venv.sh oldest

clean: ## seconds: remove .venv, .cache and build output; the images stay
	@rm -rf .venv .cache .ansible .mypy_cache .pytest_cache .ruff_cache .hypothesis tests/output ./*.tar.gz
