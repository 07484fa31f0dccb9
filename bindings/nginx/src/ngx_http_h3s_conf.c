/*
 * What the directives of a block say, and how blocks merge.
 */

#include "ngx_http_h3s.h"


static char *ngx_http_h3s_check_end(ngx_conf_t *cf, ngx_http_h3s_loc_conf_t *conf, ngx_uint_t end);
static char *ngx_http_h3s_require(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
static char *ngx_http_h3s_set(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);


typedef char *(*ngx_http_h3s_setter_pt)(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);


static const char *ngx_http_h3s_names[NGX_HTTP_H3S_PLACES] = {
    "h3s", "h3s_require", "h3s_set", "h3s_rotate", "h3s_clear", "h3s_hide_cookie", "h3s_upstream",
    "h3s_lifetime", "h3s_revoke", "h3s_revocations"
};


void *
ngx_http_h3s_create_main_conf(ngx_conf_t *cf)
{
    ngx_http_h3s_main_conf_t  *hmcf;

    hmcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_h3s_main_conf_t));
    if (hmcf == NULL) {
        return NULL;
    }

    if (ngx_array_init(&hmcf->options, cf->pool, 2, sizeof(ngx_http_h3s_options_t *)) != NGX_OK
        || ngx_array_init(&hmcf->revocations, cf->pool, 1, sizeof(ngx_http_h3s_revocations_t *)) != NGX_OK)
    {
        return NULL;
    }

    return hmcf;
}


void *
ngx_http_h3s_create_srv_conf(ngx_conf_t *cf)
{
    return ngx_pcalloc(cf->pool, sizeof(ngx_http_h3s_srv_conf_t));
}


void *
ngx_http_h3s_create_loc_conf(ngx_conf_t *cf)
{
    ngx_http_h3s_loc_conf_t  *conf;

    conf = ngx_pcalloc(cf->pool, sizeof(ngx_http_h3s_loc_conf_t));
    if (conf == NULL) {
        return NULL;
    }

    conf->options = NGX_CONF_UNSET_PTR;
    conf->mode = NGX_CONF_UNSET_UINT;
    conf->require = NGX_CONF_UNSET_PTR;
    conf->set = NGX_CONF_UNSET_PTR;
    conf->lifetime = NGX_CONF_UNSET_PTR;
    conf->revocations = NGX_CONF_UNSET_PTR;
    conf->rotate = NGX_CONF_UNSET;
    conf->clear = NGX_CONF_UNSET;
    conf->revoke = NGX_CONF_UNSET_UINT;
    conf->hide_cookie = NGX_CONF_UNSET;
    conf->upstream = NGX_CONF_UNSET;
    conf->cache_headers = NGX_CONF_UNSET;

    return conf;
}


char *
ngx_http_h3s_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_h3s_loc_conf_t  *prev = parent;
    ngx_http_h3s_loc_conf_t  *conf = child;

    ngx_uint_t                i, off, on[NGX_HTTP_H3S_PLACES];
    ngx_http_h3s_place_t     *place, *mode;
    ngx_http_h3s_srv_conf_t  *hscf;

    for (i = 0; i < NGX_HTTP_H3S_PLACES; i++) {
        if (conf->places[i].block == NULL) {
            conf->places[i] = prev->places[i];
        }
    }

    place = conf->places;
    mode = &place[NGX_HTTP_H3S_MODE];

    ngx_conf_merge_ptr_value(conf->options, prev->options, NULL);
    ngx_conf_merge_uint_value(conf->mode, prev->mode, NGX_HTTP_H3S_OFF);
    ngx_conf_merge_ptr_value(conf->require, prev->require, NULL);
    ngx_conf_merge_ptr_value(conf->set, prev->set, NULL);
    ngx_conf_merge_ptr_value(conf->lifetime, prev->lifetime, NULL);
    ngx_conf_merge_ptr_value(conf->revocations, prev->revocations, NULL);
    ngx_conf_merge_value(conf->rotate, prev->rotate, 0);
    ngx_conf_merge_value(conf->clear, prev->clear, 0);
    ngx_conf_merge_uint_value(conf->revoke, prev->revoke, NGX_HTTP_H3S_NOTHING);
    ngx_conf_merge_value(conf->hide_cookie, prev->hide_cookie, 0);
    ngx_conf_merge_value(conf->upstream, prev->upstream, 0);
    ngx_conf_merge_value(conf->cache_headers, prev->cache_headers, 1);

    on[NGX_HTTP_H3S_MODE] = conf->mode != NGX_HTTP_H3S_OFF;
    on[NGX_HTTP_H3S_REQUIRE] = conf->require != NULL;
    on[NGX_HTTP_H3S_SET] = conf->set != NULL;
    on[NGX_HTTP_H3S_ROTATE] = conf->rotate;
    on[NGX_HTTP_H3S_CLEAR] = conf->clear;
    on[NGX_HTTP_H3S_HIDE_COOKIE] = conf->hide_cookie;
    on[NGX_HTTP_H3S_UPSTREAM] = conf->upstream;
    on[NGX_HTTP_H3S_REVOKE] = conf->revoke != NGX_HTTP_H3S_NOTHING;
    /* Defaults for the blocks inside, which may stand where there is no session. */
    on[NGX_HTTP_H3S_LIFETIME] = 0;
    on[NGX_HTTP_H3S_REVOCATIONS] = 0;

    off = conf->mode == NGX_HTTP_H3S_OFF;

    for (i = 0; i < NGX_HTTP_H3S_PLACES; i++) {

        if (on[i] && conf->options == NULL && (i == NGX_HTTP_H3S_MODE || i == NGX_HTTP_H3S_HIDE_COOKIE)) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0, "\"%s\" needs \"h3s_config\" in %s:%ui",
                          ngx_http_h3s_names[i], place[i].file, place[i].line);
            return NGX_CONF_ERROR;
        }

        if (!on[i] || !off || i == NGX_HTTP_H3S_HIDE_COOKIE) {
            continue;
        }

        /*
         * "h3s off" silences what the block inherits, but for h3s_require: no block may become
         * public by an oversight. What stands beside it contradicts it, and without any "h3s" one
         * was forgotten.
         */

        if (i == NGX_HTTP_H3S_REQUIRE || mode->block == NULL || mode->block == place[i].block) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0, "\"%s\" needs \"h3s get\" or \"h3s use\"%s in %s:%ui",
                          ngx_http_h3s_names[i],
                          i == NGX_HTTP_H3S_REQUIRE ? ", or \"h3s_require off\" where \"h3s off\" stands," : "",
                          place[i].file, place[i].line);
            return NGX_CONF_ERROR;
        }
    }

    if (!off && ((conf->clear && ngx_http_h3s_check_end(cf, conf, NGX_HTTP_H3S_CLEAR) != NGX_CONF_OK)
                 || (conf->revoke && ngx_http_h3s_check_end(cf, conf, NGX_HTTP_H3S_REVOKE) != NGX_CONF_OK)))
    {
        return NGX_CONF_ERROR;
    }

    if (!off && ngx_http_h3s_check_revocations(cf, conf) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    if (conf->lifetime && ngx_http_h3s_check_lifetime(cf, conf) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    if (!off) {
        ngx_http_h3s_warn_of_header(cf, conf->options);
    }

    conf->eager = !off && (conf->mode == NGX_HTTP_H3S_USE || conf->require || conf->set
                           || conf->rotate || conf->clear || conf->revoke || conf->upstream);

    if (conf->upstream) {
        hscf = ngx_http_conf_get_module_srv_conf(cf, ngx_http_h3s_module);
        hscf->upstream = 1;
    }

    return NGX_CONF_OK;
}


/*
 * What is written beside a logout starts a new session, and what is inherited does so by an
 * oversight.
 */
static char *
ngx_http_h3s_check_end(ngx_conf_t *cf, ngx_http_h3s_loc_conf_t *conf, ngx_uint_t end)
{
    const char            *name;
    ngx_uint_t             other;
    ngx_http_h3s_place_t  *clear, *place;

    name = ngx_http_h3s_names[end];

    if (conf->set) {
        other = NGX_HTTP_H3S_SET;

    } else if (conf->rotate) {
        other = NGX_HTTP_H3S_ROTATE;

    } else {
        return NGX_CONF_OK;
    }

    clear = &conf->places[end];
    place = &conf->places[other];

    if (place->block == clear->block) {
        /* The error is in the later line. */
        place = place->line < clear->line ? clear : place;

        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"%s\" and \"%s\" contradict each other: give each a location of its own, in %s:%ui",
                      ngx_http_h3s_names[other], name, place->file, place->line);

    } else if (place->block == conf) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"%s\" contradicts the inherited \"%s\" of %s:%ui: say \"%s off\" here, in %s:%ui",
                      ngx_http_h3s_names[other], name, clear->file, clear->line, name, place->file, place->line);

    } else {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"%s\" contradicts the inherited \"%s\" of %s:%ui: say \"%s off\" here, in %s:%ui",
                      name, ngx_http_h3s_names[other], place->file, place->line, ngx_http_h3s_names[other],
                      clear->file, clear->line);
    }

    return NGX_CONF_ERROR;
}


/* Notes where a directive stands, and does what it says. */
char *
ngx_http_h3s_placed(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_h3s_loc_conf_t  *hlcf = conf;

    u_char      *file;
    ngx_uint_t   i;

    static const ngx_http_h3s_setter_pt  setters[NGX_HTTP_H3S_PLACES] = {
        ngx_conf_set_enum_slot, ngx_http_h3s_require, ngx_http_h3s_set, ngx_conf_set_flag_slot,
        ngx_conf_set_flag_slot, ngx_conf_set_flag_slot, ngx_conf_set_flag_slot, ngx_http_h3s_read_lifetime,
        ngx_conf_set_enum_slot, ngx_http_h3s_read_revocations
    };

    for (i = 0; ngx_strcmp(cmd->name.data, ngx_http_h3s_names[i]) != 0; i++) { /* void */ }

    /* Its own copy: nginx frees the name with the file's buffer. */
    file = ngx_pnalloc(cf->pool, cf->conf_file->file.name.len + 1);
    if (file == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memcpy(file, cf->conf_file->file.name.data, cf->conf_file->file.name.len);
    file[cf->conf_file->file.name.len] = '\0';

    hlcf->places[i].block = conf;
    hlcf->places[i].file = file;
    hlcf->places[i].line = cf->conf_file->line;

    return setters[i](cf, cmd, conf);
}


static char *
ngx_http_h3s_require(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_h3s_loc_conf_t  *hlcf = conf;

    ngx_str_t   *value, *pointer;
    ngx_uint_t   i;

    (void) cmd;

    value = cf->args->elts;

    if (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "off") == 0) {
        if (hlcf->require != NGX_CONF_UNSET_PTR) {
            return "is duplicate";
        }

        hlcf->require = NULL;
        return NGX_CONF_OK;
    }

    if (hlcf->require == NULL) {
        return "is duplicate";
    }

    if (hlcf->require == NGX_CONF_UNSET_PTR) {
        hlcf->require = ngx_array_create(cf->pool, 2, sizeof(ngx_str_t));
        if (hlcf->require == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    for (i = 1; i < cf->args->nelts; i++) {
        if (!ngx_http_h3s_is_pointer(&value[i])) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"h3s_require\": \"%V\"" NGX_HTTP_H3S_NO_POINTER, &value[i]);
            return NGX_CONF_ERROR;
        }

        pointer = ngx_array_push(hlcf->require);
        if (pointer == NULL) {
            return NGX_CONF_ERROR;
        }

        *pointer = value[i];
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_h3s_set(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_h3s_loc_conf_t  *hlcf = conf;

    ngx_str_t                         *value;
    ngx_uint_t                         i;
    ngx_http_h3s_set_t                *set;
    ngx_http_compile_complex_value_t   ccv;

    (void) cmd;

    value = cf->args->elts;

    if (cf->args->nelts == 2) {

        if (ngx_strcmp(value[1].data, "off") != 0) {
            return "needs a key and a value, or \"off\"";
        }

        if (hlcf->set != NGX_CONF_UNSET_PTR) {
            return "is duplicate";
        }

        hlcf->set = NULL;
        return NGX_CONF_OK;
    }

    if (hlcf->set == NULL) {
        return "is duplicate";
    }

    if (hlcf->set == NGX_CONF_UNSET_PTR) {
        hlcf->set = ngx_array_create(cf->pool, 2, sizeof(ngx_http_h3s_set_t));
        if (hlcf->set == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    set = hlcf->set->elts;

    for (i = 0; i < hlcf->set->nelts; i++) {
        if (set[i].key.len == value[1].len && ngx_strncmp(set[i].key.data, value[1].data, value[1].len) == 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"h3s_set\" of \"%V\" is duplicate", &value[1]);
            return NGX_CONF_ERROR;
        }
    }

    set = ngx_array_push(hlcf->set);
    if (set == NULL) {
        return NGX_CONF_ERROR;
    }

    set->key = value[1];

    ngx_memzero(&ccv, sizeof(ngx_http_compile_complex_value_t));

    ccv.cf = cf;
    ccv.value = &value[2];
    ccv.complex_value = &set->value;

    if (ngx_http_compile_complex_value(&ccv) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}
