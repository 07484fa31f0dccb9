/* What an environment has for itself, and the list of functions. */
#include <stdlib.h>

#include "h3s_node.h"

instance *instance_of(napi_env env)
{
    void *data = NULL;

    return napi_get_instance_data(env, &data) == napi_ok ? data : NULL;
}

static void free_instance(napi_env env, void *data, void *hint)
{
    instance *me = data;
    int i;

    (void)hint;
    for (i = 0; i < BUFFERS; i++)
        free(me->buffers[i].ptr);
    napi_delete_reference(env, me->view_ref);
    free(me);
}

/* The numbers of a session go through one array that both sides have: a call fewer for each. */
static bool make_view(napi_env env, instance *me, napi_value exports)
{
    napi_value buffer = NULL, array = NULL;
    void *data = NULL;

    if (napi_create_arraybuffer(env, VIEW_LENGTH * sizeof(double), &data, &buffer) != napi_ok
        || napi_create_typedarray(env, napi_float64_array, VIEW_LENGTH, buffer, 0, &array) != napi_ok
        || napi_create_reference(env, buffer, 1, &me->view_ref) != napi_ok)
        return false;
    me->view = data;
    return napi_set_named_property(env, exports, "viewed", array) == napi_ok;
}

#define DESCRIBE(name) { #name, NULL, node_##name, NULL, NULL, NULL, napi_enumerable, NULL },
static const napi_property_descriptor functions[] = { NODE_FUNCTIONS(DESCRIBE) };

NAPI_MODULE_INIT()
{
    instance *me = calloc(1, sizeof *me);

    if (me == NULL || napi_set_instance_data(env, me, free_instance, NULL) != napi_ok) {
        free(me);
        napi_throw_error(env, "ERR_H3S_MEMORY", "out of memory");
        return NULL;
    }
    if (!make_view(env, me, exports)
        || napi_define_properties(env, exports, sizeof functions / sizeof functions[0], functions) != napi_ok)
        napi_throw_error(env, "ERR_H3S_INTERNAL", "the module could not be made");
    return exports;
}
