#!/usr/bin/env bash
# The vectors of tokens and revocations, checked by an implementation of docs/FORMAT.md and
# docs/REVOCATION.md that shares no code with the library.
. "$(dirname "$0")/suite.sh"
need_venv && need_debian openssl openssl ||
    skip_suite "needs the packages of tests/requirements.txt, and openssl"
bounded 600 target/venv/bin/python tests/vectors/check.py
