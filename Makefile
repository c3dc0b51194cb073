# Two commands: `make up` and `make test`. This file only names them; the work is done by dev/ and by two programs
# (tests/testbed, tests/sandbox). Every target's line in `make help` is its `##` comment.

.DEFAULT_GOAL := help
SHELL := bash
export PART FOLLOW FORCE ENGINES KUBECONFIG NEW_PORTS

.PHONY: help up status logs down reset demo test check bench sqlx build

help: ## these lines
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | awk -F '\t' '{ printf "  make %-8s %s\n", $$1, $$2 }'

up: ## start the sandbox, installing and building what is missing (ENGINES=existing KUBECONFIG=… uses your own cluster)
	@dev/up

status: ## what of the sandbox runs, where, and what is wrong with the rest
	@dev/sandbox status

logs: ## the ends of the sandbox's logs (PART=backend for one part; FOLLOW=1 to go on)
	@dev/sandbox logs

down: ## stop the sandbox; its data and ports are kept in .argosy/
	@dev/sandbox down

reset: ## stop the sandbox and remove its data (asks first; FORCE=1 does not)
	@dev/sandbox reset

demo: ## deploy the sample's web folder and watch it become healthy (needs make up)
	@dev/demo

test: ## everything: format, clippy, docs, all tests against real parts; ends with the slowest
	@dev/test

check: ## what to run before every commit: format, clippy, house rules, unit tests (minutes)
	@dev/check

bench: ## measurements (none exist before the first feature)
	@dev/bench

sqlx: ## record the queries again after a change of SQL or schema
	@dev/sqlx

build: ## compile the programs, and the real Kubernetes and Argo CD (once, about 15 minutes)
	@dev/build
