# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Thin: what a target does is in tests/tools/. `make help` lists the targets.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help demo demo-clean test test-unit lint docs sanity receiver fault fault-table soak functional bench-api bench-receiving oldest molecule e2e images venv venv-oldest clean

TOOLS := tests/tools
RUN := .venv/bin/python $(TOOLS)/run_tests.py
OLDEST := sanity-oldest units-oldest unit-oldest functional-oldest

help: ## list the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

demo: ## root: an emulated cluster and an empty host in containers, from settings to JSON records (under 4 minutes)
	@bash $(TOOLS)/demo.sh

demo-clean: ## root: remove everything the demo made
	@bash $(TOOLS)/demo.sh clean

test: venv-oldest venv images ## root: everything: lint, sanity, units, playbooks, molecule, end to end
	@$(RUN) lint sanity units unit receiver fault functional $(OLDEST) molecule e2e

test-unit: venv ## seconds: unit and property tests with pytest
	@$(RUN) unit

lint: venv ## seconds: ruff, yamllint, shellcheck, mypy, REUSE, ansible-lint
	@$(RUN) --keep-going lint

docs: venv ## seconds: write again what the documents and lnav's formats have from the code
	@.venv/bin/python $(TOOLS)/gen_docs.py
	@.venv/bin/python $(TOOLS)/gen_lnav.py

sanity: venv ## ansible-test sanity and units on the newest ansible-core that runs here
	@$(RUN) sanity units

receiver: venv ## the receiver's configuration in a real rsyslogd, against the reference parser
	@$(RUN) receiver

fault: venv ## root: what faults do to the receiver, on the rsyslogd of Debian 12 and 13 (about 5 minutes)
	@$(RUN) fault

fault-table: venv ## root: as fault, and write its table into docs/faults.md
	@$(RUN) fault-table

MINUTES := 60
soak: venv ## root: an hour at 500 records a second with random faults; MINUTES=5 for less
	@MINUTES=$(MINUTES) $(RUN) soak

functional: venv ## playbooks against the emulated cluster
	@$(RUN) functional

bench-api: venv ## minutes: CPU time of the API side beside other ways, into docs/performance.md (see benchmarks/README.md)
	@.venv/bin/python benchmarks/api.py --output benchmarks/results
	@.venv/bin/python benchmarks/report.py

bench-receiving: venv ## minutes: the receiver's CPU time and rates beside raw rsyslog and syslog-ng (see benchmarks/README.md)
	@bash benchmarks/receiving/run.sh --output benchmarks/results

oldest: venv-oldest venv ## sanity, units and playbooks again, on the oldest supported ansible-core
	@$(RUN) $(OLDEST)

molecule: venv images ## root: the role in systemd containers of Debian 12 and 13
	@$(RUN) molecule

e2e: venv images ## root: emulated cluster to JSON records, every record and field compared
	@$(RUN) e2e

images: ## root: build the container images of Debian 12 and 13 (kept until their recipe changes)
	@bash $(TOOLS)/images.sh

venv: ## make .venv with the newest suitable Python (kept until its requirements change)
	@bash $(TOOLS)/venv.sh

venv-oldest: ## make .cache/venv-oldest, for the oldest supported ansible-core
	@bash $(TOOLS)/venv.sh oldest

clean: ## remove .venv, .cache and build output; the images stay
	@rm -rf .venv .cache .ansible .mypy_cache .pytest_cache .ruff_cache .hypothesis tests/output ./*.tar.gz
