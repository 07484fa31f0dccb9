/*
 * Opens what may go upstream before it does, so that nothing else goes there: another session than
 * the one that nginx has opened, or one that was revoked.
 */

#include "ngx_http_h3s.h"


static ngx_uint_t ngx_http_h3s_must_open(ngx_http_request_t *r, ngx_http_h3s_options_t *options);


/*
 * That nobody has asked for the session yet does not matter: an `add_header`, say, may still do so
 * when the upstream has answered.
 */
ngx_int_t
ngx_http_h3s_narrow(ngx_http_request_t *r, ngx_http_h3s_loc_conf_t *conf)
{
    ngx_int_t                rc;
    ngx_str_t                cookies;
    ngx_http_h3s_session_t  *s;

    /* A location that passes requests on has a handler of its own; a file goes nowhere. */
    if (conf->mode == NGX_HTTP_H3S_OFF || r->content_handler == NULL
        || r->main->http_state < NGX_HTTP_PROCESS_REQUEST_STATE
        || !ngx_http_h3s_must_open(r, conf->options))
    {
        return NGX_OK;
    }

    s = ngx_http_h3s_entry(r, conf->options);
    if (s == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_http_h3s_open_entry(r, s, 0, 1);

    if (rc == NGX_OK && s->session == NULL && conf->options->revocations) {
        /* It may be one that was revoked. Without it, the upstream might begin another. */
        return ngx_http_h3s_refuse(r, s);
    }

    if (rc != NGX_OK || !r->main->header_sent) {
        return rc;
    }

    /* Opened for a variable of a page that is on its way, it is wanted upstream after all. */

    if (ngx_http_h3s_cookies(r, &cookies) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_h3s_settle(r, s, &cookies);
}


/*
 * Where the request brings several sessions, one of which is chosen here; and where sessions can be
 * revoked: an upstream may know nothing of that, and may not be led to open what was.
 */
static ngx_uint_t
ngx_http_h3s_must_open(ngx_http_request_t *r, ngx_http_h3s_options_t *options)
{
    return options->revocations ? ngx_http_h3s_carries(r, options)
                                : ngx_http_h3s_carries_several(r, options);
}
