#!/usr/bin/env bash
# Takes from a clone of the RustSec advisory database what it says of the crates in our lock files,
# into tests/supply/advisories.
#
#     tests/supply/refresh.sh PATH
#
# To be run when a lock file names a new crate, and before a release with a fresh clone. What is
# kept is facts and title of an advisory, which are in the public domain, in the database's own
# layout; its text stays there.
set -euo pipefail
database=$(cd "${1:?usage: tests/supply/refresh.sh PATH}" && pwd)
cd "$(dirname "$0")/../.."
# shellcheck source=SCRIPTDIR/supply.sh
. tests/supply/supply.sh

commit=$(git -C "$database" rev-parse HEAD)
target=tests/supply/advisories
rm -rf "$target"
mkdir -p "$target/crates"
{
    echo "commit $commit"
    echo "date $(TZ=UTC git -C "$database" log -1 --date=format-local:%Y-%m-%d --format=%cd "$commit")"
} >"$target/SNAPSHOT"
supply_crates >"$target/CRATES"

git -C "$database" ls-tree -r --name-only "$commit" crates/ | while IFS=/ read -r _ crate file; do
    grep -Fqx -- "$crate" "$target/CRATES" || continue
    mkdir -p "$target/crates/$crate"
    # To the title, which is the first heading below the block of facts.
    git -C "$database" show "$commit:crates/$crate/$file" |
        awk '/^```/ { fence++ } fence < 2 || /^```/ && fence == 2 { print } fence == 2 && /^# / { print "\n" $0; exit }' \
            >"$target/crates/$crate/$file"
done
echo "$(find "$target/crates" -name '*.md' | wc -l) advisories on $(wc -l <"$target/CRATES") crates, of $(sed -n 's/^date //p' "$target/SNAPSHOT")"
