/*
 * Lines in the error log that anybody can cause by a request: so many a second, lest a flood fills
 * the disk.
 */

#include "ngx_http_h3s.h"


#define NGX_HTTP_H3S_LINES  10


/* detail: NULL for none. Neither may hold a token, an id or data. */
void
ngx_http_h3s_log(ngx_http_request_t *r, ngx_http_h3s_rate_t *rate, ngx_uint_t level, const char *what, const char *detail)
{
    time_t      now;
    ngx_log_t  *log;

    log = r->connection->log;

    if (log->log_level < level) {
        return;
    }

    now = ngx_time();

    if (rate->second != now) {

        if (rate->left_out) {
            ngx_log_error(level, log, 0, "h3s: %ui more such lines were left out", rate->left_out);
        }

        rate->second = now;
        rate->lines = 0;
        rate->left_out = 0;
    }

    if (rate->lines == NGX_HTTP_H3S_LINES) {
        rate->left_out++;
        return;
    }

    rate->lines++;

    ngx_log_error(level, log, 0, "h3s: %s%s%s", what, detail ? ": " : "", detail ? detail : "");
}


void
ngx_http_h3s_log_error(ngx_http_request_t *r, ngx_http_h3s_rate_t *rate, const char *what, const h3s_error *err)
{
    u_char  detail[sizeof(err->key) + sizeof(err->message) + 2];

    *ngx_snprintf(detail, sizeof(detail) - 1, "%s%s%s", err->key, err->key[0] ? ": " : "",
                  err->message[0] ? err->message : h3s_status_str(err->status)) = '\0';

    ngx_http_h3s_log(r, rate, NGX_LOG_ERR, what, (char *) detail);
}
