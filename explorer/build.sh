#!/usr/bin/env bash
# Builds the engine of the page that `chokepoint explore` writes, and checks it in: explorer/engine.wasm.gz with the hash of what it
# was built from, explorer/engine.json. Takes three to ten minutes on two cores. `explorer/build.sh check` holds the two together.
set -euo pipefail
cd "$(dirname "$0")/.."

# Everything that is compiled: the library without its command line, what it depends on, and the compiler.
sources() {
  { cat Cargo.lock Cargo.toml rust-toolchain.toml explorer/Cargo.toml build.rs
    find src explorer/src -name '*.rs' -not -path 'src/cli/*' -not -path 'src/report/page/*' -not -path 'src/report/explore/*' \
      -not -name main.rs | LC_ALL=C sort | xargs cat; } | sha256sum | cut -d' ' -f1
}

if [ "${1:-}" = check ]; then
  built=$(sed -n 's/.*"sources": "\([0-9a-f]*\)".*/\1/p' explorer/engine.json)
  if [ "$built" != "$(sources)" ]; then
    echo "explorer/engine.wasm.gz was built from other sources than these: run explorer/build.sh" >&2
    exit 1
  fi
  exit
fi
before=$(sources)
# No unwinding: a panic is a trap, and its words are kept. Sixteen bytes at once are what every browser has had since 2023.
CARGO_PROFILE_RELEASE_PANIC=abort CARGO_PROFILE_RELEASE_DEBUG=false CARGO_PROFILE_RELEASE_STRIP=true \
  CARGO_PROFILE_RELEASE_OPT_LEVEL="${OPT_LEVEL:-3}" RUSTFLAGS="-C target-feature=+simd128" \
  cargo build --release -p chokepoint-explorer --target wasm32-unknown-unknown --target-dir "${OUT:-target-wasm}"
wasm="${OUT:-target-wasm}/wasm32-unknown-unknown/release/engine.wasm"
gzip -9 --no-name --stdout "$wasm" > explorer/engine.wasm.gz
printf '{ "sources": "%s", "bytes": %s, "compressed": %s }\n' "$before" "$(stat -c %s "$wasm")" \
  "$(stat -c %s explorer/engine.wasm.gz)" > explorer/engine.json
cat explorer/engine.json
