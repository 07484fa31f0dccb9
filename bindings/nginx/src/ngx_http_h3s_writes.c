/*
 * h3s_set, h3s_rotate and h3s_clear: what a location writes once its request has succeeded.
 *
 * It may succeed in another location: try_files, index, X-Accel-Redirect and error_page lead there
 * by an internal redirect, after which nginx knows no more of the location that the request was in.
 * So what is due is kept here with the request. A login counts only where the location's access
 * checks let the request pass and no error ended it, since error_page may make a success of any
 * failure; a logout also counts where an error came after these checks.
 */

#include "ngx_http_h3s.h"


static ngx_http_h3s_visit_t *ngx_http_h3s_find_visit(ngx_http_request_t *r);
static ngx_uint_t ngx_http_h3s_has_failed(ngx_http_request_t *r, ngx_http_h3s_visit_t *visit);
static ngx_uint_t ngx_http_h3s_is_blind(ngx_http_request_t *r);
static ngx_int_t ngx_http_h3s_keep(ngx_http_request_t *r, ngx_http_h3s_visit_t *visit, ngx_http_h3s_loc_conf_t *conf,
    ngx_uint_t all);
static ngx_int_t ngx_http_h3s_evaluate(ngx_http_request_t *r, ngx_http_h3s_loc_conf_t *conf, ngx_http_h3s_write_t *write);
static ngx_int_t ngx_http_h3s_is_error_page(ngx_http_request_t *r);
static ngx_int_t ngx_http_h3s_apply(ngx_http_request_t *r, ngx_http_h3s_write_t *write);


ngx_uint_t
ngx_http_h3s_writes(ngx_http_h3s_loc_conf_t *conf)
{
    return conf->mode != NGX_HTTP_H3S_OFF && (conf->set || conf->rotate || conf->clear);
}


/* A request is in a location; checked: its access checks have let it pass. */
ngx_int_t
ngx_http_h3s_enter(ngx_http_request_t *r, ngx_http_h3s_loc_conf_t *conf, ngx_uint_t checked)
{
    ngx_http_h3s_ctx_t    *ctx;
    ngx_http_h3s_visit_t  *visit;

    visit = ngx_http_h3s_find_visit(r);

    if (!ngx_http_h3s_writes(conf)) {
        if (visit) {
            visit->conf = NULL;
        }

        return NGX_OK;
    }

    if (visit == NULL) {
        ctx = ngx_http_h3s_make_ctx(r);
        visit = ngx_pcalloc(r->pool, sizeof(ngx_http_h3s_visit_t));

        if (ctx == NULL || visit == NULL
            || ngx_array_init(&visit->writes, r->pool, 1, sizeof(ngx_http_h3s_write_t)) != NGX_OK)
        {
            return NGX_ERROR;
        }

        visit->request = r;
        visit->next = ctx->visits;
        ctx->visits = visit;
    }

    /* An internal redirect clears it. */
    ngx_http_set_ctx(r, ngx_http_h3s_get_ctx(r), ngx_http_h3s_module);

    visit->conf = conf;
    visit->checked = checked;
    visit->uri = r->uri;
    visit->args = r->args;
    visit->upstream = r->upstream;
    visit->err_status = r->err_status;
    visit->error_page = r->error_page;
    visit->blind = ngx_http_h3s_is_blind(r);

    return NGX_OK;
}


/*
 * A request comes from the location that it was in, if from any: keeps what that still has to
 * write.
 */
ngx_int_t
ngx_http_h3s_arrive(ngx_http_request_t *r)
{
    ngx_uint_t                redirected, failed;
    ngx_http_h3s_visit_t     *visit;
    ngx_http_h3s_loc_conf_t  *conf;

    static ngx_http_h3s_rate_t  rate;

    redirected = ngx_http_get_module_ctx(r, ngx_http_h3s_module) == NULL;

    visit = ngx_http_h3s_find_visit(r);

    if (visit == NULL || visit->conf == NULL) {
        return NGX_OK;
    }

    conf = visit->conf;
    failed = redirected && visit->checked && ngx_http_h3s_has_failed(r, visit);
    visit->conf = NULL;

    if (!redirected) {

        /* By `rewrite ... last`, before any access check. */

        if (conf->set || conf->rotate) {
            ngx_http_h3s_log(r, &rate, NGX_LOG_ERR, "\"h3s_set\" and \"h3s_rotate\" do nothing where \"rewrite\" leaves the location "
                             "before its access checks", NULL);
        }

        return ngx_http_h3s_keep(r, visit, conf, 0);
    }

    if (!visit->checked) {
        return NGX_OK;
    }

    return ngx_http_h3s_keep(r, visit, conf, !failed);
}


/* Whether it is, or may be, an error that has led the request away. */
static ngx_uint_t
ngx_http_h3s_has_failed(ngx_http_request_t *r, ngx_http_h3s_visit_t *visit)
{
    static ngx_http_h3s_rate_t  rate;

    if (r->upstream && r->upstream != visit->upstream && r->upstream->headers_in.x_accel_redirect) {
        return r->upstream->headers_in.status_n >= NGX_HTTP_BAD_REQUEST;
    }

    if (r->error_page != visit->error_page || r->err_status != visit->err_status) {
        return 1;
    }

    if (visit->blind && (visit->conf->set || visit->conf->rotate)) {
        ngx_http_h3s_log(r, &rate, NGX_LOG_ERR, "\"h3s_set\" and \"h3s_rotate\" do nothing here: where "
                         "\"recursive_error_pages\" is on, an error may have led the request away", NULL);
    }

    return visit->blind;
}


/* `error_page 404 = /page` sets no status, and, where error pages are recursive, no flag. */
static ngx_uint_t
ngx_http_h3s_is_blind(ngx_http_request_t *r)
{
    ngx_uint_t                 i;
    ngx_http_err_page_t       *page;
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    if (!clcf->recursive_error_pages || clcf->error_pages == NULL) {
        return 0;
    }

    page = clcf->error_pages->elts;

    for (i = 0; i < clcf->error_pages->nelts; i++) {
        if (page[i].overwrite == (ngx_int_t) r->err_status || page[i].status == (ngx_int_t) r->err_status) {
            return 1;
        }
    }

    return 0;
}


/* all: else only a logout. */
static ngx_int_t
ngx_http_h3s_keep(ngx_http_request_t *r, ngx_http_h3s_visit_t *visit, ngx_http_h3s_loc_conf_t *conf, ngx_uint_t all)
{
    ngx_int_t              rc;
    ngx_str_t              uri, args;
    ngx_http_h3s_write_t  *write;

    if (!all && !conf->clear) {
        return NGX_OK;
    }

    write = ngx_array_push(&visit->writes);
    if (write == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(write, sizeof(ngx_http_h3s_write_t));
    write->conf = conf;
    write->clear = conf->clear;

    if (!all) {
        return NGX_OK;
    }

    write->rotate = conf->rotate;

    /* The variables are those of the location that has set them. */
    uri = r->uri;
    args = r->args;
    r->uri = visit->uri;
    r->args = visit->args;

    rc = ngx_http_h3s_evaluate(r, conf, write);

    r->uri = uri;
    r->args = args;

    return rc;
}


static ngx_int_t
ngx_http_h3s_evaluate(ngx_http_request_t *r, ngx_http_h3s_loc_conf_t *conf, ngx_http_h3s_write_t *write)
{
    ngx_uint_t           i;
    ngx_keyval_t        *pair;
    ngx_http_h3s_set_t  *set;

    if (conf->set == NULL) {
        return NGX_OK;
    }

    write->set = ngx_array_create(r->pool, conf->set->nelts, sizeof(ngx_keyval_t));
    if (write->set == NULL) {
        return NGX_ERROR;
    }

    set = conf->set->elts;

    for (i = 0; i < conf->set->nelts; i++) {
        pair = ngx_array_push(write->set);

        if (pair == NULL || ngx_http_complex_value(r, &set[i].value, &pair->value) != NGX_OK) {
            return NGX_ERROR;
        }

        pair->key = set[i].key;
    }

    return NGX_OK;
}


/* Writes what is due, where the request has succeeded: who failed to log in is not logged in. */
ngx_int_t
ngx_http_h3s_apply_writes(ngx_http_request_t *r, ngx_http_h3s_loc_conf_t *conf)
{
    ngx_int_t              rc;
    ngx_uint_t             i;
    ngx_http_h3s_write_t  *write, own;
    ngx_http_h3s_visit_t  *visit;

    if (r->headers_out.status < NGX_HTTP_OK || r->headers_out.status >= NGX_HTTP_BAD_REQUEST) {
        return NGX_OK;
    }

    visit = ngx_http_h3s_find_visit(r);

    if (visit) {
        visit->conf = NULL;

        write = visit->writes.elts;

        for (i = 0; i < visit->writes.nelts; i++) {
            if (ngx_http_h3s_apply(r, &write[i]) != NGX_OK) {
                return NGX_ERROR;
            }
        }
    }

    if (!ngx_http_h3s_writes(conf)) {
        return NGX_OK;
    }

    rc = ngx_http_h3s_is_error_page(r);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    ngx_memzero(&own, sizeof(ngx_http_h3s_write_t));
    own.conf = conf;
    own.rotate = conf->rotate;
    own.clear = conf->clear;

    if (ngx_http_h3s_evaluate(r, conf, &own) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_h3s_apply(r, &own);
}


/*
 * NGX_OK where the response is a redirect that stands for an error: `error_page 401
 * https://example.com/login`. To nginx it is a 302 like any other.
 */
static ngx_int_t
ngx_http_h3s_is_error_page(ngx_http_request_t *r)
{
    ngx_str_t                  url, *location;
    ngx_uint_t                 i;
    ngx_http_err_page_t       *page;
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    if (clcf->error_pages == NULL || r->headers_out.location == NULL) {
        return NGX_DECLINED;
    }

    location = &r->headers_out.location->value;
    page = clcf->error_pages->elts;

    for (i = 0; i < clcf->error_pages->nelts; i++) {

        if (page[i].status < NGX_HTTP_BAD_REQUEST) {
            continue;
        }

        if (ngx_http_complex_value(r, &page[i].value, &url) != NGX_OK) {
            return NGX_ERROR;
        }

        if (url.len == location->len && ngx_memcmp(url.data, location->data, url.len) == 0) {
            return NGX_OK;
        }
    }

    return NGX_DECLINED;
}


static ngx_int_t
ngx_http_h3s_apply(ngx_http_request_t *r, ngx_http_h3s_write_t *write)
{
    h3s_error                err;
    ngx_int_t                rc;
    ngx_uint_t               i;
    ngx_keyval_t            *set;
    ngx_http_h3s_session_t  *s;

    static ngx_http_h3s_rate_t  rates[3];

    rc = ngx_http_h3s_writable(r, write->conf, &s);
    if (rc != NGX_OK || s->session == NULL) {
        return rc == NGX_ERROR ? NGX_ERROR : NGX_OK;
    }

    if (write->clear && h3s_clear(s->session, &err) != H3S_OK) {
        ngx_http_h3s_log_error(r, &rates[0], "h3s_clear failed", &err);
    }

    set = write->set ? write->set->elts : NULL;

    for (i = 0; set && i < write->set->nelts; i++) {

        if (h3s_set_text(s->session, (char *) set[i].key.data, set[i].key.len, (char *) set[i].value.data,
                         set[i].value.len, &err)
            != H3S_OK)
        {
            ngx_http_h3s_log_error(r, &rates[1], "h3s_set failed", &err);
        }
    }

    /* A location before may have ended it. */
    if (write->rotate && h3s_session_id(s->session).len && h3s_rotate(s->session, &err) != H3S_OK) {
        ngx_http_h3s_log_error(r, &rates[2], "h3s_rotate failed", &err);
    }

    ngx_http_h3s_forget_variables(r);

    return NGX_OK;
}


static ngx_http_h3s_visit_t *
ngx_http_h3s_find_visit(ngx_http_request_t *r)
{
    ngx_http_h3s_ctx_t    *ctx;
    ngx_http_h3s_visit_t  *visit;

    ctx = ngx_http_h3s_get_ctx(r);

    for (visit = ctx ? ctx->visits : NULL; visit && visit->request != r; visit = visit->next) { /* void */ }

    return visit;
}
