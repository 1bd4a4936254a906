#!/usr/bin/env bash
# How many instructions three small runs take, held to `.ci/instructions.txt` within 2%. `record` writes that file anew: a change
# that costs more does so, and says why in its message.
#
# Seconds differ between machines and from run to run; instructions hardly do. They do where a processor lacks AVX2, with another
# compiler and with another C library: the record names the three, and is held to only where the first two are the same.
set -euo pipefail
cd "$(dirname "$0")/.."
program=$PWD/target/release/chokepoint
record=.ci/instructions.txt
runs=(
  "run scenarios/tutorial --draws 256"
  "run scenarios/baseline --draws 64"
  "compare scenarios/tutorial --draws 64"
)

grep --quiet avx2 /proc/cpuinfo || { echo "instructions: this processor has no AVX2, of which the record is"; exit; }
# Read whole: a program whose reader has left (`| head`) may end by SIGPIPE, and this script with it.
glibc=$(ldd --version)
# Kernels that are compiled once instead of twice, or less optimised, say nothing.
machine="$(rustc --version), AVX2, ${glibc%%$'\n'*}"

# Instructions of a run: one thread, an empty environment, and a folder whose path has the same length everywhere.
count() {
  rm -rf output/ci/instructions
  mkdir -p output/ci
  local said
  said=$(env -i LC_ALL=C PATH=/usr/bin:/bin valgrind --tool=callgrind --callgrind-out-file=/dev/null \
    "$program" "$@" --threads 1 --quiet --out output/ci/instructions 2>&1 > /dev/null)
  sed -n 's/.*Collected : *\([0-9]*\)$/\1/p' <<< "$said" | grep . || { echo "$said" >&2; return 1; }
}

if [ "${1:-}" = record ]; then
  { echo "# $machine"; for run in "${runs[@]}"; do
      # shellcheck disable=SC2086
      printf '%s\t%s\n' "$(count $run)" "$run"
    done; } > "$record.part"
  mv "$record.part" "$record"
  cat "$record"
  exit
fi

recorded=$(sed -n '1s/^# //p' "$record")
if [ "${recorded%%,*}" != "${machine%%,*}" ]; then
  echo "instructions: recorded with ${recorded%%,*}, this is ${machine%%,*}: record them anew with .ci/instructions.sh record" >&2
  exit 1
fi
worse=0
for run in "${runs[@]}"; do
  before=$(awk -F '\t' -v run="$run" '$2 == run { print $1 }' "$record")
  # shellcheck disable=SC2086
  now=$(count $run)
  awk -v run="$run" -v now="$now" -v before="$before" 'BEGIN {
    change = before > 0 ? 100 * (now / before - 1) : 100
    printf "%-40s %6.3f G, recorded %6.3f G: %+.2f %%\n", run, now / 1e9, before / 1e9, change
    exit change > 2 || change < -2 }' || worse=1
done
if [ $worse = 1 ]; then
  echo "instructions: more than 2% from the record; mend it, or record them anew with .ci/instructions.sh record and say why" >&2
  exit 1
fi
