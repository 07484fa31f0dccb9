/*
 * Whether another site has sent the browser here.
 */

#include "ngx_http_h3s.h"


static ngx_str_t *ngx_http_h3s_line(ngx_http_request_t *r, const char *name, size_t len);
static ngx_uint_t ngx_http_h3s_is_from(ngx_str_t *url, ngx_str_t *host);


/*
 * Such a request comes without the SameSite cookies that the browser has, so what it lacks is not
 * to be replaced or deleted.
 *
 * Browsers say so in Sec-Fetch-Site, but over https and to localhost only. Elsewhere Origin, else
 * Referer, names the page that they come from. Another host of the same site counts as another
 * site here: that spares a cookie too many, never one too few.
 */
ngx_uint_t
ngx_http_h3s_is_cross_site(ngx_http_request_t *r)
{
    ngx_str_t  *site, *page;

    site = ngx_http_h3s_line(r, "Sec-Fetch-Site", sizeof("Sec-Fetch-Site") - 1);

    if (site) {
        return site->len == sizeof("cross-site") - 1
               && ngx_memcmp(site->data, "cross-site", site->len) == 0;
    }

    page = ngx_http_h3s_line(r, "Origin", sizeof("Origin") - 1);

    if (page == NULL) {
        page = ngx_http_h3s_line(r, "Referer", sizeof("Referer") - 1);
    }

    return page && !ngx_http_h3s_is_from(page, &r->headers_in.server);
}


/* The first such line that is not empty. Unlike ngx_http_h3s_name_is, it takes only "-" for "-". */
static ngx_str_t *
ngx_http_h3s_line(ngx_http_request_t *r, const char *name, size_t len)
{
    ngx_table_elt_t      *h;
    ngx_http_h3s_walk_t   walk;

    walk = ngx_http_h3s_walk(&r->headers_in.headers);

    while ((h = ngx_http_h3s_next(&walk)) != NULL) {
        if (h->key.len == len && h->value.len
            && ngx_strncasecmp(h->key.data, (u_char *) name, len) == 0)
        {
            return &h->value;
        }
    }

    return NULL;
}


/*
 * Whether a URL is of the host that nginx has read from the request, whatever the port. The origin
 * "null" is of none, nor is what names a user, who might be spelt like a host.
 */
static ngx_uint_t
ngx_http_h3s_is_from(ngx_str_t *url, ngx_str_t *host)
{
    u_char  *p, *last, *end;

    last = url->data + url->len;

    p = ngx_strlchr(url->data, last, ':');

    if (p == NULL || last - p < 3 || p[1] != '/' || p[2] != '/') {
        return 0;
    }

    p += 3;

    for (end = p; end < last && *end != '/' && *end != '?' && *end != '#'; end++) {
        if (*end == '@') {
            return 0;
        }
    }

    return host->len && (size_t) (end - p) >= host->len
           && ngx_strncasecmp(p, host->data, host->len) == 0
           && (p + host->len == end || p[host->len] == ':');
}
