#!/usr/bin/env bash
# Threads that share a config: under ThreadSanitizer, in a crowd for a while, and while children are
# forked.
. "$(dirname "$0")/suite.sh"
need_c && need_debian /usr/include/cmocka.h libcmocka-dev && need_debian /usr/include/jansson.h libjansson-dev ||
    skip_suite "needs a C compiler and cmocka"
need_build

# ---- ThreadSanitizer -----------------------------------------------------------------------------

# Compilers of the stable channel have it, but not as a stable option. The standard library they
# have only as it is, without it; of that the library uses, between threads, only what is compiled
# with its own code (atomics, locks that are tried, Arc), and the threads are C's.
flags='-Zsanitizer=thread -Cunsafe-allow-abi-mismatch=sanitizer'
host=$(rustc -vV | sed -n 's/^host: //p')
made=target/tsan/$host/debug
with_flags() { bounded 1800 env CARGO_TARGET_DIR="$root/target/tsan" RUSTC_BOOTSTRAP=1 CARGO_TERM_COLOR=never "$@"; }

# link PROGRAM LIBRARY SOURCE...: the C sources and the Rust library, both with ThreadSanitizer, and
# the run-time of Rust's.
link() {
    local program=$1 library=$2 source objects=()
    shift 2
    for source in "$@"; do
        objects+=("$scratch/$(basename "$source").o")
        cc -std=c99 -D_POSIX_C_SOURCE=200809L -O1 -g -fsanitize=thread -Iinclude -c "$source" -o "${objects[-1]}" || return
    done
    cc -rdynamic "${objects[@]}" "$library" -Wl,--whole-archive "$runtime" -Wl,--no-whole-archive \
        -lcmocka -ljansson -lpthread -lm -ldl -lrt -lresolv -o "$program"
}

# shellcheck disable=SC2086  # the flags are several words
make_race() {
    with_flags rustc --edition 2024 --crate-type staticlib -g $flags tests/threads/race.rs -o "$scratch/librace.a" &&
        link "$scratch/race" "$scratch/librace.a" tests/threads/race.c
}

make_crowd() {
    RUSTFLAGS=$flags with_flags cargo rustc --quiet --locked --target "$host" --lib --features capi --crate-type staticlib &&
        link "$scratch/crowd" "$made/libh3s.a" c-tests/crowd.c c-tests/jar.c &&
        link "$scratch/one_session" "$made/libh3s.a" c-tests/one_session.c c-tests/jar.c &&
        link "$scratch/replicas" "$made/libh3s.a" c-tests/replicas.c c-tests/jar.c
}

sanitized() { bounded 300 env TSAN_OPTIONS="suppressions=$root/tests/threads/suppressions.txt history_size=4" "$@"; }

# found KIND: the race of this kind is.
found() {
    local output status
    output=$(sanitized "$scratch/race" "$1" 2>&1)
    status=$?
    echo "${output:0:2000}"
    [ "$status" -eq 66 ] && [[ $output = *'WARNING: ThreadSanitizer: data race'* ]]
}

runtime=$(compgen -G "$(rustc --print target-libdir)/librustc-*_rt.tsan.a" | head -n 1)
if [ -z "$runtime" ]; then
    skip "ThreadSanitizer" "needs a Rust toolchain that has it"
else
    check "programs with and without a race are built" make_race
    check "ThreadSanitizer finds a number that two threads change without a lock" found 1
    check "ThreadSanitizer finds a value that is handed on in too weak an order" found 2
    check "ThreadSanitizer finds nothing where there is no race" sanitized "$scratch/race" 0
    check "the library is built for ThreadSanitizer" make_crowd
    H3S_SECONDS=$(lasting 3 60) check "ThreadSanitizer finds no race in a crowd of threads on two configs" sanitized "$scratch/crowd"
    H3S_SECONDS=$(lasting 3 60) check "ThreadSanitizer finds no race between threads that log out and look up" \
        sanitized "$scratch/replicas"
    H3S_ROUNDS=$(lasting 300 20000) check "ThreadSanitizer finds no race between two threads in one session" \
        sanitized "$scratch/one_session"
fi

# ---- Crowds and children -------------------------------------------------------------------------

# Its own closing line is counted in with this suite's.
H3S_SECONDS=$(lasting 3 60) H3S_CHILDREN=$(lasting 200 1000) bounded 600 make --no-print-directory -C c-tests storms |
    tee "$scratch/storms"
read -r p f s < <(sed -n 's/^storms: //p' "$scratch/storms" | tr -dc '0-9 \n')
passed=$((passed + ${p:-0})) failed=$((failed + ${f:-1})) skipped=$((skipped + ${s:-0}))
finish
