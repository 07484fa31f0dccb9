/*
 * h3s_counts: a page of what all workers have opened, made, refused and sealed, for Prometheus.
 *
 * The library counts in the memory of each worker. When a request is logged, its worker adds what
 * has come since to a zone that all share, so that the figures go on where a worker ends, and over
 * a reload.
 */

#include "ngx_http_h3s.h"


#define NGX_HTTP_H3S_ZONE      "h3s_counts"
/* Of a few hundred options files. The same at each reload, or the figures would begin anew. */
#define NGX_HTTP_H3S_SIZE      (256 * 1024)

#define NGX_HTTP_H3S_FIRST     offsetof(h3s_counts, opened_cookie)
#define NGX_HTTP_H3S_COUNT(member)                                                          \
    ((offsetof(h3s_counts, member) - NGX_HTTP_H3S_FIRST) / sizeof(uint64_t))


/* A line of the page. */
typedef struct {
    const char               *name;
    const char               *help;
    const char               *label;    /* NULL: none */
    const char               *value;
    size_t                    at;
} ngx_http_h3s_line_t;


static ngx_int_t ngx_http_h3s_init_counts(ngx_shm_zone_t *zone, void *data);
static ngx_http_h3s_counts_t *ngx_http_h3s_find_counts(ngx_slab_pool_t *pool, ngx_str_t *name);
static void ngx_http_h3s_add_up(ngx_http_h3s_options_t *options);
static ngx_int_t ngx_http_h3s_counts_handler(ngx_http_request_t *r);
static u_char *ngx_http_h3s_write_page(u_char *p, ngx_array_t *all);
static u_char *ngx_http_h3s_write_label(u_char *p, ngx_str_t *text);
static ngx_uint_t ngx_http_h3s_is_utf8(ngx_str_t *text);


#define NGX_HTTP_H3S_REFUSED(value, number)                                                 \
    { "h3s_refused_total", "Requests whose first token was refused, even if another opened.", \
      "reason", value, NGX_HTTP_H3S_COUNT(refused) + number }

/* Those of one name beside each other. */
static const ngx_http_h3s_line_t  ngx_http_h3s_page[] = {

    { "h3s_opened_total", "Sessions that a request brought.",
      "source", "cookie", NGX_HTTP_H3S_COUNT(opened_cookie) },

    { "h3s_opened_total", "", "source", "header", NGX_HTTP_H3S_COUNT(opened_header) },

    { "h3s_opened_old_password_total", "Of those, sealed with another password than the first.",
      NULL, NULL, NGX_HTTP_H3S_COUNT(opened_old_password) },

    { "h3s_opened_other_format_total", "Of those, in another format than the one that seals.",
      NULL, NULL, NGX_HTTP_H3S_COUNT(opened_other_format) },

    { "h3s_made_total", "Sessions that a request had to make.",
      NULL, NULL, NGX_HTTP_H3S_COUNT(made) },

    NGX_HTTP_H3S_REFUSED("malformed", H3S_REJECTION_MALFORMED),
    NGX_HTTP_H3S_REFUSED("unsupported_format", H3S_REJECTION_UNSUPPORTED_FORMAT),
    NGX_HTTP_H3S_REFUSED("unknown_key", H3S_REJECTION_UNKNOWN_KEY),
    NGX_HTTP_H3S_REFUSED("bad_seal", H3S_REJECTION_BAD_SEAL),
    NGX_HTTP_H3S_REFUSED("expired", H3S_REJECTION_EXPIRED),
    NGX_HTTP_H3S_REFUSED("idle", H3S_REJECTION_IDLE),
    NGX_HTTP_H3S_REFUSED("revoked", H3S_REJECTION_REVOKED),
    NGX_HTTP_H3S_REFUSED("too_large", H3S_REJECTION_TOO_LARGE),

    { "h3s_cold_total", "Requests that had to wait for a key to be derived.",
      NULL, NULL, NGX_HTTP_H3S_COUNT(cold) },

    { "h3s_busy_total", "Requests of clients for whom no more keys are derived for now.",
      NULL, NULL, NGX_HTTP_H3S_COUNT(busy) },

    { "h3s_stale_total", "Requests refused since the latest logouts may not be known.",
      NULL, NULL, NGX_HTTP_H3S_COUNT(stale) },

    { "h3s_sealed_total", "Tokens that were sealed.",
      NULL, NULL, NGX_HTTP_H3S_COUNT(sealed) },

    { "h3s_renewed_total", "Sessions that were only read and got new cookies all the same.",
      "why", "slide", NGX_HTTP_H3S_COUNT(slid) },

    { "h3s_renewed_total", "", "why", "password", NGX_HTTP_H3S_COUNT(moved_password) },
    { "h3s_renewed_total", "", "why", "format", NGX_HTTP_H3S_COUNT(moved_format) },

    { "h3s_rotated_total", "Sessions that got a new id.",
      NULL, NULL, NGX_HTTP_H3S_COUNT(rotated) },

    { "h3s_ended_total", "Sessions that were ended.",
      "how", "clear", NGX_HTTP_H3S_COUNT(cleared) },

    { "h3s_ended_total", "", "how", "revoke", NGX_HTTP_H3S_COUNT(revoked) },
};

#define NGX_HTTP_H3S_LINES                                                                  \
    (sizeof(ngx_http_h3s_page) / sizeof(ngx_http_h3s_page[0]))
/* More than any line has beside its label of the options file, and any two lines before it. */
#define NGX_HTTP_H3S_LINE      512
/* As long may one byte of that label become. */
#define NGX_HTTP_H3S_ESCAPED   (sizeof("\\\\xff") - 1)


/* h3s_counts; */
char *
ngx_http_h3s_read_counts(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_str_t                  name = ngx_string(NGX_HTTP_H3S_ZONE);
    ngx_http_h3s_main_conf_t  *hmcf;
    ngx_http_core_loc_conf_t  *clcf;

    (void) cmd;
    (void) conf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (clcf->handler == ngx_http_h3s_counts_handler) {
        return "is duplicate";
    }

    hmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_h3s_module);

    if (!hmcf->counts) {
        hmcf->counts = ngx_shared_memory_add(cf, &name, NGX_HTTP_H3S_SIZE, (void *) ngx_http_h3s_page);
        if (hmcf->counts == NULL) {
            return NGX_CONF_ERROR;
        }

        hmcf->counts->init = ngx_http_h3s_init_counts;
        hmcf->counts->data = hmcf;
    }

    clcf->handler = ngx_http_h3s_counts_handler;

    return NGX_CONF_OK;
}


/*
 * In the master, once all options files are read. At a reload the zone stays as it is, and each
 * file goes on with its figures, by its name. None is ever freed: workers of a former configuration
 * still add to them.
 */
static ngx_int_t
ngx_http_h3s_init_counts(ngx_shm_zone_t *zone, void *data)
{
    ngx_uint_t                 i;
    ngx_slab_pool_t           *pool;
    ngx_http_h3s_options_t   **options;
    ngx_http_h3s_main_conf_t  *hmcf;

    (void) data;

    hmcf = zone->data;
    pool = (ngx_slab_pool_t *) zone->shm.addr;
    options = hmcf->options.elts;

    for (i = 0; i < hmcf->options.nelts; i++) {

        options[i]->counts = ngx_http_h3s_find_counts(pool, &options[i]->name);
        if (options[i]->counts == NULL) {
            ngx_log_error(NGX_LOG_EMERG, zone->shm.log, 0,
                          "\"h3s_counts\": there are too many files of \"h3s_config\", or were before: restart nginx, or "
                          "do without");
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_http_h3s_counts_t *
ngx_http_h3s_find_counts(ngx_slab_pool_t *pool, ngx_str_t *name)
{
    ngx_http_h3s_counts_t  *counts;

    for (counts = pool->data; counts; counts = counts->next) {
        if (counts->len == name->len && ngx_strncmp(counts->name, name->data, name->len) == 0) {
            return counts;
        }
    }

    counts = ngx_slab_calloc(pool, sizeof(ngx_http_h3s_counts_t) + name->len);
    if (counts == NULL) {
        return NULL;
    }

    counts->len = name->len;
    ngx_memcpy(counts->name, name->data, name->len);

    counts->next = pool->data;
    pool->data = counts;

    return counts;
}


/* Once a request was answered. */
ngx_int_t
ngx_http_h3s_log_handler(ngx_http_request_t *r)
{
    ngx_http_h3s_ctx_t      *ctx;
    ngx_http_h3s_session_t  *s;

    ctx = ngx_http_h3s_get_ctx(r);

    for (s = ctx ? ctx->sessions : NULL; s; s = s->next) {
        ngx_http_h3s_add_up(s->options);
    }

    return NGX_OK;
}


/* What this process has not told the others yet. */
void
ngx_http_h3s_add_up_all(ngx_http_h3s_main_conf_t *hmcf)
{
    ngx_uint_t                i;
    ngx_http_h3s_options_t  **options;

    options = hmcf->options.elts;

    for (i = 0; i < hmcf->options.nelts; i++) {
        ngx_http_h3s_add_up(options[i]);
    }
}


static void
ngx_http_h3s_add_up(ngx_http_h3s_options_t *options)
{
    uint64_t    now[NGX_HTTP_H3S_COUNTS];
    ngx_uint_t  i;
    h3s_counts  counts;

    ngx_memzero(&counts, sizeof(h3s_counts));
    counts.size = sizeof(h3s_counts);

    if (options->counts == NULL || h3s_config_counts(options->config, &counts, NULL) != H3S_OK) {
        return;
    }

    ngx_memcpy(now, (u_char *) &counts + NGX_HTTP_H3S_FIRST, sizeof(now));

    for (i = 0; i < NGX_HTTP_H3S_COUNTS; i++) {
        if (now[i] != options->counted[i]) {
            (void) ngx_atomic_fetch_add(&options->counts->sums[i], (ngx_atomic_int_t) (now[i] - options->counted[i]));
            options->counted[i] = now[i];
        }
    }
}


static ngx_int_t
ngx_http_h3s_counts_handler(ngx_http_request_t *r)
{
    size_t                     size;
    ngx_int_t                  rc;
    ngx_buf_t                 *b;
    ngx_uint_t                 i;
    ngx_chain_t                out;
    ngx_http_h3s_options_t   **options;
    ngx_http_h3s_main_conf_t  *hmcf;

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {
        return NGX_HTTP_NOT_ALLOWED;
    }

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    hmcf = ngx_http_get_module_main_conf(r, ngx_http_h3s_module);
    ngx_http_h3s_add_up_all(hmcf);

    size = NGX_HTTP_H3S_LINE;
    options = hmcf->options.elts;

    for (i = 0; i < hmcf->options.nelts; i++) {
        size += NGX_HTTP_H3S_LINES * (NGX_HTTP_H3S_LINE + NGX_HTTP_H3S_ESCAPED * options[i]->name.len);
    }

    b = ngx_create_temp_buf(r->pool, size);
    if (b == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    b->last = ngx_http_h3s_write_page(b->last, &hmcf->options);
    b->last_buf = (r == r->main);
    b->last_in_chain = 1;

    ngx_str_set(&r->headers_out.content_type, "text/plain; version=0.0.4; charset=utf-8");
    r->headers_out.content_type_len = sizeof("text/plain") - 1;
    r->headers_out.content_type_lowcase = NULL;
    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_length_n = b->last - b->pos;

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    out.buf = b;
    out.next = NULL;

    return ngx_http_output_filter(r, &out);
}


static u_char *
ngx_http_h3s_write_page(u_char *p, ngx_array_t *all)
{
    ngx_uint_t                  i, n;
    ngx_http_h3s_options_t    **options;
    const ngx_http_h3s_line_t  *line, *before;

    options = all->elts;
    before = NULL;

    for (n = 0; n < NGX_HTTP_H3S_LINES; n++) {
        line = &ngx_http_h3s_page[n];

        if (before == NULL || ngx_strcmp(before->name, line->name) != 0) {
            p = ngx_sprintf(p, "# HELP %s %s\n# TYPE %s counter\n", line->name, line->help, line->name);
        }

        before = line;

        for (i = 0; i < all->nelts; i++) {
            p = ngx_sprintf(p, "%s{config=\"", line->name);
            p = ngx_http_h3s_write_label(p, &options[i]->name);

            if (line->label) {
                p = ngx_sprintf(p, "\",%s=\"%s", line->label, line->value);
            }

            p = ngx_sprintf(p, "\"} %uA\n", options[i]->counts->sums[line->at]);
        }
    }

    return p;
}


/* A label is UTF-8, or Prometheus refuses the page; the name of a file may be any bytes. */
static u_char *
ngx_http_h3s_write_label(u_char *p, ngx_str_t *text)
{
    size_t      i;
    u_char      c;
    ngx_uint_t  utf8;

    utf8 = ngx_http_h3s_is_utf8(text);

    for (i = 0; i < text->len; i++) {
        c = text->data[i];

        if (c >= 0x80 && !utf8) {
            p = ngx_sprintf(p, "\\\\x%02xd", c);
            continue;
        }

        if (c == '"' || c == '\\' || c == '\n') {
            *p++ = '\\';
            c = c == '\n' ? 'n' : c;
        }

        *p++ = c;
    }

    return p;
}


static ngx_uint_t
ngx_http_h3s_is_utf8(ngx_str_t *text)
{
    u_char    *p, *last;
    uint32_t   n;

    p = text->data;
    last = p + text->len;

    while (p < last) {
        n = *p < 0x80 ? *p++ : ngx_utf8_decode(&p, last - p);

        /* What is not UTF-8 is a larger number. */
        if (n > 0x10ffff || (n >= 0xd800 && n <= 0xdfff)) {
            return 0;
        }
    }

    return 1;
}
