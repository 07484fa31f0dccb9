/*
 * A session's data: what a pointer or a variable's name leads to, and the JSON text in plain ASCII.
 */

#include "ngx_http_h3s.h"


static ngx_uint_t ngx_http_h3s_same_key(const char *key, size_t len, ngx_str_t *name);


ngx_uint_t
ngx_http_h3s_is_pointer(ngx_str_t *pointer)
{
    size_t  i;

    if (pointer->len == 0) {
        return 1;
    }

    for (i = 0; i < pointer->len; i++) {
        if (pointer->data[i] == '~'
            && (i + 1 == pointer->len || (pointer->data[i + 1] != '0' && pointer->data[i + 1] != '1')))
        {
            return 0;
        }
    }

    return pointer->data[0] == '/';
}


/*
 * The pointer to the member that a variable means, valid until the session is written. nginx knows
 * variables in lower case only, so $h3s_data_userId finds "userId", and as in $http_*, a "-" in the
 * key is a "_" in the variable. A key that is just the variable's comes first.
 */
h3s_str
ngx_http_h3s_member(ngx_http_request_t *r, h3s_session *session, ngx_str_t *name)
{
    u_char    *pointer;
    h3s_str    key, found;
    h3s_iter   member;

    found.ptr = NULL;
    found.len = 0;

    pointer = ngx_pnalloc(r->pool, name->len + 1);
    if (pointer == NULL) {
        return found;
    }

    pointer[0] = '/';
    ngx_memcpy(pointer + 1, name->data, name->len);

    if (h3s_session_find(session, (char *) pointer, name->len + 1).ptr == NULL) {

        member = h3s_session_iter(session, NULL, 0);

        while (h3s_iter_next(&member, &key, NULL) == H3S_OK) {
            if (ngx_http_h3s_same_key(key.ptr, key.len, name)) {
                ngx_memcpy(pointer + 1, key.ptr, key.len);
                break;
            }
        }
    }

    found.ptr = (char *) pointer;
    found.len = name->len + 1;

    return found;
}


static ngx_uint_t
ngx_http_h3s_same_key(const char *key, size_t len, ngx_str_t *name)
{
    size_t  i;

    if (len != name->len) {
        return 0;
    }

    for (i = 0; i < len; i++) {
        if ((key[i] == '-' ? '_' : ngx_tolower(key[i])) != name->data[i]) {
            return 0;
        }
    }

    return 1;
}


/* Whether what a pointer leads to is neither nothing, false nor empty. */
ngx_uint_t
ngx_http_h3s_holds(h3s_session *session, ngx_str_t *pointer)
{
    int32_t  value;

    switch (h3s_session_type(session, (char *) pointer->data, pointer->len)) {

    case H3S_TYPE_ABSENT:
    case H3S_TYPE_NULL:
        return 0;

    case H3S_TYPE_BOOL:
        return h3s_session_bool(session, (char *) pointer->data, pointer->len, &value) == H3S_OK
               && value;

    case H3S_TYPE_NUMBER:
        return 1;

    default: /* a string, array or object: more than its two signs */
        return h3s_session_find(session, (char *) pointer->data, pointer->len).len > 2;
    }
}


/*
 * Whatever reads the header may take it for Latin-1: the same JSON, with every character beyond
 * ASCII escaped.
 */
ngx_int_t
ngx_http_h3s_ascii(ngx_http_request_t *r, h3s_str json, ngx_str_t *ascii)
{
    u_char    *p, *last, *to;
    size_t     i, beyond;
    uint32_t   c;

    beyond = 0;
    for (i = 0; i < json.len; i++) {
        beyond += ((u_char) json.ptr[i] >= 0x7f);
    }

    to = ngx_pnalloc(r->pool, json.len + beyond * 5);
    if (to == NULL) {
        return NGX_ERROR;
    }

    ascii->data = to;

    p = (u_char *) json.ptr;
    last = p + json.len;

    while (p < last) {

        if (*p < 0x7f) {
            *to++ = *p++;
            continue;
        }

        c = *p == 0x7f ? *p++ : ngx_utf8_decode(&p, last - p);

        if (c > 0x10ffff) {
            /* The library lets nothing but UTF-8 into a session. */
            return NGX_ERROR;
        }

        if (c > 0xffff) {
            c -= 0x10000;
            to = ngx_sprintf(to, "\\u%04xD", (uint32_t) (0xd800 + (c >> 10)));
            c = 0xdc00 + (c & 0x3ff);
        }

        to = ngx_sprintf(to, "\\u%04xD", c);
    }

    ascii->len = to - ascii->data;

    return NGX_OK;
}
