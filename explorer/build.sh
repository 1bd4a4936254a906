#!/usr/bin/env bash
# Builds the engine of the page that `chokepoint explore` writes, and leaves it where it is checked in: explorer/engine.wasm.gz, with
# the hash of what it was built from in explorer/engine.json. About five minutes of processor time; in 15 minutes beside four others.
#
#   explorer/build.sh            build, and leave it there
#   explorer/build.sh to FILE    build, and leave the engine elsewhere
#   explorer/build.sh check      hold what is checked in against the sources
set -euo pipefail
cd "$(dirname "$0")/.."

# Everything that is compiled: the library without its command line and pages (and what makes them), what it depends on, and the compiler.
sources() {
  { cat Cargo.lock rust-toolchain.toml explorer/Cargo.toml build.rs
    find src explorer/src -name '*.rs' -not -path 'src/cli/*' -not -path 'src/report/page/*' -not -path 'src/report/explore/*' \
      -not -path src/study/explore.rs -not -name main.rs | LC_ALL=C sort | xargs cat; } | sha256sum | cut -d' ' -f1
}

if [ "${1:-}" = check ]; then
  built=$(sed -n 's/.*"sources": "\([0-9a-f]*\)".*/\1/p' explorer/engine.json)
  if [ "$built" != "$(sources)" ]; then
    echo "explorer/engine.wasm.gz was built from other sources than these: run explorer/build.sh" >&2
    exit 1
  fi
  exit
fi
engine=explorer/engine.wasm.gz
if [ "${1:-}" = to ]; then engine=$2; fi
before=$(sources)
# No unwinding: a panic is a trap, and its words are kept. Sixteen bytes at once are what every browser has had since 2023.
CARGO_PROFILE_RELEASE_PANIC=abort CARGO_PROFILE_RELEASE_DEBUG=false CARGO_PROFILE_RELEASE_STRIP=true \
  RUSTFLAGS="-C target-feature=+simd128" \
  cargo build --release --locked -p chokepoint-explorer --target wasm32-unknown-unknown --target-dir target-wasm
wasm=target-wasm/wasm32-unknown-unknown/release/engine.wasm
gzip -9 --no-name --stdout "$wasm" > "$engine"
if [ "$engine" = explorer/engine.wasm.gz ]; then
  printf '{ "sources": "%s", "bytes": %s, "compressed": %s }\n' "$before" "$(stat -c %s "$wasm")" "$(stat -c %s "$engine")" \
    > explorer/engine.json
  cat explorer/engine.json
fi
