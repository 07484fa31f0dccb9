#!/usr/bin/env bash
# visit.sh ADDRESS PORT LOGOUT COMMAND...: starts a server that prints where it listens, connects to
# it at that address and port, logs in, and logs out by a POST to the path LOGOUT.
#
# In a network and with process ids that are its own: so no port is taken, and when this ends, all
# that the command has started ends with it.
set -u
if [ -z "${VISIT_APART-}" ]; then
    VISIT_APART=1 exec timeout --kill-after=10 120 unshare --net --pid --fork --kill-child --mount-proc "$0" "$@"
fi
address=$1 port=$2 logout=$3
shift 3
jar=$(mktemp)
trap 'rm -f "$jar"' EXIT
ip link set lo up || exit
coproc server { exec "$@" </dev/null; }
# The first line is an address in the container.
read -r -t 60 line <&"${server[0]}" && [[ $line == http://*:"$port"?(/) ]] || { echo "it said: ${line-}" && exit 1; }

# visit PATTERN CURL_OPTION... PATH: as a browser at http://127.0.0.1, which keeps even cookies that
# are Secure. $answer, its headers first, has to be like the pattern.
visit() {
    local wanted=$1
    answer=$(curl -sS -i --max-time 20 -b "$jar" -c "$jar" --connect-to "::$address:" "${@:2:$#-2}" \
        "http://127.0.0.1:$port${*: -1}" | tr -d '\r')
    # shellcheck disable=SC2053  # a pattern is meant
    [[ $answer == $wanted ]] || { printf 'not %s, but:\n%s\n' "$wanted" "$answer" && return 1; }
}
kept() { awk -F '\t' '$6 == "h3"' "$jar"; }

# The name is nothing that a token may have in it. Some take it from a form, some from the query.
visit '* 200 *[Ss]et-[Cc]ookie: h3=*' / &&
    visit '* 200 *[Ss]et-[Cc]ookie: h3=*' --data name=ada@home '/login?name=ada@home' &&
    visit '* 200 *ada@home*' / &&
    visit '* 200 *[Ss]et-[Cc]ookie: h3=;*' --data '' "$logout" &&
    [ -z "$(kept)" ] && visit '* 200 *' / && [[ $answer != *ada@home* ]]
