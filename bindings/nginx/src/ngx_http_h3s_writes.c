/*
 * h3s_set, h3s_rotate, h3s_clear and h3s_revoke: what a location writes once its request has
 * succeeded.
 */

#include "ngx_http_h3s.h"


/* What error_page has to do with a response. */
enum {
    NGX_HTTP_H3S_NO_ERROR = 0,
    NGX_HTTP_H3S_MAYBE,         /* an error, or a redirect to the same address */
    NGX_HTTP_H3S_ERROR
};


static ngx_int_t ngx_http_h3s_is_error_page(ngx_http_request_t *r, ngx_uint_t *error);
static ngx_uint_t ngx_http_h3s_is_in_rewrite(ngx_http_request_t *r);
static ngx_int_t ngx_http_h3s_apply(ngx_http_request_t *r, ngx_http_h3s_write_t *write);
static int32_t ngx_http_h3s_begin(ngx_http_h3s_write_t *write, h3s_session *session, h3s_error *err);


/*
 * Writes what is due, where the request has succeeded: who failed to log in is not logged in. Also
 * gives the status of the response that takes this one's place.
 */
ngx_int_t
ngx_http_h3s_apply_writes(ngx_http_request_t *r, ngx_http_h3s_loc_conf_t *conf)
{
    ngx_int_t              rc;
    ngx_uint_t             i, error, checked;
    ngx_http_h3s_write_t  *write, own;
    ngx_http_h3s_visit_t  *visit;

    static ngx_http_h3s_rate_t  rate;

    if (r->headers_out.status < NGX_HTTP_OK || r->headers_out.status >= NGX_HTTP_BAD_REQUEST) {
        return NGX_OK;
    }

    visit = ngx_http_h3s_find_visit(r);

    if (visit == NULL && !ngx_http_h3s_writes(conf)) {
        return NGX_OK;
    }

    if (ngx_http_h3s_is_error_page(r, &error) != NGX_OK) {
        return NGX_ERROR;
    }

    checked = error == NGX_HTTP_H3S_NO_ERROR || (error == NGX_HTTP_H3S_MAYBE && ngx_http_h3s_is_in_rewrite(r));

    if (visit) {
        checked |= visit->conf && visit->checked;

        if (error != NGX_HTTP_H3S_NO_ERROR) {

            if (error == NGX_HTTP_H3S_MAYBE && (ngx_http_h3s_logs_in(visit) || conf->set || conf->rotate)) {
                ngx_http_h3s_log(r, &rate, NGX_LOG_ERR, "\"h3s_set\" and \"h3s_rotate\" do nothing here: \"error_page\" names the "
                                 "same address, so the redirect may stand for an error", NULL);
            }

            ngx_http_h3s_forget_logins(visit);
        }

        visit->conf = NULL;
        visit->tracked = 0;

        write = visit->writes.elts;

        for (i = 0; i < visit->writes.nelts; i++) {
            rc = ngx_http_h3s_apply(r, &write[i]);
            if (rc != NGX_OK) {
                return rc;
            }
        }
    }

    if (!ngx_http_h3s_writes(conf)) {
        return NGX_OK;
    }

    ngx_memzero(&own, sizeof(ngx_http_h3s_write_t));
    own.conf = conf;
    own.clear = conf->clear && checked;
    own.revoke = checked ? conf->revoke : NGX_HTTP_H3S_NOTHING;

    if (error == NGX_HTTP_H3S_NO_ERROR) {
        own.rotate = conf->rotate;

        if (ngx_http_h3s_evaluate(r, conf, &own) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return own.set || own.rotate || own.clear || own.revoke ? ngx_http_h3s_apply(r, &own) : NGX_OK;
}


/*
 * Whether the response is a redirect that stands for an error: `error_page 401
 * https://example.com/login`. To nginx it is a 302 like any other. What begins with "/" or "@"
 * leads to a location instead.
 */
static ngx_int_t
ngx_http_h3s_is_error_page(ngx_http_request_t *r, ngx_uint_t *error)
{
    ngx_str_t                  url, *location;
    ngx_uint_t                 i, status;
    ngx_http_err_page_t       *page;
    ngx_http_core_loc_conf_t  *clcf;

    *error = NGX_HTTP_H3S_NO_ERROR;

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    if (clcf->error_pages == NULL) {
        return NGX_OK;
    }

    /* `msie_refresh` makes a page of it, and says no more where that leads to. */
    location = r->headers_out.location ? &r->headers_out.location->value : NULL;

    if (location == NULL && !(clcf->msie_refresh && r->headers_in.msie && r->err_status == NGX_HTTP_OK)) {
        return NGX_OK;
    }

    page = clcf->error_pages->elts;

    for (i = 0; i < clcf->error_pages->nelts; i++) {

        if (page[i].status < NGX_HTTP_BAD_REQUEST) {
            continue;
        }

        if (ngx_http_complex_value(r, &page[i].value, &url) != NGX_OK) {
            return NGX_ERROR;
        }

        if (url.len && (url.data[0] == '/' || url.data[0] == '@')) {
            continue;
        }

        if (location == NULL) {
            *error = NGX_HTTP_H3S_MAYBE;
            continue;
        }

        switch (page[i].overwrite) {

        case NGX_HTTP_MOVED_PERMANENTLY:
        case NGX_HTTP_MOVED_TEMPORARILY:
        case NGX_HTTP_SEE_OTHER:
        case NGX_HTTP_TEMPORARY_REDIRECT:
        case NGX_HTTP_PERMANENT_REDIRECT:
            status = page[i].overwrite;
            break;

        default:
            status = NGX_HTTP_MOVED_TEMPORARILY;
        }

        /* What an upstream has answered sets no err_status. */
        if (r->err_status != status || url.len != location->len) {
            continue;
        }

        /* Without variables, it is the configuration's text, which no other directive shares. */
        if (page[i].value.lengths == NULL) {
            if (url.data == location->data) {
                *error = NGX_HTTP_H3S_ERROR;
                return NGX_OK;
            }

        } else if (ngx_memcmp(url.data, location->data, url.len) == 0) {
            *error = NGX_HTTP_H3S_MAYBE;
        }
    }

    return NGX_OK;
}


/* Whether `return`, or a failure before the access checks, has ended the request. */
static ngx_uint_t
ngx_http_h3s_is_in_rewrite(ngx_http_request_t *r)
{
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_get_module_main_conf(r, ngx_http_core_module);

    return r->phase_handler >= 0 && cmcf->phase_engine.handlers[r->phase_handler].checker == ngx_http_core_rewrite_phase;
}


static ngx_int_t
ngx_http_h3s_apply(ngx_http_request_t *r, ngx_http_h3s_write_t *write)
{
    h3s_error                err;
    ngx_int_t                rc;
    ngx_uint_t               i;
    ngx_keyval_t            *set;
    ngx_http_h3s_session_t  *s;

    static ngx_http_h3s_rate_t  rates[4];

    if (write->revoke) {
        return ngx_http_h3s_revoke(r, write->conf, write->revoke);
    }

    rc = ngx_http_h3s_writable(r, write->conf, &s);
    if (rc != NGX_OK || s->session == NULL) {
        return rc == NGX_ERROR ? NGX_ERROR : NGX_OK;
    }

    if (write->clear && h3s_clear(s->session, &err) != H3S_OK) {
        ngx_http_h3s_log_error(r, &rates[0], "h3s_clear failed", &err);
    }

    /* A location before may have ended it. */
    if (write->rotate && h3s_session_id(s->session).len && h3s_rotate(s->session, &err) != H3S_OK) {
        ngx_http_h3s_log_error(r, &rates[2], "h3s_rotate failed", &err);
    }

    set = write->set ? write->set->elts : NULL;

    /* Nobody is logged in for longer than the location says. */
    if (ngx_http_h3s_begin(write, s->session, &err) != H3S_OK) {
        ngx_http_h3s_log_error(r, &rates[3], "h3s_lifetime failed, so that h3s_set does nothing", &err);
        set = NULL;
    }

    for (i = 0; set && i < write->set->nelts; i++) {

        if (h3s_set_text(s->session, (char *) set[i].key.data, set[i].key.len, (char *) set[i].value.data,
                         set[i].value.len, &err)
            != H3S_OK)
        {
            ngx_http_h3s_log_error(r, &rates[1], "h3s_set failed", &err);
        }
    }

    ngx_http_h3s_forget_variables(r);

    return NGX_OK;
}


/* Gives a session that is about to be written the lifetime that the location has for it. */
static int32_t
ngx_http_h3s_begin(ngx_http_h3s_write_t *write, h3s_session *session, h3s_error *err)
{
    int32_t  status;

    if (write->conf->lifetime == NULL || (write->set == NULL && !write->rotate)) {
        return H3S_OK;
    }

    if (h3s_session_id(session).len == 0) {

        if (write->set == NULL) {
            return H3S_OK;
        }

        /* A location before has ended it: another one begins. */
        status = h3s_update(session, "{}", 2, err);
        if (status != H3S_OK) {
            return status;
        }
    }

    return ngx_http_h3s_limit(write->conf, session, err);
}


/*
 * The session, to be written: not once the response's header is on its way, nor once it was
 * revoked, by a request that came later than this one.
 */
ngx_int_t
ngx_http_h3s_writable(ngx_http_request_t *r, ngx_http_h3s_loc_conf_t *conf, ngx_http_h3s_session_t **out)
{
    ngx_int_t  rc;

    static ngx_http_h3s_rate_t  rate;

    if (r->main->header_sent) {
        ngx_http_h3s_log(r, &rate, NGX_LOG_ERR, "a subrequest wants to write the session, but the response's header was sent already",
                         NULL);
        return NGX_DECLINED;
    }

    rc = ngx_http_h3s_open(r, conf, 0, out);

    if (rc == NGX_OK && ngx_http_h3s_is_revoked(r, *out)) {
        return NGX_DECLINED;
    }

    if (rc == NGX_OK && (*out)->session) {
        (*out)->written = 1;
    }

    return rc;
}
