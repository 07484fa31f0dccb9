#!/usr/bin/env bash
# Runs the fuzz targets under AddressSanitizer, with cargo-fuzz on a stable toolchain.
#
#     fuzz/run.sh SECONDS [TARGET...]    each for so long; puts new inputs into target/fuzz/corpus,
#                                        those that fail into target/fuzz/artifacts
#     fuzz/run.sh --corpus TARGET        each input of the corpus and of the seeds once
#     fuzz/run.sh --build                the targets
#     fuzz/run.sh --merge [TARGET...]    keeps in fuzz/corpus the few inputs that reach what all did
#
# H3S_BACKEND=ring: of the library with that feature.
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=SCRIPTDIR/../tests/setup.sh
. tests/setup.sh
need_rust_asan
need_cargo_tool cargo-fuzz 0.13.2
need_debian c++ g++
need_debian python3 python3

# The sanitizer and the coverage are compiler flags that a stable toolchain
# has, but does not promise.
export RUSTC_BOOTSTRAP=1
targets=(cookies unseal jwe options data revocation abi)
options=(--fuzz-dir fuzz --target-dir target/fuzz --features "${H3S_BACKEND:-}")
python3 fuzz/seeds.py target/fuzz/seeds

# known TARGET: the folders of what is committed, unpacked: the corpus and the seeds.
known() {
    python3 fuzz/corpus.py unpack "fuzz/corpus/$1.zip" "target/fuzz/known/$1"
    known=("target/fuzz/known/$1" "target/fuzz/seeds/$1")
}

# fuzz TARGET LIBFUZZER_OPTION...
fuzz() {
    local target=$1
    shift
    known "$target"
    mkdir -p "target/fuzz/corpus/$target" target/fuzz/artifacts
    cargo fuzz run "${options[@]}" "$target" "target/fuzz/corpus/$target" "${known[@]}" -- \
        -artifact_prefix="target/fuzz/artifacts/$target-" -timeout=60 -rss_limit_mb=2048 "$@"
}

case $1 in
    --build) cargo fuzz build "${options[@]}" ;;
    --corpus)
        # Without the inputs of earlier runs here, so that it is the same everywhere.
        known "$2"
        rm -rf target/fuzz/none && mkdir -p target/fuzz/none
        cargo fuzz run "${options[@]}" "$2" target/fuzz/none "${known[@]}" -- -runs=0 -timeout=60
        ;;
    --merge)
        shift
        [ $# -gt 0 ] || set -- "${targets[@]}"
        for target; do
            known "$target"
            rm -rf target/fuzz/merged && mkdir -p target/fuzz/merged "target/fuzz/corpus/$target"
            # Kept whatever they reach: inputs that once failed.
            cp "target/fuzz/known/$target"/fault-* target/fuzz/merged 2>/dev/null || true
            cargo fuzz run "${options[@]}" "$target" target/fuzz/merged "target/fuzz/corpus/$target" "${known[@]}" -- \
                -set_cover_merge=1 -timeout=60
            python3 fuzz/corpus.py pack target/fuzz/merged "fuzz/corpus/$target.zip"
        done
        ;;
    *)
        seconds=$1
        shift
        [ $# -gt 0 ] || set -- "${targets[@]}"
        for target; do fuzz "$target" -max_total_time="$seconds" -print_final_stats=1; done
        ;;
esac
