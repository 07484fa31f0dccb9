#!/usr/bin/env bash
# nginx in front of an h3 application, a Python service and a Python application, visited with curl;
# prints the conversation, and checks it on the way.
#
#     examples/nginx/demo.sh                      the conversation
#     examples/nginx/demo.sh --with COMMAND...    instead of curl: COMMAND ADDRESS FOLDER, where
#                                                 FOLDER/html is what nginx serves
#     examples/nginx/demo.sh --serve              only starts the four and prints the address; ends
#                                                 with Ctrl-C
set -euo pipefail
shopt -s extglob

here=$(cd "$(dirname "$0")" && pwd)
mode=${1:-}

# shellcheck disable=SC1091  # it is checked by itself
. "$here/../../tests/setup.sh"
need_debian nginx nginx
need_debian python3 python3
need_debian curl curl
need_node examples/nginx

# ---- The four ------------------------------------------------------------------------------------

dir=$(mktemp -d)
pids=()
stop() {
    [ ${#pids[@]} -eq 0 ] || { kill "${pids[@]}"; wait "${pids[@]}"; } 2>/dev/null || true
    rm -rf "$dir"
}
trap stop EXIT
trap 'exit 0' INT TERM

read -r web app service account < <(python3 -c 'import socket
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(4)]
print(*(s.getsockname()[1] for s in sockets))')
address=http://127.0.0.1:$web
direct=http://127.0.0.1:$account

# nginx.conf as it stands, but on free ports, and with what a system's own nginx.conf says.
cp -r "$here/html" "$dir"
sed "s#/var/lib/h3s#$dir/shared#" "$here/session.json" >"$dir/session.json"
mkdir -p "$dir/temp" "$dir/shared" && chmod -R a+rX "$dir"
{
    echo "load_module $root/target/nginx/ngx_http_h3s_module.so; daemon off; pid $dir/pid; error_log $dir/error.log;"
    [ "$(id -u)" -ne 0 ] || echo 'user root;'
    sed -e "s/127\.0\.0\.1:8080/127.0.0.1:$web/; s/127\.0\.0\.1:3000/127.0.0.1:$app/; s/127\.0\.0\.1:8000/127.0.0.1:$service/; s/127\.0\.0\.1:9000/127.0.0.1:$account/" \
        -e "s#^http {#&\n    types { text/html html; }\n    client_body_temp_path $dir/temp; proxy_temp_path $dir/temp;\n    fastcgi_temp_path $dir/temp; uwsgi_temp_path $dir/temp; scgi_temp_path $dir/temp;#" \
        "$here/nginx.conf"
} >"$dir/nginx.conf"

node "$here/app.mjs" "$app" 2>"$dir/app.log" &
pids+=($!)
python3 "$here/service.py" "$service" 2>"$dir/service.log" &
pids+=($!)
H3S_LIBRARY=$root/target/lib/libh3s.so PYTHONPATH=$root/bindings/python/src PYTHONDONTWRITEBYTECODE=1 \
    python3 "$here/account.py" "$account" "$dir/session.json" 2>"$dir/account.log" &
pids+=($!)
nginx -p "$dir" -c "$dir/nginx.conf" 2>"$dir/nginx.log" &
pids+=($!)

for port in "$web" "$app" "$service" "$account"; do
    for _ in {1..200}; do
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
        echo "$address, until Ctrl-C"
        wait
        exit
        ;;
    --with)
        "${@:2}" "$address" "$dir"
        exit
        ;;
    *) echo "usage: $0 [--serve | --with COMMAND...]" >&2; exit 2 ;;
esac

# ---- How a visit is made, shown and checked ------------------------------------------------------

patience=10
# shellcheck source=SCRIPTDIR/../conversation.sh
. "$here/../conversation.sh"

shorten() { sed -E 's/(Fe26\.2\*[^;]{12})[^;]*/\1…/'; }

show() {
    printf '%s\n' "$answer" | grep -ivE '^(server|date|connection|etag|last-modified|accept-ranges|content-length|vary):' | shorten
}

# log_out PATH WHAT: visits it, and sees that the cookie is deleted.
log_out() {
    visit "$1" -X POST
    logged_out_at=${EPOCHREALTIME/[.,]/}
    expect "$2" 'HTTP/1.1 303 *[Ss]et-[Cc]ookie: h3=;*Max-Age=0*'
}

# ---- The conversation ----------------------------------------------------------------------------

visit /
expect "nginx knows nobody, and makes no session" 'HTTP/1.1 200 *Hello, stranger.*'
expect "no cookie" '!(*[Ss]et-[Cc]ookie*)'
visit /members/
expect "members only" 'HTTP/1.1 302 *Location: */app/login\?from=/members/'$'\n''*'
visit //evil.example/../members/ --path-as-is
expect "the login leads to no other site" 'HTTP/1.1 302 *Location: */app/login\?from=/members/'$'\n''*'
visit /service/
expect "the service is not even asked" 'HTTP/1.1 401 *'
visit /app/
expect "the application counts" 'HTTP/1.1 200 *"count":1*'
visit /app/
expect "two" '*"count":2*'
visit /app/
expect "three" '*"count":3*'
for from in //evil.example/ '/\evil.example/' '/%09/evil.example/' 'https://evil.example/' '/%0d%0aX-Evil:%201'; do
    visit "/app/login?from=$from" -d user=Zoe
    expect "nor does it whatever the link says" 'HTTP/1.1 303 *[Ll]ocation: */members/'$'\n''*'
    expect "in no header" '!(*[Xx]-[Ee]vil:*)'
done
visit '/app/login?from=/members/index.html' -d user=Zoe
expect "it logs in" 'HTTP/1.1 303 *[Ss]et-[Cc]ookie: h3=Fe26.2*'
expect "and leads back" '*[Ll]ocation: */members/index.html*'
visit /
expect "nginx reads the application's cookie" '*Hello, Zoe.*'
visit /members/
expect "and lets a member pass" 'HTTP/1.1 200 *Only members*'
visit /service/ -d apple
expect "the service knows who it is, and nginx seals what it answers" '*[Ss]et-[Cc]ookie: h3=Fe26.2*"user": "Zoe", "cart": \["apple"\]*'
expect "its words to nginx stay between them" '!(*X-Session*)'
visit /app/
expect "the application finds what the service wrote" '*"count":4,*"cart":\["apple"\]*'
visit /service/ -H 'X-Session-Data: {"user":"admin"}'
expect "no client can forge a session" '*"user": "Zoe"*'
visit /logout
expect "no mere link logs out" 'HTTP/1.1 405 *'
visit /account/
expect "the Python application knows the same login" '*"user": "Zoe", "refused": null*'

copy
copied "$address/members/"
expect "whoever has a copy of the cookie is a member, too" 'HTTP/1.1 200 *Only members*'
log_out /logout "logged out"
refused_soon "the copy is refused within a second" "$direct/" '*"refused": "revoked"*'
copied "$direct/"
expect "the Python application refuses it itself: nginx has told it by the file" '*"user": null, "refused": "revoked"*'
visit /service/
expect "everywhere" 'HTTP/1.1 401 *'
copied "$address/service/"
expect "with the copy, too" 'HTTP/1.1 401 *'
copied "$address/app/"
expect "nginx keeps it from the h3 application, which would open it" '*"count":1*'

visit /app/login -d user=Zoe
copy
visit /members/
expect "logged in again" 'HTTP/1.1 200 *Only members*'
log_out /account/logout "and out, by the Python application this time"
refused_soon "the copy is refused within a second" "$address/members/" 'HTTP/1.1 302 *'
copied "$address/members/"
expect "the application has told nginx" 'HTTP/1.1 302 *'
copied "$address/service/"
expect "and no service sees the copy" 'HTTP/1.1 401 *'

printf '\n%s$ cat access.log%s\n' "$bold" "$plain"
answer=$(cat "$dir/access.log")
printf '%s\n' "$answer"
expect "the log tells whose requests they were" '*200 POST /service/ status=valid session=* user=Zoe*'
answer=$(grep -E '\[(alert|crit|emerg)\]' "$dir/error.log" || true)
expect "nginx has nothing to complain of" ''

[ "$failed" -eq 0 ]
