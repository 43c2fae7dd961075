# What a person does with this project: `make` lists it.
# Needs git, make and Python 3.11 or later; PYTHON=/path/to/python chooses one. Works with GNU make 3.81 (macOS).

.DEFAULT_GOAL := help
SHELL := /bin/sh
export PYTHON

# For sam, which reports home unless told not to and wants a region's name. Nothing here reaches AWS.
lint build artefact second-cloud: export SAM_CLI_TELEMETRY := 0
lint build artefact second-cloud: export AWS_DEFAULT_REGION ?= eu-central-1

email-course := .venv/bin/email-course
sam := .venv-sam/bin/sam
translated := build/template.translated.json

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: setup ## the whole course on this machine; ARGS="--port 8080" goes to email-course run
	@$(email-course) run $(ARGS)

# On both cores: the one that is through takes over what the other has left.
pytest := .venv/bin/pytest -n 2 --dist worksteal -rs
# What the course, its content, its services and its replies have to do, without a browser or a subprocess.
rules := $(wildcard tests/course tests/content tests/services tests/replies)

.PHONY: check
check: setup ## in a minute: ruff, mypy, and the tests of the rules; while you write
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	@$(pytest) -m "not long" $(rules)

.PHONY: test
test: setup needs lint ## in eight minutes: all but long samples, lint first; TESTS="tests/course -k due" chooses
	@$(pytest) -m "not long" $(TESTS)

.PHONY: test-long
test-long: setup needs-long artefact ## the long samples that make test leaves out
	@$(pytest) -m long $(TESTS)

.PHONY: test-all
test-all: setup needs-long artefact lint ## everything: what make test and make test-long run
	@$(pytest) $(TESTS)

.PHONY: faults
faults: setup needs ## everything that can go wrong, tried out: up to 20 minutes on two cores
	@PYTHONPATH=functions:. .venv/bin/python -m tests.faults $(ARGS)

.PHONY: mutants
mutants: setup ## whether the tests notice when a guard or a limit is missing; ARGS="claim pause" chooses
	@PYTHONPATH=functions:. .venv/bin/python -m tests.mutants $(ARGS)

.PHONY: replies
replies: setup ## how well replies are understood; CORPUS=DIR scores a folder of labelled mail
	@PYTHONPATH=functions:. .venv/bin/python -m tests.mail.score $(CORPUS)

.PHONY: mail-programs
mail-programs: setup ## real mail programs answer the course's emails, on Debian; ARGS="mutt alpine" chooses
	@PYTHONPATH=functions:. .venv/bin/python -m tests.mail.programs $(ARGS)

.PHONY: pictures
pictures: setup needs ## the pictures in docs: of every email, of every page, and of the journey through a real browser
	@rm -rf docs/mails docs/pages
	@$(email-course) preview --shots docs/mails
	@PICTURES=docs .venv/bin/pytest -q tests/test_journey.py tests/test_pages.py -k "chromium or every_page"

.PHONY: needs needs-long
needs:
	@tools/test-needs.sh
needs-long:
	@tools/test-needs.sh long

# What `make build` makes, and for the tests what it runs on.
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
	@# The source hides from cfn-lint what only the translation shows: circular dependencies, wrong handlers and runtimes.
	@mkdir -p build
	$(email-course) template > $(translated)
	.venv-sam/bin/cfn-lint --non-zero-exit-code warning --template $(translated)

.PHONY: checkov
checkov: setup .venv-checkov/.made ## what checkov finds in the template, but for what is waived there; 300 MB, so not in lint
	@mkdir -p build
	$(email-course) template > $(translated)
	.venv-checkov/bin/checkov --skip-download --quiet --compact --framework cloudformation --file $(translated) \
		--skip-check $$(sed -n 's/.*{Id: \(CKV[0-9A-Z_]*\),.*/\1/p' template.yaml | paste -s -d , -)

.PHONY: format
format: setup ## ruff's fixes and its format
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

.PHONY: build
build: setup .venv-sam/.made ## what is deployed, in .aws-sam/build (Python 3.13)
	$(email-course) check
	@tools/build.sh

# What cannot be deployed is refused before sam asks anything. STACK and REGION go to both.
STACK ?= email-course
REGION ?= $(or $(AWS_REGION),$(AWS_DEFAULT_REGION))

.PHONY: deploy
deploy: export SAM_CLI_TELEMETRY := 0
deploy: deployable build ## to AWS: REGION=eu-central-1 STACK=email-course ARGS="--guided"; docs/aws.md has the order
	$(sam) deploy --stack-name $(STACK) --region $(REGION) $(ARGS)

.PHONY: deployable
deployable: setup
	@test -n "$(REGION)" || { echo "make deploy: name the region, such as REGION=eu-central-1" >&2; exit 1; }
	@$(email-course) deployable $(STACK) --region $(REGION) -- $(ARGS)

.PHONY: second-cloud
second-cloud: build .venv-ministack/.made ## deploys it to ministack with its permissions enforced, and takes the course; ARGS=--grants
	@tools/second-cloud.sh
	@PYTHONPATH=functions:. .venv/bin/python -m tests.second_cloud $(ARGS)

.PHONY: constraints
constraints: ## newer versions of everything into constraints*.txt; with PYTHON=python3.11, the oldest we run on
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
clean: ## remove what make made
	rm -rf .venv .venv-sam .venv-checkov .venv-lambda .venv-ministack .tools .aws-sam build *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

# --- Environments: .made is written when one is complete, so an interrupted one is repaired by the next run ---

.PHONY: setup
setup: .venv/.made ## the environment in .venv
	@:

.venv/.made: pyproject.toml constraints.txt functions/requirements.txt
	@tools/venv.sh .venv constraints.txt --editable '.[dev]'

# One of its own: SAM CLI pins versions that clash with ours, and is large.
.venv-sam/.made: constraints-sam.txt
	@tools/venv.sh .venv-sam constraints-sam.txt aws-sam-cli

# Another one, on the functions' own Python, which runs them there; with boto3, which is in Lambda's runtime as well.
ministack := ministack aws-sam-translator boto3 time-machine

.venv-ministack/.made: constraints-ministack.txt
	@PYTHON=$$(tools/python313.sh)/python3.13 tools/venv.sh .venv-ministack constraints-ministack.txt $(ministack)

.venv-checkov/.made:
	@tools/venv.sh .venv-checkov /dev/null checkov

# Made anew as well when the checkout was moved, or the Python it was made with is gone.
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
