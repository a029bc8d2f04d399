# Every target sets up what it needs first. `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help up reset status setup check test test-unit guards fuzz audit autobahn format contracts contracts-check contracts-release lock bench bench-latency bench-profile bench-inbox page-weight screenshots trace faults faults-each alerts backup-drill images test-containers test-testkit
MAKEFLAGS += --no-print-directory

python := .venv/bin/python
page := $(python) -m infra.local.page
node := $(python) -m infra.local.node
pytest_arguments ?=
lock_arguments ?=
bench_arguments ?=
UV ?= uv
PIP_AUDIT ?= pip-audit
WSTEST ?= wstest
MINUTES ?= 10
SEED ?=
ONLY ?=
TIMES ?= 3

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1|\2/p' $(MAKEFILE_LIST) | awk -F"|" '{printf "%-18s %s\n", $$1, $$2}'

up: ## run the whole system on this machine until Ctrl-C
	@infra/local/setup.sh up
	@exec $(python) -m infra.local up

status: ## say what runs
	@$(python) -m infra.local status

reset: ## drop all data of `make up`
	@infra/local/setup.sh up
	@$(python) -m infra.local reset

setup: ## install everything that the other targets need
	@infra/local/setup.sh test

check: ## formatters, linters, types, import rules, staleness of what is generated
	@infra/local/setup.sh check
	$(python) -m ruff format --check --quiet .
	$(python) -m ruff check --quiet .
	$(python) -m mypy
	cd examples/billing && $(CURDIR)/$(python) -m mypy
	.venv/bin/lint-imports --no-cache --no-logo
	PYTHONPATH=contracts/testkit/src .venv/bin/lint-imports --no-cache --no-logo --config contracts/testkit/pyproject.toml
	$(python) -m contracts.generate --check
	$(python) -m contracts.testkit.generate --check
	$(python) -m infra.broker.definitions --check
	$(python) -m task_service openapi --check
	$(python) -m notification_worker openapi --check
	$(node) contracts/tools/validate.mjs contracts/schemas/asyncapi/*.json
	$(python) -m contracts.compatibility check
	$(page) lint types test

test: ## all tests, on private servers and in a headless browser
	@infra/local/setup.sh test
	$(python) -m pytest --numprocesses 2 --ignore tests/e2e --ignore tests/containers $(pytest_arguments)
	$(python) -m pytest tests/e2e $(pytest_arguments)

test-unit: ## the tests that need no server
	@infra/local/setup.sh check
	$(python) -m pytest tests/unit tests/architecture $(pytest_arguments)

guards: ## take out one guard after the other and see its tests fail (ONLY="word word")
	@infra/local/setup.sh test
	$(python) -m tests.guards $(ONLY)

fuzz: ## search for input that breaks a promise (MINUTES=10)
	@infra/local/setup.sh test
	$(python) -m tests.fuzz --minutes $(MINUTES)

audit: ## ask the registries which of the locked dependencies have known holes (needs the network and pip-audit)
	@infra/local/setup.sh check
	@command -v $(PIP_AUDIT) >/dev/null || { echo "make audit needs pip-audit: pip install pip-audit, or PIP_AUDIT=/path/to/pip-audit make audit" >&2; exit 1; }
	@$(python) -m infra.local.audit "$(PIP_AUDIT)"

autobahn: ## run the Autobahn test suite against the gateway's sockets (needs its `wstest`, which is for Python 2.7)
	@command -v $(WSTEST) >/dev/null || { echo "make autobahn needs wstest of autobahntestsuite (Python 2.7): WSTEST=/path/to/wstest make autobahn" >&2; exit 1; }
	@infra/local/setup.sh test
	$(python) -m tests.autobahn --wstest "$$(command -v $(WSTEST))"

format: ## format the code, and mend what the linters can mend
	@infra/local/setup.sh check
	$(python) -m ruff format .
	$(python) -m ruff check --fix .
	$(page) format

contracts: ## write what is generated: schemas, OpenAPI, AsyncAPI and its pages, broker definitions, the page's types
	@infra/local/setup.sh check
	$(python) -m contracts.generate
	$(python) -m contracts.testkit.generate
	$(python) -m infra.broker.definitions
	$(python) -m task_service openapi
	$(python) -m notification_worker openapi
	$(page) generate

contracts-check: ## hold what crosses a process boundary against the last released set, and let AsyncAPI's parser read it
	@infra/local/setup.sh check
	$(python) -m contracts.generate --check
	$(python) -m contracts.testkit.generate --check
	$(python) -m infra.broker.definitions --check
	$(python) -m task_service openapi --check
	$(python) -m notification_worker openapi --check
	$(node) contracts/tools/validate.mjs contracts/schemas/asyncapi/*.json
	$(python) -m contracts.compatibility check

contracts-release: ## make the present contracts a released set that later ones are held against (VERSION=1.1.0)
	@infra/local/setup.sh check
	$(python) -m contracts.compatibility release "$(VERSION)"
	$(python) -m contracts.testkit.generate

bench: ## all benchmarks against the bare libraries, as table, JSON and page (QUICK=1 in 3 minutes, ONLY=relay,push)
	@infra/local/setup.sh test
	$(python) -m tests.load.bench $(if $(QUICK),--quick) --only "$(ONLY)" $(bench_arguments)

bench-latency: ## time from a change to the frame in a window, and what each hop takes
	@infra/local/setup.sh test
	$(python) -m tests.load.bench --only latency $(bench_arguments)

bench-profile: ## where relay, worker and gateway spend their time: flame graphs and tables (ONLY=worker)
	@infra/local/setup.sh test
	for row in $(or $(ONLY),relay worker gateway); do $(python) -m tests.load.profile $$row $(bench_arguments) || exit 1; done

bench-inbox: ## what a request costs with ten million notifications stored, with the plans (about 10 minutes)
	@infra/local/setup.sh test
	$(python) -m tests.load.inbox_at_scale $(bench_arguments)

page-weight: ## time what bell and panel add to loading the page, by turns with a build that has none
	@infra/local/setup.sh test
	@$(page) build-without-notifications
	$(python) -m tests.load.page_weight

screenshots: ## draw docs/images anew: bell, panel, preferences, empty and offline, light and dark, desk and phone
	@infra/local/setup.sh test
	$(python) -m tests.e2e.screenshots

trace: ## draw one change, from the request to the socket, into docs/tracing.md
	@infra/local/setup.sh test
	$(python) -m tests.e2e.trace

faults: ## break everything, and see that nothing is lost (MINUTES=10, SEED=, ONLY=kinds; 2 minutes more)
	@infra/local/setup.sh test
	$(python) -m tests.faults --minutes $(MINUTES) --only "$(ONLY)" $(if $(SEED),--seed $(SEED))

alerts: ## break a running system in each way that an alert tells of, and see it fire (about 10 minutes)
	@infra/local/setup.sh test
	$(python) -m tests.alerts

faults-each: ## break each group of kinds by itself, TIMES=3 times, each time in a fresh system (over an hour)
	@infra/local/setup.sh test
	$(python) -m tests.faults.each --times $(TIMES) --only "$(ONLY)"

backup-drill: ## back up a running system, destroy it, restore it, count every table, and let a window catch up
	@infra/local/setup.sh test
	$(python) -m pytest tests/e2e/test_backup.py --capture no -k destroyed $(pytest_arguments)

images: ## build the two container images: all Python processes, and the page with its front
	@infra/containers/images.sh

test-containers: ## build the images, run compose.yaml, break parts of it, and test the example (needs a Docker engine; about 10 minutes)
	@infra/local/setup.sh test
	$(python) -m pytest tests/containers $(pytest_arguments)
	@$(MAKE) test-testkit

test-testkit: ## run the example service's tests with the test kit, in a fresh environment (needs a Docker engine; 3 minutes)
	@infra/local/setup.sh check
	@infra/containers/images.sh
	rm -rf build/testkit
	$(python) -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir build/testkit contracts/testkit
	PYTHON="$(CURDIR)/$(python)" examples/billing/run.sh build/testkit/taskify_testkit-*.whl --durations 1

lock: ## resolve the Python dependencies (needs uv; lock_arguments=--upgrade takes newer ones)
	@command -v $(UV) >/dev/null || { echo "make lock needs uv: pip install uv, or UV=/path/to/uv make lock" >&2; exit 1; }
	@for name in services runtime develop node; do \
		$(UV) pip compile requirements/$$name.in -o requirements/$$name.lock $(lock_arguments) --universal \
			--python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate \
			--quiet --custom-compile-command "make lock" || exit 1; \
		echo "requirements/$$name.lock"; \
	done
	@cd examples/billing && $(UV) pip compile pyproject.toml --extra test -o requirements.lock $(lock_arguments) --universal \
		--python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate \
		--no-emit-package taskify-testkit --quiet --custom-compile-command "make lock"
	@echo examples/billing/requirements.lock
