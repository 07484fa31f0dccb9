#!/usr/bin/env bash
# The benchmarks work: every driver answers every question once, which proves nothing of speed. And
# the README's figures are those of the last committed run.
. "$(dirname "$0")/suite.sh"
need_c && need_venv && need_node benches/peers/node && need_go && need_go benches/peers/go ||
    skip_suite "needs a C compiler, Python, Node and Go"
need_debian /usr/include/openssl/evp.h libssl-dev || skip_suite "needs OpenSSL's headers"
need_build

python=target/venv/bin/python
check "a run of one round" bounded 600 benches/peers/run.sh --smoke "$scratch/run"
check "it leaves a whole page and two charts" bounded 60 "$python" benches/peers/page.py "$scratch/run"
check "the committed page is whole too" bounded 60 "$python" benches/peers/page.py benches/peers --sizes
check "the README's figures are the committed page's" bounded 60 "$python" benches/peers/page.py benches/peers --readme README.md
finish
