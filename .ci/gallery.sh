#!/usr/bin/env bash
# Makes docs/gallery anew: one brief for each policy that the baseline is shipped with, from one comparison.
#
#   .ci/gallery.sh [PROGRAM] [DRAWS]
set -euo pipefail
cd "$(dirname "$0")/.."
program=${1:-target/release/chokepoint} draws=${2:-512} folder=output/gallery
"$program" compare scenarios/baseline --draws "$draws" --quiet --out "$folder" > /dev/null
rm -rf docs/gallery
mkdir -p docs/gallery
{
  printf '# Gallery\n\nOne brief for each policy of the baseline: what it changes, what that rests on, and what would change it. Made by\n`.ci/gallery.sh` from one comparison of %s draws; numbers are of the day on which they were made. For today'"'"'s:\n\n' "$draws"
  printf '```sh\nchokepoint compare baseline --brief\nchokepoint report output/baseline-HEX --brief --policy enforcement-tenfold\n```\n\n'
} > docs/gallery/README.md
for file in scenarios/baseline/policies/*.toml; do
  policy=$(basename "$file" .toml)
  "$program" report "$folder" --brief --policy "$policy" 2> /dev/null
  cp "$folder/brief-$policy.md" "docs/gallery/$policy.md"
  printf -- '- [%s](%s.md)\n' "$(sed -n 's/^# What does “\(.*\)” change?$/\1/p' "docs/gallery/$policy.md")" "$policy" >> docs/gallery/README.md
done
