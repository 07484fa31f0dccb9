/*
 * The way of a request through locations, and what each of them still has to write.
 *
 * A request may succeed in another location: try_files, index, X-Accel-Redirect and error_page lead
 * there by an internal redirect, after which nginx knows no more of the location that the request
 * was in. So what is due is kept here with the request. A login counts only where the access checks
 * of each location on the way let the request pass and no error ended it, since error_page may make
 * a success of any failure; a logout also counts where an error came after the checks of its own
 * location.
 */

#include "ngx_http_h3s.h"


static ngx_http_h3s_visit_t *ngx_http_h3s_make_visit(ngx_http_request_t *r);
static void ngx_http_h3s_track(ngx_http_request_t *r, ngx_http_h3s_visit_t *visit, ngx_http_h3s_loc_conf_t *conf,
    ngx_uint_t checked);
static ngx_uint_t ngx_http_h3s_has_failed(ngx_http_request_t *r, ngx_http_h3s_visit_t *visit);
static ngx_uint_t ngx_http_h3s_is_blind(ngx_http_request_t *r);
static ngx_int_t ngx_http_h3s_keep(ngx_http_request_t *r, ngx_http_h3s_visit_t *visit, ngx_http_h3s_loc_conf_t *conf,
    ngx_uint_t all);


/* Whether a location writes the session. */
ngx_uint_t
ngx_http_h3s_writes(ngx_http_h3s_loc_conf_t *conf)
{
    return conf->mode != NGX_HTTP_H3S_OFF && (conf->set || conf->rotate || conf->clear || conf->revoke);
}


/* A request is in a location; checked: its access checks have let it pass. */
ngx_int_t
ngx_http_h3s_enter(ngx_http_request_t *r, ngx_http_h3s_loc_conf_t *conf, ngx_uint_t checked)
{
    ngx_http_h3s_visit_t  *visit;

    if (!ngx_http_h3s_writes(conf)) {
        visit = ngx_http_h3s_find_visit(r);

        if (visit) {
            ngx_http_h3s_track(r, visit, NULL, checked);
        }

        return NGX_OK;
    }

    visit = ngx_http_h3s_make_visit(r);
    if (visit == NULL) {
        return NGX_ERROR;
    }

    ngx_http_h3s_track(r, visit, conf, checked);

    return NGX_OK;
}


static ngx_http_h3s_visit_t *
ngx_http_h3s_make_visit(ngx_http_request_t *r)
{
    ngx_http_h3s_ctx_t    *ctx;
    ngx_http_h3s_visit_t  *visit;

    visit = ngx_http_h3s_find_visit(r);
    if (visit) {
        return visit;
    }

    ctx = ngx_http_h3s_make_ctx(r);
    visit = ngx_pcalloc(r->pool, sizeof(ngx_http_h3s_visit_t));

    if (ctx == NULL || visit == NULL
        || ngx_array_init(&visit->writes, r->pool, 1, sizeof(ngx_http_h3s_write_t)) != NGX_OK)
    {
        return NULL;
    }

    visit->request = r;
    visit->next = ctx->visits;
    ctx->visits = visit;

    return visit;
}


/*
 * Takes down how a request is in a location, so that it shows how it has left. Also where the
 * location writes nothing, or is not known yet: what was kept before may not outlive an error.
 */
static void
ngx_http_h3s_track(ngx_http_request_t *r, ngx_http_h3s_visit_t *visit, ngx_http_h3s_loc_conf_t *conf,
    ngx_uint_t checked)
{
    visit->conf = conf;
    visit->tracked = conf || visit->writes.nelts;

    if (!visit->tracked) {
        return;
    }

    /* An internal redirect clears it. */
    ngx_http_set_ctx(r, ngx_http_h3s_get_ctx(r), ngx_http_h3s_module);

    visit->checked = checked;
    visit->uri = r->uri;
    visit->args = r->args;
    visit->upstream = r->upstream;
    visit->err_status = r->err_status;
    visit->error_page = r->error_page;
    visit->blind = ngx_http_h3s_is_blind(r);
}


/*
 * A request comes from the location that it was in, if from any: keeps what that still has to
 * write.
 */
ngx_int_t
ngx_http_h3s_arrive(ngx_http_request_t *r)
{
    ngx_int_t                 rc;
    ngx_uint_t                redirected, failed;
    ngx_http_h3s_visit_t     *visit;
    ngx_http_h3s_loc_conf_t  *conf;

    static ngx_http_h3s_rate_t  rate;

    redirected = ngx_http_get_module_ctx(r, ngx_http_h3s_module) == NULL;

    visit = ngx_http_h3s_find_visit(r);

    if (visit == NULL || !visit->tracked) {
        return NGX_OK;
    }

    conf = visit->conf;
    failed = redirected && (!visit->checked || ngx_http_h3s_has_failed(r, visit));
    rc = NGX_OK;

    if (failed) {
        ngx_http_h3s_forget_logins(visit);
    }

    if (conf && !redirected) {

        /* By `rewrite ... last`, before any access check. */

        if (conf->set || conf->rotate) {
            ngx_http_h3s_log(r, &rate, NGX_LOG_ERR, "\"h3s_set\" and \"h3s_rotate\" do nothing where \"rewrite\" leaves the location "
                             "before its access checks", NULL);
        }

        rc = ngx_http_h3s_keep(r, visit, conf, 0);

    } else if (conf && visit->checked) {
        rc = ngx_http_h3s_keep(r, visit, conf, !failed);
    }

    ngx_http_h3s_track(r, visit, NULL, 0);

    return rc;
}


/* Whether it is, or may be, an error that has led the request away. */
static ngx_uint_t
ngx_http_h3s_has_failed(ngx_http_request_t *r, ngx_http_h3s_visit_t *visit)
{
    static ngx_http_h3s_rate_t  rate;

    if (r->error_page != visit->error_page || r->err_status != visit->err_status) {
        return 1;
    }

    if (r->upstream && r->upstream != visit->upstream && r->upstream->headers_in.x_accel_redirect) {
        return r->upstream->headers_in.status_n >= NGX_HTTP_BAD_REQUEST;
    }

    if (visit->blind && ngx_http_h3s_logs_in(visit)) {
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


/* Whether anything but a logout is due, or would be. */
ngx_uint_t
ngx_http_h3s_logs_in(ngx_http_h3s_visit_t *visit)
{
    ngx_uint_t             i;
    ngx_http_h3s_write_t  *write;

    write = visit->writes.elts;

    for (i = 0; i < visit->writes.nelts; i++) {
        if (write[i].set || write[i].rotate) {
            return 1;
        }
    }

    return visit->conf && (visit->conf->set || visit->conf->rotate);
}


/* Of what is due, a logout alone stays. */
void
ngx_http_h3s_forget_logins(ngx_http_h3s_visit_t *visit)
{
    ngx_uint_t             i, n;
    ngx_http_h3s_write_t  *write;

    write = visit->writes.elts;

    for (i = 0, n = 0; i < visit->writes.nelts; i++) {

        if (!write[i].clear && !write[i].revoke) {
            continue;
        }

        write[n] = write[i];
        write[n].set = NULL;
        write[n].rotate = 0;
        n++;
    }

    visit->writes.nelts = n;
}


/* all: else only a logout. */
static ngx_int_t
ngx_http_h3s_keep(ngx_http_request_t *r, ngx_http_h3s_visit_t *visit, ngx_http_h3s_loc_conf_t *conf, ngx_uint_t all)
{
    ngx_int_t              rc;
    ngx_str_t              uri, args;
    ngx_http_h3s_write_t  *write;

    if (!all && !conf->clear && !conf->revoke) {
        return NGX_OK;
    }

    write = ngx_array_push(&visit->writes);
    if (write == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(write, sizeof(ngx_http_h3s_write_t));
    write->conf = conf;
    write->clear = conf->clear;
    write->revoke = conf->revoke;

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


/* A logout that has failed is still due, whatever page now answers. */
ngx_int_t
ngx_http_h3s_keep_revocation(ngx_http_request_t *r, ngx_http_h3s_loc_conf_t *conf, ngx_uint_t what)
{
    ngx_uint_t             i;
    ngx_http_h3s_write_t  *write;
    ngx_http_h3s_visit_t  *visit;

    visit = ngx_http_h3s_make_visit(r);
    if (visit == NULL) {
        return NGX_ERROR;
    }

    write = visit->writes.elts;

    for (i = 0; i < visit->writes.nelts; i++) {
        if (write[i].conf == conf && write[i].revoke == what) {
            return NGX_OK;
        }
    }

    write = ngx_array_push(&visit->writes);
    if (write == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(write, sizeof(ngx_http_h3s_write_t));
    write->conf = conf;
    write->revoke = what;

    return NGX_OK;
}


ngx_int_t
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


ngx_http_h3s_visit_t *
ngx_http_h3s_find_visit(ngx_http_request_t *r)
{
    ngx_http_h3s_ctx_t    *ctx;
    ngx_http_h3s_visit_t  *visit;

    ctx = ngx_http_h3s_get_ctx(r);

    visit = ctx ? ctx->visits : NULL;

    while (visit && visit->request != r) {
        visit = visit->next;
    }

    return visit;
}
