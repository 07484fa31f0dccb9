#!/usr/bin/env bash
# How long a forged token takes does not depend on how much of its tag is right (benches/timing, by
# dudect's method).
#
# A measurement that others disturb is no proof of a leak, and silence is none of its absence. So
# each format is measured in several tries, each together with a control: the same, followed by a
# comparison that leaks. A try counts if it found the control out, and it is the best of five that
# count: a leak which is just above the threshold may be missed once, but not in most of them. Where
# too few count, that is a failure too.
. "$(dirname "$0")/suite.sh"
need_rust || skip_suite "needs Rust"

tries=8
# dudect's own thresholds: below the first there is no evidence of a leak, above the second there is
# no doubt of it.
silent=5 certain=10
export H3S_SAMPLES
H3S_SAMPLES=$(lasting 50000 1000000)

# measured FORMAT: a line `NAME |t|` for each measurement.
measured() {
    bounded 300 "target/$built/release/timing" --filter "$1_" | sed -nE 's/^bench (\S+) .* max t = [+-]?([0-9.]+|inf|NaN),.*/\1 \2/p'
}

# is_silent FORMAT: whether most tries that count find nothing.
is_silent() {
    local try quiet=0 loud=0
    for ((try = 1; try <= tries; try++)); do
        measured "$1" | tee "$scratch/try" | sed "s/^/try $try: /"
        case $(awk -v silent="$silent" -v certain="$certain" '
            / (inf|NaN)$/ { next }
            /_control / { counts = $2 >= certain; next }
            { measured++; if ($2 >= silent) found++ }
            END { if (counts && measured == 2) print found ? "loud" : "quiet" }
        ' "$scratch/try") in
            quiet) quiet=$((quiet + 1)) ;;
            loud) loud=$((loud + 1)) ;;
        esac
        if [ "$quiet" -eq 3 ]; then return; fi
        if [ "$loud" -eq 3 ]; then return 1; fi
    done
    return 1
}

# build FOLDER BACKEND: into that folder of target/.
build() {
    built=$1
    bounded 1800 env CARGO_TARGET_DIR="$root/target/$built" cargo build --quiet --release --locked \
        --manifest-path benches/timing/Cargo.toml --features "$2" || {
        check "the measurement in target/$built is built" false
        return 1
    }
}

if build timing ''; then
    check "the time of a forged h3s1 token does not say how wrong its tag is" is_silent h3s1
    check "the time of a forged Fe26.2 token does not say how wrong its MAC is" is_silent fe26
fi
# Which has nothing of the other format.
if ! need_debian cc gcc libc6-dev; then
    skip "the time with ring" "needs a C compiler"
elif build timing-ring ring; then
    check "with ring, the time of a forged h3s1 token does not say how wrong its tag is" \
        is_silent h3s1
fi
finish
