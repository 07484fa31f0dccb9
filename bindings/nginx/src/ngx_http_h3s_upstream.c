/*
 * The headers that an upstream is sent: told of the session, or kept from it; and where a request
 * brings several sessions, the cookies and the header of the one that nginx has opened, and of no
 * other.
 */

#include "ngx_http_h3s.h"


static ngx_http_h3s_session_t *ngx_http_h3s_narrowed(ngx_http_request_t *r, ngx_http_h3s_loc_conf_t *conf);
static ngx_uint_t ngx_http_h3s_has_forged(ngx_http_request_t *r);
static ngx_uint_t ngx_http_h3s_is_forged(ngx_table_elt_t *h);
static ngx_int_t ngx_http_h3s_take_headers(ngx_http_request_t *r, ngx_http_h3s_options_t *options);
static ngx_uint_t ngx_http_h3s_is_taken(ngx_http_h3s_ctx_t *ctx, ngx_table_elt_t *h);
static ngx_int_t ngx_http_h3s_push_own(ngx_http_request_t *r, ngx_http_h3s_options_t *hide, ngx_http_h3s_session_t *narrow,
    ngx_list_t *headers);
static ngx_int_t ngx_http_h3s_push_cookies(ngx_http_request_t *r, ngx_http_h3s_options_t *hide,
    ngx_http_h3s_session_t *narrow, ngx_list_t *headers);
static ngx_int_t ngx_http_h3s_push_session(ngx_http_request_t *r, ngx_http_h3s_loc_conf_t *conf, ngx_list_t *headers);
static ngx_int_t ngx_http_h3s_push_copy(ngx_list_t *headers, ngx_table_elt_t *h, ngx_str_t *value);
static ngx_int_t ngx_http_h3s_push_header(ngx_http_request_t *r, ngx_list_t *headers, ngx_str_t *key, ngx_str_t *value);


static ngx_str_t  ngx_http_h3s_cookie_key = ngx_string("Cookie");
static ngx_str_t  ngx_http_h3s_id_key = ngx_string("X-Session-Id");
static ngx_str_t  ngx_http_h3s_data_key = ngx_string("X-Session-Data");


/*
 * Gives the request a list of headers of its own, with what its location says (conf; NULL: it is
 * not known yet). Each subrequest has a copy of its parent's list, and an internal redirect keeps
 * it; so what another location has put in or hidden is undone first.
 */
ngx_int_t
ngx_http_h3s_edit_headers(ngx_http_request_t *r, ngx_http_h3s_loc_conf_t *conf)
{
    ngx_uint_t                upstream;
    ngx_list_t                headers;
    ngx_table_elt_t          *h;
    ngx_http_h3s_ctx_t       *ctx;
    ngx_http_h3s_walk_t       walk;
    ngx_http_h3s_options_t   *hide;
    ngx_http_h3s_session_t   *narrow;
    ngx_http_h3s_srv_conf_t  *hscf;

    hscf = ngx_http_get_module_srv_conf(r, ngx_http_h3s_module);
    ctx = ngx_http_h3s_get_ctx(r);
    hide = conf && conf->hide_cookie ? conf->options : NULL;
    upstream = conf && conf->upstream;
    narrow = hide ? NULL : ngx_http_h3s_narrowed(r, conf);

    if (!upstream && hide == NULL && narrow == NULL && (ctx == NULL || !ctx->edited)
        && !(hscf->upstream && ngx_http_h3s_has_forged(r)))
    {
        return NGX_OK;
    }

    ctx = ngx_http_h3s_make_ctx(r);

    if (ctx == NULL || ngx_list_init(&headers, r->pool, 20, sizeof(ngx_table_elt_t)) != NGX_OK) {
        return NGX_ERROR;
    }

    if ((hide || narrow) && ngx_http_h3s_take_headers(r, conf->options) != NGX_OK) {
        return NGX_ERROR;
    }

    ctx->edited |= hide || narrow;

    walk = ngx_http_h3s_walk(&r->headers_in.headers);

    while ((h = ngx_http_h3s_next(&walk)) != NULL) {

        if ((hscf->upstream && ngx_http_h3s_is_forged(h))
            || (ctx->edited && (ngx_http_h3s_name_is(h, &ngx_http_h3s_cookie_key) || ngx_http_h3s_is_taken(ctx, h))))
        {
            continue;
        }

        if (ngx_http_h3s_push_copy(&headers, h, &h->value) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    if (ctx->edited && ngx_http_h3s_push_own(r, hide, narrow, &headers) != NGX_OK) {
        return NGX_ERROR;
    }

    if (upstream && ngx_http_h3s_push_session(r, conf, &headers) != NGX_OK) {
        return NGX_ERROR;
    }

    if (r == r->main) {
        ctx->asked = upstream ? conf : NULL;
    }

    r->headers_in.headers = headers;

    if (headers.last == &headers.part) {
        r->headers_in.headers.last = &r->headers_in.headers.part;
    }

#if (nginx_version >= 1023000)
    /* Another gateway may have linked headers of one name; these are others. */
    r->headers_in.multi_linked = 0;
#endif

    return NGX_OK;
}


/* The location's session, where it was opened beside others. */
static ngx_http_h3s_session_t *
ngx_http_h3s_narrowed(ngx_http_request_t *r, ngx_http_h3s_loc_conf_t *conf)
{
    ngx_http_h3s_session_t  *s;

    if (conf == NULL || conf->mode == NGX_HTTP_H3S_OFF) {
        return NULL;
    }

    s = ngx_http_h3s_find_entry(r, conf->options);

    return s && s->narrow ? s : NULL;
}


static ngx_uint_t
ngx_http_h3s_has_forged(ngx_http_request_t *r)
{
    ngx_table_elt_t      *h;
    ngx_http_h3s_walk_t   walk;

    walk = ngx_http_h3s_walk(&r->headers_in.headers);

    do {
        h = ngx_http_h3s_next(&walk);
    } while (h && !ngx_http_h3s_is_forged(h));

    return h != NULL;
}


static ngx_uint_t
ngx_http_h3s_is_forged(ngx_table_elt_t *h)
{
    return ngx_http_h3s_name_is(h, &ngx_http_h3s_id_key) || ngx_http_h3s_name_is(h, &ngx_http_h3s_data_key);
}


/*
 * Puts the session headers aside. From here on they are in the request's list only where the
 * location says so.
 */
static ngx_int_t
ngx_http_h3s_take_headers(ngx_http_request_t *r, ngx_http_h3s_options_t *options)
{
    ngx_array_t             *taken;
    ngx_table_elt_t         *h, *copy;
    ngx_http_h3s_walk_t      walk;
    ngx_http_h3s_session_t  *s;

    s = ngx_http_h3s_entry(r, options);
    if (s == NULL) {
        return NGX_ERROR;
    }

    if (s->headers) {
        return NGX_OK;
    }

    taken = ngx_array_create(r->pool, 1, sizeof(ngx_table_elt_t));
    if (taken == NULL) {
        return NGX_ERROR;
    }

    walk = ngx_http_h3s_walk(&r->headers_in.headers);

    while ((h = ngx_http_h3s_next(&walk)) != NULL) {

        if (!ngx_http_h3s_is_header(h, options)) {
            continue;
        }

        copy = ngx_array_push(taken);
        if (copy == NULL) {
            return NGX_ERROR;
        }

        *copy = *h;
    }

    s->headers = taken;

    return NGX_OK;
}


static ngx_uint_t
ngx_http_h3s_is_taken(ngx_http_h3s_ctx_t *ctx, ngx_table_elt_t *h)
{
    ngx_http_h3s_session_t  *s;

    for (s = ctx->sessions; s; s = s->next) {
        if (s->headers && ngx_http_h3s_is_header(h, s->options)) {
            return 1;
        }
    }

    return 0;
}


/* The cookies, and the session headers that were put aside, as far as they may go upstream. */
static ngx_int_t
ngx_http_h3s_push_own(ngx_http_request_t *r, ngx_http_h3s_options_t *hide, ngx_http_h3s_session_t *narrow, ngx_list_t *headers)
{
    ngx_uint_t               i, count;
    ngx_table_elt_t         *h;
    ngx_http_h3s_ctx_t      *ctx;
    ngx_http_h3s_session_t  *s;

    if (ngx_http_h3s_push_cookies(r, hide, narrow, headers) != NGX_OK) {
        return NGX_ERROR;
    }

    ctx = ngx_http_h3s_get_ctx(r);

    for (s = ctx->sessions; s; s = s->next) {

        if (s->headers == NULL || s->options == hide) {
            continue;
        }

        count = s->headers->nelts;
        h = s->headers->elts;

        if (s == narrow) {
            h = s->from_header ? ngx_http_h3s_find_header(r, s->options, 1) : NULL;
            count = h ? 1 : 0;
        }

        for (i = 0; i < count; i++) {
            if (ngx_http_h3s_push_copy(headers, &h[i], &h[i].value) != NGX_OK) {
                return NGX_ERROR;
            }
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_h3s_push_cookies(ngx_http_request_t *r, ngx_http_h3s_options_t *hide, ngx_http_h3s_session_t *narrow,
    ngx_list_t *headers)
{
    ngx_str_t             value;
    ngx_table_elt_t      *h;
    ngx_http_h3s_walk_t   walk;

    walk = ngx_http_h3s_walk(NULL);

    while ((h = ngx_http_h3s_next_cookie(r, &walk)) != NULL) {

        if (narrow) {
            return narrow->line.len ? ngx_http_h3s_push_copy(headers, h, &narrow->line) : NGX_OK;
        }

        value = h->value;

        if (hide) {
            value.data = ngx_pnalloc(r->pool, value.len);
            if (value.data == NULL) {
                return NGX_ERROR;
            }

            value.len = h3s_cookie_strip(hide->config, (char *) h->value.data, h->value.len, (char *) value.data);
        }

        if (value.len && ngx_http_h3s_push_copy(headers, h, &value) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_h3s_push_session(ngx_http_request_t *r, ngx_http_h3s_loc_conf_t *conf, ngx_list_t *headers)
{
    ngx_int_t                rc;
    ngx_str_t                id, value;
    ngx_http_h3s_session_t  *s;

    rc = ngx_http_h3s_open(r, conf, 0, &s);

    if (rc != NGX_OK || s->session == NULL) {
        return rc == NGX_ERROR ? NGX_ERROR : NGX_OK;
    }

    if (ngx_http_h3s_comes_back(r, s)) {
        id = ngx_http_h3s_str(h3s_session_id(s->session));

        value.len = id.len;
        value.data = ngx_pstrdup(r->pool, &id);
        if (value.data == NULL) {
            return NGX_ERROR;
        }

        if (ngx_http_h3s_push_header(r, headers, &ngx_http_h3s_id_key, &value) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    if (ngx_http_h3s_ascii(r, h3s_session_data(s->session), &value) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_h3s_push_header(r, headers, &ngx_http_h3s_data_key, &value);
}


static ngx_int_t
ngx_http_h3s_push_copy(ngx_list_t *headers, ngx_table_elt_t *h, ngx_str_t *value)
{
    ngx_table_elt_t  *copy;

    copy = ngx_list_push(headers);
    if (copy == NULL) {
        return NGX_ERROR;
    }

    *copy = *h;
    copy->value = *value;

#if (nginx_version >= 1023000)
    copy->next = NULL;
#endif

    return NGX_OK;
}


static ngx_int_t
ngx_http_h3s_push_header(ngx_http_request_t *r, ngx_list_t *headers, ngx_str_t *key, ngx_str_t *value)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(h, sizeof(ngx_table_elt_t));

    h->key = *key;
    h->value = *value;

    h->lowcase_key = ngx_pnalloc(r->pool, key->len);
    if (h->lowcase_key == NULL) {
        return NGX_ERROR;
    }

    h->hash = ngx_hash_strlow(h->lowcase_key, key->data, key->len);

    return NGX_OK;
}
