/*
 * Headers: walking over them, comparing names, and what a response says to caches.
 */

#include "ngx_http_h3s.h"


static u_char ngx_http_h3s_letter(u_char c);
static ngx_uint_t ngx_http_h3s_is_line(ngx_table_elt_t *h, ngx_str_t *name);
static ngx_int_t ngx_http_h3s_replace(ngx_http_request_t *r, ngx_str_t *name, ngx_str_t *value);
static u_char *ngx_http_h3s_room(ngx_http_request_t *r, ngx_str_t *name, size_t more, ngx_str_t *present, size_t *room);


static ngx_str_t  ngx_http_h3s_vary_key = ngx_string("Vary");
static ngx_str_t  ngx_http_h3s_cache_control_key = ngx_string("Cache-Control");


/* list: NULL for none, and for a walk over Cookie lines. */
ngx_http_h3s_walk_t
ngx_http_h3s_walk(ngx_list_t *list)
{
    ngx_http_h3s_walk_t  walk;

    walk.part = list ? &list->part : NULL;
    walk.cookie = NULL;
    walk.i = 0;

    return walk;
}


ngx_table_elt_t *
ngx_http_h3s_next(ngx_http_h3s_walk_t *walk)
{
    for ( /* void */ ; walk->part; walk->part = walk->part->next, walk->i = 0) {
        if (walk->i < walk->part->nelts) {
            return (ngx_table_elt_t *) walk->part->elts + walk->i++;
        }
    }

    return NULL;
}


ngx_table_elt_t *
ngx_http_h3s_next_cookie(ngx_http_request_t *r, ngx_http_h3s_walk_t *walk)
{
#if (nginx_version >= 1023000)

    if (walk->i++ == 0) {
        walk->cookie = r->headers_in.cookie;

    } else if (walk->cookie) {
        walk->cookie = walk->cookie->next;
    }

#else

    ngx_table_elt_t  **h = r->headers_in.cookies.elts;

    walk->cookie = walk->i < r->headers_in.cookies.nelts ? h[walk->i++] : NULL;

#endif

    return walk->cookie;
}


/*
 * Upper and lower case are one, and so are all signs: an upstream may take X_Session_Id for
 * X-Session-Id.
 */
ngx_uint_t
ngx_http_h3s_name_is(ngx_table_elt_t *h, ngx_str_t *name)
{
    u_char  a, b;
    size_t  i;

    if (h->key.len != name->len) {
        return 0;
    }

    for (i = 0; i < name->len; i++) {
        a = ngx_http_h3s_letter(h->key.data[i]);
        b = ngx_http_h3s_letter(name->data[i]);

        if (a != b) {
            return 0;
        }
    }

    return 1;
}


static u_char
ngx_http_h3s_letter(u_char c)
{
    c = ngx_tolower(c);

    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '-';
}


/* Adds to Vary what is not there yet. */
ngx_int_t
ngx_http_h3s_vary(ngx_http_request_t *r, ngx_http_h3s_options_t *options)
{
    size_t     room;
    ngx_str_t  present, value;

    value.data = ngx_http_h3s_room(r, &ngx_http_h3s_vary_key, options->vary.len, &present, &room);

    if (value.data == NULL
        || h3s_header_vary(options->config, (char *) present.data, present.len, (char *) value.data, room, &value.len,
                           NULL) != H3S_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_h3s_replace(r, &ngx_http_h3s_vary_key, &value);
}


/*
 * A shared cache would hand one visitor's Set-Cookie to another, also one of a kind that is told
 * something else than the rest.
 */
ngx_int_t
ngx_http_h3s_keep_private(ngx_http_request_t *r)
{
    size_t                room;
    ngx_str_t             present, value;
    ngx_table_elt_t      *h;
    ngx_http_h3s_walk_t   walk;

    walk = ngx_http_h3s_walk(&r->headers_out.headers);

    while ((h = ngx_http_h3s_next(&walk)) != NULL) {
        if (h3s_header_is_targeted((char *) h->key.data, h->key.len)) {
            h->hash = 0;
        }
    }

    value.data = ngx_http_h3s_room(r, &ngx_http_h3s_cache_control_key, 0, &present, &room);

    if (value.data == NULL
        || h3s_header_cache_control((char *) present.data, present.len, (char *) value.data, room, &value.len, NULL)
           != H3S_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_h3s_replace(r, &ngx_http_h3s_cache_control_key, &value);
}


/* Memory for a header's new value, which may be so much longer than the one that is there. */
static u_char *
ngx_http_h3s_room(ngx_http_request_t *r, ngx_str_t *name, size_t more, ngx_str_t *present, size_t *room)
{
    if (ngx_http_h3s_lines(r, &r->headers_out.headers, name, present) != NGX_OK) {
        return NULL;
    }

    *room = present->len * 2 + more + 16;

    return ngx_pnalloc(r->pool, *room);
}


/* One line in place of all that a response has of a header; none where the value is empty. */
static ngx_int_t
ngx_http_h3s_replace(ngx_http_request_t *r, ngx_str_t *name, ngx_str_t *value)
{
    ngx_table_elt_t      *h, *first;
    ngx_http_h3s_walk_t   walk;

    first = NULL;

    walk = ngx_http_h3s_walk(&r->headers_out.headers);

    while ((h = ngx_http_h3s_next(&walk)) != NULL) {
        if (!ngx_http_h3s_is_line(h, name)) {
            continue;
        }

        if (first == NULL) {
            first = h;

        } else {
            h->hash = 0;
        }
    }

    if (value->len == 0) {
        return NGX_OK;
    }

    if (first == NULL) {
        first = ngx_http_h3s_add_header(r, name);
        if (first == NULL) {
            return NGX_ERROR;
        }
    }

    first->value = *value;

    return NGX_OK;
}


/*
 * All lines of a header as one value, which is empty where there is none. Unlike
 * ngx_http_h3s_name_is, it takes only "-" for "-".
 */
ngx_int_t
ngx_http_h3s_lines(ngx_http_request_t *r, ngx_list_t *list, ngx_str_t *name, ngx_str_t *value)
{
    u_char               *p;
    size_t                len;
    ngx_uint_t            count;
    ngx_table_elt_t      *h;
    ngx_http_h3s_walk_t   walk;

    ngx_str_null(value);
    count = 0;
    len = 0;

    walk = ngx_http_h3s_walk(list);

    while ((h = ngx_http_h3s_next(&walk)) != NULL) {
        if (ngx_http_h3s_is_line(h, name)) {
            *value = h->value;
            len += h->value.len + 2;
            count++;
        }
    }

    if (count < 2) {
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    value->data = p;
    value->len = len - 2;

    walk = ngx_http_h3s_walk(list);

    while ((h = ngx_http_h3s_next(&walk)) != NULL) {
        if (ngx_http_h3s_is_line(h, name)) {
            p = ngx_cpymem(p, h->value.data, h->value.len);
            *p++ = ',';
            *p++ = ' ';
        }
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_http_h3s_is_line(ngx_table_elt_t *h, ngx_str_t *name)
{
    return h->hash != 0 && h->key.len == name->len && ngx_strncasecmp(h->key.data, name->data, name->len) == 0;
}


ngx_table_elt_t *
ngx_http_h3s_add_header(ngx_http_request_t *r, ngx_str_t *key)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&r->headers_out.headers);

    if (h) {
        ngx_memzero(h, sizeof(ngx_table_elt_t));
        h->hash = 1;
        h->key = *key;
    }

    return h;
}
