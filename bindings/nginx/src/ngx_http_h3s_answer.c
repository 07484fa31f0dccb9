/*
 * X-Session-*: what an upstream answers about the session.
 */

#include "ngx_http_h3s.h"


static const char *ngx_http_h3s_read_revoke(ngx_http_h3s_loc_conf_t *conf, ngx_table_elt_t *h, ngx_uint_t *revoke);


static ngx_str_t  ngx_http_h3s_update_key = ngx_string("X-Session-Update");
static ngx_str_t  ngx_http_h3s_rotate_key = ngx_string("X-Session-Rotate");
static ngx_str_t  ngx_http_h3s_clear_key = ngx_string("X-Session-Clear");
static ngx_str_t  ngx_http_h3s_revoke_key = ngx_string("X-Session-Revoke");


/*
 * Does what the upstream says. A 502 where that cannot be done: it takes for granted that it is.
 */
ngx_int_t
ngx_http_h3s_apply_answer(ngx_http_request_t *r, ngx_http_h3s_loc_conf_t *conf, ngx_list_t *headers)
{
    int32_t                  status;
    h3s_error                err;
    ngx_int_t                rc;
    u_char                   what[128];
    const char              *wrong;
    ngx_uint_t               clear, rotate, update, revoke, begins;
    ngx_table_elt_t         *h;
    ngx_http_h3s_walk_t      walk;
    ngx_http_h3s_session_t  *s;

    static ngx_http_h3s_rate_t  rates[2];

    clear = 0;
    rotate = 0;
    update = 0;
    revoke = NGX_HTTP_H3S_NOTHING;

    walk = ngx_http_h3s_walk(headers);

    while ((h = ngx_http_h3s_next(&walk)) != NULL) {

        if (h->hash == 0 || !ngx_http_h3s_is_answer(h)) {
            continue;
        }

        if (ngx_http_h3s_name_is(h, &ngx_http_h3s_update_key)) {
            update = 1;
            continue;
        }

        wrong = NULL;

        if (ngx_http_h3s_name_is(h, &ngx_http_h3s_revoke_key)) {
            wrong = ngx_http_h3s_read_revoke(conf, h, &revoke);

        } else if (h->value.len != 1 || (h->value.data[0] != '0' && h->value.data[0] != '1')) {
            wrong = "with a value that is neither 1 nor 0";
        }

        if (wrong) {
            *ngx_snprintf(what, sizeof(what) - 1, "upstream sent \"%V\" %s", &h->key, wrong) = '\0';
            ngx_http_h3s_log(r, &rates[0], NGX_LOG_ERR, (char *) what, NULL);
            ngx_http_clean_header(r);
            return NGX_HTTP_BAD_GATEWAY;
        }

        if (h->value.data[0] == '1') {
            clear |= ngx_http_h3s_name_is(h, &ngx_http_h3s_clear_key);
            rotate |= ngx_http_h3s_name_is(h, &ngx_http_h3s_rotate_key);
        }
    }

    if (revoke) {
        rc = ngx_http_h3s_revoke(r, conf, revoke);
        if (rc != NGX_OK || r->main->header_sent) {
            return rc;
        }

        /* What it says beside begins another session. */
        clear = 1;
    }

    if (!clear && !rotate && !update) {
        return NGX_OK;
    }

    rc = ngx_http_h3s_writable(r, conf, &s);
    if (rc != NGX_OK) {
        return rc == NGX_ERROR ? NGX_ERROR : NGX_OK;
    }

    if (s->session == NULL) {
        ngx_http_clean_header(r);
        return ngx_http_h3s_refuse(r, s);
    }

    ngx_memzero(&err, sizeof(h3s_error));

    /* An update alone may come with every page: it leaves a session's lifetime as it is. */
    begins = clear || rotate || h3s_session_is_new(s->session) || h3s_session_id(s->session).len == 0;

    status = clear ? h3s_clear(s->session, &err) : H3S_OK;

    walk = ngx_http_h3s_walk(headers);

    while (status == H3S_OK && (h = ngx_http_h3s_next(&walk)) != NULL) {
        if (h->hash != 0 && ngx_http_h3s_name_is(h, &ngx_http_h3s_update_key)) {
            status = h3s_update(s->session, (char *) h->value.data, h->value.len, &err);
        }
    }

    if (status == H3S_OK && rotate && !clear) {
        status = h3s_rotate(s->session, &err);
    }

    if (status == H3S_OK && begins && h3s_session_id(s->session).len) {
        status = ngx_http_h3s_limit(conf, s->session, &err);
    }

    ngx_http_h3s_forget_variables(r);

    if (status != H3S_OK) {
        ngx_http_h3s_log_error(r, &rates[1], "upstream sent an X-Session-Update that cannot be applied", &err);

        /* And what was done before it. */
        ngx_http_h3s_undo(s);

        ngx_http_clean_header(r);
        return NGX_HTTP_BAD_GATEWAY;
    }

    return NGX_OK;
}


/* Takes what is to be revoked; gives what is wrong with the header, NULL for nothing. */
static const char *
ngx_http_h3s_read_revoke(ngx_http_h3s_loc_conf_t *conf, ngx_table_elt_t *h, ngx_uint_t *revoke)
{
    static ngx_str_t  session = ngx_string("session");
    static ngx_str_t  subject = ngx_string("subject");

    if (h->value.len == 1 && h->value.data[0] == '0') {
        return NULL;
    }

    if (conf->options->revocations == NULL) {
        return "where the options have no \"revocation\"";
    }

    if (h->value.len == subject.len && ngx_memcmp(h->value.data, subject.data, subject.len) == 0) {
        *revoke = NGX_HTTP_H3S_SUBJECT;
        return NULL;
    }

    if (h->value.len == session.len && ngx_memcmp(h->value.data, session.data, session.len) == 0) {
        *revoke = *revoke ? *revoke : NGX_HTTP_H3S_SESSION;
        return NULL;
    }

    return "with a value that is neither session, subject nor 0";
}


/* Whether a header is meant for nginx, and never for a client. */
ngx_uint_t
ngx_http_h3s_is_answer(ngx_table_elt_t *h)
{
    return ngx_http_h3s_name_is(h, &ngx_http_h3s_update_key) || ngx_http_h3s_name_is(h, &ngx_http_h3s_rotate_key)
           || ngx_http_h3s_name_is(h, &ngx_http_h3s_clear_key) || ngx_http_h3s_name_is(h, &ngx_http_h3s_revoke_key);
}
