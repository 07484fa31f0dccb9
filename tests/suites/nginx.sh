#!/usr/bin/env bash
# The nginx module: in Debian's nginx; built into an nginx under AddressSanitizer; its README, its
# example, also in a browser.
. "$(dirname "$0")/suite.sh"
need_venv && need_c && need_debian curl curl && need_debian wrk wrk && need_debian nginx nginx && need_debian /usr/share/nginx/src/configure nginx-dev ||
    skip_suite "needs nginx, nginx-dev, curl, wrk, a C compiler and the packages of tests/requirements.txt"
need_node tests/interop && need_node examples/nginx || skip_suite "needs Node 20 or later and the packages of examples/nginx"
need_build

export H3S_LIBRARY=$root/target/lib/libh3s.so PYTHONPATH=$root/bindings/python/src PYTHONDONTWRITEBYTECODE=1

check "make nginx" bounded 600 make --no-print-directory nginx

exports() {
    local found
    found=$(nm -D --defined-only "target/nginx/install/ngx_http_h3s_module.so" | sed 's/.* //' | sort | tr '\n' ' ')
    echo "$found"
    # What nginx asks a module for.
    [ "$found" = 'ngx_module_names ngx_module_order ngx_modules ' ]
}
check "it exports nothing but the module" exports

installed() {
    local so=$scratch/to/usr/lib/modules/ngx_http_h3s_module.so
    make --no-print-directory install-nginx DESTDIR="$scratch/to" nginx_modules=/usr/lib/modules && [ -f "$so" ] &&
        ! readelf -d "$so" | grep -E 'R(UN)?PATH' && readelf -d "$so" | grep 'NEEDED.*libh3s.so.0' || return
    make --no-print-directory install prefix="$scratch/prefix" >/dev/null || return
    printf 'load_module %s;\npid %s/pid;\nevents { }\nhttp { h3s_config %s/examples/nginx/session.json; }\n' \
        "$so" "$scratch" "$root" >"$scratch/nginx.conf"
    LD_LIBRARY_PATH=$scratch/prefix/lib nginx -t -e stderr -c "$scratch/nginx.conf" || return
    make --no-print-directory uninstall-nginx DESTDIR="$scratch/to" nginx_modules=/usr/lib/modules && [ ! -e "$so" ]
}
check "make install-nginx puts it where DESTDIR says, and nginx loads it" installed

# As the README has it.
documented() {
    make --no-print-directory install install-nginx || return
    echo '{"password": "an example password of 32 characters or more"}' >/etc/nginx/h3s.json
    {
        echo 'load_module modules/ngx_http_h3s_module.so;'
        printf 'pid %s/pid;\nevents { }\nhttp { h3s_config /etc/nginx/h3s.json; server { listen 8080; h3s get; } }\n' "$scratch"
    } >/etc/nginx/nginx.conf
    nginx -t -e stderr
}
export -f documented
export scratch
if can_be_apart; then
    check "after the install that the README documents, nginx -t passes" apart timeout 120 bash -c documented
else
    skip "after the install that the README documents, nginx -t passes" "needs to be root, with mount namespaces"
fi

# with_threads TREE: whether a module made of this source tree would use threads. It is put back as
# it was made.
with_threads() {
    local status
    make --no-print-directory target/nginx/Makefile NGINX_SRC="$1" && grep -qw NGX_THREADS target/nginx/ngx_auto_config.h
    status=$?
    make --no-print-directory nginx >/dev/null && return "$status"
}
if need_nginx_source; then
    configured() {
        rm -rf "$scratch/tree" && cp -r target/nginx-source "$scratch/tree" && cd "$scratch/tree" &&
            ./configure --with-compat --without-http_rewrite_module --without-http_gzip_module "$@" >/dev/null
    }
    check "a source tree that nothing was done to" with_threads "$root/target/nginx-source"
    check "a source tree is configured with threads" bounded 120 bash -c "$(declare -f configured); configured --with-threads"
    check "make nginx NGINX_SRC= takes the threads of that tree" with_threads "$scratch/tree"
    check "a source tree is configured without threads" bounded 120 bash -c "$(declare -f configured); configured"
    without_threads() { ! with_threads "$scratch/tree"; }
    check "make nginx NGINX_SRC= makes do without threads where that tree has none" without_threads
fi

# Tests in a browser are skipped where there is none.
need_debian chromium chromium
count_pytest 900 bindings/nginx/tests

check "what the README says" bounded 300 python3 tests/suites/readme.py bindings/nginx/README.md "$scratch"
check "make demo-nginx" bounded 120 make --no-print-directory demo-nginx
check "a million requests leave a worker's memory as it was" bounded 300 target/venv/bin/python benches/nginx.py --memory
if need_debian chromium chromium; then
    check "Chromium logs in, counts and logs out" bounded 180 examples/nginx/demo.sh --with target/venv/bin/python tests/suites/nginx_browser.py
else
    skip "Chromium logs in, counts and logs out" "needs chromium"
fi

# Built in, with every allocation of nginx's pools one of malloc's own, so that the sanitizer sees
# where each begins and ends.
if need_nginx_source; then
    # built_in NAME CONFIGURE_OPTION...: target/nginx-NAME/objs/nginx
    built_in() {
        mkdir -p "target/nginx-$1" && cd "target/nginx-$1" && { [ -e Makefile ] || cp -r ../nginx-source/. .; } &&
            PKG_CONFIG_PATH=$root/target/pkgconfig ./configure --error-log-path=stderr --add-module="$root/bindings/nginx" "${@:2}" &&
            make -j2
    }
    export -f built_in
    export root
    # As ./configure has it by default.
    check "nginx without threads, with the module built in" bounded 900 bash -c 'built_in plain --with-cc-opt="-g -O0"'
    H3S_NGINX=$root/target/nginx-plain/objs/nginx H3S_NGINX_MODULE='' count_pytest 900 bindings/nginx/tests -k 'without_threads or test_configuration'
    check "nginx with the module built in" bounded 900 bash -c 'built_in static --with-debug --with-threads --with-http_v2_module \
        --with-http_realip_module --with-http_auth_request_module --with-ld-opt=-fsanitize=address \
        --with-cc-opt="-g -O1 -fsanitize=address -fno-omit-frame-pointer -DNGX_DEBUG_PALLOC=1"'
    # nginx keeps both for as long as the process lasts.
    printf 'leak:%s\n' ngx_event_process_init ngx_regex_malloc >"$scratch/suppressions"
    # Also by a worker of another user.
    chmod a+x "$scratch" && chmod a+r "$scratch/suppressions"
    # Freed memory stays in quarantine, so that a test of the memory of a process would tell
    # nothing.
    H3S_NGINX=$root/target/nginx-static/objs/nginx H3S_NGINX_MODULE='' ASAN_OPTIONS=detect_leaks=1 \
        LSAN_OPTIONS=suppressions=$scratch/suppressions:print_suppressions=0 count_pytest 900 bindings/nginx/tests \
        -k 'not memory and not in_a_browser'
else
    skip "the tests under AddressSanitizer" "needs the source of nginx: apt-get source nginx"
fi
finish
