# The workshop: everything there is to do with a clone, one word each.
#
# Every cargo call says `--release --workspace`. Cargo chooses the features of a dependency by what is built together,
# so a call for a single crate would compile RocksDB, minutes of C++, once more with other features; and one profile
# means that what is tested, shown and shipped is the same code.

.DEFAULT_GOAL := help
SHELL := /bin/bash

# Outside the clone: a fresh clone, or a second one, finds the dependencies built.
export CARGO_TARGET_DIR := $(shell printf %s "$${CARGO_TARGET_DIR:-$${ETL_CACHE:-$${XDG_CACHE_HOME:-$$HOME/.cache}/etl}/target}")

.PHONY: help
help: ## what there is to do
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: ## move an application, kill the move half-way, go on, prove it (KEEP=1 keeps the servers, DOCUMENTS=100000)
	deploy/bootstrap
	cargo build --release --workspace --bins
	@"$$CARGO_TARGET_DIR/release/demo" $(if $(KEEP),--keep) $(if $(DOCUMENTS),--documents $(DOCUMENTS))

# Tests wait for servers half of the time: twice as many at once as there are cores, up to what one PostgreSQL can hold.
.PHONY: test
test: export RUST_TEST_THREADS := $(or $(RUST_TEST_THREADS),$(shell n=$$((2 * $$(nproc))); echo $$((n < 8 ? n : 8))))
test: ## every test, against a real PostgreSQL and the Firestore emulator
	deploy/bootstrap --test
	cargo test --release --workspace --no-fail-fast

# A campaign is the test `campaign::NAME` of one test target, which is the folder below `tests` that its source is in.
.PHONY: campaign
campaign: ## try a law on many cases from seeds (NAME= which, N= events, SEED=, SIZE= of a case, 1 to 100); no NAME: list them
	@source=$$(grep -rlF 'Campaign::named("$(NAME)",' --include='*.rs' tests */tests | head -1); \
	if [ -z "$$source" ]; then \
	    grep -rhoE 'Campaign::named\("[a-z_]+", [0-9_]+' --include='*.rs' tests */tests | sort \
	        | sed -E 's/.*"([a-z_]+)", (.*)/  NAME=\1 \2/' | column -t; \
	    test -z "$(NAME)"; exit; \
	fi; \
	case $$source in tests/*) target=real ;; *) target=$${source#*/tests/}; target=$${target%%/*} ;; esac; \
	deploy/bootstrap --quiet && \
	ETL_CAMPAIGN_COUNT=$(N) ETL_CAMPAIGN_SEED=$(SEED) ETL_CAMPAIGN_SIZE=$(SIZE) \
	    cargo test --release --workspace --test $$target -- --exact campaign::$(NAME) --nocapture --include-ignored

# Only crates of this workspace are instrumented (a wrapper that cargo asks for those alone), so that nothing else is
# compiled again. What is found on the way lies beside the other things that were built.
FUZZ = FUZZ_TARGET=$(TARGET) "$$CARGO_TARGET_DIR/release/fuzz"
FUZZED = $$CARGO_TARGET_DIR/fuzz/$(TARGET)

.PHONY: fuzz
fuzz: ## look for bytes that break the law of a parser (TARGET= which, SECONDS=60); no TARGET: list them
	@if test -z "$(TARGET)"; then sed -nE 's/^ +name: "(.*)",/  TARGET=\1/p' fuzz/src/target.rs; exit; fi; \
	RUSTC_WORKSPACE_WRAPPER="$$PWD/fuzz/instrumented" \
	    cargo build --release --workspace --features fuzz/libfuzzer --bin fuzz && \
	mkdir -p "$(FUZZED)/corpus" "$(FUZZED)/seeds" "$(FUZZED)/broken" && \
	FUZZ_SEEDS="$(FUZZED)/seeds" $(FUZZ) "$(FUZZED)/corpus" fuzz/corpus/$(TARGET) "$(FUZZED)/seeds" \
	    -max_total_time=$(or $(SECONDS),60) -timeout=20 -max_len=4096 -dict=fuzz/words -print_final_stats=1 -artifact_prefix="$(FUZZED)/broken/"

.PHONY: corpus
corpus: ## keep in fuzz/corpus the fewest inputs that reach what `make fuzz` reached (TARGET=, LONGEST=250 bytes of each)
	@mkdir -p "$(FUZZED)/fewest" fuzz/corpus/$(TARGET) && rm -f "$(FUZZED)/fewest/"* && \
	$(FUZZ) -set_cover_merge=1 -use_counters=0 -max_len=$(or $(LONGEST),250) \
	    "$(FUZZED)/fewest" fuzz/corpus/$(TARGET) "$(FUZZED)/corpus" "$(FUZZED)/seeds" && \
	rm -rf fuzz/corpus/$(TARGET) && cp -r "$(FUZZED)/fewest" fuzz/corpus/$(TARGET)

# Hours: a build for each of a thousand changes would take days, so all of them are in one build and a variable chooses.
# What was interrupted goes on. The table, and what lives, lie beside the other things that were built.
.PHONY: mutants
mutants: ## break checkpoints, lanes and loader in every small way, and see what tests notice (ONLY=, SECONDS=300 each)
	deploy/bootstrap --test
	cargo build --release --workspace --bin mutants
	@"$$CARGO_TARGET_DIR/release/mutants" $(if $(ONLY),--only "$(ONLY)") $(if $(SECONDS),--budget $(SECONDS))

.PHONY: laws
laws: ## the laws of Firestore, asked of the official emulator and of the simulator: a table, and where they differ
	deploy/bootstrap --test
	cargo test --release --workspace --test laws

.PHONY: bench
bench: ## what a document costs the client, what ends and pipeline can do, how right a plan is, and what others take
	cargo build --release --workspace --bins
	cargo bench --workspace --bench documents --bench forecast --bench qdrant --bench firestore

.PHONY: sizes
sizes: ## what a run costs by the size of documents and by how many there are; draws benches/sizes.svg (ETL_LARGEST=1000000)
	cargo build --release --workspace --bins
	cargo bench --workspace --bench firestore -- sizes

.PHONY: pacing
pacing: ## whether a run takes what a line far away carries, and what a quota allows, and no more
	cargo build --release --workspace --bins
	cargo bench --workspace --bench firestore -- pacing

.PHONY: workers
workers: ## whether eight workers move eight times as much as one, far away (ETL_DOCUMENTS=600000, ETL_ROUNDS=3)
	cargo build --release --workspace --bins
	cargo bench --workspace --bench firestore -- workers

.PHONY: instructions
instructions: ## how many instructions a record takes, held to what it took (ETL_BLESS=1 keeps what it takes now)
	cargo bench --workspace --bench instructions

.PHONY: release
release: ## the binary as it ships, with its commit: how large it is, what it needs, what it takes to start
	ETL_COMMIT=$$(git rev-parse HEAD) cargo build --release --workspace --bin etl
	deploy/shipped "$$CARGO_TARGET_DIR/release/etl"

.PHONY: sbom
sbom: ## what the binary is made of, as CycloneDX, into etl.cdx.json (FILE= elsewhere): packages, licences, checksums
	deploy/sbom $(or $(FILE),etl.cdx.json)

.PHONY: check
check: ## format, lints, and the licences and advisories of all dependencies
	cargo fmt --all --check
	cargo clippy --release --workspace --all-targets -- -D warnings
	@if cargo deny --version >/dev/null 2>&1; then \
	    echo 'cargo deny check' && cargo deny check; \
	else \
	    printf '\n%s\n%s\n\n' \
	        'NOT CHECKED: licences, advisories, bans and sources of the dependencies, for cargo-deny is not installed.' \
	        'To get it: cargo install --locked cargo-deny' >&2; \
	fi
