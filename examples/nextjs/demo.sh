#!/usr/bin/env bash
# nginx in front of a Next.js application with Auth.js and a service in FastAPI, visited with curl;
# prints the conversation, and checks it on the way.
#
#     examples/nextjs/demo.sh                      the conversation
#     examples/nextjs/demo.sh --with COMMAND...    instead of curl: COMMAND ADDRESS, with the
#                                                  login's password in DEMO_PASSWORD
#     examples/nextjs/demo.sh --serve              only starts the three and prints the address;
#                                                  ends with Ctrl-C
set -euo pipefail
shopt -s extglob

here=$(cd "$(dirname "$0")" && pwd)
mode=${1:-}

# shellcheck disable=SC1091  # it is checked by itself
. "$here/../../tests/setup.sh"
need_debian nginx nginx
need_debian python3 python3
need_debian curl curl
need_debian openssl openssl
need_venv
need_node examples/nextjs
# Else Next.js would say to its maker that it was built and started.
export NEXT_TELEMETRY_DISABLED=1

next() { cd "$here" && exec node node_modules/next/dist/bin/next "$@"; }

# Anew where a source is newer, or a folder, from which one is gone.
build() {
    local log=$root/target/setup/next.log
    [ -e "$here/.next/BUILD_ID" ] && [ -z "$(cd "$here" && find app ./*.js ./*.mjs session.json \
        node_modules/.installed -newer .next/BUILD_ID -print -quit)" ] && return
    echo 'demo: Next.js builds the application, which takes half a minute'
    (next build) </dev/null >"$log" 2>&1 || { cat "$log" >&2; return 1; }
}
setup_alone nextjs build

# ---- The three -----------------------------------------------------------------------------------

dir=$(mktemp -d)
pids=()
stop() {
    [ ${#pids[@]} -eq 0 ] || { kill "${pids[@]}"; wait "${pids[@]}"; } 2>/dev/null || true
    rm -rf "$dir"
}
trap stop EXIT
trap 'exit 0' INT TERM

read -r web app service < <(python3 -c 'import socket
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
print(*(s.getsockname()[1] for s in sockets))')
# Next.js makes localhost of 127.0.0.1 in each address, and to a browser these are two sites.
address=http://localhost:$web
direct=http://localhost:$service

# The secrets live as long as the demo.
AUTH_SECRET=$(openssl rand -base64 33)
DEMO_PASSWORD=$(openssl rand -hex 6)
export AUTH_SECRET DEMO_PASSWORD AUTH_URL=$address SESSION_OPTIONS=$dir/session.json

# nginx.conf as it stands, but on free ports, and with what a system's own nginx.conf says. The
# secret is in a file of this user alone, and in no command line, which everybody can see.
mkdir -p "$dir/temp" "$dir/shared"
json=$(<"$here/session.json") json=${json/\/var\/lib\/h3s/$dir/shared}
(umask 077 && printf '{\n  "password": "%s",%s\n' "$AUTH_SECRET" "${json#\{}" >"$SESSION_OPTIONS")
{
    echo "load_module $root/target/nginx/ngx_http_h3s_module.so; daemon off; pid $dir/pid; error_log $dir/error.log;"
    [ "$(id -u)" -ne 0 ] || echo 'user root;'
    sed -e "s/127\.0\.0\.1:8080/127.0.0.1:$web/; s/127\.0\.0\.1:3000/127.0.0.1:$app/; s/127\.0\.0\.1:8000/127.0.0.1:$service/" \
        -e "s#^http {#&\n    client_body_temp_path $dir/temp; proxy_temp_path $dir/temp;\n    fastcgi_temp_path $dir/temp; uwsgi_temp_path $dir/temp; scgi_temp_path $dir/temp;#" \
        "$here/nginx.conf"
} >"$dir/nginx.conf"

next start -H 127.0.0.1 -p "$app" >"$dir/app.log" 2>&1 &
pids+=($!)
H3S_LIBRARY=$root/target/lib/libh3s.so PYTHONPATH=$root/bindings/python/src PYTHONDONTWRITEBYTECODE=1 \
    "$root/target/venv/bin/python" -m uvicorn --app-dir "$here" --port "$service" cart:app >"$dir/service.log" 2>&1 &
pids+=($!)
nginx -p "$dir" -c "$dir/nginx.conf" 2>"$dir/nginx.log" &
pids+=($!)

for port in "$web" "$app" "$service"; do
    for _ in {1..600}; do
        (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null && continue 2
        sleep 0.05
    done
    echo "demo: port $port does not answer" >&2
    cat "$dir"/*.log >&2
    exit 1
done

case $mode in
    '') ;;
    --serve)
        echo "$address, until Ctrl-C; log in as zoe, with the password $DEMO_PASSWORD"
        wait
        exit
        ;;
    --with)
        "${@:2}" "$address"
        exit
        ;;
    *) echo "usage: $0 [--serve | --with COMMAND...]" >&2; exit 2 ;;
esac

# ---- How a visit is made, shown and checked ------------------------------------------------------

patience=20
# shellcheck source=SCRIPTDIR/../conversation.sh
. "$here/../conversation.sh"
cookie=authjs.session-token

# Neither a token nor the login's password is of interest.
shorten() { sed -E "s/(eyJ[^;.]{12})[^;[:space:]]{30,}/\1…/g; s/[0-9a-f]{12}[0-9a-f%]{52,}/…/g; s/$DEMO_PASSWORD/…/g"; }

# Of a page, what a reader sees of it.
show() {
    printf '%s\n' "$answer" | sed -n '1,/^$/p' | grep -iE '^(HTTP|set-cookie|location):?' | shorten
    case $answer in
        *[Tt]ype:\ text/html*) seen | sed 's/^/   | /' ;;
        *) printf '%s\n' "$answer" | sed '1,/^$/d' | shorten ;;
    esac
}
seen() {
    python3 -c 'import html, re, sys
page = re.sub(r"<(script|style|head)\b.*?</\1>", "", sys.stdin.read().split("\n\n", 1)[1], flags=re.DOTALL)
for part in re.findall(r"<(?:h1|h2|p|li)\b.*?(?=</(?:h1|h2|p|li)>)", page, re.DOTALL):
    print(html.unescape(re.sub(r"<[^>]*>", "", part)).strip())' <<<"$answer"
}

# Auth.js takes a form only with the token that it has given this browser.
csrf() {
    visit /api/auth/csrf
    csrf=$(sed -n 's/.*"csrfToken":"\([0-9a-f]*\)".*/\1/p' <<<"$answer")
}

# log_in [PASSWORD]: as Auth.js' own form does.
log_in() {
    csrf
    visit /api/auth/callback/credentials -d "csrfToken=$csrf" -d name=zoe -d "password=${1-$DEMO_PASSWORD}" \
        -d "callbackUrl=${from-/members}"
}

# The times in a session of Auth.js are whole seconds. So a logout everywhere ends those that were
# sealed in an earlier second.
next_second() {
    local since=$EPOCHSECONDS
    while [ "$EPOCHSECONDS" -le "$since" ]; do sleep 0.05; done
}

# ---- The conversation ----------------------------------------------------------------------------

visit /
expect "Next.js knows nobody" 'HTTP/1.1 200 *Nobody is logged in*'
expect "and makes no session" "!(*$cookie=*)"
visit /members
expect "members only: nginx sends them to the login" 'HTTP/1.1 302 *Location: */login\?callbackUrl=/members'$'\n''*'
visit //evil.example/../members --path-as-is
expect "which leads to no other site" 'HTTP/1.1 302 *Location: */login\?callbackUrl=/members'$'\n''*'
visit /service/
expect "the service is not even asked" 'HTTP/1.1 401 *nginx*'
ask "$direct/"
expect "and would not answer without a login either" 'HTTP/1.1 401 *"refused":null*'

log_in wrong
expect "a wrong password logs nobody in" "HTTP/1.1 302 *[Ll]ocation: */login\?error=CredentialsSignin*"
expect "no session" "!(*$cookie=e*)"
for from in //evil.example/ 'https://evil.example/' '/\evil.example/'; do
    log_in
    expect "nor does the login lead elsewhere, whatever a link says" "HTTP/1.1 302 *[Ll]ocation: $address?(/*)"$'\n*'
done
unset from
visit /api/auth/callback/credentials -d csrfToken=forged -d name=zoe -d "password=$DEMO_PASSWORD"
expect "nobody is logged in by a form of another site" "!(*$cookie=e*)"

log_in
expect "Auth.js logs in, and leads back" "HTTP/1.1 302 *[Ll]ocation: */members*"
expect "by a cookie that scripts cannot read" "*[Ss]et-[Cc]ookie: $cookie=eyJ*HttpOnly*"
visit /members
expect "nginx lets a member pass, and Next.js knows who it is" 'HTTP/1.1 200 *Members only*Zoë*'
visit /service/
expect "so does FastAPI" 'HTTP/1.1 200 *"user":"Zoë","cart":\[\]*'
visit /service/cart --json '{"item":"apple"}'
expect "it writes into the session of Auth.js" "HTTP/1.1 200 *[Ss]et-[Cc]ookie: $cookie=eyJ*\"cart\":\[\"apple\"\]*"
visit /api/auth/session
expect "where Auth.js finds it, and seals the session anew" "*[Ss]et-[Cc]ookie: $cookie=eyJ*\"cart\":\[\"apple\"\]*"
visit /
expect "and Next.js shows it" '*Hello, *Zoë*<li>apple</li>*'
visit /service/cart --json '{"item":"pear"}'
expect "FastAPI goes on with what Auth.js has sealed" '*"cart":\["apple","pear"\]*'

csrf
visit /api/auth/signout -d "csrfToken=$csrf"
expect "logged out at Next.js" "HTTP/1.1 302 *[Ss]et-[Cc]ookie: $cookie=;*"
visit /
expect "which knows nobody any more" '*Nobody is logged in*'
visit /members
expect "nor does nginx" 'HTTP/1.1 302 */login*'
visit /service/
expect "so nobody gets to the service" 'HTTP/1.1 401 *'

log_in
copy
copied "$address/members"
expect "whoever has a copy of the cookie is a member, too" 'HTTP/1.1 200 *Members only*'
next_second
visit /service/logout-everywhere -X POST
logged_out_at=${EPOCHREALTIME/[.,]/}
expect "logged out everywhere, at FastAPI this time" "HTTP/1.1 303 *[Ss]et-[Cc]ookie: $cookie=;*"
refused_soon "nginx refuses the copy within a second" "$address/members" 'HTTP/1.1 302 *'
copied "$address/members"
expect "the copy is sent to the login" 'HTTP/1.1 302 */login*'
copied "$address/service/"
expect "and to no service" 'HTTP/1.1 401 *nginx*'
copied "$direct/"
expect "which would refuse it as well, and says why" 'HTTP/1.1 401 *"refused":"revoked"*'
copied "$address/"
expect "nginx keeps it from Next.js" '*Nobody is logged in*'
copied "$address/api/auth/session"
expect "so that Auth.js seals no new session for it" "HTTP/1.1 200 *null"
copied "http://localhost:$app/"
expect "(without nginx it would go on with it: let nothing else reach Next.js)" '*Hello, *Zoë*'
log_in
visit /members
expect "who logs in again is let in" 'HTTP/1.1 200 *Members only*'

printf '\n%s$ cat access.log%s\n' "$bold" "$plain"
answer=$(cat "$dir/access.log")
printf '%s\n' "$answer"
expect "the log tells whose requests they were" '*200 GET /service/ status=valid session=* user=42*'
expect "and who was refused" '*302 GET /members status=revoked *'
answer=$(grep -F -f <(printf '%s\n' "$AUTH_SECRET" "$DEMO_PASSWORD" eyJ) "$dir"/*.log || true)
expect "no log has a secret or a token in it" ''
answer=$(grep -E '\[(alert|crit|emerg)\]' "$dir/error.log" || true)
expect "nginx has nothing to complain of" ''

[ "$failed" -eq 0 ]
