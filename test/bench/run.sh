#!/usr/bin/env bash
# run.sh: measures the built command beside the programs it calls, and keeps the tables in docs/benchmarks.md.
# It makes its input and starts its servers below a folder of its own, and removes both.
#   BENCH_ROUNDS=2                     fewer rounds than 5
#   BENCH_MIB=64 BENCH_ONLY=ssh        for a quick look, which leaves the document as it is: a small tree, and a server
#                                      of twice the size, some cases (a regular expression for their titles)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

# In sight of the lab's limits: its path must be short.
dir=$(mktemp -d /tmp/twindb-bench-XXXXXX)
cleanup() {
  "$here/../lab/mariadb.sh" remove "$dir/db" || true
  "$here/../lab/lab" down "$dir/lab" || true
  rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# What becomes of Node 20 is decided (docs/architecture.md, Decisions); of any other version the SDK's warning is news.
[[ $(node --version) != v20.* ]] || export AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED=true
"$here/../lab/lab" up "$dir/lab" "$$" >/dev/null
node "$here/bench.mjs" "$dir"
# The tables as `make test` wants them.
(cd "$here/../.." && npx --no-install biome format --write docs/benchmarks.md)
