/* What a response that carries a session says, and what a request's headers say of it. */
#include <stdlib.h>
#include <string.h>

#include "h3s_node.h"

/* What the library has written for a header, if that went well: the string, as bytes. */
static napi_value written(napi_env env, char *out, size_t len, int32_t status)
{
    napi_value value = NULL;

    if (status != H3S_OK)
        value = failed(env, status);
    else if (out == NULL)
        napi_throw_error(env, "ERR_H3S_MEMORY", "out of memory");
    else
        napi_create_string_latin1(env, out, len, &value);
    free(out);
    return value;
}

/* strip(config, cookie) */
napi_value node_strip(napi_env env, napi_callback_info info)
{
    napi_value result;
    h3s_config *config;
    h3s_str cookie;
    char *out;
    size_t len;
    ARGUMENTS(2);

    config = take_open(env, me, argv[0], CONFIG, &result);
    if (config == NULL)
        return result;
    if (!take_bytes(env, me, 0, argv[1], &cookie))
        return NULL;
    out = malloc(cookie.len + 1);
    len = out == NULL ? 0 : h3s_cookie_strip(config, cookie.ptr, cookie.len, out);
    return written(env, out, len, H3S_OK);
}

/* session_strip(session, cookie) */
napi_value node_session_strip(napi_env env, napi_callback_info info)
{
    napi_value result;
    h3s_session *session;
    h3s_str cookie;
    char *out;
    size_t len;
    ARGUMENTS(2);

    session = take_session(env, me, argv[0], &result);
    if (session == NULL)
        return result;
    if (!take_bytes(env, me, 0, argv[1], &cookie))
        return NULL;
    out = malloc(cookie.len + 1);
    len = out == NULL ? 0 : h3s_session_strip(session, cookie.ptr, cookie.len, out);
    return written(env, out, len, H3S_OK);
}

/* vary(config, present) */
napi_value node_vary(napi_env env, napi_callback_info info)
{
    napi_value result;
    h3s_config *config;
    h3s_str present;
    char *out;
    size_t room, len = 0;
    int32_t status = H3S_OK;
    ARGUMENTS(2);

    config = take_open(env, me, argv[0], CONFIG, &result);
    if (config == NULL)
        return result;
    if (!take_bytes(env, me, 0, argv[1], &present))
        return NULL;
    room = present.len + h3s_config_vary(config).len + 3;
    out = malloc(room);
    if (out != NULL)
        status = h3s_header_vary(config, present.ptr, present.len, out, room, &len, &me->error);
    return written(env, out, len, status);
}

/* cache_control(present) */
napi_value node_cache_control(napi_env env, napi_callback_info info)
{
    h3s_str present;
    char *out;
    size_t room, len = 0;
    int32_t status = H3S_OK;
    ARGUMENTS(1);

    if (!take_bytes(env, me, 0, argv[0], &present))
        return NULL;
    room = 2 * present.len + 16;
    out = malloc(room);
    if (out != NULL)
        status = h3s_header_cache_control(present.ptr, present.len, out, room, &len, &me->error);
    return written(env, out, len, status);
}

/* is_targeted(name) */
napi_value node_is_targeted(napi_env env, napi_callback_info info)
{
    napi_value result = NULL;
    h3s_str name;
    ARGUMENTS(1);

    if (!take_bytes(env, me, 0, argv[0], &name))
        return NULL;
    napi_get_boolean(env, h3s_header_is_targeted(name.ptr, name.len) != 0, &result);
    return result;
}

/* is_cross_site(sec-fetch-site, origin, referer, host) */
napi_value node_is_cross_site(napi_env env, napi_callback_info info)
{
    napi_value result = NULL;
    h3s_str of[4];
    int i;
    ARGUMENTS(4);

    for (i = 0; i < 4; i++)
        if (!take_bytes(env, me, i, argv[i], &of[i]))
            return NULL;
    napi_get_boolean(env, h3s_is_cross_site(of[0].ptr, of[0].len, of[1].ptr, of[1].len, of[2].ptr, of[2].len, of[3].ptr, of[3].len) != 0,
                     &result);
    return result;
}

/* names(): [version, backend, then the rejections from 0] */
napi_value node_names(napi_env env, napi_callback_info info)
{
    const char *const texts[] = { h3s_version(), h3s_backend() };
    napi_value array = NULL;
    uint32_t i;

    (void)info;
    if (napi_create_array(env, &array) != napi_ok)
        return NULL;
    napi_set_element(env, array, 0, make_string(env, texts[0], strlen(texts[0])));
    napi_set_element(env, array, 1, make_string(env, texts[1], strlen(texts[1])));
    for (i = H3S_REJECTION_NONE; i <= H3S_REJECTION_TOO_LARGE; i++) {
        const char *name = h3s_rejection_str((int32_t)i);
        napi_set_element(env, array, i + 2, make_string(env, name, strlen(name)));
    }
    return array;
}
