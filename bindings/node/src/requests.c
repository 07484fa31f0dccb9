/* Opening, reading and writing a session. */
#define _DEFAULT_SOURCE
#include <stddef.h>
#include <string.h>

#include "h3s_node.h"

/* ---- Configs --------------------------------------------------------------------------------- */

/* config(json) */
napi_value node_config(napi_env env, napi_callback_info info)
{
    h3s_config *config = NULL;
    h3s_str json;
    int32_t status;
    ARGUMENTS(1);

    if (!take_text(env, me, 0, argv[0], &json))
        return NULL;
    status = h3s_config_new(json.ptr, json.len, &config, &me->error);
    if (json.ptr != NULL)
        explicit_bzero(me->buffers[0].ptr, json.len);
    return status != H3S_OK ? failed(env, status) : make_handle(env, CONFIG, config);
}

static void run_config(job *job)
{
    h3s_config *config = NULL;

    job->status = h3s_config_new(job->texts[0].ptr, job->texts[0].len, &config, &job->error);
    job->made = config;
    job->made_kind = CONFIG;
}

napi_value node_config_job(napi_env env, napi_callback_info info)
{
    h3s_str json;
    job *job;
    ARGUMENTS(1);

    if (!take_text(env, me, 0, argv[0], &json))
        return NULL;
    job = new_job(env, run_config, &json, 1);
    if (json.ptr != NULL)
        explicit_bzero(me->buffers[0].ptr, json.len);
    return job == NULL ? NULL : start(env, job);
}

/* config_info(config): [cookie's name, header's name, vary, flags, revocation file, keep] */
napi_value node_config_info(napi_env env, napi_callback_info info)
{
    napi_value result, array = NULL;
    h3s_config *config;
    ARGUMENTS(1);

    config = take_open(env, me, argv[0], CONFIG, &result);
    if (config == NULL)
        return result;
    if (napi_create_array_with_length(env, 6, &array) != napi_ok)
        return NULL;
    napi_set_element(env, array, 0, make_str(env, h3s_config_cookie_name(config)));
    napi_set_element(env, array, 1, make_str(env, h3s_config_header_name(config)));
    napi_set_element(env, array, 2, make_str(env, h3s_config_vary(config)));
    napi_set_element(env, array, 3, make_number(env, h3s_config_flags(config)));
    napi_set_element(env, array, 4, make_str(env, h3s_config_revocation_file(config)));
    napi_set_element(env, array, 5, make_number(env, (double)h3s_config_revocation_keep(config)));
    return array;
}

/* The counts of h3s_counts by their names in JavaScript. */
static const struct {
    const char *name;
    size_t offset;
} COUNTS[] = {
    { "openedCookie", offsetof(h3s_counts, opened_cookie) },
    { "openedHeader", offsetof(h3s_counts, opened_header) },
    { "openedToken", offsetof(h3s_counts, opened_token) },
    { "made", offsetof(h3s_counts, made) },
    { "openedOldPassword", offsetof(h3s_counts, opened_old_password) },
    { "openedOtherFormat", offsetof(h3s_counts, opened_other_format) },
    { "cold", offsetof(h3s_counts, cold) },
    { "busy", offsetof(h3s_counts, busy) },
    { "stale", offsetof(h3s_counts, stale) },
    { "sealed", offsetof(h3s_counts, sealed) },
    { "slid", offsetof(h3s_counts, slid) },
    { "movedPassword", offsetof(h3s_counts, moved_password) },
    { "movedFormat", offsetof(h3s_counts, moved_format) },
    { "rotated", offsetof(h3s_counts, rotated) },
    { "cleared", offsetof(h3s_counts, cleared) },
    { "revoked", offsetof(h3s_counts, revoked) },
};

/* counts(config): an object, in which `refused` is one by the names of the rejections */
napi_value node_counts(napi_env env, napi_callback_info info)
{
    h3s_counts counts = H3S_COUNTS_INIT;
    napi_value result, object = NULL, refused = NULL;
    h3s_config *config;
    int32_t status, reason;
    size_t i;
    ARGUMENTS(1);

    config = take_open(env, me, argv[0], CONFIG, &result);
    if (config == NULL)
        return result;
    status = h3s_config_counts(config, &counts, &me->error);
    if (status != H3S_OK)
        return failed(env, status);
    if (napi_create_object(env, &object) != napi_ok || napi_create_object(env, &refused) != napi_ok)
        return NULL;
    for (i = 0; i < sizeof COUNTS / sizeof COUNTS[0]; i++) {
        uint64_t count;
        memcpy(&count, (const char *)&counts + COUNTS[i].offset, sizeof count);
        napi_set_named_property(env, object, COUNTS[i].name, make_number(env, (double)count));
    }
    for (reason = H3S_REJECTION_NONE + 1; reason <= H3S_REJECTION_TOO_LARGE; reason++)
        napi_set_named_property(env, refused, h3s_rejection_str(reason),
                                make_number(env, (double)counts.refused[reason]));
    napi_set_named_property(env, object, "refused", refused);
    return object;
}

/* ---- Opening --------------------------------------------------------------------------------- */

enum { USE, GET, UNSEAL };

static int32_t open_by(int how, const h3s_config *config, const h3s_request *request, h3s_session **out,
                       h3s_error *error)
{
    switch (how) {
    case GET:
        return h3s_get(config, request, out, error);
    case UNSEAL:
        return h3s_unseal(config, request, out, error);
    default:
        return h3s_use(config, request, out, error);
    }
}

/* Whether JavaScript has given the memory of the view away, as to another thread. */
static bool is_view_gone(napi_env env, const instance *me)
{
    napi_value buffer = NULL;
    bool is_detached = true;

    return napi_get_reference_value(env, me->view_ref, &buffer) != napi_ok || buffer == NULL
        || napi_is_detached_arraybuffer(env, buffer, &is_detached) != napi_ok || is_detached;
}

/* Fills the instance's view, and gives the data. */
static napi_value view_of(napi_env env, instance *me, const h3s_session *session)
{
    h3s_view view = H3S_VIEW_INIT;
    int32_t status = is_view_gone(env, me) ? H3S_ERR_INTERNAL : h3s_session_view(session, &view);

    if (status != H3S_OK)
        return failed_here(env, me, status, h3s_status_str(status));
    me->view[VIEW_FLAGS] = view.flags;
    me->view[VIEW_CREATED_AT] = (double)view.created_at;
    me->view[VIEW_LAST_SEEN_AT] = (double)view.last_seen_at;
    me->view[VIEW_EXPIRES_AT] = (double)view.expires_at;
    me->view[VIEW_SOURCE] = view.source;
    me->view[VIEW_REJECTION] = view.rejection;
    return make_str(env, view.data);
}

typedef struct opening {
    handle *session, *config, *revocations;
    int64_t how, flags, now;
    h3s_str texts[3]; /* cookie, header, peer */
} opening;

/* The arguments of `open` and `open_job`. */
static bool take_opening(napi_env env, instance *me, const napi_value *argv, opening *out, napi_value *result)
{
    *result = NULL;
    if (!take_handle(env, argv[0], SESSION, false, &out->session) || !take_handle(env, argv[1], CONFIG, false, &out->config)
        || !take_handle(env, argv[8], REVOCATIONS, true, &out->revocations) || !take_integer(env, argv[2], &out->how)
        || !take_integer(env, argv[3], &out->flags) || !take_bytes(env, me, 0, argv[4], &out->texts[0])
        || !take_bytes(env, me, 1, argv[5], &out->texts[1]) || !take_text(env, me, 2, argv[6], &out->texts[2])
        || !take_integer(env, argv[7], &out->now))
        return false;
    if (out->config->ptr == NULL || out->config->is_closed)
        *result = failed_here(env, me, H3S_ERR_STATE, "the Sessions were closed");
    else if (out->session->users > 0 || out->session->ptr != NULL)
        *result = failed_here(env, me, H3S_ERR_STATE, "the session is open already");
    return *result == NULL;
}

void put_request(h3s_request *request, const h3s_str texts[3], int64_t now, uint32_t flags,
                 const handle *revocations)
{
    request->flags = flags;
    request->cookie = texts[0].ptr;
    request->cookie_len = texts[0].len;
    request->header = texts[1].ptr;
    request->header_len = texts[1].len;
    request->peer = texts[2].ptr;
    request->peer_len = texts[2].len;
    request->now_ms = now;
    request->revocations = revocations == NULL ? NULL : revocations->ptr;
}

/* open(session, config, how, flags, cookie, header, peer, now, revocations): the data, and fills
 * the view */
napi_value node_open(napi_env env, napi_callback_info info)
{
    h3s_request request = H3S_REQUEST_INIT;
    h3s_session *session = NULL;
    napi_value result;
    opening given;
    int32_t status;
    ARGUMENTS(9);

    if (!take_opening(env, me, argv, &given, &result))
        return result;
    put_request(&request, given.texts, given.now, (uint32_t)given.flags, given.revocations);
    status = open_by((int)given.how, given.config->ptr, &request, &session, &me->error);
    if (status != H3S_OK)
        return failed(env, status);
    given.session->ptr = session;
    return view_of(env, me, session);
}

static void run_open(job *job)
{
    h3s_request request = H3S_REQUEST_INIT;
    h3s_session *session = NULL;

    put_request(&request, job->texts, job->now, job->flags, job->handles[2]);
    job->status = open_by(job->how, job->handles[1]->ptr, &request, &session, &job->error);
    job->made = session;
    job->made_kind = SESSION;
}

/* open_job(as open): it fills no view */
napi_value node_open_job(napi_env env, napi_callback_info info)
{
    napi_value result;
    opening given;
    job *job;
    ARGUMENTS(9);

    if (!take_opening(env, me, argv, &given, &result))
        return result;
    job = new_job(env, run_open, given.texts, 3);
    if (job == NULL)
        return NULL;
    job_has(job, 0, given.session);
    job_has(job, 1, given.config);
    job_has(job, 2, given.revocations);
    job->how = (int)given.how;
    job->now = given.now;
    job->flags = (uint32_t)given.flags & ~(uint32_t)H3S_WARM_ONLY;
    return start(env, job);
}

/* ---- Reading --------------------------------------------------------------------------------- */

/* view(session): as `open` gives it */
napi_value node_view(napi_env env, napi_callback_info info)
{
    napi_value result;
    h3s_session *session;
    ARGUMENTS(1);

    session = take_session(env, me, argv[0], &result);
    return session == NULL ? result : view_of(env, me, session);
}

#define GETTER(name, function)                                    \
    napi_value node_##name(napi_env env, napi_callback_info info) \
    {                                                             \
        napi_value result;                                        \
        h3s_session *session;                                     \
        ARGUMENTS(1);                                             \
                                                                  \
        session = take_session(env, me, argv[0], &result);        \
        return session == NULL ? result : make_str(env, function(session)); \
    }

GETTER(data, h3s_session_data)
GETTER(id, h3s_session_id)
GETTER(log_id, h3s_session_log_id)

/* lifetime(session): [seconds, flags] */
napi_value node_lifetime(napi_env env, napi_callback_info info)
{
    napi_value result, array = NULL;
    h3s_session *session;
    uint32_t flags = 0;
    ARGUMENTS(1);

    session = take_session(env, me, argv[0], &result);
    if (session == NULL)
        return result;
    if (napi_create_array_with_length(env, 2, &array) != napi_ok)
        return NULL;
    napi_set_element(env, array, 0, make_number(env, (double)h3s_session_lifetime(session, &flags)));
    napi_set_element(env, array, 1, make_number(env, flags));
    return array;
}

/* ---- Writing --------------------------------------------------------------------------------- */

/* As in lib/native.js. */
enum { UPDATE, REPLACE, REMOVE, SET_ID, ENSURE, ROTATE, CLEAR, REVOKE, REVOKE_EVERYWHERE, SET_LIFETIME, SET_NOW };

/* write(session, what, text, number, flags) */
napi_value node_write(napi_env env, napi_callback_info info)
{
    int64_t what, number, flags;
    napi_value result;
    h3s_session *session;
    h3s_str text;
    int32_t status = H3S_ERR_ARGUMENT;
    ARGUMENTS(5);

    session = take_session(env, me, argv[0], &result);
    if (session == NULL)
        return result;
    if (!take_integer(env, argv[1], &what) || !take_text(env, me, 0, argv[2], &text)
        || !take_integer(env, argv[3], &number) || !take_integer(env, argv[4], &flags))
        return NULL;
    switch (what) {
    case UPDATE:
        status = h3s_update(session, text.ptr, text.len, &me->error);
        break;
    case REPLACE:
        status = h3s_replace(session, text.ptr, text.len, &me->error);
        break;
    case REMOVE:
        status = h3s_remove(session, text.ptr, text.len, &me->error);
        break;
    case SET_ID:
        status = h3s_session_set_id(session, text.ptr, text.len, &me->error);
        break;
    case ENSURE:
        status = h3s_ensure(session, &me->error);
        break;
    case ROTATE:
        status = h3s_rotate(session, &me->error);
        break;
    case CLEAR:
        status = h3s_clear(session, &me->error);
        break;
    case REVOKE:
        status = h3s_revoke(session, &me->error);
        break;
    case REVOKE_EVERYWHERE:
        status = h3s_revoke_everywhere(session, &me->error);
        break;
    case SET_LIFETIME:
        status = h3s_session_set_lifetime(session, number, (uint32_t)flags, &me->error);
        break;
    case SET_NOW:
        status = h3s_session_set_now(session, number, &me->error);
        break;
    default:
        return failed_here(env, me, status, "there is no such write");
    }
    return failed(env, status);
}

napi_value list_of(napi_env env, napi_callback_info info,
                   int32_t (*list)(h3s_session *session, const h3s_str **out, size_t *count,
                                   h3s_error *err))
{
    const h3s_str *strings = NULL;
    napi_value result;
    h3s_session *session;
    size_t count = 0;
    int32_t status;
    ARGUMENTS(1);

    session = take_session(env, me, argv[0], &result);
    if (session == NULL)
        return result;
    status = list(session, &strings, &count, &me->error);
    return status != H3S_OK ? failed(env, status) : make_strings(env, strings, count);
}
