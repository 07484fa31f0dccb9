/*
 * The module: its directives, and what nginx calls of it.
 */

#include "ngx_http_h3s.h"


static ngx_int_t ngx_http_h3s_preconfiguration(ngx_conf_t *cf);
static ngx_int_t ngx_http_h3s_postconfiguration(ngx_conf_t *cf);


static ngx_conf_enum_t  ngx_http_h3s_modes[] = {
    { ngx_string("off"), NGX_HTTP_H3S_OFF },
    { ngx_string("get"), NGX_HTTP_H3S_GET },
    { ngx_string("use"), NGX_HTTP_H3S_USE },
    { ngx_null_string, 0 }
};


static ngx_conf_enum_t  ngx_http_h3s_revoked[] = {
    { ngx_string("off"), NGX_HTTP_H3S_NOTHING },
    { ngx_string("session"), NGX_HTTP_H3S_SESSION },
    { ngx_string("subject"), NGX_HTTP_H3S_SUBJECT },
    { ngx_null_string, 0 }
};


#define NGX_HTTP_H3S_ANYWHERE  (NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF)


static ngx_command_t  ngx_http_h3s_commands[] = {

    { ngx_string("h3s_config"),
      NGX_HTTP_H3S_ANYWHERE|NGX_CONF_TAKE1,
      ngx_http_h3s_read_options,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("h3s"),
      NGX_HTTP_H3S_ANYWHERE|NGX_CONF_TAKE1,
      ngx_http_h3s_placed,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_h3s_loc_conf_t, mode),
      &ngx_http_h3s_modes },

    { ngx_string("h3s_require"),
      NGX_HTTP_H3S_ANYWHERE|NGX_CONF_1MORE,
      ngx_http_h3s_placed,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("h3s_variable"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE2,
      ngx_http_h3s_add_pointer,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("h3s_set"),
      NGX_HTTP_H3S_ANYWHERE|NGX_CONF_TAKE12,
      ngx_http_h3s_placed,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("h3s_rotate"),
      NGX_HTTP_H3S_ANYWHERE|NGX_CONF_FLAG,
      ngx_http_h3s_placed,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_h3s_loc_conf_t, rotate),
      NULL },

    { ngx_string("h3s_clear"),
      NGX_HTTP_H3S_ANYWHERE|NGX_CONF_FLAG,
      ngx_http_h3s_placed,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_h3s_loc_conf_t, clear),
      NULL },

    { ngx_string("h3s_revoke"),
      NGX_HTTP_H3S_ANYWHERE|NGX_CONF_TAKE1,
      ngx_http_h3s_placed,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_h3s_loc_conf_t, revoke),
      &ngx_http_h3s_revoked },

    { ngx_string("h3s_revocations"),
      NGX_HTTP_H3S_ANYWHERE|NGX_CONF_TAKE12,
      ngx_http_h3s_placed,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("h3s_counts"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_http_h3s_read_counts,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("h3s_lifetime"),
      NGX_HTTP_H3S_ANYWHERE|NGX_CONF_TAKE12,
      ngx_http_h3s_placed,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("h3s_hide_cookie"),
      NGX_HTTP_H3S_ANYWHERE|NGX_CONF_FLAG,
      ngx_http_h3s_placed,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_h3s_loc_conf_t, hide_cookie),
      NULL },

    { ngx_string("h3s_upstream"),
      NGX_HTTP_H3S_ANYWHERE|NGX_CONF_FLAG,
      ngx_http_h3s_placed,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_h3s_loc_conf_t, upstream),
      NULL },

    { ngx_string("h3s_cache_headers"),
      NGX_HTTP_H3S_ANYWHERE|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_h3s_loc_conf_t, cache_headers),
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_h3s_module_ctx = {
    ngx_http_h3s_preconfiguration,         /* preconfiguration */
    ngx_http_h3s_postconfiguration,        /* postconfiguration */

    ngx_http_h3s_create_main_conf,         /* create main configuration */
    NULL,                                  /* init main configuration */

    ngx_http_h3s_create_srv_conf,          /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_http_h3s_create_loc_conf,          /* create location configuration */
    ngx_http_h3s_merge_loc_conf            /* merge location configuration */
};


ngx_module_t  ngx_http_h3s_module = {
    NGX_MODULE_V1,
    &ngx_http_h3s_module_ctx,              /* module context */
    ngx_http_h3s_commands,                 /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    ngx_http_h3s_init_module,              /* init module */
    ngx_http_h3s_init_process,             /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    ngx_http_h3s_exit_process,             /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static ngx_int_t
ngx_http_h3s_preconfiguration(ngx_conf_t *cf)
{
    return ngx_http_h3s_add_variables(cf) == NGX_OK ? ngx_http_h3s_add_figures(cf) : NGX_ERROR;
}


static ngx_int_t
ngx_http_h3s_postconfiguration(ngx_conf_t *cf)
{
    ngx_uint_t                  i;
    ngx_http_handler_pt        *h;
    ngx_http_h3s_main_conf_t   *hmcf;
    ngx_http_core_main_conf_t  *cmcf;

    static const struct {
        ngx_http_phases         phase;
        ngx_http_handler_pt     handler;
    } handlers[] = {
        { NGX_HTTP_SERVER_REWRITE_PHASE, ngx_http_h3s_server_rewrite_handler },
        { NGX_HTTP_REWRITE_PHASE, ngx_http_h3s_rewrite_handler },
        { NGX_HTTP_PREACCESS_PHASE, ngx_http_h3s_preaccess_handler },
        { NGX_HTTP_ACCESS_PHASE, ngx_http_h3s_access_handler },
        { NGX_HTTP_PRECONTENT_PHASE, ngx_http_h3s_precontent_handler },
        /* Where there is h3s_counts. */
        { NGX_HTTP_LOG_PHASE, ngx_http_h3s_log_handler },
    };

    hmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_h3s_module);

    if (hmcf->options.nelts == 0) {

        if (hmcf->counts) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0, "\"h3s_counts\" needs \"h3s_config\" somewhere: there is nothing to count");
            return NGX_ERROR;
        }

        return NGX_OK;
    }

    hmcf->variables = hmcf->pointers || ngx_http_h3s_uses_variables(cf);

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    for (i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++) {

        if (handlers[i].phase == NGX_HTTP_LOG_PHASE && hmcf->counts == NULL) {
            continue;
        }

        h = ngx_array_push(&cmcf->phases[handlers[i].phase].handlers);
        if (h == NULL) {
            return NGX_ERROR;
        }

        *h = handlers[i].handler;
    }

    ngx_http_h3s_response_init();

    return NGX_OK;
}
