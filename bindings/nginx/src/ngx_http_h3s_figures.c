/*
 * $h3s_stale and $h3s_revocations_*: what is known of revocations, for logs and pages of figures.
 */

#include "ngx_http_h3s.h"


enum {
    NGX_HTTP_H3S_FIGURE_ENTRIES = 0,
    NGX_HTTP_H3S_FIGURE_ROOM,
    NGX_HTTP_H3S_FIGURE_MISSED,
    NGX_HTTP_H3S_FIGURE_HEARD_AT
};


static ngx_int_t ngx_http_h3s_stale_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_h3s_figure_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v, uintptr_t data);


static ngx_http_variable_t  ngx_http_h3s_figures[] = {

    { ngx_string("h3s_stale"), NULL, ngx_http_h3s_stale_variable,
      0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("h3s_revocations_entries"), NULL, ngx_http_h3s_figure_variable,
      NGX_HTTP_H3S_FIGURE_ENTRIES, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("h3s_revocations_room"), NULL, ngx_http_h3s_figure_variable,
      NGX_HTTP_H3S_FIGURE_ROOM, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("h3s_revocations_missed"), NULL, ngx_http_h3s_figure_variable,
      NGX_HTTP_H3S_FIGURE_MISSED, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("h3s_revocations_heard_at"), NULL, ngx_http_h3s_figure_variable,
      NGX_HTTP_H3S_FIGURE_HEARD_AT, NGX_HTTP_VAR_NOCACHEABLE, 0 },

      ngx_http_null_variable
};


ngx_int_t
ngx_http_h3s_add_figures(ngx_conf_t *cf)
{
    return ngx_http_h3s_add_all(cf, ngx_http_h3s_figures);
}


/* Whether the session was opened, or refused, without knowing of the latest logouts. */
static ngx_int_t
ngx_http_h3s_stale_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v, uintptr_t data)
{
    h3s_view                 view;
    ngx_uint_t               stale;
    ngx_http_h3s_session_t  *s;

    (void) data;

    ngx_memzero(&view, sizeof(h3s_view));
    view.size = sizeof(h3s_view);

    s = ngx_http_h3s_session_of(r);
    stale = 0;

    if (s && s->session) {
        stale = h3s_session_view(s->session, &view) == H3S_OK && (view.flags & H3S_VIEW_STALE);

    } else if (s) {
        stale = s->status == H3S_ERR_STALE;
    }

    if (!stale) {
        v->not_found = 1;
        return NGX_OK;
    }

    return ngx_http_h3s_copy(r, v, "1", 1);
}


/* Of the zone that the location has. */
static ngx_int_t
ngx_http_h3s_figure_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v, uintptr_t data)
{
    u_char                      *p, text[NGX_INT64_LEN];
    int64_t                      number;
    h3s_revocations_info         info;
    ngx_http_h3s_loc_conf_t     *conf;
    ngx_http_h3s_revocations_t  *revocations;

    conf = ngx_http_get_module_loc_conf(r, ngx_http_h3s_module);
    revocations = conf->revocations;

    ngx_memzero(&info, sizeof(h3s_revocations_info));
    info.size = sizeof(h3s_revocations_info);

    if (revocations == NULL || h3s_revocations_view(revocations->table, ngx_http_h3s_now(), &info, NULL) != H3S_OK) {
        v->not_found = 1;
        return NGX_OK;
    }

    switch (data) {

    case NGX_HTTP_H3S_FIGURE_ENTRIES:
        number = (int64_t) info.entries;
        break;

    case NGX_HTTP_H3S_FIGURE_ROOM:
        number = (int64_t) info.room;
        break;

    case NGX_HTTP_H3S_FIGURE_MISSED:
        number = (int64_t) info.missed;
        break;

    default: /* NGX_HTTP_H3S_FIGURE_HEARD_AT */
        number = info.heard_at;
        break;
    }

    p = ngx_sprintf(text, "%L", number);

    return ngx_http_h3s_copy(r, v, (char *) text, p - text);
}
