/*
 * Makes known to all servers what was revoked here, by the file that they share, and heeds it here
 * at once; and finds out whether a session was revoked while its request was on its way.
 */

#include "ngx_http_h3s.h"


static ngx_int_t ngx_http_h3s_join(ngx_http_request_t *r, const h3s_str *list, size_t count, ngx_str_t *lines);
static int32_t ngx_http_h3s_append(ngx_http_h3s_revocations_t *revocations, ngx_str_t *lines, h3s_error *err);


/*
 * Before the response goes. NGX_OK; NGX_ERROR; or the status of the response that is to be sent:
 * then what was revoked is not known to all, and may be to none.
 */
ngx_int_t
ngx_http_h3s_publish(ngx_http_request_t *r, ngx_http_h3s_session_t *s)
{
    size_t                       count;
    h3s_error                    err;
    ngx_str_t                    lines;
    const h3s_str               *list;
    ngx_http_h3s_revocations_t  *revocations;

    static ngx_http_h3s_rate_t  rate;

    revocations = s->options->revocations;

    if (revocations == NULL) {
        return NGX_OK;
    }

    if (h3s_revocation_entries(s->session, &list, &count, &err) == H3S_OK) {

        if (count <= s->published) {
            return NGX_OK;
        }

        if (ngx_http_h3s_join(r, list + s->published, count - s->published, &lines) != NGX_OK) {
            return NGX_ERROR;
        }

        if (ngx_http_h3s_append(revocations, &lines, &err) == H3S_OK) {
            s->published = count;
            return NGX_OK;
        }
    }

    ngx_http_h3s_log_error(r, &rate, "what is revoked could not be made known", &err);

    ngx_http_h3s_undo(s);

    if (r->main->header_sent) {
        return NGX_ERROR;
    }

    ngx_http_clean_header(r);

    return NGX_HTTP_SERVICE_UNAVAILABLE;
}


static ngx_int_t
ngx_http_h3s_join(ngx_http_request_t *r, const h3s_str *list, size_t count, ngx_str_t *lines)
{
    u_char  *p;
    size_t   i;

    lines->len = 0;

    for (i = 0; i < count; i++) {
        lines->len += list[i].len + 1;
    }

    p = ngx_pnalloc(r->pool, lines->len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    lines->data = p;

    for (i = 0; i < count; i++) {
        p = ngx_cpymem(p, list[i].ptr, list[i].len);
        *p++ = '\n';
    }

    return NGX_OK;
}


/* To the file first: what the disk has not confirmed has not happened. */
static int32_t
ngx_http_h3s_append(ngx_http_h3s_revocations_t *revocations, ngx_str_t *lines, h3s_error *err)
{
    int32_t  status;

    status = ngx_http_h3s_open_file(revocations, err);

    if (status == H3S_OK) {
        status = h3s_revocation_file_append(revocations->file, (char *) lines->data, lines->len, ngx_http_h3s_now(), err);
    }

    if (status == H3S_OK) {
        status = h3s_revocations_apply(revocations->table, revocations->options->config, (char *) lines->data, lines->len,
                                       ngx_http_h3s_now(), NULL, err);
    }

    return status;
}


/*
 * Whether a session that was opened, and not written to, was revoked since. (Its id would be
 * refused in any case; but a rotation would give what it holds another one.)
 */
ngx_uint_t
ngx_http_h3s_is_revoked(ngx_http_request_t *r, ngx_http_h3s_session_t *s)
{
    h3s_error  err;

    static ngx_http_h3s_rate_t  rate;

    if (s->options->revocations == NULL || s->session == NULL || s->written
        || h3s_session_set_now(s->session, ngx_http_h3s_now(), &err) != H3S_ERR_REJECTED)
    {
        return 0;
    }

    ngx_http_h3s_log(r, &rate, NGX_LOG_INFO, "the session has ended while its request was on its way", err.key);

    return 1;
}
