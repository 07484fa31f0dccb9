/*
 * A request's session: kept with the main request, freed with its pool; whether it comes back, and
 * what becomes of a request that has none.
 */

#include "ngx_http_h3s.h"


static void ngx_http_h3s_cleanup(void *data);


static ngx_str_t  ngx_http_h3s_retry_after_key = ngx_string("Retry-After");


ngx_http_h3s_ctx_t *
ngx_http_h3s_get_ctx(ngx_http_request_t *r)
{
    ngx_pool_cleanup_t  *cln;
    ngx_http_h3s_ctx_t  *ctx;

    r = r->main;

    ctx = ngx_http_get_module_ctx(r, ngx_http_h3s_module);

    if (ctx == NULL && (r->internal || r->filter_finalize)) {

        /* An internal redirect has cleared it, but not the pool. */

        for (cln = r->pool->cleanup; cln; cln = cln->next) {
            if (cln->handler == ngx_http_h3s_cleanup) {
                ctx = cln->data;
                ngx_http_set_ctx(r, ctx, ngx_http_h3s_module);
                break;
            }
        }
    }

    return ctx;
}


ngx_http_h3s_ctx_t *
ngx_http_h3s_make_ctx(ngx_http_request_t *r)
{
    ngx_pool_cleanup_t  *cln;
    ngx_http_h3s_ctx_t  *ctx;

    ctx = ngx_http_h3s_get_ctx(r);
    if (ctx) {
        return ctx;
    }

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_http_h3s_ctx_t));
    if (cln == NULL) {
        return NULL;
    }

    ctx = cln->data;
    ngx_memzero(ctx, sizeof(ngx_http_h3s_ctx_t));
    cln->handler = ngx_http_h3s_cleanup;

    ngx_http_set_ctx(r->main, ctx, ngx_http_h3s_module);

    return ctx;
}


static void
ngx_http_h3s_cleanup(void *data)
{
    ngx_http_h3s_ctx_t  *ctx = data;

    ngx_http_h3s_session_t  *s;

    for (s = ctx->sessions; s; s = s->next) {
        h3s_session_free(s->session);
        s->session = NULL;
    }
}


/* What the request has of a session so far; NULL: nothing. */
ngx_http_h3s_session_t *
ngx_http_h3s_find_entry(ngx_http_request_t *r, ngx_http_h3s_options_t *options)
{
    ngx_http_h3s_ctx_t      *ctx;
    ngx_http_h3s_session_t  *s;

    ctx = ngx_http_h3s_get_ctx(r);

    for (s = ctx ? ctx->sessions : NULL; s && s->options != options; s = s->next) { /* void */ }

    return s;
}


ngx_http_h3s_session_t *
ngx_http_h3s_entry(ngx_http_request_t *r, ngx_http_h3s_options_t *options)
{
    ngx_http_h3s_ctx_t      *ctx;
    ngx_http_h3s_session_t  *s;

    ctx = ngx_http_h3s_make_ctx(r);
    if (ctx == NULL) {
        return NULL;
    }

    s = ngx_http_h3s_find_entry(r, options);
    if (s) {
        return s;
    }

    s = ngx_pcalloc(r->pool, sizeof(ngx_http_h3s_session_t));
    if (s == NULL) {
        return NULL;
    }

    s->options = options;
    s->next = ctx->sessions;
    ctx->sessions = s;

    return s;
}


/* As if nothing had been done to it: whoever asks for the session now opens it again. */
void
ngx_http_h3s_undo(ngx_http_h3s_session_t *s)
{
    h3s_session_free(s->session);
    s->session = NULL;
    s->status = H3S_OK;
    s->written = 0;
    s->published = 0;
}


/* Whether the session comes back: a cookie or a header brought it, or a cookie will. */
ngx_uint_t
ngx_http_h3s_comes_back(ngx_http_request_t *r, ngx_http_h3s_session_t *s)
{
    if (s->session == NULL || h3s_session_id(s->session).len == 0) {
        return 0;
    }

    return h3s_session_source(s->session) != H3S_SOURCE_NONE || s->sent
           || (s->options->sets && h3s_session_is_dirty(s->session) && !r->main->header_sent);
}


/* What becomes of a request whose session is needed, and could not be opened. */
ngx_int_t
ngx_http_h3s_refuse(ngx_http_request_t *r, ngx_http_h3s_session_t *s)
{
    ngx_table_elt_t  *h;

    if (s->status != H3S_ERR_BUSY && s->status != H3S_ERR_COLD && s->status != H3S_ERR_STALE) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    h = ngx_http_h3s_add_header(r, &ngx_http_h3s_retry_after_key);
    if (h == NULL) {
        return NGX_ERROR;
    }

    ngx_str_set(&h->value, ngx_value(H3S_RETRY_AFTER));

    /* The one is this client's doing, the others are not. */
    return s->status == H3S_ERR_BUSY ? NGX_HTTP_TOO_MANY_REQUESTS : NGX_HTTP_SERVICE_UNAVAILABLE;
}
