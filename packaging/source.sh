#!/usr/bin/env bash
# source.sh [OPTION...]: writes a tar archive of the source tree to its output: of each file that
# is, or is about to be, committed; or, in a tree without git, of all but what is built. The options
# go to tar.
#
# With SOURCE_DATE_EPOCH, all of it has that time: the same tree is then the same archive.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ -e .git ]; then
    git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
        if [ -e "$file" ]; then printf '%s\0' "$file"; fi
    done
else
    find . \( -name node_modules -o -name __pycache__ -o -name target -o -name .next \) -prune -o -type f -print0
fi | LC_ALL=C sort -z | tar -c --null --files-from=- --owner=0 --group=0 --numeric-owner \
    --mode=u+rw,go=u,go-w ${SOURCE_DATE_EPOCH:+--mtime="@$SOURCE_DATE_EPOCH"} "$@"
