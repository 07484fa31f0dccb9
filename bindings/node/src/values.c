/* Strings and numbers from JavaScript and to it. */
#include <stdlib.h>
#include <string.h>

#include "h3s_node.h"

/* Buffers are kept, but for what is larger than most requests. */
enum { KEPT = 64 * 1024 };

static char *room_for(napi_env env, buffer *buffer, size_t size)
{
    char *ptr;

    if (size <= buffer->room && (buffer->room <= KEPT || size > KEPT))
        return buffer->ptr;
    /* Not realloc: it would copy what nobody needs. */
    free(buffer->ptr);
    buffer->ptr = NULL;
    buffer->room = 0;
    ptr = malloc(size < 1024 ? 1024 : size);
    if (ptr == NULL) {
        napi_throw_error(env, "ERR_H3S_MEMORY", "out of memory");
        return NULL;
    }
    buffer->ptr = ptr;
    buffer->room = size < 1024 ? 1024 : size;
    return ptr;
}

static bool is_absent(napi_env env, napi_value value)
{
    napi_valuetype type = napi_undefined;

    return napi_typeof(env, value, &type) == napi_ok && (type == napi_undefined || type == napi_null);
}

static bool no_string(napi_env env)
{
    napi_throw_type_error(env, "ERR_H3S_ARGUMENT", "a string was expected");
    return false;
}

bool take_bytes(napi_env env, instance *me, int place, napi_value value, h3s_str *out)
{
    const char16_t *wide;
    char16_t *wide_room;
    char *ptr;
    size_t len = 0, i;

    out->ptr = NULL;
    out->len = 0;
    if (napi_get_value_string_utf16(env, value, NULL, 0, &len) != napi_ok)
        return is_absent(env, value) || no_string(env);
    ptr = room_for(env, &me->buffers[place], len + 1);
    wide_room = ptr == NULL ? NULL
        : (char16_t *)(void *)room_for(env, &me->buffers[BUFFERS - 1], (len + 1) * sizeof(char16_t));
    if (wide_room == NULL)
        return false;
    if (napi_get_value_string_utf16(env, value, wide_room, len + 1, &len) != napi_ok)
        return no_string(env);
    wide = wide_room;
    /* No token has a question mark: so what a wide character stands for opens nothing. */
    for (i = 0; i < len; i++)
        ptr[i] = (char)(wide[i] > 0xFF ? '?' : wide[i]);
    out->ptr = ptr;
    out->len = len;
    return true;
}

bool take_text(napi_env env, instance *me, int place, napi_value value, h3s_str *out)
{
    char *ptr;
    size_t len = 0;

    out->ptr = NULL;
    out->len = 0;
    if (napi_get_value_string_utf8(env, value, NULL, 0, &len) != napi_ok)
        return is_absent(env, value) || no_string(env);
    ptr = room_for(env, &me->buffers[place], len + 1);
    if (ptr == NULL)
        return false;
    if (napi_get_value_string_utf8(env, value, ptr, len + 1, &len) != napi_ok)
        return no_string(env);
    out->ptr = ptr;
    out->len = len;
    return true;
}

bool take_integer(napi_env env, napi_value value, int64_t *out)
{
    *out = 0;
    /* It gives 0 for what is no finite number, and the nearest of what is too large. */
    if (napi_get_value_int64(env, value, out) == napi_ok || is_absent(env, value))
        return true;
    napi_throw_type_error(env, "ERR_H3S_ARGUMENT", "a number was expected");
    return false;
}

/* ---- To JavaScript --------------------------------------------------------------------------- */

static bool is_ascii(const char *ptr, size_t len)
{
    unsigned char all = 0;
    size_t i;

    for (i = 0; i < len; i++)
        all |= (unsigned char)ptr[i];
    return all < 0x80;
}

/* Of ASCII, which is most often what there is, one byte a character: copied, not decoded. */
napi_value make_string(napi_env env, const char *ptr, size_t len)
{
    napi_value value = NULL;

    if (is_ascii(ptr, len))
        napi_create_string_latin1(env, ptr, len, &value);
    else
        napi_create_string_utf8(env, ptr, len, &value);
    return value;
}

napi_value make_str(napi_env env, h3s_str text)
{
    return text.ptr == NULL ? make_undefined(env) : make_string(env, text.ptr, text.len);
}

napi_value make_strings(napi_env env, const h3s_str *list, size_t count)
{
    napi_value array = NULL;
    size_t i;

    if (napi_create_array_with_length(env, count, &array) != napi_ok)
        return NULL;
    for (i = 0; i < count; i++)
        if (napi_set_element(env, array, (uint32_t)i, make_str(env, list[i])) != napi_ok)
            return NULL;
    return array;
}

napi_value make_number(napi_env env, double number)
{
    napi_value value = NULL;

    napi_create_double(env, number, &value);
    return value;
}

napi_value make_undefined(napi_env env)
{
    napi_value value = NULL;

    napi_get_undefined(env, &value);
    return value;
}

napi_value make_failure(napi_env env, const h3s_error *error)
{
    napi_value array = NULL;

    if (napi_create_array_with_length(env, 5, &array) != napi_ok)
        return NULL;
    napi_set_element(env, array, 0, make_number(env, error->status));
    napi_set_element(env, array, 1, make_number(env, error->offset));
    napi_set_element(env, array, 2, make_number(env, error->rejection));
    napi_set_element(env, array, 3, make_string(env, error->key, strlen(error->key)));
    napi_set_element(env, array, 4, make_string(env, error->message, strlen(error->message)));
    return array;
}

napi_value failed(napi_env env, int32_t status)
{
    return make_number(env, status);
}

napi_value failed_here(napi_env env, instance *me, int32_t status, const char *message)
{
    memset(&me->error, 0, sizeof me->error);
    me->error.status = status;
    me->error.offset = -1;
    strncpy(me->error.message, message, sizeof me->error.message - 1);
    return failed(env, status);
}

napi_value node_failure(napi_env env, napi_callback_info info)
{
    instance *me = instance_of(env);

    (void)info;
    return me == NULL ? NULL : make_failure(env, &me->error);
}
