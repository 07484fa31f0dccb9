/*
 * Headers: walking over them, comparing names, and what a response says to caches.
 */

#include "ngx_http_h3s.h"


static u_char ngx_http_h3s_letter(u_char c);
static ngx_uint_t ngx_http_h3s_word(ngx_str_t *list, ngx_str_t *word);
static ngx_uint_t ngx_http_h3s_varies(ngx_http_request_t *r, ngx_str_t *name);
static ngx_uint_t ngx_http_h3s_is(ngx_str_t *word, const char *name);
static ngx_uint_t ngx_http_h3s_is_targeted(ngx_table_elt_t *h);


static ngx_str_t  ngx_http_h3s_vary_key = ngx_string("Vary");
static ngx_str_t  ngx_http_h3s_cache_control_key = ngx_string("Cache-Control");

/*
 * What caches heed in place of Cache-Control; all the more so what ends in -Cache-Control, as RFC
 * 9213 has it.
 */
static ngx_str_t  ngx_http_h3s_targeted[] = {
    ngx_string("Surrogate-Control"),
    ngx_string("Edge-Control"),
    ngx_string("X-Accel-Expires"),
    ngx_null_string
};


/* list: NULL for none, and for a walk over Cookie lines. */
ngx_http_h3s_walk_t
ngx_http_h3s_walk(ngx_list_t *list)
{
    ngx_http_h3s_walk_t  walk;

    walk.part = list ? &list->part : NULL;
    walk.cookie = NULL;
    walk.i = 0;

    return walk;
}


ngx_table_elt_t *
ngx_http_h3s_next(ngx_http_h3s_walk_t *walk)
{
    for ( /* void */ ; walk->part; walk->part = walk->part->next, walk->i = 0) {
        if (walk->i < walk->part->nelts) {
            return (ngx_table_elt_t *) walk->part->elts + walk->i++;
        }
    }

    return NULL;
}


ngx_table_elt_t *
ngx_http_h3s_next_cookie(ngx_http_request_t *r, ngx_http_h3s_walk_t *walk)
{
#if (nginx_version >= 1023000)

    if (walk->i++ == 0) {
        walk->cookie = r->headers_in.cookie;

    } else if (walk->cookie) {
        walk->cookie = walk->cookie->next;
    }

#else

    ngx_table_elt_t  **h = r->headers_in.cookies.elts;

    walk->cookie = walk->i < r->headers_in.cookies.nelts ? h[walk->i++] : NULL;

#endif

    return walk->cookie;
}


/*
 * Upper and lower case are one, and so are all signs: an upstream may take X_Session_Id for
 * X-Session-Id.
 */
ngx_uint_t
ngx_http_h3s_name_is(ngx_table_elt_t *h, ngx_str_t *name)
{
    u_char  a, b;
    size_t  i;

    if (h->key.len != name->len) {
        return 0;
    }

    for (i = 0; i < name->len; i++) {
        a = ngx_http_h3s_letter(h->key.data[i]);
        b = ngx_http_h3s_letter(name->data[i]);

        if (a != b) {
            return 0;
        }
    }

    return 1;
}


static u_char
ngx_http_h3s_letter(u_char c)
{
    c = ngx_tolower(c);

    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '-';
}


/* Adds to Vary what is not there yet. */
ngx_int_t
ngx_http_h3s_vary(ngx_http_request_t *r, ngx_str_t *names)
{
    u_char           *p;
    ngx_str_t         rest, name, value;
    ngx_table_elt_t  *h;

    value.data = NULL;
    p = NULL;
    rest = *names;

    while (ngx_http_h3s_word(&rest, &name)) {

        if (ngx_http_h3s_varies(r, &name)) {
            continue;
        }

        if (value.data == NULL) {
            value.data = ngx_pnalloc(r->pool, names->len);
            if (value.data == NULL) {
                return NGX_ERROR;
            }

            p = value.data;

        } else {
            *p++ = ',';
            *p++ = ' ';
        }

        p = ngx_cpymem(p, name.data, name.len);
    }

    if (value.data == NULL) {
        return NGX_OK;
    }

    value.len = p - value.data;

    h = ngx_http_h3s_add_header(r, &ngx_http_h3s_vary_key);
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->value = value;

    return NGX_OK;
}


/*
 * A shared cache would hand one visitor's Set-Cookie to another. What else Cache-Control says
 * stays, and `private` comes beside `no-store` too, which some caches pass over; what is said to a
 * certain kind of shared cache only, and would go before it, does not.
 */
ngx_int_t
ngx_http_h3s_keep_private(ngx_http_request_t *r)
{
    u_char               *p;
    size_t                len;
    ngx_str_t             rest, word, value;
    ngx_table_elt_t      *h, *first;
    ngx_http_h3s_walk_t   walk;

    len = sizeof("private") - 1;
    first = NULL;

    walk = ngx_http_h3s_walk(&r->headers_out.headers);

    while ((h = ngx_http_h3s_next(&walk)) != NULL) {
        if (h->hash != 0 && ngx_http_h3s_name_is(h, &ngx_http_h3s_cache_control_key)) {
            len += h->value.len + 2;

        } else if (ngx_http_h3s_is_targeted(h)) {
            h->hash = 0;
        }
    }

    value.data = ngx_pnalloc(r->pool, len);
    if (value.data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(value.data, "private", sizeof("private") - 1);

    walk = ngx_http_h3s_walk(&r->headers_out.headers);

    while ((h = ngx_http_h3s_next(&walk)) != NULL) {

        if (h->hash == 0 || !ngx_http_h3s_name_is(h, &ngx_http_h3s_cache_control_key)) {
            continue;
        }

        if (first == NULL) {
            first = h;

        } else {
            h->hash = 0;
        }

        rest = h->value;

        while (ngx_http_h3s_word(&rest, &word)) {

            /* `private="Set-Cookie"` says less than `private`. */
            if (ngx_http_h3s_is(&word, "public") || ngx_http_h3s_is(&word, "private") || ngx_http_h3s_is(&word, "s-maxage")) {
                continue;
            }

            *p++ = ',';
            *p++ = ' ';
            p = ngx_cpymem(p, word.data, word.len);
        }
    }

    value.len = p - value.data;

    if (first == NULL) {
        first = ngx_http_h3s_add_header(r, &ngx_http_h3s_cache_control_key);
        if (first == NULL) {
            return NGX_ERROR;
        }
    }

    first->value = value;

    return NGX_OK;
}


ngx_table_elt_t *
ngx_http_h3s_add_header(ngx_http_request_t *r, ngx_str_t *key)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&r->headers_out.headers);

    if (h) {
        ngx_memzero(h, sizeof(ngx_table_elt_t));
        h->hash = 1;
        h->key = *key;
    }

    return h;
}


/* The next of a list's words; commas between quotation marks do not count. */
static ngx_uint_t
ngx_http_h3s_word(ngx_str_t *list, ngx_str_t *word)
{
    u_char      *p, *last;
    ngx_uint_t   quoted;

    p = list->data;
    last = p + list->len;

    while (p < last && (*p == ' ' || *p == '\t' || *p == ',')) {
        p++;
    }

    word->data = p;

    for (quoted = 0; p < last && (quoted || *p != ','); p++) {
        if (quoted && *p == '\\' && p + 1 < last) {
            p++;

        } else if (*p == '"') {
            quoted = !quoted;
        }
    }

    list->data = p;
    list->len = last - p;

    while (p > word->data && (p[-1] == ' ' || p[-1] == '\t')) {
        p--;
    }

    word->len = p - word->data;

    return word->len > 0;
}


static ngx_uint_t
ngx_http_h3s_varies(ngx_http_request_t *r, ngx_str_t *name)
{
    ngx_str_t             rest, word;
    ngx_table_elt_t      *h;
    ngx_http_h3s_walk_t   walk;

    walk = ngx_http_h3s_walk(&r->headers_out.headers);

    while ((h = ngx_http_h3s_next(&walk)) != NULL) {

        if (h->hash == 0 || !ngx_http_h3s_name_is(h, &ngx_http_h3s_vary_key)) {
            continue;
        }

        rest = h->value;

        while (ngx_http_h3s_word(&rest, &word)) {
            if ((word.len == 1 && word.data[0] == '*')
                || (word.len == name->len && ngx_strncasecmp(word.data, name->data, word.len) == 0))
            {
                return 1;
            }
        }
    }

    return 0;
}


/* Whether a directive, whatever its argument, is that one. */
static ngx_uint_t
ngx_http_h3s_is(ngx_str_t *word, const char *name)
{
    size_t  len;

    len = ngx_strlen(name);

    return word->len >= len && ngx_strncasecmp(word->data, (u_char *) name, len) == 0
           && (word->len == len || word->data[len] == '=' || word->data[len] == ' ');
}


static ngx_uint_t
ngx_http_h3s_is_targeted(ngx_table_elt_t *h)
{
    ngx_str_t        *name;
    ngx_table_elt_t   end;

    if (h->key.len > sizeof("-Cache-Control") - 1) {
        end.key.len = sizeof("Cache-Control") - 1;
        end.key.data = h->key.data + h->key.len - end.key.len;

        if (end.key.data[-1] == '-' && ngx_http_h3s_name_is(&end, &ngx_http_h3s_cache_control_key)) {
            return 1;
        }
    }

    for (name = ngx_http_h3s_targeted; name->len; name++) {
        if (ngx_http_h3s_name_is(h, name)) {
            return 1;
        }
    }

    return 0;
}
