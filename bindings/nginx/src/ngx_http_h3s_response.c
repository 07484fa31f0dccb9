/*
 * The header filter: has what the upstream and the location say about the session applied, and puts
 * Set-Cookie into the response.
 */

#include "ngx_http_h3s.h"


static ngx_int_t ngx_http_h3s_header_filter(ngx_http_request_t *r);
static ngx_int_t ngx_http_h3s_replace_response(ngx_http_request_t *r, ngx_int_t rc);
static ngx_int_t ngx_http_h3s_from_upstream(ngx_http_request_t *r, ngx_http_h3s_loc_conf_t *conf);
static ngx_uint_t ngx_http_h3s_is_unread(ngx_http_request_t *r, ngx_http_h3s_loc_conf_t *conf);
static ngx_int_t ngx_http_h3s_add_cookies(ngx_http_request_t *r, ngx_http_h3s_session_t *s);
static ngx_uint_t ngx_http_h3s_is_cookie(ngx_table_elt_t *h, ngx_http_h3s_options_t *options);


static ngx_http_output_header_filter_pt  ngx_http_h3s_next_header_filter;


static ngx_str_t  ngx_http_h3s_set_cookie_key = ngx_string("Set-Cookie");


void
ngx_http_h3s_response_init(void)
{
    ngx_http_h3s_next_header_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = ngx_http_h3s_header_filter;
}


static ngx_int_t
ngx_http_h3s_header_filter(ngx_http_request_t *r)
{
    ngx_int_t                 rc;
    ngx_http_h3s_ctx_t       *ctx;
    ngx_http_h3s_session_t   *s;
    ngx_http_h3s_loc_conf_t  *conf;

    conf = ngx_http_get_module_loc_conf(r, ngx_http_h3s_module);

    if (conf->options && r->upstream) {
        rc = ngx_http_h3s_from_upstream(r, conf);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    rc = ngx_http_h3s_apply_writes(r, conf);
    if (rc != NGX_OK) {
        return ngx_http_h3s_replace_response(r, rc);
    }

    if (r != r->main) {
        return ngx_http_h3s_next_header_filter(r);
    }

    if (conf->mode == NGX_HTTP_H3S_USE && ngx_http_h3s_open(r, conf, 0, &s) == NGX_ERROR) {
        return NGX_ERROR;
    }

    ctx = ngx_http_h3s_get_ctx(r);

    for (s = ctx ? ctx->sessions : NULL; s; s = s->next) {

        if (s->varies && conf->cache_headers && ngx_http_h3s_vary(r, s->options) != NGX_OK) {
            return NGX_ERROR;
        }

        if (s->session == NULL || !s->wanted) {
            continue;
        }

        /* By a rotation, of the former id. */
        rc = ngx_http_h3s_publish(r, s);
        if (rc != NGX_OK) {
            return ngx_http_h3s_replace_response(r, rc);
        }

        rc = ngx_http_h3s_add_cookies(r, s);

        if (rc == NGX_OK && conf->cache_headers) {
            rc = ngx_http_h3s_keep_private(r);
        }

        if (rc == NGX_ERROR) {
            return NGX_ERROR;
        }
    }

    return ngx_http_h3s_next_header_filter(r);
}


/*
 * A logout that could not be made known has not happened, and must not pass for one: an error takes
 * the response's place.
 */
static ngx_int_t
ngx_http_h3s_replace_response(ngx_http_request_t *r, ngx_int_t rc)
{
    if (rc == NGX_ERROR || r->err_status == 0) {
        return rc;
    }

    /* nginx makes this response itself, of a status alone, and would send its body all the same. */
    return ngx_http_filter_finalize_request(r, NULL, rc);
}


/*
 * The upstream's own words about the session never get into a cache, or out of one: they are meant
 * for one visitor. nginx does not store a response with Set-Cookie, but `proxy_ignore_headers
 * Set-Cookie` would make it.
 */
static ngx_int_t
ngx_http_h3s_from_upstream(ngx_http_request_t *r, ngx_http_h3s_loc_conf_t *conf)
{
    ngx_int_t             rc;
    ngx_uint_t            answered;
    ngx_table_elt_t      *h;
    ngx_http_h3s_ctx_t   *ctx;
    ngx_http_h3s_walk_t   walk;

    answered = 0;

    walk = ngx_http_h3s_walk(&r->headers_out.headers);

    while ((h = ngx_http_h3s_next(&walk)) != NULL) {

        if (conf->upstream && ngx_http_h3s_is_answer(h)) {
            answered = 1;

        } else if (ngx_http_h3s_is_cookie(h, conf->options)) {
            if (r->cached) {
                h->hash = 0;
            }

            r->upstream->cacheable = 0;
        }
    }

    if (ngx_http_h3s_is_unread(r, conf)) {
        r->upstream->cacheable = 0;
    }

    ctx = ngx_http_h3s_get_ctx(r);

    if (ctx && r == r->main) {
        ctx->asked = NULL;
    }

    if (!answered) {
        return NGX_OK;
    }

    rc = NGX_OK;

    if (!r->cached && conf->mode != NGX_HTTP_H3S_OFF) {
        rc = ngx_http_h3s_apply_answer(r, conf, &r->headers_out.headers);
    }

    r->upstream->cacheable = 0;

    if (rc != NGX_OK) {
        return rc;
    }

    walk = ngx_http_h3s_walk(&r->headers_out.headers);

    while ((h = ngx_http_h3s_next(&walk)) != NULL) {
        if (ngx_http_h3s_is_answer(h)) {
            h->hash = 0;
        }
    }

    return NGX_OK;
}


/*
 * Whether the request brought a session that nginx wanted to read, and could not. The upstream may
 * have read it, so that its answer is one visitor's own, whatever $h3s_id and the like say.
 */
static ngx_uint_t
ngx_http_h3s_is_unread(ngx_http_request_t *r, ngx_http_h3s_loc_conf_t *conf)
{
    ngx_http_h3s_session_t  *s;

    s = ngx_http_h3s_find_entry(r, conf->options);

    return s && s->wanted && (s->session == NULL || h3s_session_source(s->session) == H3S_SOURCE_NONE)
           && ngx_http_h3s_carries(r, s->options);
}


/*
 * NGX_OK: the response sets the cookies of the session; NGX_DECLINED: it does not.
 *
 * An upstream that keeps the session itself may set them, too, and no response should do it twice.
 * It has the last word on a session that was only read or made here; where a directive or
 * X-Session-* has written it, that has.
 */
static ngx_int_t
ngx_http_h3s_add_cookies(ngx_http_request_t *r, ngx_http_h3s_session_t *s)
{
    size_t                i, count;
    h3s_error             err;
    ngx_str_t             value;
    const h3s_str        *list;
    ngx_table_elt_t      *h;
    ngx_http_h3s_walk_t   walk;

    static ngx_http_h3s_rate_t  rate;

    /* Nor may a late answer take the place of what the next login has set. */
    if (ngx_http_h3s_is_revoked(r, s)) {
        return NGX_DECLINED;
    }

    if (h3s_set_cookies(s->session, &list, &count, &err) != H3S_OK) {
        ngx_http_h3s_log_error(r, &rate, "the session could not be sealed", &err);
        return NGX_ERROR;
    }

    if (count == 0) {
        return NGX_DECLINED;
    }

    walk = ngx_http_h3s_walk(r->upstream ? &r->headers_out.headers : NULL);

    while ((h = ngx_http_h3s_next(&walk)) != NULL) {

        if (!ngx_http_h3s_is_cookie(h, s->options)) {
            continue;
        }

        if (!s->written) {
            return NGX_DECLINED;
        }

        h->hash = 0;
    }

    for (i = 0; i < count; i++) {
        h = ngx_http_h3s_add_header(r, &ngx_http_h3s_set_cookie_key);
        if (h == NULL) {
            return NGX_ERROR;
        }

        value = ngx_http_h3s_str(list[i]);

        h->value.len = value.len;
        h->value.data = ngx_pstrdup(r->pool, &value);
        if (h->value.data == NULL) {
            return NGX_ERROR;
        }
    }

    s->sent = 1;

    return NGX_OK;
}


/*
 * Whether a header sets, or deletes, the session's cookie, one of its chunks, or the cookie that
 * says when it was last seen.
 */
static ngx_uint_t
ngx_http_h3s_is_cookie(ngx_table_elt_t *h, ngx_http_h3s_options_t *options)
{
    u_char  *equals;

    if (h->hash == 0 || !options->sets || !ngx_http_h3s_name_is(h, &ngx_http_h3s_set_cookie_key)) {
        return 0;
    }

    equals = ngx_strlchr(h->value.data, h->value.data + h->value.len, '=');

    return equals != NULL && ngx_http_h3s_is_cookie_name(h->value.data, equals, options);
}
