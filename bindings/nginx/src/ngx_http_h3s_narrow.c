/*
 * Where a request brings several sessions: which of them was opened. That alone may go upstream,
 * since who stands there may choose another one.
 */

#include "ngx_http_h3s.h"


/* The library looks at four cookies of a session that may be one. */
#define NGX_HTTP_H3S_MAX_CANDIDATES  4


static ngx_int_t ngx_http_h3s_chunks(ngx_http_request_t *r, ngx_str_t *value);
static ngx_int_t ngx_http_h3s_find_line(ngx_http_request_t *r, ngx_http_h3s_session_t *s, ngx_str_t *cookies,
    const h3s_request *request, ngx_uint_t *found);
static u_char *ngx_http_h3s_add_chunks(u_char *p, ngx_http_h3s_options_t *options, ngx_str_t *cookies,
    ngx_http_h3s_pair_t *after, ngx_int_t count, ngx_uint_t *added);
static ngx_uint_t ngx_http_h3s_opens_the_same(ngx_http_h3s_session_t *s, ngx_str_t *line, const h3s_request *request);


/*
 * Decides what goes upstream of a request that brings several sessions, while the one that was
 * opened is as it came: no other than this one. Where none opened, all goes as it came, since it
 * may open there.
 */
ngx_int_t
ngx_http_h3s_settle(ngx_http_request_t *r, ngx_http_h3s_session_t *s, const h3s_request *request)
{
    int32_t     source;
    ngx_str_t   cookies;
    ngx_uint_t  found;

    if (s->settled || s->session == NULL) {
        return NGX_OK;
    }

    source = h3s_session_source(s->session);

    if (source == H3S_SOURCE_NONE || !ngx_http_h3s_carries_several(r, s->options)) {
        return NGX_OK;
    }

    if (ngx_http_h3s_cookies(r, &cookies) != NGX_OK) {
        return NGX_ERROR;
    }

    s->line.data = ngx_pnalloc(r->pool, cookies.len * 2 + 2);
    if (s->line.data == NULL) {
        return NGX_ERROR;
    }

    s->line.len = h3s_cookie_strip(s->options->config, (char *) cookies.data, cookies.len, (char *) s->line.data);

    found = 0;

    if (source == H3S_SOURCE_COOKIE && ngx_http_h3s_find_line(r, s, &cookies, request, &found) != NGX_OK) {
        return NGX_ERROR;
    }

    s->from_header = source == H3S_SOURCE_HEADER;
    s->settled = 1;

    /* A session in chunks is one, too. */
    s->narrow = found != ngx_http_h3s_count(r, s->options, NGX_MAX_UINT32_VALUE);

    return NGX_OK;
}


/*
 * Appends the cookies that the session was opened from. The library does not say which these are.
 * So each that may be it is given to it alone, with the chunks that it would take, and is it if the
 * same session comes out. It costs no slow derivation: of what was opened, the key is known.
 */
static ngx_int_t
ngx_http_h3s_find_line(ngx_http_request_t *r, ngx_http_h3s_session_t *s, ngx_str_t *cookies, const h3s_request *request,
    ngx_uint_t *found)
{
    u_char                *p;
    ngx_int_t              count;
    ngx_str_t              line;
    ngx_uint_t             chunked;
    ngx_http_h3s_pair_t    pair;
    ngx_http_h3s_pairs_t   pairs;

    static ngx_http_h3s_rate_t  rate;

    line.data = ngx_pnalloc(r->pool, cookies->len * 2 + 2);
    if (line.data == NULL) {
        return NGX_ERROR;
    }

    chunked = 0;

    pairs.options = s->options;
    pairs.p = cookies->data;
    pairs.last = cookies->data + cookies->len;

    while (ngx_http_h3s_next_pair(&pairs, &pair)) {

        if (pair.chunk != 0 || pair.value.len == 0) {
            continue;
        }

        count = ngx_http_h3s_chunks(r, &pair.value);

        if (count == NGX_ERROR) {
            return NGX_ERROR;
        }

        p = ngx_cpymem(line.data, pair.text.data, pair.text.len);
        *found = 1;

        if (count > 0) {
            if (chunked++ == NGX_HTTP_H3S_MAX_CANDIDATES) {
                break;
            }

            p = ngx_http_h3s_add_chunks(p, s->options, cookies, &pair, count, found);
        }

        line.len = p - line.data;

        if (ngx_http_h3s_opens_the_same(s, &line, request)) {
            p = s->line.data + s->line.len;

            if (s->line.len) {
                *p++ = ';';
                *p++ = ' ';
            }

            p = ngx_cpymem(p, line.data, line.len);
            s->line.len = p - s->line.data;

            return NGX_OK;
        }
    }

    /* Then none goes upstream, rather than any. */
    *found = 0;

    ngx_http_h3s_log(r, &rate, NGX_LOG_ERR, "of several sessions, the one that was opened is not found again", NULL);

    return NGX_OK;
}


/*
 * "; name.1=...; name.2=...": the first of each name after the cookie that counts them, else the
 * first, as the library takes them.
 */
static u_char *
ngx_http_h3s_add_chunks(u_char *p, ngx_http_h3s_options_t *options, ngx_str_t *cookies, ngx_http_h3s_pair_t *after,
    ngx_int_t count, ngx_uint_t *added)
{
    ngx_int_t             i;
    ngx_str_t             chunks[NGX_HTTP_H3S_MAX_CHUNKS + 1];
    ngx_http_h3s_pair_t   pair;
    ngx_http_h3s_pairs_t  pairs;

    ngx_memzero(chunks, sizeof(chunks));

    pairs.options = options;
    pairs.p = cookies->data;
    pairs.last = cookies->data + cookies->len;

    while (ngx_http_h3s_next_pair(&pairs, &pair)) {

        if (pair.chunk < 1 || pair.value.len == 0) {
            continue;
        }

        i = pair.chunk;

        if (chunks[i].data == NULL || (chunks[i].data < after->text.data && pair.text.data > after->text.data)) {
            chunks[i] = pair.text;
        }
    }

    for (i = 1; i <= count && i <= NGX_HTTP_H3S_MAX_CHUNKS; i++) {
        if (chunks[i].len) {
            *p++ = ';';
            *p++ = ' ';
            p = ngx_cpymem(p, chunks[i].data, chunks[i].len);
            (*added)++;
        }
    }

    return p;
}


static ngx_uint_t
ngx_http_h3s_opens_the_same(ngx_http_h3s_session_t *s, ngx_str_t *line, const h3s_request *request)
{
    h3s_view      one, other;
    ngx_uint_t    same;
    h3s_request   alone;
    h3s_session  *session;

    ngx_memzero(&alone, sizeof(h3s_request));
    alone.size = sizeof(h3s_request);
    alone.flags = H3S_WARM_ONLY;
    alone.cookie = (char *) line->data;
    alone.cookie_len = line->len;
    alone.peer = request->peer;
    alone.peer_len = request->peer_len;
    alone.now_ms = request->now_ms;

    if (h3s_get(s->options->config, &alone, &session, NULL) != H3S_OK) {
        return 0;
    }

    one.size = sizeof(h3s_view);
    other.size = sizeof(h3s_view);

    same = h3s_session_view(s->session, &one) == H3S_OK && h3s_session_view(session, &other) == H3S_OK
           && other.source == H3S_SOURCE_COOKIE
           && one.created_at == other.created_at && one.last_seen_at == other.last_seen_at
           && one.data.len == other.data.len && ngx_memcmp(one.data.ptr, other.data.ptr, one.data.len) == 0
           && one.id.len == other.id.len && ngx_memcmp(one.id.ptr, other.id.ptr, one.id.len) == 0;

    h3s_session_free(session);

    return same;
}


/* How many chunks a value counts, 0 if it is no such value: __chunked__3, which may be escaped. */
static ngx_int_t
ngx_http_h3s_chunks(ngx_http_request_t *r, ngx_str_t *value)
{
    u_char     *plain, *to, *from;
    ngx_int_t   count;

    /* Nothing longer is one, even where each letter is escaped. */
    if (value->len > 3 * (sizeof("__chunked__100") - 1)) {
        return 0;
    }

    plain = ngx_pnalloc(r->pool, value->len);
    if (plain == NULL) {
        return NGX_ERROR;
    }

    to = plain;
    from = value->data;
    ngx_unescape_uri(&to, &from, value->len, 0);

    if (to - plain <= (ptrdiff_t) sizeof("__chunked__") - 1
        || ngx_strncmp(plain, "__chunked__", sizeof("__chunked__") - 1) != 0)
    {
        return 0;
    }

    plain += sizeof("__chunked__") - 1;

    count = ngx_atoi(plain, to - plain);

    return count > 0 ? count : 0;
}
