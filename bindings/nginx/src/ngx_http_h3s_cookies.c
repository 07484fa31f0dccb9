/*
 * What of a request is the session's: its cookies, their chunks, its header.
 */

#include "ngx_http_h3s.h"


static ngx_uint_t ngx_http_h3s_is_read(ngx_table_elt_t *h, ngx_http_h3s_options_t *options);
static void ngx_http_h3s_read_pair(ngx_http_h3s_options_t *options, ngx_http_h3s_pair_t *pair);
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
    ngx_table_elt_t       *h;
    ngx_http_h3s_pair_t    pair;
    ngx_http_h3s_walk_t    walk;
    ngx_http_h3s_pairs_t   pairs;

    if (ngx_http_h3s_find_header(r, options, 0)) {
        return 1;
    }

    pairs.options = options;

    walk = ngx_http_h3s_walk(NULL);

    while ((h = ngx_http_h3s_next_cookie(r, &walk)) != NULL) {
        pairs.p = h->value.data;
        pairs.last = h->value.data + h->value.len;

        if (ngx_http_h3s_next_pair(&pairs, &pair)) {
            return 1;
        }
    }

    return 0;
}


/* Whether a request brings more than one cookie or header of the session's. */
ngx_uint_t
ngx_http_h3s_carries_several(ngx_http_request_t *r, ngx_http_h3s_options_t *options)
{
    return ngx_http_h3s_count(r, options, 2) > 1;
}


/*
 * How many cookies, chunks and headers of the session's a request brings; counted until there are
 * enough.
 */
ngx_uint_t
ngx_http_h3s_count(ngx_http_request_t *r, ngx_http_h3s_options_t *options, ngx_uint_t enough)
{
    ngx_uint_t              count;
    ngx_table_elt_t        *h;
    ngx_http_h3s_pair_t     pair;
    ngx_http_h3s_walk_t     walk;
    ngx_http_h3s_pairs_t    pairs;
    ngx_http_h3s_session_t *s;

    s = ngx_http_h3s_find_entry(r, options);

    count = s && s->headers ? s->headers->nelts : 0;

    if ((options->header.len || options->h3_header.len) && !(s && s->headers)) {
        walk = ngx_http_h3s_walk(&r->headers_in.headers);

        while ((h = ngx_http_h3s_next(&walk)) != NULL) {
            count += ngx_http_h3s_is_header(h, options);
        }
    }

    pairs.options = options;

    walk = ngx_http_h3s_walk(NULL);

    while (count < enough && (h = ngx_http_h3s_next_cookie(r, &walk)) != NULL) {
        pairs.p = h->value.data;
        pairs.last = h->value.data + h->value.len;

        while (count < enough && ngx_http_h3s_next_pair(&pairs, &pair)) {
            count++;
        }
    }

    return count;
}


/* The next pair that is the session's, or that some h3 would take for one. */
ngx_uint_t
ngx_http_h3s_next_pair(ngx_http_h3s_pairs_t *pairs, ngx_http_h3s_pair_t *pair)
{
    u_char     *p, *end;
    ngx_str_t  *name, text;

    u_char  rest[256];

    name = &pairs->options->cookie;

    while (pairs->p < pairs->last) {
        p = pairs->p;

        end = ngx_strlchr(p, pairs->last, ';');
        if (end == NULL) {
            end = pairs->last;
        }

        pairs->p = end < pairs->last ? end + 1 : end;

        text = ngx_http_h3s_trimmed(p, end);

        end = ngx_strlchr(text.data, text.data + text.len, '=');

        if (end == NULL || ngx_strnstr(text.data, (char *) name->data, end - text.data) == NULL) {
            continue;
        }

        /* Its name alone, as a pair: the library knows which are the session's. */
        if ((size_t) (end - text.data) < sizeof(rest)
            && h3s_cookie_strip(pairs->options->config, (char *) text.data, end + 1 - text.data, (char *) rest) != 0)
        {
            continue;
        }

        pair->text = text;
        ngx_http_h3s_read_pair(pairs->options, pair);

        return 1;
    }

    return 0;
}


static void
ngx_http_h3s_read_pair(ngx_http_h3s_options_t *options, ngx_http_h3s_pair_t *pair)
{
    u_char     *equals, *last;
    ngx_str_t   name, *own;

    own = &options->cookie;
    last = pair->text.data + pair->text.len;

    equals = ngx_strlchr(pair->text.data, last, '=');

    name = ngx_http_h3s_trimmed(pair->text.data, equals);
    pair->value = ngx_http_h3s_trimmed(equals + 1, last);

    if (pair->value.len > 1 && pair->value.data[0] == '"' && pair->value.data[pair->value.len - 1] == '"') {
        pair->value.data++;
        pair->value.len -= 2;
    }

    if (name.len < own->len || ngx_memcmp(name.data, own->data, own->len) != 0) {
        pair->chunk = NGX_ERROR;

    } else if (name.len == own->len) {
        pair->chunk = 0;

    } else {
        pair->chunk = ngx_atoi(name.data + own->len + 1, name.len - own->len - 1);

        if (pair->chunk > NGX_HTTP_H3S_MAX_CHUNKS) {
            pair->chunk = NGX_ERROR;
        }
    }
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
