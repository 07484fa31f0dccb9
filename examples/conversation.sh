# shellcheck shell=bash disable=SC2154  # whoever sources it has set what it names
# Sourced by the demos that stand behind an nginx: how a visit is made, shown and checked.
#
# Wanted are $address, where nginx is; $dir, for jars of cookies; $patience, the seconds that an
# answer may take; `shorten`, which leaves out what nobody wants to read; and `show`, which prints
# $answer. $failed counts what was not as expected.

bold='' plain=''
if [ -t 1 ]; then bold=$'\e[1m' plain=$'\e[0m'; fi
failed=0 answer='' logged_out_at=0

# ask CURL_OPTION...: what is answered, its headers first.
ask() { answer=$(curl -sS -i --max-time "$patience" "$@" | tr -d '\r') || answer='no answer'; }

# visit PATH [CURL_OPTION...]: as a visitor who keeps cookies.
visit() {
    local path=$1
    shift
    printf '\n%s$ curl -i %s%s\n' "$bold" "${*:+$* }$address$path" "$plain" | shorten
    ask -b "$dir/jar" -c "$dir/jar" "$@" "$address$path"
    show
}

# copied URL [CURL_OPTION...]: as somebody who has a copy of the cookie.
copied() {
    printf '\n%s$ curl -i -b copy %s%s\n' "$bold" "${*:2}${2:+ }$1" "$plain"
    ask -b "$dir/copy" "${@:2}" "$1"
    show
}

# expect WHAT PATTERN: what the answer should be like.
expect() {
    # shellcheck disable=SC2053  # a pattern is meant
    if [[ $answer == $2 ]]; then
        printf '   ✓ %s\n' "$1"
    else
        failed=$((failed + 1))
        printf '   ✗ %s: it is not like %s\n' "$1" "$2"
    fi
}

# copy: of the visitor's cookies.
copy() {
    printf '\n%s$ cp jar copy%s\n' "$bold" "$plain"
    cp "$dir/jar" "$dir/copy"
}

# refused_soon WHAT URL PATTERN: asks with the copy until the answer is like that, for a second
# since $logged_out_at, in microseconds.
refused_soon() {
    local now
    for ((now = logged_out_at; now - logged_out_at < 1000000; now = ${EPOCHREALTIME/[.,]/})); do
        ask -b "$dir/copy" "$2"
        # shellcheck disable=SC2053  # a pattern is meant
        [[ $answer != $3 ]] || break
    done
    printf '\n(%d ms after the logout)\n' $(((${EPOCHREALTIME/[.,]/} - logged_out_at) / 1000))
    expect "$1" "$3"
}
