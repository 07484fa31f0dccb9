#!/usr/bin/env bash
# What README.md says, done: its commands, its programs, its options; each option of
# docs/OPTIONS.md; how docs/CONTRIBUTING.md runs single tests; and what the other pages of docs say
# of sessions (tests/docs).
. "$(dirname "$0")/suite.sh"
need_c && need_debian /usr/include/microhttpd.h libmicrohttpd-dev && need_debian curl curl &&
    need_debian python3 python3 && need_debian nginx nginx && need_debian /usr/share/nginx/src/configure nginx-dev ||
    skip_suite "needs a C compiler, python3, nginx, nginx-dev and what the demo needs"
python3 -c 'import ensurepip, venv' 2>/dev/null || need_debian /usr/share/doc/python3-venv/copyright python3-venv ||
    skip_suite "needs Python's venv"
need_go || skip_suite "needs Go"
need_venv && need_node tests/interop && need_node bindings/node ||
    skip_suite "needs the packages of tests/requirements.txt, of tests/interop and of bindings/node"
need_build
check "docs/OPTIONS.md has each option, and is true of it" bounded 120 python3 tests/suites/options.py
bounded 600 make --no-print-directory nginx >/dev/null || check "make nginx" false

# follow PAGE COMMAND...: each block and each link of the page is one test.
follow() {
    local page=$1 status p f s
    shift
    "$@" python3 tests/suites/readme.py "$page" "$scratch" "${install[@]}" 2>&1 | tee "$scratch/log"
    status=${PIPESTATUS[0]}
    read -r p f s < <(sed -n 's/^readme: \([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/\1 \2 \3/p' "$scratch/log")
    add_counts "$status" "${p:-0}" "${f:-0}" "${s:-0}"
}
install=()
for page in OPTIONS BESIDE-H3 CONCEPTS; do follow "docs/$page.md" bounded 120; done
count_pytest 300 tests/docs
follow docs/CONTRIBUTING.md bounded 1200
if can_be_apart; then
    install=(--install)
    follow README.md apart timeout --kill-after=10 1800
else
    skip "README.md's sudo make install" "needs to be root, with mount namespaces"
    follow README.md bounded 1800
fi
finish
