#!/usr/bin/env bash
# A Nitro server, as Nuxt makes one, whose sessions are those of h3s, visited with curl; prints the
# conversation, and checks it on the way.
#
#     examples/nuxt/demo.sh            the conversation
#     examples/nuxt/demo.sh --serve    only starts the server and prints the address; until Ctrl-C
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
mode=${1:-}

# shellcheck disable=SC1091  # it is checked by itself
. "$here/../../tests/setup.sh"
need_debian curl curl
need_debian openssl openssl
need_node examples/nuxt

cd "$root"

# ---- The application, as the README has it made --------------------------------------------------

app=target/examples/nuxt
rm -rf "$app"
mkdir -p "$app"
# With what `npm ci` has installed.
cp -a "$here"/{server,nitro.config.mjs,package.json,package-lock.json,node_modules} "$app"
package=("$root"/target/node/h3s-*.tgz)
(cd "$app" && npm install --no-save --offline --no-audit --no-fund "${package[@]}" && npm run build) >"$app/log" 2>&1 ||
    { cat "$app/log" >&2; exit 1; }

# ---- The server, of which nothing but .output is there -------------------------------------------

dir=$(mktemp -d)
server=
stop() {
    [ -z "$server" ] || { kill "$server"; wait "$server"; } 2>/dev/null || true
    rm -rf "$dir"
}
trap stop EXIT
trap 'exit 0' INT TERM
mv "$app/.output" "$dir/output"
export NUXT_SESSION_PASSWORD
NUXT_SESSION_PASSWORD=$(openssl rand -base64 32)
# It says where it listens, on a port that the system has chosen.
NITRO_HOST=127.0.0.1 NITRO_PORT=0 node "$dir/output/server/index.mjs" >"$dir/said" 2>&1 &
server=$!
for _ in {1..200}; do
    address=$(grep -oE 'http://127\.0\.0\.1:[0-9]+' "$dir/said" | head -n 1) && break
    kill -0 "$server" && sleep 0.05
done
[ -n "$address" ] || { cat "$dir/said" >&2; exit 1; }
if [ "$mode" = --serve ]; then
    echo "$address (ends with Ctrl-C)"
    wait "$server"
fi

# ---- The conversation ----------------------------------------------------------------------------

# visit EXPECTED METHOD PATH [CURL_OPTION...]: what is answered is, or ends with, what is expected.
visit() {
    local expected=$1 method=$2 path=$3 answer
    shift 3
    echo "\$ curl -X $method $path"
    # The cookies are Secure. Without HTTPS curl sends such to this name alone.
    answer=$(curl --silent --max-time 10 --cookie "$dir/jar" --cookie-jar "$dir/jar" -w '%{http_code}' \
        --resolve "localhost:${address##*:}:127.0.0.1" -X "$method" "$@" "http://localhost:${address##*:}$path")
    echo "${answer%???}"
    [[ "${answer//$'\n'/ }" == *"$expected"* ]] || { echo "demo: that is not: $expected" >&2; exit 1; }
}
visit 'visit 1 200' GET /
visit 'visit 2 200' GET /
visit 401 GET /members
visit 'hello Zoe 200' POST /login -H 'content-type: application/json' --data '{"name": "Zoe"}'
visit 'for members such as Zoe 200' GET /members
grep -q 'nuxt-session.h3s1' "$dir/jar" || { echo 'demo: the cookie is not of h3s1' >&2; exit 1; }
echo "the cookie nuxt-session begins with h3s1"
visit 'bye 200' POST /logout
visit 401 GET /members
visit 'visit 3 200' GET /
