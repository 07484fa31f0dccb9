#!/usr/bin/env bash
# The Go package under the race detector: its API, real servers, a real h3, its README, other
# people's frameworks, a real Valkey or Redis; then again under what catches wrong cgo, with the
# oldest Go that it is for, and on the fuzzer's inputs.
. "$(dirname "$0")/suite.sh"
need_go && need_go bindings/go/frameworks && need_go bindings/go/valkey && need_c ||
    skip_suite "needs Go and a C compiler"
command -v valkey-server >/dev/null || need_debian redis-server redis-server || skip_suite "needs valkey-server or redis-server"
need_debian curl curl && need_debian openssl openssl || skip_suite "needs curl and openssl, which the README uses"
need_node tests/interop || skip_suite "needs Node 20 or later and the packages of tests/interop"
need_build

cd bindings/go || exit
# Go does not look whether the header is another than when it compiled the package.
CGO_CFLAGS="-g -O2 -DH3S_HEADER=$(cksum <../../include/h3s.h | cut -d ' ' -f 1)"
export CGO_CFLAGS CGO_ENABLED=1
oldest=$(sed -n 's/^go //p' go.mod)

# What needs modules of others is a module of its own, so that the package requires none.
folders=(. frameworks valkey)
each() { local folder; for folder in "${folders[@]}"; do (cd "$folder" && "$@") || return; done; }

# One test each, subtests included. The timeout is go test's own, which tells where it hung.
for folder in "${folders[@]}"; do
    (cd "$folder" && bounded 960 go test -race -count=1 -timeout 900s -v ./...) 2>&1 | tee "$scratch/log" | grep -vE '^ *(=== |--- PASS)'
    status=${PIPESTATUS[0]}
    ended() { grep -cE "^ *--- $1: " "$scratch/log"; }
    add_counts "$status" "$(ended PASS)" "$(ended FAIL)" "$(ended SKIP)"
done

# What builds programs of its own is not tried again.
again() { each bounded 960 env "$@" go test -count=1 -timeout 900s -skip '^(TestTheReadmeIsTrue|TestEachWayOfLinking|TestAnotherABIVersion|TestWithoutCgo)' ./...; }
check "no Go pointer stays with C, whatever the collector does" again GOEXPERIMENT=cgocheck2 GODEBUG=invalidptr=1 GOGC=1
check "the shared library, found by pkg-config" again GOFLAGS=-tags=h3s_pkgconfig PKG_CONFIG_PATH="$root/target/pkgconfig"
check "Go $oldest" again GOTOOLCHAIN="go$oldest"
check "the benchmarks run" each bounded 300 go test -run '^$' -bench . -benchtime 100x ./...
# So many inputs and not so long: at the end of a time, Go before 1.27 may say "context deadline
# exceeded" (golang/go#75804).
for target in FuzzCookieHeader FuzzSet; do
    check "$target" bounded 600 go test -run '^$' -fuzz "^$target\$" -fuzztime 20000x .
done
check "go.mod and go.sum are tidy" each env GOFLAGS=-mod=mod go mod tidy -diff
# h3s itself is no module of the cache.
verified() { ! go mod verify 2>&1 | grep -vxE 'all modules verified|h3s v0\.0\.0: missing ziphash: .*'; }
check "the module cache is as go.sum says" each verified
finish
