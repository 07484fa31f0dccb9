/*
 * h3s_config: reads an options file while the configuration is parsed, so that `nginx -t` finds
 * what is wrong in it.
 */

#include "ngx_http_h3s.h"


#define NGX_HTTP_H3S_MAX_FILE  (1024 * 1024)


static ngx_http_h3s_options_t *ngx_http_h3s_load(ngx_conf_t *cf, ngx_str_t *name);
static ngx_int_t ngx_http_h3s_name_h3_header(ngx_conf_t *cf, ngx_http_h3s_options_t *options);
static u_char *ngx_http_h3s_read_file(ngx_conf_t *cf, ngx_str_t *name, size_t *size);
static ngx_int_t ngx_http_h3s_use_threads(ngx_conf_t *cf, ngx_http_h3s_options_t *options);
static void ngx_http_h3s_free_config(void *data);


char *
ngx_http_h3s_read_options(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_h3s_loc_conf_t  *hlcf = conf;

    ngx_str_t                  *value;
    ngx_uint_t                  i;
    ngx_http_h3s_options_t    **known, *options;
    ngx_http_h3s_main_conf_t   *hmcf;

    (void) cmd;

    if (hlcf->options != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_conf_full_name(cf->cycle, &value[1], 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    hmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_h3s_module);

    known = hmcf->options.elts;

    for (i = 0; i < hmcf->options.nelts; i++) {
        if (known[i]->name.len == value[1].len
            && ngx_strncmp(known[i]->name.data, value[1].data, value[1].len) == 0)
        {
            hlcf->options = known[i];
            return NGX_CONF_OK;
        }
    }

    options = ngx_http_h3s_load(cf, &value[1]);
    if (options == NULL) {
        return NGX_CONF_ERROR;
    }

    known = ngx_array_push(&hmcf->options);
    if (known == NULL) {
        return NGX_CONF_ERROR;
    }

    *known = options;
    hlcf->options = options;

    return NGX_CONF_OK;
}


static ngx_http_h3s_options_t *
ngx_http_h3s_load(ngx_conf_t *cf, ngx_str_t *name)
{
    u_char                  *json, *p;
    size_t                   size;
    int32_t                  status;
    uint32_t                 flags;
    h3s_error                err;
    ngx_uint_t               line;
    ngx_pool_cleanup_t      *cln;
    ngx_http_h3s_options_t  *options;

    options = ngx_pcalloc(cf->pool, sizeof(ngx_http_h3s_options_t));
    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (options == NULL || cln == NULL) {
        return NULL;
    }

    json = ngx_http_h3s_read_file(cf, name, &size);
    if (json == NULL) {
        return NULL;
    }

    status = h3s_config_new((char *) json, size, &options->config, &err);

    line = 1;
    for (p = json; err.offset > 0 && p < json + ngx_min((size_t) err.offset, size); p++) {
        line += (*p == '\n');
    }

    /* It holds passwords. */
    ngx_explicit_memzero(json, size);
    ngx_free(json);

    if (status != H3S_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"h3s_config\": %V:%ui: %s%s%s", name, line, err.key,
                           err.key[0] ? ": " : "", err.message[0] ? err.message : h3s_status_str(status));
        return NULL;
    }

    cln->handler = ngx_http_h3s_free_config;
    cln->data = options->config;

    options->name = *name;
    options->cookie = ngx_http_h3s_str(h3s_config_cookie_name(options->config));
    options->header = ngx_http_h3s_str(h3s_config_header_name(options->config));
    options->vary = ngx_http_h3s_str(h3s_config_vary(options->config));

    flags = h3s_config_flags(options->config);
    options->sets = (flags & H3S_CONFIG_COOKIES) != 0;
    options->cold = (flags & H3S_CONFIG_MAY_BE_COLD) != 0;
    options->revokes = (flags & H3S_CONFIG_REVOCATION) != 0;

    if (ngx_http_h3s_name_h3_header(cf, options) != NGX_OK) {
        return NULL;
    }

    if (options->cold && ngx_http_h3s_use_threads(cf, options) != NGX_OK) {
        return NULL;
    }

    return options;
}


/*
 * The header that h3 reads a session of this name in, unless it is told otherwise. Where the
 * options name another, or none, an upstream may still read it.
 */
static ngx_int_t
ngx_http_h3s_name_h3_header(ngx_conf_t *cf, ngx_http_h3s_options_t *options)
{
    u_char  *p;

    options->h3_header.len = sizeof("x--session") - 1 + options->cookie.len;

    p = ngx_pnalloc(cf->pool, options->h3_header.len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    options->h3_header.data = p;
    (void) ngx_sprintf(p, "x-%V-session", &options->cookie);

    if (options->h3_header.len == options->header.len
        && ngx_strncasecmp(options->h3_header.data, options->header.data, options->header.len) == 0)
    {
        options->h3_header.len = 0;
    }

    return NGX_OK;
}


/* The file's text, to be wiped and freed. */
static u_char *
ngx_http_h3s_read_file(ngx_conf_t *cf, ngx_str_t *name, size_t *size)
{
    u_char           *text;
    ssize_t           n;
    ngx_fd_t          fd;
    ngx_file_info_t   info;

    fd = ngx_open_file(name->data, NGX_FILE_RDONLY|NGX_FILE_NONBLOCK, NGX_FILE_OPEN, 0);

    if (fd == NGX_INVALID_FILE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno, ngx_open_file_n " \"%V\" failed", name);
        return NULL;
    }

    text = NULL;

    if (ngx_fd_info(fd, &info) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno, ngx_fd_info_n " \"%V\" failed", name);
        goto done;
    }

    if (!ngx_is_file(&info) || ngx_file_size(&info) > NGX_HTTP_H3S_MAX_FILE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"h3s_config\": \"%V\" is no file of at most 1 MiB", name);
        goto done;
    }

    *size = (size_t) ngx_file_size(&info);

    text = ngx_alloc(*size + 1, cf->log);
    if (text == NULL) {
        goto done;
    }

    n = ngx_read_fd(fd, text, *size);

    if (n < 0 || (size_t) n != *size) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno, ngx_read_fd_n " \"%V\" failed", name);
        ngx_explicit_memzero(text, *size);
        ngx_free(text);
        text = NULL;
    }

done:

    if (ngx_close_file(fd) == NGX_FILE_ERROR) {
        ngx_log_error(NGX_LOG_ALERT, cf->log, ngx_errno, ngx_close_file_n " \"%V\" failed", name);
    }

    return text;
}


/*
 * nginx makes the pool "default" where somebody asks for it, with `thread_pool default threads=32`
 * unless that says otherwise.
 */
static ngx_int_t
ngx_http_h3s_use_threads(ngx_conf_t *cf, ngx_http_h3s_options_t *options)
{
#if (NGX_THREADS)

    options->threads = ngx_thread_pool_add(cf, NULL);

    return options->threads ? NGX_OK : NGX_ERROR;

#else

    (void) options;

    ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                       "\"h3s_config\": this nginx has no threads: a Fe26.2 token that it has not seen lately stalls a worker "
                       "for some milliseconds");
    return NGX_OK;

#endif
}


/*
 * nginx drops headers with such names, and says so at `info` only: a client that sends its session
 * in one has none.
 */
void
ngx_http_h3s_warn_of_header(ngx_conf_t *cf, ngx_http_h3s_options_t *options)
{
    size_t                     i;
    u_char                     c;
    ngx_http_core_srv_conf_t  *cscf;

    cscf = ngx_http_conf_get_module_srv_conf(cf, ngx_http_core_module);

    if (options->warned || !cscf->ignore_invalid_headers) {
        return;
    }

    for (i = 0; i < options->header.len; i++) {
        c = options->header.data[i];

        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || (c == '_' && cscf->underscores_in_headers)) {
            continue;
        }

        options->warned = 1;

        ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                      "\"h3s_config\": nginx drops the session header \"%V\", since its name has a \"%c\": give "
                      "\"sessionHeader\" a name without, or false, in %V%s",
                      &options->header, c, &options->name,
                      c == '_' ? ", or say \"underscores_in_headers on\"" : "");
        return;
    }
}


/* The library's own memory, as nginx names it. */
ngx_str_t
ngx_http_h3s_str(h3s_str s)
{
    ngx_str_t  str;

    str.len = s.len;
    str.data = (u_char *) s.ptr;

    return str;
}


static void
ngx_http_h3s_free_config(void *data)
{
    h3s_config_free(data);
}
