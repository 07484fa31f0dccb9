/*
 * The phases of a request: its session is opened before anything is decided about it, and
 * h3s_require lets it pass or not.
 */

#include "ngx_http_h3s.h"


static ngx_int_t ngx_http_h3s_late_answer(ngx_http_request_t *r);
static ngx_int_t ngx_http_h3s_check(ngx_http_request_t *r, ngx_http_h3s_loc_conf_t *conf);
static void ngx_http_h3s_log_refusal(ngx_http_request_t *r, ngx_http_h3s_session_t *s);


/*
 * Before the location is known: no forgery is to be seen from here on, and a token may have to be
 * waited for.
 */
ngx_int_t
ngx_http_h3s_server_rewrite_handler(ngx_http_request_t *r)
{
    ngx_int_t  rc;

    rc = ngx_http_h3s_arrive(r);

    if (rc == NGX_OK) {
        rc = ngx_http_h3s_late_answer(r);
    }

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

    rc = ngx_http_h3s_arrive(r);

    if (rc == NGX_OK) {
        rc = ngx_http_h3s_late_answer(r);
    }

    if (rc == NGX_OK) {
        rc = conf->eager ? ngx_http_h3s_open(r, conf, 1, &s) : ngx_http_h3s_warm(r, conf);

        if (rc == NGX_OK && conf->eager && s->session == NULL && ngx_http_h3s_writes(conf)) {
            return ngx_http_h3s_refuse(r, s);
        }
    }

    if (rc == NGX_OK) {
        rc = ngx_http_h3s_enter(r, conf, 0);
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

    rc = ngx_http_h3s_narrow(r, conf);
    if (rc != NGX_OK) {
        return rc;
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
 * Before try_files, which may redirect: the access checks of this location have let the request
 * pass.
 */
ngx_int_t
ngx_http_h3s_precontent_handler(ngx_http_request_t *r)
{
    ngx_http_h3s_loc_conf_t  *conf;

    conf = ngx_http_get_module_loc_conf(r, ngx_http_h3s_module);

    return ngx_http_h3s_enter(r, conf, 1) == NGX_OK ? NGX_DECLINED : NGX_HTTP_INTERNAL_SERVER_ERROR;
}


/*
 * Of a response that nginx does not pass on, since it redirects (X-Accel-Redirect) or the error is
 * intercepted, the header filter sees nothing. What it says about the session counts all the same.
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
            ngx_http_h3s_log_refusal(r, s);
            return NGX_HTTP_UNAUTHORIZED;
        }
    }

    return NGX_OK;
}


/*
 * Visitors who are not logged in are everyday, and so are sessions that have ended. A token that
 * nobody here, or nobody today, has sealed is not.
 */
static void
ngx_http_h3s_log_refusal(ngx_http_request_t *r, ngx_http_h3s_session_t *s)
{
    ngx_uint_t  level;

    static ngx_http_h3s_rate_t  rates[2];

    level = NGX_LOG_INFO;

    if (h3s_session_source(s->session) == H3S_SOURCE_NONE) {

        switch (h3s_session_rejection(s->session)) {

        case H3S_REJECTION_NONE:
        case H3S_REJECTION_EXPIRED:
        case H3S_REJECTION_IDLE:
            break;

        default:
            level = NGX_LOG_ERR;
        }
    }

    ngx_http_h3s_log(r, &rates[level == NGX_LOG_ERR], level, "access forbidden by \"h3s_require\", session", ngx_http_h3s_status(r, s));
}
