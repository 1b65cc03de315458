PYTHON ?= python3
BIN = .venv/bin
run: .venv/runs ; $(BIN)/streamlit run app.py
demo: .venv/runs ; $(BIN)/python -m visionsprat demo
test: .venv/tests ; $(BIN)/python -m tests
lint: .venv/tests ; $(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports && $(BIN)/oxlint visionsprat/ui/static && $(BIN)/oxfmt --check visionsprat/ui/static
bench: .venv/tests ; $(BIN)/python -m tests.bench
screenshots: .venv/tests ; $(BIN)/python -m tests.screenshots screenshots
.venv/runs: requirements.txt constraints.txt ; $(PYTHON) -m venv .venv && $(BIN)/pip install -q -r $< && touch $@
.venv/tests: tests/requirements.txt requirements.txt constraints.txt ; $(PYTHON) -m venv .venv && $(BIN)/pip install -q -r $< && touch $@
.PHONY: run demo test lint bench screenshots
