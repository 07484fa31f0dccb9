/*
 * Whether another site has sent the browser here.
 */

#include "ngx_http_h3s.h"


static ngx_str_t  ngx_http_h3s_site_keys[] = {
    ngx_string("Sec-Fetch-Site"),
    ngx_string("Origin"),
    ngx_string("Referer")
};


/*
 * Such a request comes without the SameSite cookies that the browser has, so what it lacks is not
 * to be replaced or deleted. What cannot be found out is another site: that spares a cookie too
 * many, never one too few.
 */
ngx_uint_t
ngx_http_h3s_is_cross_site(ngx_http_request_t *r)
{
    ngx_str_t   said[3], *host;
    ngx_uint_t  i;

    for (i = 0; i < 3; i++) {
        if (ngx_http_h3s_lines(r, &r->headers_in.headers, &ngx_http_h3s_site_keys[i], &said[i]) != NGX_OK) {
            return 1;
        }
    }

    /* As nginx has read it from the request line, Host or :authority. */
    host = &r->headers_in.server;

    return h3s_is_cross_site((char *) said[0].data, said[0].len, (char *) said[1].data, said[1].len,
                             (char *) said[2].data, said[2].len, (char *) host->data, host->len);
}
