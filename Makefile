# The tasks of this project: `make` lists them.
# Needs git, make and Python 3.11 or later; PYTHON=/path/to/python chooses one. Works with GNU make 3.81 (macOS).

.DEFAULT_GOAL := help
SHELL := /bin/sh
export PYTHON

# For sam: it sends telemetry unless this is 0, and needs the name of a region. None of these targets reaches AWS.
lint build artefact second-cloud: export SAM_CLI_TELEMETRY := 0
lint build artefact second-cloud: export AWS_DEFAULT_REGION ?= eu-central-1

email-course := .venv/bin/email-course
sam := .venv-sam/bin/sam
translated := build/template.translated.json

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: setup ## run the whole course on this machine; ARGS="--port 8080" goes to email-course run
	@$(email-course) run $(ARGS)

# On both cores: a core that is done takes over tests from the other.
pytest := .venv/bin/pytest -n 2 --dist worksteal -rs
# The tests of the course, its content, its services and its replies: no browser, no subprocess.
rules := $(wildcard tests/course tests/content tests/services tests/replies)

.PHONY: check
check: setup ## ruff, mypy and the tests of the rules, in a minute; for use while you write
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	@$(pytest) -m "not long" $(rules)

.PHONY: test
test: setup needs lint ## lint, and all tests except long samples, in eight minutes; TESTS="tests/course -k due" chooses
	@$(pytest) -m "not long" $(TESTS)

.PHONY: test-long
test-long: setup needs-long artefact ## the long samples that make test leaves out
	@$(pytest) -m long $(TESTS)

.PHONY: test-all
test-all: setup needs-long artefact lint ## everything: what make test and make test-long run
	@$(pytest) $(TESTS)

.PHONY: faults
faults: setup needs ## run all faults that can happen: 25 minutes on two idle cores
	@PYTHONPATH=functions:. .venv/bin/python -m tests.faults $(ARGS)

.PHONY: mutants
mutants: setup ## check that a test notices each missing guard or limit; ARGS="claim pause" chooses
	@PYTHONPATH=functions:. .venv/bin/python -m tests.mutants $(ARGS)

.PHONY: replies
replies: setup ## score how well replies are understood; CORPUS=DIR scores a folder of labelled mail
	@PYTHONPATH=functions:. .venv/bin/python -m tests.mail.score $(CORPUS)

.PHONY: mail-programs
mail-programs: setup ## let real mail programs reply to the course's emails, on Debian; ARGS="mutt alpine" chooses
	@PYTHONPATH=functions:. .venv/bin/python -m tests.mail.programs $(ARGS)

.PHONY: pictures
pictures: setup needs ## make the pictures in docs: every email, every page, and the journey in a real browser
	@rm -rf docs/emails docs/pages
	@$(email-course) preview --shots docs/emails
	@PICTURES=docs .venv/bin/pytest -q tests/test_journey.py tests/test_pages.py -k "chromium or every_page"

.PHONY: needs needs-long
needs:
	@tools/test-needs.sh
needs-long:
	@tools/test-needs.sh long

# The output of `make build`, and the environment in which the tests run it.
.PHONY: artefact
artefact: setup .venv-sam/.made
	@tools/artefact.sh

.PHONY: lint
lint: setup .venv-sam/.made ## ruff, mypy, the emails, sam validate, cfn-lint
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	$(email-course) check
	$(sam) validate --lint --template template.yaml
	@# cfn-lint finds circular dependencies, wrong handlers and wrong runtimes only in the translated template.
	@mkdir -p build
	$(email-course) template > $(translated)
	.venv-sam/bin/cfn-lint --non-zero-exit-code warning --template $(translated)

.PHONY: checkov
checkov: setup .venv-checkov/.made ## run checkov on the template, except the checks it waives; 300 MB, so not in lint
	@mkdir -p build
	$(email-course) template > $(translated)
	.venv-checkov/bin/checkov --skip-download --quiet --compact --framework cloudformation --file $(translated) \
		--skip-check $$(sed -n 's/.*{Id: \(CKV[0-9A-Z_]*\),.*/\1/p' template.yaml | paste -s -d , -)

.PHONY: format
format: setup ## apply ruff's fixes and its format
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

.PHONY: build
build: setup .venv-sam/.made ## build what is deployed, into .aws-sam/build (Python 3.13)
	$(email-course) check
	@tools/build.sh

# `deployable` refuses a stack that cannot be deployed, before sam asks anything. STACK and REGION go to both.
STACK ?= email-course
REGION ?= $(or $(AWS_REGION),$(AWS_DEFAULT_REGION))

.PHONY: deploy
deploy: export SAM_CLI_TELEMETRY := 0
deploy: deployable build ## deploy to AWS: REGION=eu-central-1 STACK=email-course ARGS="--guided"; docs/aws.md has the steps
	$(sam) deploy --stack-name $(STACK) --region $(REGION) $(ARGS)

.PHONY: deployable
deployable: setup
	@test -n "$(REGION)" || { echo "make deploy: name the region, such as REGION=eu-central-1" >&2; exit 1; }
	@$(email-course) deployable $(STACK) --region $(REGION) -- $(ARGS)

.PHONY: second-cloud
second-cloud: build .venv-ministack/.made ## deploy to ministack with permissions enforced, and take the course; ARGS=--grants
	@tools/second-cloud.sh
	@PYTHONPATH=functions:. .venv/bin/python -m tests.second_cloud $(ARGS)

.PHONY: constraints
constraints: ## update constraints*.txt to the newest versions; with PYTHON=python3.11, the oldest version supported
	rm -rf build/fresh build/fresh-sam build/fresh-lambda build/fresh-ministack
	@tools/venv.sh build/fresh /dev/null --editable '.[dev]'
	{ head -n 1 constraints.txt; build/fresh/bin/pip freeze --exclude-editable; } > build/constraints.txt
	@tools/venv.sh build/fresh-sam /dev/null --upgrade --upgrade-strategy eager aws-sam-cli
	{ head -n 1 constraints-sam.txt; build/fresh-sam/bin/pip freeze --all --exclude pip; } > build/constraints-sam.txt
	@PYTHON=$$(tools/python313.sh)/python3.13 tools/venv.sh build/fresh-lambda /dev/null awslambdaric boto3
	{ head -n 1 constraints-lambda.txt; build/fresh-lambda/bin/pip freeze; } > build/constraints-lambda.txt
	@PYTHON=$$(tools/python313.sh)/python3.13 tools/venv.sh build/fresh-ministack /dev/null $(ministack)
	{ head -n 1 constraints-ministack.txt; build/fresh-ministack/bin/pip freeze; } > build/constraints-ministack.txt
	mv build/constraints.txt build/constraints-sam.txt build/constraints-lambda.txt build/constraints-ministack.txt .

.PHONY: clean
clean: ## remove everything that make made
	rm -rf .venv .venv-sam .venv-checkov .venv-lambda .venv-ministack .tools .aws-sam build *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

# --- Environments: .made is written when an environment is complete; the next run repairs an interrupted one ---

.PHONY: setup
setup: .venv/.made ## make the environment in .venv
	@:

.venv/.made: pyproject.toml constraints.txt functions/requirements.txt
	@tools/venv.sh .venv constraints.txt --editable '.[dev]'

# SAM CLI has its own environment: it pins versions that clash with ours, and is large.
.venv-sam/.made: constraints-sam.txt
	@tools/venv.sh .venv-sam constraints-sam.txt aws-sam-cli

# ministack runs the functions in its environment: so it has the functions' Python, and boto3, as in Lambda's runtime.
ministack := ministack aws-sam-translator boto3 time-machine

.venv-ministack/.made: constraints-ministack.txt
	@PYTHON=$$(tools/python313.sh)/python3.13 tools/venv.sh .venv-ministack constraints-ministack.txt $(ministack)

.venv-checkov/.made:
	@tools/venv.sh .venv-checkov /dev/null checkov

# An environment is also made again if the checkout was moved, or if its Python no longer exists.
lives_here = $(shell $(1)/bin/python -c 'print(open("$(1)/.made").read().strip())' 2>/dev/null)
ifneq ($(call lives_here,.venv),$(CURDIR))
.PHONY: .venv/.made
endif
ifneq ($(call lives_here,.venv-sam),$(CURDIR))
.PHONY: .venv-sam/.made
endif
ifneq ($(call lives_here,.venv-ministack),$(CURDIR))
.PHONY: .venv-ministack/.made
endif
ifneq ($(call lives_here,.venv-checkov),$(CURDIR))
.PHONY: .venv-checkov/.made
endif
