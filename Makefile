# Two commands do all set-up on a fresh machine: `make demo` and `make test`. Only Python 3.11 or later is needed.
PORT ?= 8000
PYTHON ?= python3
# Two processes, and a file's tests in one of them, since they share what they set up.
PYTEST_ARGS ?= -n 2 --dist loadfile
VENV := .venv
BIN := $(VENV)/bin
# One thread a library call: two cores are shared by the web server, the indexer and the encoder.
export OMP_NUM_THREADS ?= 1

.DEFAULT_GOAL := help
.PHONY: help demo test check format docs messages pictures vitals mutants peers clean

help:
	@echo "make demo [PORT=8000]   the demo shop with photo search on http://localhost:8000"
	@echo "make test               the whole test suite (PYTEST_ARGS='-k name' for a part, in one process)"
	@echo "make check              lint, types and import directions"
	@echo "make docs               the documentation as a site in build/site"
	@echo "make messages           strings for translators: finds them, brings the catalogues up to date, compiles them"
	@echo "make pictures           the pictures of the README, taken anew from the demo shop"
	@echo "make vitals [PORT=8000] what shoppers wait for, measured in Chromium on the shop that make demo started"
	@echo "make mutants MODULE=... the changes of a module that its tests don't notice (TESTS=... MUTANTS=40)"
	@echo "make peers              the embedded engine beside LanceDB, sqlite-vec, usearch and tantivy (PEERS='--products 5000')"
	@echo "make clean              remove the virtual environment and all data of the demo"

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: pyproject.toml config/constraints.txt | $(BIN)/python
	@echo "Installing the shop (about 250 MB of packages) ..."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c config/constraints.txt -e '.[demo]'
	@touch $@

$(VENV)/.test: pyproject.toml config/constraints.txt | $(BIN)/python
	@echo "Installing the shop with all extras ..."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c config/constraints.txt -e '.[demo,neural,production,test,docs]'
	@touch $@ $(VENV)/.demo

demo: export ENCODER_THREADS ?= 2
demo: $(VENV)/.demo
	$(BIN)/python manage.py migrate --verbosity 0
	$(BIN)/python manage.py import_catalogue catalog/demo
	$(BIN)/python manage.py visual_search rebuild
	$(BIN)/python manage.py visual_search calibrate --objects 200
	$(BIN)/python manage.py visual_search refresh_item_vectors
	$(BIN)/python manage.py visual_search import_links catalog/demo/links.csv
	$(BIN)/python manage.py visual_search train_recommendations
	$(BIN)/python manage.py visual_search tidy_query_log --vocabulary
	$(BIN)/python manage.py visual_search demo_brands
	$(BIN)/python manage.py receiving demo
	$(BIN)/python manage.py visual_search check_seo
	$(BIN)/python manage.py visual_search import_help_articles catalog/demo/help.json --publish --examples
	$(BIN)/python manage.py visual_search rebuild --collection faults
	@echo "The shop is on http://localhost:$(PORT)/ (stop it with Ctrl+C)"
	$(BIN)/python manage.py runserver --noreload 127.0.0.1:$(PORT)

test: $(VENV)/.test
	$(BIN)/python -m pytest $(PYTEST_ARGS)

check: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Warnings, such as a link that leads nowhere, are errors; each is named.
docs: $(VENV)/.test
	$(BIN)/python -m sphinx --quiet --fail-on-warning --builder html docs build/site
	@echo "The first page is build/site/index.html"

# It ends with 1 as long as a string waits for a translation.
messages: $(VENV)/.test
	$(BIN)/python -m tests.messages

pictures: $(VENV)/.test
	$(BIN)/python -m tests.browser.pictures

vitals: $(VENV)/.test
	$(BIN)/python -m tests.vitals http://127.0.0.1:$(PORT) catalog/demo/images/SH3-BBY-001.jpg

$(VENV)/.mutants: $(VENV)/.test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c config/constraints.txt -e '.[mutants]'
	@touch $@

mutants: $(VENV)/.mutants
	$(BIN)/python -m tests.mutants $(MODULE) $(TESTS) --most $(or $(MUTANTS),40)

# An environment of their own: the project doesn't depend on what it is compared with.
build/peers/.done: tests/bench_peers/requirements.txt | $(VENV)/.test
	$(BIN)/python -m venv build/peers
	build/peers/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

peers: build/peers/.done
	$(BIN)/python -m tests.bench_peers --peers build/peers/bin/python $(PEERS)

clean:
	rm -rf $(VENV) var build *.egg-info
