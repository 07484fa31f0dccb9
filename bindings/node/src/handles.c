/* What JavaScript holds: configs, sessions, copies of what is revoked, files. */
#include <stdlib.h>

#include "h3s_node.h"

static void give_up(handle *held)
{
    void *ptr = held->ptr;

    held->ptr = NULL;
    held->is_closed = false;
    switch (held->kind) {
    case CONFIG:
        h3s_config_free(ptr);
        break;
    case SESSION:
        h3s_session_free(ptr);
        break;
    case REVOCATIONS:
        h3s_revocations_free(ptr);
        break;
    case REVOCATION_FILE:
        h3s_revocation_file_close(ptr);
        break;
    }
}

static void finalize(napi_env env, void *data, void *hint)
{
    handle *held = data;

    (void)env;
    (void)hint;
    held->is_garbage = true;
    if (held->users > 0)
        return;
    give_up(held);
    free(held);
}

/* Owns `ptr`, also where it fails. */
napi_value make_handle(napi_env env, kind kind, void *ptr)
{
    napi_value value = NULL;
    handle *held = calloc(1, sizeof *held);

    if (held == NULL) {
        handle gone = { kind, true, true, 0, ptr };
        give_up(&gone);
        napi_throw_error(env, "ERR_H3S_MEMORY", "out of memory");
        return NULL;
    }
    held->kind = kind;
    held->ptr = ptr;
    if (napi_create_external(env, held, finalize, NULL, &value) != napi_ok) {
        give_up(held);
        free(held);
        return NULL;
    }
    return value;
}

bool take_handle(napi_env env, napi_value value, kind kind, bool is_optional, handle **out)
{
    napi_valuetype type = napi_undefined;
    void *data = NULL;

    *out = NULL;
    if (napi_get_value_external(env, value, &data) == napi_ok) {
        if (data != NULL && ((handle *)data)->kind == kind) {
            *out = data;
            return true;
        }
    } else if (is_optional && napi_typeof(env, value, &type) == napi_ok && type == napi_undefined) {
        return true;
    }
    napi_throw_type_error(env, "ERR_H3S_ARGUMENT", "that is no handle of its kind");
    return false;
}

void *take_open(napi_env env, instance *me, napi_value value, kind kind, napi_value *result)
{
    handle *held;

    *result = NULL;
    if (!take_handle(env, value, kind, false, &held))
        return NULL;
    if (held->ptr == NULL || held->is_closed) {
        *result = failed_here(env, me, H3S_ERR_STATE, kind == SESSION ? "the session was freed" : "it was closed");
        return NULL;
    }
    return held->ptr;
}

h3s_session *take_session(napi_env env, instance *me, napi_value value, napi_value *result)
{
    h3s_session *session = take_open(env, me, value, SESSION, result);
    handle *held;

    if (session != NULL && take_handle(env, value, SESSION, false, &held) && held->users > 0) {
        *result = failed_here(env, me, H3S_ERR_STATE, "the session is being sealed: await that first");
        return NULL;
    }
    return session;
}

void hold(handle *held)
{
    held->users++;
}

void release(handle *held)
{
    if (held == NULL || --held->users > 0)
        return;
    if (held->is_closed || held->is_garbage)
        give_up(held);
    if (held->is_garbage)
        free(held);
}

/* close_handle(handle): whether what was in it is given up already, so that it may hold another. */
napi_value node_close_handle(napi_env env, napi_callback_info info)
{
    napi_value result = NULL;
    void *data = NULL;
    handle *held;
    ARGUMENTS(1);

    if (napi_get_value_external(env, argv[0], &data) != napi_ok || data == NULL) {
        napi_throw_type_error(env, "ERR_H3S_ARGUMENT", "that is no handle");
        return NULL;
    }
    held = data;
    if (held->users > 0)
        held->is_closed = true;
    else
        give_up(held);
    napi_get_boolean(env, held->users == 0, &result);
    return result;
}

/* session(): for a session that is not open yet. */
napi_value node_session(napi_env env, napi_callback_info info)
{
    (void)info;
    return make_handle(env, SESSION, NULL);
}
