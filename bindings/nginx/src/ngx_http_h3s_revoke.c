/*
 * h3s_revoke and X-Session-Revoke: a logout that all servers hear of, so that no copy of the cookie
 * is of use any more.
 */

#include "ngx_http_h3s.h"


static ngx_int_t ngx_http_h3s_revoke_session(ngx_http_request_t *r, ngx_http_h3s_session_t *s, ngx_uint_t what);


/*
 * Revokes the session that the request has brought, whatever was written to it since: an upstream
 * may have cleared it, or taken the user out of it, in the same breath. It is made known at once,
 * also by a subrequest whose page is on its way: the browser then keeps a cookie that opens
 * nothing.
 *
 * NGX_OK; NGX_ERROR; or the status of the response that is to be sent: then nothing was revoked,
 * and it is still due where an error page would make a success of that response.
 */
ngx_int_t
ngx_http_h3s_revoke(ngx_http_request_t *r, ngx_http_h3s_loc_conf_t *conf, ngx_uint_t what)
{
    ngx_int_t                rc;
    ngx_http_h3s_session_t  *s;

    s = ngx_http_h3s_find_entry(r, conf->options);

    if (s && s->written) {
        ngx_http_h3s_undo(s);
    }

    rc = ngx_http_h3s_open(r, conf, 0, &s);

    if (rc != NGX_OK) {
        return rc == NGX_DECLINED ? NGX_OK : NGX_ERROR;
    }

    if (s->session) {
        rc = ngx_http_h3s_revoke_session(r, s, what);

        if (rc == NGX_OK) {
            s->written = 1;
            ngx_http_h3s_forget_variables(r);
            return NGX_OK;
        }

        ngx_http_h3s_undo(s);
    }

    if (r->main->header_sent) {
        return NGX_ERROR;
    }

    if (ngx_http_h3s_keep_revocation(r, conf, what) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_http_clean_header(r);

    return s->status == H3S_OK ? rc : ngx_http_h3s_refuse(r, s);
}


static ngx_int_t
ngx_http_h3s_revoke_session(ngx_http_request_t *r, ngx_http_h3s_session_t *s, ngx_uint_t what)
{
    int32_t    status;
    h3s_error  err;

    static ngx_http_h3s_rate_t  rates[2];

    /* It may have been opened long before an upstream answered. Where it has ended, too. */
    status = h3s_session_set_now(s->session, ngx_http_h3s_now(), &err);

    if (status == H3S_OK || status == H3S_ERR_REJECTED) {
        status = H3S_ERR_STATE;
    }

    if (status == H3S_ERR_STATE && what == NGX_HTTP_H3S_SUBJECT) {
        status = h3s_revoke_everywhere(s->session, &err);

        if (status == H3S_ERR_STATE && h3s_session_source(s->session) != H3S_SOURCE_NONE) {
            ngx_http_h3s_log_error(r, &rates[0], "the session alone was revoked, and no other of its subject", &err);
        }
    }

    if (status == H3S_ERR_STATE) {
        status = h3s_revoke(s->session, &err);
    }

    if (status != H3S_OK) {
        ngx_http_h3s_log_error(r, &rates[1], "the session could not be revoked", &err);
        return NGX_HTTP_SERVICE_UNAVAILABLE;
    }

    return ngx_http_h3s_publish(r, s);
}
