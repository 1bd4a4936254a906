#!/usr/bin/env bash
# A debug build and a release build write the same tables, byte for byte: `.ci/same-bytes.sh DEBUG RELEASE FOLDER`.
set -euo pipefail
debug=$1 release=$2 folder=$3

# Scenario and draws; a draw of the baseline takes a third of a second in debug.
for run in "tutorial 512" "baseline 16"; do
  read -r scenario draws <<< "$run"
  rm -rf "$folder/$scenario"
  for build in debug release; do
    "${!build}" run "scenarios/$scenario" --draws "$draws" --quiet --out "$folder/$scenario/$build" \
      --export draws=csv --export inputs=parquet > /dev/null
  done
  tables=0
  for table in "$folder/$scenario/debug"/*; do
    name=$(basename "$table")
    # The manifest and the lineage tell when and for how long the run was, and by which program.
    [ "$name" = manifest.json ] || [ "$name" = lineage.json ] && continue
    cmp "$table" "$folder/$scenario/release/$name"
    tables=$((tables + 1))
  done
  [ "$tables" = "$(($(find "$folder/$scenario/release" -type f | wc -l) - 2))" ]
  [ "$tables" -ge 14 ]
  echo "$scenario, $draws draws: $tables files are the same in debug and release"
done
