/*
 * Where a request brings several sessions: that alone which was opened may go upstream, since who
 * stands there may choose another one. Where sessions can be revoked: what was not opened may have
 * been.
 */

#include "ngx_http_h3s.h"


/*
 * Decides what goes upstream of a request that brings several sessions, while the one that was
 * opened is as it came: no other than this one. Where none opened, all goes as it came, since it
 * may open there; but nothing does that may have been revoked.
 */
ngx_int_t
ngx_http_h3s_settle(ngx_http_request_t *r, ngx_http_h3s_session_t *s, ngx_str_t *cookies)
{
    int32_t     source;
    ngx_uint_t  matters;

    if (s->settled || s->session == NULL) {
        return NGX_OK;
    }

    source = h3s_session_source(s->session);

    if (source == H3S_SOURCE_NONE) {
        matters = s->options->revocations && ngx_http_h3s_carries(r, s->options);

    } else {
        matters = ngx_http_h3s_carries_several(r, s->options);
    }

    if (!matters) {
        return NGX_OK;
    }

    s->line.data = ngx_pnalloc(r->pool, cookies->len + 1);
    if (s->line.data == NULL) {
        return NGX_ERROR;
    }

    if (source == H3S_SOURCE_NONE) {
        s->line.len = h3s_cookie_strip(s->options->config, (char *) cookies->data, cookies->len,
                                       (char *) s->line.data);

    } else {
        s->line.len = h3s_session_strip(s->session, (char *) cookies->data, cookies->len,
                                        (char *) s->line.data);
    }

    s->from_header = source == H3S_SOURCE_HEADER;
    s->settled = 1;

    /* Several cookies may be the chunks of one session. */
    s->narrow = s->line.len != cookies->len || ngx_http_h3s_count_headers(r, s->options) > 0;

    return NGX_OK;
}
