#!/usr/bin/env bash
# `make site`: the pages as a web site. Its links lead somewhere, and it fits a narrow window.
. "$(dirname "$0")/suite.sh"
need_site || skip_suite "needs the packages of tests/requirements-site.txt"
need_debian chromium chromium && need_venv || skip_suite "needs chromium and the packages of tests/requirements.txt"

check "make site" bounded 120 make --no-print-directory site
bounded 300 target/venv/bin/python tests/suites/website.py target/site >"$scratch/said" 2>&1
status=$?
cat "$scratch/said"
read -r p f s < <(sed -n 's/^site: \([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/\1 \2 \3/p' "$scratch/said")
add_counts "$status" "${p:-0}" "${f:-0}" "${s:-0}"

# A page with a link that leads nowhere, and one with an anchor that is not there, are no site.
broken() {
    local copy=$scratch/broken
    rm -rf "$copy" && mkdir -p "$copy/target" && cp -r README.md LICENSE docs bindings benches examples include packaging tests "$copy" 2>/dev/null
    echo "$1" >>"$copy/docs/CONCEPTS.md"
    ! bounded 120 target/site-venv/bin/python "$copy/packaging/site/build.py" >"$scratch/refused" 2>&1 &&
        grep -q "$2" "$scratch/refused" || { cat "$scratch/refused" && return 1; }
}
check "a link to no page is refused" broken '[x](NONE.md)' 'NONE.md leads nowhere'
check "a link to no heading is refused" broken '[x](OPTIONS.md#none)' "no such anchor\|does not contain an anchor"
finish
