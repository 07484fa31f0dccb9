/*
 * h3s_lifetime: how long sessions live that a location writes, in place of what the options say.
 */

#include "ngx_http_h3s.h"


#define NGX_HTTP_H3S_MAX_LIFETIME  INT64_C(4294967295)


static int32_t ngx_http_h3s_try_lifetime(ngx_http_h3s_loc_conf_t *conf, h3s_error *err);
static ngx_uint_t ngx_http_h3s_is_innermost(ngx_conf_t *cf);


char *
ngx_http_h3s_read_lifetime(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_h3s_loc_conf_t  *hlcf = conf;

    time_t                    max_age;
    ngx_str_t                *value;
    ngx_uint_t                browser;
    ngx_http_h3s_lifetime_t  *lifetime;

    (void) cmd;

    if (hlcf->lifetime != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "off") == 0) {
        hlcf->lifetime = NULL;
        return NGX_CONF_OK;
    }

    browser = ngx_strcmp(value[cf->args->nelts - 1].data, "browser") == 0;
    max_age = 0;

    if (cf->args->nelts == 3 || !browser) {
        max_age = ngx_parse_time(&value[1], 1);

        if (max_age == (time_t) NGX_ERROR || max_age < 1 || (int64_t) max_age > NGX_HTTP_H3S_MAX_LIFETIME) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"h3s_lifetime\": \"%V\" is no time of 1 to %L whole seconds, such as \"12h\", nor "
                               "\"browser\" or \"off\"", &value[1], NGX_HTTP_H3S_MAX_LIFETIME);
            return NGX_CONF_ERROR;
        }
    }

    if (cf->args->nelts == 3 && !browser) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"h3s_lifetime\": after the time there may be \"browser\", and not \"%V\"", &value[2]);
        return NGX_CONF_ERROR;
    }

    lifetime = ngx_palloc(cf->pool, sizeof(ngx_http_h3s_lifetime_t));
    if (lifetime == NULL) {
        return NGX_CONF_ERROR;
    }

    lifetime->max_age = max_age;
    lifetime->flags = browser ? H3S_LIFETIME_BROWSER : 0;

    hlcf->lifetime = lifetime;

    return NGX_CONF_OK;
}


/* When a block has been merged: whether its sessions can have the lifetime that it gives them. */
char *
ngx_http_h3s_check_lifetime(ngx_conf_t *cf, ngx_http_h3s_loc_conf_t *conf)
{
    int32_t                status;
    h3s_error              err;
    ngx_http_h3s_place_t  *place;

    place = &conf->places[NGX_HTTP_H3S_LIFETIME];

    if (conf->mode == NGX_HTTP_H3S_OFF
        || (conf->mode != NGX_HTTP_H3S_USE && conf->set == NULL && !conf->rotate && !conf->upstream))
    {
        if (place->block == conf && ngx_http_h3s_is_innermost(cf)) {
            ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                          "\"h3s_lifetime\" does nothing here, since no session is written: it needs \"h3s_set\", "
                          "\"h3s_rotate\", \"h3s_upstream\" or \"h3s use\" in %s:%ui",
                          place->file, place->line);
        }

        return NGX_CONF_OK;
    }

    status = ngx_http_h3s_try_lifetime(conf, &err);

    if (status == H3S_OK) {
        return NGX_CONF_OK;
    }

    if (status == H3S_ERR_STATE) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"h3s_lifetime\": %s: let the options in %V seal \"h3s1\", or say \"h3s_lifetime off\" where "
                      "they are used, in %s:%ui",
                      err.message, &conf->options->name, place->file, place->line);

    } else {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0, "\"h3s_lifetime\": %s in %s:%ui",
                      err.message[0] ? err.message : h3s_status_str(status), place->file, place->line);
    }

    return NGX_CONF_ERROR;
}


/* Tries it with a session that nobody gets: only the library knows what a format has place for. */
static int32_t
ngx_http_h3s_try_lifetime(ngx_http_h3s_loc_conf_t *conf, h3s_error *err)
{
    int32_t           status;
    h3s_request       request;
    h3s_session      *session;
    h3s_revocations  *none;

    ngx_memzero(err, sizeof(h3s_error));
    ngx_memzero(&request, sizeof(h3s_request));
    request.size = sizeof(h3s_request);
    session = NULL;
    none = NULL;

    status = conf->options->revokes ? h3s_revocations_new(1, &none, err) : H3S_OK;

    if (status == H3S_OK) {
        request.revocations = none;
        status = h3s_use(conf->options->config, &request, &session, err);
    }

    if (status == H3S_OK) {
        status = ngx_http_h3s_limit(conf, session, err);
    }

    h3s_session_free(session);
    h3s_revocations_free(none);

    return status;
}


/* Whether it is a location, and has no other in it. */
static ngx_uint_t
ngx_http_h3s_is_innermost(ngx_conf_t *cf)
{
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    return clcf->name.len && clcf->locations == NULL;
}


/* Gives a session the location's lifetime, if that has one. */
int32_t
ngx_http_h3s_limit(ngx_http_h3s_loc_conf_t *conf, h3s_session *session, h3s_error *err)
{
    if (conf->lifetime == NULL) {
        return H3S_OK;
    }

    return h3s_session_set_lifetime(session, conf->lifetime->max_age, conf->lifetime->flags, err);
}


/*
 * So that guests' sessions have one as well: what `h3s use` has just made, where a cookie will hold
 * it. It must not make a cookie where there would be none.
 */
void
ngx_http_h3s_limit_made(ngx_http_request_t *r, ngx_http_h3s_loc_conf_t *conf, ngx_http_h3s_session_t *s)
{
    h3s_error  err;

    static ngx_http_h3s_rate_t  rate;

    if (!s->fresh || conf->mode != NGX_HTTP_H3S_USE) {
        return;
    }

    s->fresh = 0;

    if (s->session == NULL || !h3s_session_is_new(s->session) || !h3s_session_is_dirty(s->session)) {
        return;
    }

    if (ngx_http_h3s_limit(conf, s->session, &err) != H3S_OK) {
        ngx_http_h3s_log_error(r, &rate, "h3s_lifetime failed for a new session", &err);
    }
}
