/*
 * The phases of a request: its session is opened before anything is decided about it, h3s_require lets it pass or not, and
 * what goes upstream is told of the session or kept from it.
 */

#include "ngx_http_h3s.h"


static ngx_int_t ngx_http_h3s_late_answer(ngx_http_request_t *r);
static ngx_int_t ngx_http_h3s_check(ngx_http_request_t *r, ngx_http_h3s_loc_conf_t *conf);
static ngx_uint_t ngx_http_h3s_holds(h3s_session *session, ngx_str_t *pointer);
static ngx_int_t ngx_http_h3s_edit_headers(ngx_http_request_t *r, ngx_http_h3s_loc_conf_t *conf);
static ngx_uint_t ngx_http_h3s_is_forged(ngx_table_elt_t *h);
static ngx_int_t ngx_http_h3s_push_cookies(ngx_http_request_t *r, ngx_http_h3s_options_t *hide, ngx_list_t *headers);
static ngx_int_t ngx_http_h3s_push_session(ngx_http_request_t *r, ngx_http_h3s_loc_conf_t *conf, ngx_list_t *headers);
static ngx_int_t ngx_http_h3s_push_copy(ngx_list_t *headers, ngx_table_elt_t *h, ngx_str_t *value);
static ngx_int_t ngx_http_h3s_push_header(ngx_http_request_t *r, ngx_list_t *headers, ngx_str_t *key, ngx_str_t *value);
static ngx_int_t ngx_http_h3s_ascii(ngx_http_request_t *r, h3s_str json, ngx_str_t *ascii);


static ngx_str_t  ngx_http_h3s_cookie_key = ngx_string("Cookie");
static ngx_str_t  ngx_http_h3s_id_key = ngx_string("X-Session-Id");
static ngx_str_t  ngx_http_h3s_data_key = ngx_string("X-Session-Data");
static ngx_str_t  ngx_http_h3s_retry_after_key = ngx_string("Retry-After");


/* Before the location is known: no forgery is to be seen from here on, and a token may have to be waited for. */
ngx_int_t
ngx_http_h3s_server_rewrite_handler(ngx_http_request_t *r)
{
    ngx_int_t  rc;

    rc = ngx_http_h3s_late_answer(r);

    if (rc == NGX_OK && ngx_http_h3s_edit_headers(r, NULL) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (rc == NGX_OK) {
        rc = ngx_http_h3s_warm(r, ngx_http_get_module_loc_conf(r, ngx_http_h3s_module));
    }

    return rc == NGX_OK ? NGX_DECLINED : rc == NGX_AGAIN ? NGX_DONE : rc;
}


/* Runs before the directives of the rewrite module, and so before `return`. */
ngx_int_t
ngx_http_h3s_rewrite_handler(ngx_http_request_t *r)
{
    ngx_int_t                 rc;
    ngx_http_h3s_session_t   *s;
    ngx_http_h3s_loc_conf_t  *conf;

    conf = ngx_http_get_module_loc_conf(r, ngx_http_h3s_module);
    s = NULL;

    rc = ngx_http_h3s_late_answer(r);

    if (rc == NGX_OK) {
        rc = conf->eager ? ngx_http_h3s_open(r, conf, 1, &s) : ngx_http_h3s_warm(r, conf);

        if (rc == NGX_OK && conf->eager && s->session == NULL && (conf->set || conf->rotate || conf->clear)) {
            return ngx_http_h3s_refuse(r, s);
        }
    }

    return rc == NGX_OK ? NGX_DECLINED : rc == NGX_AGAIN ? NGX_DONE : rc;
}


ngx_int_t
ngx_http_h3s_preaccess_handler(ngx_http_request_t *r)
{
    ngx_int_t                 rc;
    ngx_http_h3s_loc_conf_t  *conf;

    conf = ngx_http_get_module_loc_conf(r, ngx_http_h3s_module);

    /* Subrequests pass no access phase, but must not lead around h3s_require. */
    if (r != r->main && conf->require) {
        rc = ngx_http_h3s_check(r, conf);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    return ngx_http_h3s_edit_headers(r, conf) == NGX_OK ? NGX_DECLINED : NGX_HTTP_INTERNAL_SERVER_ERROR;
}


ngx_int_t
ngx_http_h3s_access_handler(ngx_http_request_t *r)
{
    ngx_http_h3s_loc_conf_t  *conf;

    conf = ngx_http_get_module_loc_conf(r, ngx_http_h3s_module);

    return conf->require ? ngx_http_h3s_check(r, conf) : NGX_DECLINED;
}


/*
 * Of a response that nginx does not pass on, since it redirects (X-Accel-Redirect) or the error is intercepted, the header filter
 * sees nothing. What it says about the session counts all the same.
 */
static ngx_int_t
ngx_http_h3s_late_answer(ngx_http_request_t *r)
{
    ngx_http_h3s_ctx_t       *ctx;
    ngx_http_h3s_loc_conf_t  *conf;

    if (!r->internal || r != r->main || r->upstream == NULL) {
        return NGX_OK;
    }

    ctx = ngx_http_h3s_get_ctx(r);

    if (ctx == NULL || ctx->asked == NULL) {
        return NGX_OK;
    }

    conf = ctx->asked;
    ctx->asked = NULL;

    /* The header has to have come whole, and from the upstream itself. */
    if (r->cached || r->upstream->state == NULL || r->upstream->state->header_time == (ngx_msec_t) -1) {
        return NGX_OK;
    }

    return ngx_http_h3s_apply_answer(r, conf, &r->upstream->headers_in.headers);
}


static ngx_int_t
ngx_http_h3s_check(ngx_http_request_t *r, ngx_http_h3s_loc_conf_t *conf)
{
    ngx_int_t                  rc;
    ngx_str_t                 *pointer;
    ngx_uint_t                 i;
    ngx_http_h3s_session_t    *s;
    ngx_http_core_loc_conf_t  *clcf;

    rc = ngx_http_h3s_open(r, conf, 1, &s);

    if (rc != NGX_OK) {
        return rc == NGX_DECLINED ? NGX_HTTP_UNAUTHORIZED : rc;
    }

    if (s->session == NULL) {
        clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

        /* Where any of several conditions will do, another may let it pass. */
        return clcf->satisfy == NGX_HTTP_SATISFY_ANY && r == r->main ? NGX_HTTP_UNAUTHORIZED
                                                                     : ngx_http_h3s_refuse(r, s);
    }

    pointer = conf->require->elts;

    for (i = 0; i < conf->require->nelts; i++) {
        if (!ngx_http_h3s_holds(s->session, &pointer[i])) {
            return NGX_HTTP_UNAUTHORIZED;
        }
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_http_h3s_holds(h3s_session *session, ngx_str_t *pointer)
{
    h3s_str     json;
    ngx_uint_t  i;

    static const ngx_str_t  nothing[] = {
        ngx_string("false"), ngx_string("null"), ngx_string("\"\""), ngx_string("{}"), ngx_string("[]")
    };

    json = h3s_session_find(session, (char *) pointer->data, pointer->len);

    for (i = 0; i < sizeof(nothing) / sizeof(nothing[0]); i++) {
        if (json.len == nothing[i].len && ngx_memcmp(json.ptr, nothing[i].data, json.len) == 0) {
            return 0;
        }
    }

    return json.ptr != NULL;
}


/* What becomes of a request whose session is needed, and could not be opened. */
ngx_int_t
ngx_http_h3s_refuse(ngx_http_request_t *r, ngx_http_h3s_session_t *s)
{
    ngx_table_elt_t  *h;

    if (s->status != H3S_ERR_BUSY && s->status != H3S_ERR_COLD) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    h = ngx_http_h3s_add_header(r, &ngx_http_h3s_retry_after_key);
    if (h == NULL) {
        return NGX_ERROR;
    }

    ngx_str_set(&h->value, "1");

    return NGX_HTTP_SERVICE_UNAVAILABLE;
}


/*
 * Gives the request a list of headers of its own, with what its location says (conf; NULL: it is not known yet). Each subrequest
 * has a copy of its parent's list, and an internal redirect keeps it; so what another location has put in or hidden is undone first.
 */
static ngx_int_t
ngx_http_h3s_edit_headers(ngx_http_request_t *r, ngx_http_h3s_loc_conf_t *conf)
{
    ngx_uint_t                forged, upstream;
    ngx_list_t                headers;
    ngx_table_elt_t          *h;
    ngx_http_h3s_ctx_t       *ctx;
    ngx_http_h3s_walk_t       walk;
    ngx_http_h3s_options_t   *hide;
    ngx_http_h3s_srv_conf_t  *hscf;

    hscf = ngx_http_get_module_srv_conf(r, ngx_http_h3s_module);
    ctx = ngx_http_h3s_get_ctx(r);
    hide = conf && conf->hide_cookie ? conf->options : NULL;
    upstream = conf && conf->upstream;

    if (!upstream && hide == NULL && (ctx == NULL || !ctx->hidden)) {

        if (!hscf->upstream) {
            return NGX_OK;
        }

        walk = ngx_http_h3s_walk(&r->headers_in.headers);

        do {
            h = ngx_http_h3s_next(&walk);
            if (h == NULL) {
                return NGX_OK;
            }
        } while (!ngx_http_h3s_is_forged(h));
    }

    ctx = ngx_http_h3s_make_ctx(r);

    if (ctx == NULL || ngx_list_init(&headers, r->pool, 20, sizeof(ngx_table_elt_t)) != NGX_OK) {
        return NGX_ERROR;
    }

    walk = ngx_http_h3s_walk(&r->headers_in.headers);

    while ((h = ngx_http_h3s_next(&walk)) != NULL) {
        forged = hscf->upstream && ngx_http_h3s_is_forged(h);

        /* Of several, the first is the one that is opened. */
        if (hide && hide->header.len && ngx_http_h3s_name_is(h, &hide->header)
            && !ngx_http_h3s_name_is(&ctx->header, &hide->header))
        {
            ctx->header = *h;
        }

        if (forged || ((hide || ctx->hidden) && (ngx_http_h3s_name_is(h, &ngx_http_h3s_cookie_key)
                                                 || ngx_http_h3s_name_is(h, &ctx->header.key))))
        {
            continue;
        }

        if (ngx_http_h3s_push_copy(&headers, h, &h->value) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    if (hide || ctx->hidden) {
        ctx->hidden = 1;

        if (ngx_http_h3s_push_cookies(r, hide, &headers) != NGX_OK) {
            return NGX_ERROR;
        }

        if (ctx->header.key.len && !(hide && ngx_http_h3s_name_is(&ctx->header, &hide->header))) {
            if (ngx_http_h3s_push_copy(&headers, &ctx->header, &ctx->header.value) != NGX_OK) {
                return NGX_ERROR;
            }
        }
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


static ngx_uint_t
ngx_http_h3s_is_forged(ngx_table_elt_t *h)
{
    return ngx_http_h3s_name_is(h, &ngx_http_h3s_id_key) || ngx_http_h3s_name_is(h, &ngx_http_h3s_data_key);
}


static ngx_int_t
ngx_http_h3s_push_cookies(ngx_http_request_t *r, ngx_http_h3s_options_t *hide, ngx_list_t *headers)
{
    ngx_str_t             value;
    ngx_table_elt_t      *h;
    ngx_http_h3s_walk_t   walk;

    walk = ngx_http_h3s_walk(NULL);

    while ((h = ngx_http_h3s_next_cookie(r, &walk)) != NULL) {
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

    if (ngx_http_h3s_carried(r, s)) {
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


/* Whatever reads the header may take it for Latin-1: the same JSON, with every character beyond ASCII escaped. */
static ngx_int_t
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
