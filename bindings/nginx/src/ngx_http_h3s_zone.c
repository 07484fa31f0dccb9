/*
 * h3s_revocations: the zone in which all workers have what is revoked, and the file that they share
 * with other processes.
 */

#include "ngx_http_h3s.h"


/* The table begins at a line of the processor's cache. */
#define NGX_HTTP_H3S_HEAD      64
#define NGX_HTTP_H3S_MIN_ZONE  (8 * ngx_pagesize)
/*
 * For how many milliseconds at most a worker, and so all of its clients, waits for another process
 * that has the file locked. After a wait in vain it does not wait again for ten times as long.
 */
#define NGX_HTTP_H3S_WAIT      100
/* Any entry fits. */
#define NGX_HTTP_H3S_ENTRY     2048


static char *ngx_http_h3s_bind(ngx_conf_t *cf, ngx_http_h3s_revocations_t *revocations, ngx_http_h3s_options_t *options,
    ngx_http_h3s_place_t *place);
static char *ngx_http_h3s_check_revoke(ngx_conf_t *cf, ngx_http_h3s_loc_conf_t *conf);
static ngx_int_t ngx_http_h3s_parse_zone(ngx_str_t *value, ngx_str_t *name, ssize_t *size);
static ngx_int_t ngx_http_h3s_init_zone(ngx_shm_zone_t *zone, void *data);
static void ngx_http_h3s_free_table(void *data);


/* h3s_revocations [path] zone=name:size | off; */
char *
ngx_http_h3s_read_revocations(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_h3s_loc_conf_t  *hlcf = conf;

    ssize_t                       size;
    ngx_str_t                    *value, *last, name;
    ngx_shm_zone_t               *zone;
    ngx_http_h3s_main_conf_t     *hmcf;
    ngx_http_h3s_revocations_t  **known, *revocations;

    (void) cmd;

    if (hlcf->revocations != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;
    last = &value[cf->args->nelts - 1];

    if (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "off") == 0) {
        hlcf->revocations = NULL;
        return NGX_CONF_OK;
    }

    if (ngx_http_h3s_parse_zone(last, &name, &size) != NGX_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"h3s_revocations\": \"%V\" is no zone of %uz bytes at least, such as \"zone=sessions:1m\", nor \"off\"",
                           last, NGX_HTTP_H3S_MIN_ZONE);
        return NGX_CONF_ERROR;
    }

    if (cf->args->nelts == 3 && ngx_conf_full_name(cf->cycle, &value[1], 0) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    zone = ngx_shared_memory_add(cf, &name, size, &ngx_http_h3s_module);
    if (zone == NULL) {
        return NGX_CONF_ERROR;
    }

    if (zone->data == NULL) {
        hmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_h3s_module);

        revocations = ngx_pcalloc(cf->pool, sizeof(ngx_http_h3s_revocations_t));
        known = ngx_array_push(&hmcf->revocations);
        if (revocations == NULL || known == NULL) {
            return NGX_CONF_ERROR;
        }

        *known = revocations;
        revocations->zone = zone;
        revocations->pool = cf->pool;

        if (cf->args->nelts == 3) {
            revocations->written = value[1];
        }

        zone->init = ngx_http_h3s_init_zone;
        zone->data = revocations;
    }

    revocations = zone->data;

    if ((cf->args->nelts == 3 ? value[1].len : 0) != revocations->written.len
        || ngx_strncmp(value[1].data, revocations->written.data, revocations->written.len) != 0)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"h3s_revocations\": zone \"%V\" is another file's already", &name);
        return NGX_CONF_ERROR;
    }

    hlcf->revocations = revocations;

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_h3s_parse_zone(ngx_str_t *value, ngx_str_t *name, ssize_t *size)
{
    u_char     *colon, *last;
    ngx_str_t   number;

    last = value->data + value->len;

    if (ngx_strncmp(value->data, "zone=", 5) != 0) {
        return NGX_ERROR;
    }

    colon = ngx_strlchr(value->data + 5, last, ':');
    if (colon == NULL || colon == value->data + 5) {
        return NGX_ERROR;
    }

    name->data = value->data + 5;
    name->len = colon - name->data;

    number.data = colon + 1;
    number.len = last - number.data;

    *size = ngx_parse_size(&number);

    return *size == NGX_ERROR || *size < (ssize_t) NGX_HTTP_H3S_MIN_ZONE ? NGX_ERROR : NGX_OK;
}


/*
 * When a block has been merged that has sessions: whether they can be revoked must be said in both
 * places, since each process that shares the options does either heed it, or open what others
 * refuse.
 */
char *
ngx_http_h3s_check_revocations(ngx_conf_t *cf, ngx_http_h3s_loc_conf_t *conf)
{
    ngx_http_h3s_place_t    *place;
    ngx_http_h3s_options_t  *options;

    options = conf->options;

    if (options->revokes && conf->revocations == NULL) {
        place = &conf->places[NGX_HTTP_H3S_MODE];

        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"h3s\" needs \"h3s_revocations\", such as \"h3s_revocations zone=sessions:1m\", since the options in "
                      "%V have \"revocation\", in %s:%ui",
                      &options->name, place->file, place->line);
        return NGX_CONF_ERROR;
    }

    if (conf->revocations && !options->revokes) {
        place = &conf->places[NGX_HTTP_H3S_REVOCATIONS];

        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"h3s_revocations\" needs \"revocation\" in the options: add \"revocation\": {} to %V, or say "
                      "\"h3s_revocations off\" where they are used, in %s:%ui",
                      &options->name, place->file, place->line);
        return NGX_CONF_ERROR;
    }

    if (conf->revocations
        && ngx_http_h3s_bind(cf, conf->revocations, options, &conf->places[NGX_HTTP_H3S_REVOCATIONS]) != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    return conf->revoke ? ngx_http_h3s_check_revoke(cf, conf) : NGX_CONF_OK;
}


/* A zone is that of one options file, and the other way round. */
static char *
ngx_http_h3s_bind(ngx_conf_t *cf, ngx_http_h3s_revocations_t *revocations, ngx_http_h3s_options_t *options,
    ngx_http_h3s_place_t *place)
{
    int32_t    status;
    h3s_error  err;

    if (revocations->options == options && options->revocations == revocations) {
        return NGX_CONF_OK;
    }

    if (revocations->options || options->revocations) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"h3s_revocations\": the options in %V need a zone of their own, and one alone, in %s:%ui",
                      &options->name, place->file, place->line);
        return NGX_CONF_ERROR;
    }

    revocations->path = revocations->written.len ? revocations->written
                                                 : ngx_http_h3s_str(h3s_config_revocation_file(options->config));

    if (revocations->path.len == 0) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"h3s_revocations\" needs a file: give its path before the zone, or in the options in %V, as "
                      "\"revocation\": {\"file\": \"/var/lib/h3s/revocations\"}, in %s:%ui",
                      &options->name, place->file, place->line);
        return NGX_CONF_ERROR;
    }

    status = ngx_http_h3s_open_file(revocations, &err);
    ngx_http_h3s_close_file(revocations);

    if (status != H3S_OK) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0, "\"h3s_revocations\": \"%V\": %s in %s:%ui", &revocations->path,
                      err.message[0] ? err.message : h3s_status_str(status), place->file, place->line);
        return NGX_CONF_ERROR;
    }

#if (NGX_THREADS)
    revocations->threads = ngx_thread_pool_add(cf, NULL);
    if (revocations->threads == NULL) {
        return NGX_CONF_ERROR;
    }
#endif

    revocations->options = options;
    options->revocations = revocations;

    return NGX_CONF_OK;
}


/* When a block has been merged that has h3s_revoke. */
static char *
ngx_http_h3s_check_revoke(ngx_conf_t *cf, ngx_http_h3s_loc_conf_t *conf)
{
    char                   entry[NGX_HTTP_H3S_ENTRY];
    size_t                 len;
    h3s_error              err;
    ngx_http_h3s_place_t  *place;

    place = &conf->places[NGX_HTTP_H3S_REVOKE];

    if (conf->revocations == NULL) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"h3s_revoke\" needs \"h3s_revocations\", and \"revocation\" in the options in %V, in %s:%ui",
                      &conf->options->name, place->file, place->line);
        return NGX_CONF_ERROR;
    }

    /* An entry that nobody gets: only the library knows whether the options say what that is. */
    if (conf->revoke == NGX_HTTP_H3S_SUBJECT
        && h3s_revoke_subject(conf->options->config, "nobody", 6, 0, 0, entry, sizeof(entry), &len, &err) != H3S_OK)
    {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0, "\"h3s_revoke subject\": %s%s%s, in the options in %V, in %s:%ui",
                      err.key, err.key[0] ? ": " : "", err.message, &conf->options->name, place->file, place->line);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/*
 * The table takes all that the zone has room for. At a reload the zone stays where it is, with all
 * that is in it, while the workers of both configurations use it.
 */
static ngx_int_t
ngx_http_h3s_init_zone(ngx_shm_zone_t *zone, void *data)
{
    ngx_http_h3s_revocations_t  *former = data;

    size_t                       size;
    h3s_error                    err;
    ngx_slab_pool_t             *pool;
    ngx_pool_cleanup_t          *cln;
    ngx_http_h3s_revocations_t  *revocations;

    revocations = zone->data;
    pool = (ngx_slab_pool_t *) zone->shm.addr;

    cln = ngx_pool_cleanup_add(revocations->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    if (former == NULL && !zone->shm.exists) {
        size = pool->pfree * ngx_pagesize;

        pool->data = ngx_slab_calloc(pool, size);
        if (pool->data == NULL) {
            return NGX_ERROR;
        }

        ((ngx_http_h3s_shared_t *) pool->data)->size = size - NGX_HTTP_H3S_HEAD;
    }

    revocations->shared = pool->data;

    if (h3s_revocations_at((u_char *) pool->data + NGX_HTTP_H3S_HEAD, revocations->shared->size, &revocations->table, &err)
        != H3S_OK)
    {
        ngx_log_error(NGX_LOG_EMERG, zone->shm.log, 0, "\"h3s_revocations\": zone \"%V\": %s", &zone->shm.name, err.message);
        return NGX_ERROR;
    }

    cln->handler = ngx_http_h3s_free_table;
    cln->data = revocations->table;

    return NGX_OK;
}


static void
ngx_http_h3s_free_table(void *data)
{
    h3s_revocations_free(data);
}


/* In this process, unless it is open there. */
int32_t
ngx_http_h3s_open_file(ngx_http_h3s_revocations_t *revocations, h3s_error *err)
{
    return revocations->file ? H3S_OK
                             : h3s_revocation_file_open((char *) revocations->path.data, revocations->path.len,
                                                        NGX_HTTP_H3S_WAIT, &revocations->file, err);
}


void
ngx_http_h3s_close_file(ngx_http_h3s_revocations_t *revocations)
{
    h3s_revocation_file_close(revocations->file);
    revocations->file = NULL;
}


/* In milliseconds since 1970, as nginx has it. */
int64_t
ngx_http_h3s_now(void)
{
    ngx_time_t  *tp;

    tp = ngx_timeofday();

    return (int64_t) tp->sec * 1000 + tp->msec;
}
