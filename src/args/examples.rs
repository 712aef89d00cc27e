//! Examples below the help of each verb.

pub(super) const RUN: &str = "\
Examples:
  # an emulator into a local Postgres
  FIRESTORE_EMULATOR_HOST=127.0.0.1:8080 DATABASE_URL=postgres://me@localhost/app \\
    etl run --source firestore --project demo --checkpoint-dir ./checkpoints

  # what would happen, with the tables it would create
  etl run --project my-app --checkpoint-dir ./checkpoints --dry-run

  # stopped or killed? the same command goes on
  etl run --project my-app --checkpoint-dir ./checkpoints

  # two collections only, at most 80 % of 2000 reads a second, a summary for a script
  etl run --project my-app --collections users,orders --reads-per-second 2000 \\
    --checkpoint-dir ./checkpoints --output json

  # several machines, one run: the same command on each of them
  etl run --project my-app --checkpoint-dir ./checkpoints --join";

pub(super) const CHECK: &str = "\
Examples:
  # with the settings of the run to come
  etl check --project my-app --checkpoint-dir ./checkpoints

  # only what has to be mended, for a script
  etl check --output json | jq '.findings[] | select(.verdict == \"fail\")'

Looks at source, target and checkpoint directory, tells everything it finds at once, and changes nothing. It bills a
handful of reads. Exits with 0 when nothing fails (warnings are no failures), with 3 otherwise.";

pub(super) const EXPORT: &str = "\
Examples:
  etl export --to-firestore-json documents.jsonl
  etl export --tables users,orders | jq -r .name

Documents come in the order of their paths, as Firestore's REST API writes them. Documents in quarantine are not among
them: `etl quarantine list` tells those.";

pub(super) const VERIFY: &str = "\
Examples:
  etl verify --search --source qdrant --qdrant-url http://127.0.0.1:6334 --report parity.html
  etl verify --search --source qdrant --queries 500 --k 20 --ef 40,80,160
  etl verify --search --source qdrant --queries-file questions.jsonl

Asks both sides the same questions. Exact answers must be the same up to ties; then it tells how much of them the index
finds at each hnsw.ef_search, how long answers take, and how to translate score thresholds. Exit code 6 when exact answers
differ.";

pub(super) const INIT: &str = "\
Examples:
  etl init --project my-app
  etl init --project my-app --sample 2000 --write proposal.toml
  etl init --project my-app --full --reads-per-second 2000

Reads counts, a sample of each collection (--sample documents each, one billed read each), and up to 50 targets of each
reference field. Writes files here and changes nothing anywhere else.";

pub(super) const PLAN: &str = "\
Examples:
  # with the settings of the run to come
  etl plan --project my-app --checkpoint-dir ./checkpoints

  # at your own price, without reading anything to measure the source
  etl plan --project my-app --checkpoint-dir ./checkpoints --price-per-100k 0.03 --probe 0

  # may it be run for ten dollars?
  etl plan --project my-app --checkpoint-dir ./checkpoints --max-cost 10

Counts, looks at a sample, measures how fast documents come and rows are taken, and says what follows from that. What
it loads to measure goes into temporary tables and is rolled back. It bills its reads like a run's planning.";

pub(super) const STATUS: &str = "\
Examples:
  etl status --checkpoint-dir ./checkpoints
  etl status --checkpoint-dir ./checkpoints --output json

Needs neither source nor target; works while a run is under way.";

pub(super) const QUARANTINE: &str = "\
Examples:
  etl quarantine list
  etl quarantine list --reason nul_character --limit 20
  etl quarantine show users/alice
  etl quarantine retry --reason nul_character";

pub(super) const RETRY: &str = "\
Examples:
  etl quarantine retry
  etl quarantine retry --collection users --reason nul_character

Of the mapping of a table that is loaded, `misfit`, `nul`, `zero` and `required` may have changed (for a column that was
required, ALTER TABLE ... DROP NOT NULL first). Reads nothing from the source: the quarantine has the documents as they
came. What cannot be stored stays, with its reason of today. Takes the run's lanes over: stop a run that is under way first, or it ends (exit code 7).";
