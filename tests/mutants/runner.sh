#!/bin/sh
# Runs the tests of a mutant, as cargo's runner: `runner.sh TEST_BINARY`. The first that fails is
# enough. An endless loop ends with the limit of seconds on a processor, however busy the machine is.
ulimit -t 60
RUSTC_BOOTSTRAP=1 exec "$@" -Z unstable-options --fail-fast
