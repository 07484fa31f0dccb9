#!/usr/bin/env bash
# The benchmarks work: every driver answers every question once, which proves nothing of speed. And
# the README's figures are those of the last committed run. A small simulation of revocation proves
# more: that each logout is refused in all processes.
. "$(dirname "$0")/suite.sh"
need_c && need_venv && need_node benches/peers/node && need_go && need_go benches/peers/go ||
    skip_suite "needs a C compiler, Python, Node and Go"
need_debian /usr/include/openssl/evp.h libssl-dev || skip_suite "needs OpenSSL's headers"
command -v valkey-server >/dev/null || need_debian redis-server redis-server || skip_suite "needs valkey-server or redis-server"
need_build

python=target/venv/bin/python
page() { bounded 60 "$python" benches/peers/page.py "$@"; }
# As `make bench RING=...` would, with another build of the library: here with a copy of this one.
cp -L target/lib/libh3s.so "$scratch/other.so"
check "the data and the budgets" bounded 60 "$python" benches/peers/test_peers.py
check "a run of one round, with two builds of the library" \
    bounded 600 benches/peers/run.sh --smoke --ring "$scratch/other.so" "$scratch/run"
check "it leaves a whole page with both, and three charts" page "$scratch/run" --builds
# lacks SED FAULT: without these lines, or with others, the page has that fault.
lacks() {
    rm -rf "$scratch/lacking" && cp -r "$scratch/run" "$scratch/lacking" &&
        sed -i "$1" "$scratch/lacking/RESULTS.md" || return
    ! page "$scratch/lacking" --builds >"$scratch/faults" && grep -q "$2" "$scratch/faults" ||
        { cat "$scratch/faults" && return 1; }
}
check "a form that is missing is noticed" lacks '/^| nested, 1,024 B/d' 'is not beside the limit'
check "a verdict that is missing is noticed" \
    lacks 's/^\(| nested, 1,024 B.*|\)[^|]*|$/\1 |/' 'is neither met nor missed'
check "a peer that is missing is noticed" lacks '/^| nuxt-auth-utils/d' 'nuxt-auth-utils is missing'
check "the committed page is whole too" page benches/peers --sizes
check "the README's figures are the committed page's" page benches/peers --readme README.md

check "what holds Node's event loop is measured" bounded 120 node benches/event-loop.mjs --smoke

simulate() { bounded 300 "$python" benches/revocations/simulate.py --small --write "$scratch/revocations.md" "$@"; }
check "each logout is refused in all processes that follow one server" simulate
told() { grep -q "^Each logout was refused in all $1 processes" "$2"; }
check "the page says so" told 4 "$scratch/revocations.md"
check "and so does the committed one" told 16 benches/revocations/RESULTS.md
missing() {
    ! simulate --live 1000 --room 100 2>"$scratch/faults" && grep -q 'was not logged out' "$scratch/faults" &&
        grep -q 'has missed' "$scratch/faults" && ! told 4 "$scratch/revocations.md" || { cat "$scratch/faults" && return 1; }
}
check "a process that misses entries is noticed" missing
finish
