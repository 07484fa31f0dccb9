/*
 * What of a request is the session's: its cookies, their chunks, its header.
 */

#include "ngx_http_h3s.h"


static ngx_uint_t ngx_http_h3s_is_read(ngx_table_elt_t *h, ngx_http_h3s_options_t *options);
static ngx_uint_t ngx_http_h3s_count_cookies(ngx_http_request_t *r,
    ngx_http_h3s_options_t *options, ngx_uint_t enough);
static ngx_uint_t ngx_http_h3s_is_own_cookie(u_char *p, u_char *last,
    ngx_http_h3s_options_t *options);
static ngx_str_t ngx_http_h3s_trimmed(u_char *p, u_char *last);


static ngx_str_t  ngx_http_h3s_authorization_key = ngx_string("Authorization");


/* The Cookie header as the client sent it; several are joined, as HTTP/2 clients may send them. */
ngx_int_t
ngx_http_h3s_cookies(ngx_http_request_t *r, ngx_str_t *value)
{
    u_char               *p;
    size_t                len;
    ngx_table_elt_t      *h;
    ngx_http_h3s_walk_t   walk;

    ngx_str_null(value);
    len = 0;

    walk = ngx_http_h3s_walk(NULL);

    while ((h = ngx_http_h3s_next_cookie(r, &walk)) != NULL) {
        *value = h->value;
        len += h->value.len + 2;
    }

    if (len == 0 || len == value->len + 2) {
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    value->data = p;

    walk = ngx_http_h3s_walk(NULL);

    while ((h = ngx_http_h3s_next_cookie(r, &walk)) != NULL) {
        p = ngx_cpymem(p, h->value.data, h->value.len);
        *p++ = ';';
        *p++ = ' ';
    }

    value->len = len - 2;

    return NGX_OK;
}


/*
 * Whether a header is the session header, or what an h3 upstream takes for one unless it is told
 * otherwise: the options' "sessionHeader" may be another, or false.
 */
ngx_uint_t
ngx_http_h3s_is_header(ngx_table_elt_t *h, ngx_http_h3s_options_t *options)
{
    return ngx_http_h3s_is_read(h, options)
           || (options->h3_header.len && ngx_http_h3s_name_is(h, &options->h3_header));
}


/*
 * Whether a header is the one that is read. Where that is Authorization, what is of another scheme
 * is somebody else's: a password, say, that nginx or the upstream asks for.
 */
static ngx_uint_t
ngx_http_h3s_is_read(ngx_table_elt_t *h, ngx_http_h3s_options_t *options)
{
    ngx_str_t  value;

    if (options->header.len == 0 || !ngx_http_h3s_name_is(h, &options->header)) {
        return 0;
    }

    if (!ngx_http_h3s_name_is(h, &ngx_http_h3s_authorization_key)) {
        return 1;
    }

    value = ngx_http_h3s_trimmed(h->value.data, h->value.data + h->value.len);

    return ngx_strlchr(value.data, value.data + value.len, ' ') == NULL
           || ngx_strncasecmp(value.data, (u_char *) "Bearer ", sizeof("Bearer ") - 1) == 0;
}


/*
 * The first of the session headers that is not empty, also where they were put aside: of all that
 * may be one, or of those that are read.
 */
ngx_table_elt_t *
ngx_http_h3s_find_header(ngx_http_request_t *r, ngx_http_h3s_options_t *options, ngx_uint_t read)
{
    ngx_uint_t               i;
    ngx_table_elt_t         *h;
    ngx_http_h3s_walk_t      walk;
    ngx_http_h3s_session_t  *s;

    if (options->header.len == 0 && (read || options->h3_header.len == 0)) {
        return NULL;
    }

    s = ngx_http_h3s_find_entry(r, options);

    walk = ngx_http_h3s_walk(&r->headers_in.headers);

    for (i = 0; /* void */; i++) {

        if (s && s->headers) {
            h = i < s->headers->nelts ? (ngx_table_elt_t *) s->headers->elts + i : NULL;

        } else {
            h = ngx_http_h3s_next(&walk);
        }

        if (h == NULL) {
            return NULL;
        }

        if ((read ? ngx_http_h3s_is_read(h, options) : ngx_http_h3s_is_header(h, options))
            && ngx_http_h3s_trimmed(h->value.data, h->value.data + h->value.len).len)
        {
            return h;
        }
    }
}


/* The session header, the first where there are several. Empty: there is none. */
ngx_str_t
ngx_http_h3s_header(ngx_http_request_t *r, ngx_http_h3s_options_t *options)
{
    ngx_str_t         value = ngx_null_string;
    ngx_table_elt_t  *h;

    h = ngx_http_h3s_find_header(r, options, 1);

    return h ? h->value : value;
}


/* Whether a request brings anything of the session's, whatever it is worth. */
ngx_uint_t
ngx_http_h3s_carries(ngx_http_request_t *r, ngx_http_h3s_options_t *options)
{
    return ngx_http_h3s_find_header(r, options, 0) != NULL
           || ngx_http_h3s_count_cookies(r, options, 1) > 0;
}


/* Whether a request brings more than one cookie, chunk or header of the session's. */
ngx_uint_t
ngx_http_h3s_carries_several(ngx_http_request_t *r, ngx_http_h3s_options_t *options)
{
    ngx_uint_t  headers;

    headers = ngx_http_h3s_count_headers(r, options);

    return headers > 1 || headers + ngx_http_h3s_count_cookies(r, options, 2) > 1;
}


/* How many session headers a request brings, also where they were put aside. */
ngx_uint_t
ngx_http_h3s_count_headers(ngx_http_request_t *r, ngx_http_h3s_options_t *options)
{
    ngx_uint_t               count;
    ngx_table_elt_t         *h;
    ngx_http_h3s_walk_t      walk;
    ngx_http_h3s_session_t  *s;

    s = ngx_http_h3s_find_entry(r, options);

    if (s && s->headers) {
        return s->headers->nelts;
    }

    count = 0;

    if (options->header.len || options->h3_header.len) {
        walk = ngx_http_h3s_walk(&r->headers_in.headers);

        while ((h = ngx_http_h3s_next(&walk)) != NULL) {
            count += ngx_http_h3s_is_header(h, options);
        }
    }

    return count;
}


/*
 * How many cookies a request brings that are the session's, or that some h3 would take for one;
 * counted until there are enough.
 */
static ngx_uint_t
ngx_http_h3s_count_cookies(ngx_http_request_t *r, ngx_http_h3s_options_t *options,
    ngx_uint_t enough)
{
    u_char               *p, *last, *end;
    ngx_uint_t            count;
    ngx_table_elt_t      *h;
    ngx_http_h3s_walk_t   walk;

    count = 0;

    walk = ngx_http_h3s_walk(NULL);

    while ((h = ngx_http_h3s_next_cookie(r, &walk)) != NULL) {
        last = h->value.data + h->value.len;

        for (p = h->value.data; p < last && count < enough; p = end + 1) {
            end = memchr(p, ';', last - p);
            end = end ? end : last;

            count += ngx_http_h3s_is_own_cookie(p, end, options);
        }
    }

    return count;
}


/* Whether what stands between two semicolons is the session's. */
static ngx_uint_t
ngx_http_h3s_is_own_cookie(u_char *p, u_char *last, ngx_http_h3s_options_t *options)
{
    u_char     *equals;
    ngx_str_t   name;

    equals = memchr(p, '=', last - p);

    if (equals == NULL || (size_t) (equals - p) < options->cookie.len) {
        return 0;
    }

    name = ngx_http_h3s_trimmed(p, equals);

    /* What says when a session was seen is none itself, and worth nothing alone. */
    if (name.len == options->cookie.len + NGX_HTTP_H3S_SEEN_LEN
        && ngx_memcmp(name.data + options->cookie.len, NGX_HTTP_H3S_SEEN, NGX_HTTP_H3S_SEEN_LEN) == 0)
    {
        return 0;
    }

    return ngx_http_h3s_is_cookie_name(name.data, equals, options);
}


/*
 * Whether a cookie of the name before an equals sign is the session's: its own, one of its chunks,
 * or what says when it was last seen.
 */
ngx_uint_t
ngx_http_h3s_is_cookie_name(u_char *name, u_char *equals, ngx_http_h3s_options_t *options)
{
    size_t  len;

    u_char  rest[256];

    len = equals - name;

    /* By far the most frequent of them. */
    if (len == options->cookie.len && ngx_memcmp(name, options->cookie.data, len) == 0) {
        return 1;
    }

    if (ngx_strnstr(name, (char *) options->cookie.data, len) == NULL) {
        return 0;
    }

    /* The name alone, as a pair: the library knows which are the session's. */
    len++;

    return len > sizeof(rest)
           || h3s_cookie_strip(options->config, (char *) name, len, (char *) rest) == 0;
}


/* Without the white space around it. */
static ngx_str_t
ngx_http_h3s_trimmed(u_char *p, u_char *last)
{
    ngx_str_t  text;

    while (p < last && (*p == ' ' || *p == '\t')) {
        p++;
    }

    while (last > p && (last[-1] == ' ' || last[-1] == '\t')) {
        last--;
    }

    text.data = p;
    text.len = last - p;

    return text;
}
