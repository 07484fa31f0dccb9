/* What is revoked. */
#include <stdlib.h>

#include "h3s_node.h"

/* entries(session): an array */
napi_value node_entries(napi_env env, napi_callback_info info)
{
    return list_of(env, info, h3s_revocation_entries);
}

enum { ENTRY_ROOM = 2048, WHOSE_ROOM = 1025 };

/* revoke_session(config, id, now): the entry */
napi_value node_revoke_session(napi_env env, napi_callback_info info)
{
    napi_value result;
    h3s_config *config;
    h3s_str id;
    int64_t now;
    char out[ENTRY_ROOM];
    size_t len = 0;
    int32_t status;
    ARGUMENTS(3);

    config = take_open(env, me, argv[0], CONFIG, &result);
    if (config == NULL)
        return result;
    if (!take_text(env, me, 0, argv[1], &id) || !take_integer(env, argv[2], &now))
        return NULL;
    status = h3s_revoke_session(config, id.ptr, id.len, now, out, sizeof out, &len, &me->error);
    return status != H3S_OK ? failed(env, status) : make_string(env, out, len);
}

/* revoke_subject(config, subject, before, now): the entry; of everybody, if no subject is named */
napi_value node_revoke_subject(napi_env env, napi_callback_info info)
{
    napi_value result;
    h3s_config *config;
    h3s_str subject;
    int64_t before, now;
    char out[ENTRY_ROOM];
    size_t len = 0;
    int32_t status;
    ARGUMENTS(4);

    config = take_open(env, me, argv[0], CONFIG, &result);
    if (config == NULL)
        return result;
    if (!take_text(env, me, 0, argv[1], &subject) || !take_integer(env, argv[2], &before)
        || !take_integer(env, argv[3], &now))
        return NULL;
    status = h3s_revoke_subject(config, subject.ptr, subject.len, before, now, out, sizeof out, &len, &me->error);
    return status != H3S_OK ? failed(env, status) : make_string(env, out, len);
}

/* read_entry(config, line): [kind, whose, before, until] */
napi_value node_read_entry(napi_env env, napi_callback_info info)
{
    h3s_entry_info entry = H3S_ENTRY_INFO_INIT;
    napi_value result, array = NULL;
    h3s_config *config;
    h3s_str line;
    char out[WHOSE_ROOM];
    size_t len = 0;
    int32_t status;
    ARGUMENTS(2);

    config = take_open(env, me, argv[0], CONFIG, &result);
    if (config == NULL)
        return result;
    if (!take_text(env, me, 0, argv[1], &line))
        return NULL;
    status = h3s_revocation_read(config, line.ptr, line.len, &entry, out, sizeof out, &len, &me->error);
    if (status != H3S_OK)
        return failed(env, status);
    if (napi_create_array_with_length(env, 4, &array) != napi_ok)
        return NULL;
    napi_set_element(env, array, 0, make_number(env, entry.kind));
    napi_set_element(env, array, 1, make_string(env, out, len));
    napi_set_element(env, array, 2, make_number(env, (double)entry.before));
    napi_set_element(env, array, 3, make_number(env, (double)entry.until));
    return array;
}

/* ---- A copy of what is revoked --------------------------------------------------------------- */

/* revocations(room) */
napi_value node_revocations(napi_env env, napi_callback_info info)
{
    h3s_revocations *made = NULL;
    int64_t room;
    int32_t status;
    ARGUMENTS(1);

    if (!take_integer(env, argv[0], &room))
        return NULL;
    status = h3s_revocations_new(room < 0 ? 0 : (size_t)room, &made, &me->error);
    return status != H3S_OK ? failed(env, status) : make_handle(env, REVOCATIONS, made);
}

/* How many entries were applied, as a number that is no status: less than 0. */
static napi_value applied_are(napi_env env, size_t applied)
{
    return make_number(env, -1 - (double)applied);
}

/* apply(revocations, config, lines, now): -1 less how many were applied */
napi_value node_apply(napi_env env, napi_callback_info info)
{
    napi_value result;
    h3s_revocations *revocations;
    h3s_config *config;
    h3s_str lines;
    int64_t now;
    size_t applied = 0;
    int32_t status;
    ARGUMENTS(4);

    revocations = take_open(env, me, argv[0], REVOCATIONS, &result);
    if (revocations == NULL)
        return result;
    config = take_open(env, me, argv[1], CONFIG, &result);
    if (config == NULL)
        return result;
    if (!take_text(env, me, 0, argv[2], &lines) || !take_integer(env, argv[3], &now))
        return NULL;
    status = h3s_revocations_apply(revocations, config, lines.ptr, lines.len, now, &applied, &me->error);
    return status != H3S_OK ? failed(env, status) : applied_are(env, applied);
}

/* heard(revocations, now) */
napi_value node_heard(napi_env env, napi_callback_info info)
{
    napi_value result;
    h3s_revocations *revocations;
    int64_t now;
    ARGUMENTS(2);

    revocations = take_open(env, me, argv[0], REVOCATIONS, &result);
    if (revocations == NULL)
        return result;
    return take_integer(env, argv[1], &now) ? failed(env, h3s_revocations_heard(revocations, now, &me->error)) : NULL;
}

/* revocations_view(revocations): [entries, room, missed, when all was heard] */
napi_value node_revocations_view(napi_env env, napi_callback_info info)
{
    h3s_revocations_info of = H3S_REVOCATIONS_INFO_INIT;
    napi_value result, array = NULL;
    h3s_revocations *revocations;
    int32_t status;
    ARGUMENTS(1);

    revocations = take_open(env, me, argv[0], REVOCATIONS, &result);
    if (revocations == NULL)
        return result;
    status = h3s_revocations_view(revocations, 0, &of, &me->error);
    if (status != H3S_OK)
        return failed(env, status);
    if (napi_create_array_with_length(env, 4, &array) != napi_ok)
        return NULL;
    napi_set_element(env, array, 0, make_number(env, (double)of.entries));
    napi_set_element(env, array, 1, make_number(env, (double)of.room));
    napi_set_element(env, array, 2, make_number(env, (double)of.missed));
    napi_set_element(env, array, 3, make_number(env, (double)of.heard_at));
    return array;
}

/* ---- The file -------------------------------------------------------------------------------- */

/* file(path) */
napi_value node_file(napi_env env, napi_callback_info info)
{
    h3s_revocation_file *file = NULL;
    h3s_str path;
    int32_t status;
    ARGUMENTS(1);

    if (!take_text(env, me, 0, argv[0], &path))
        return NULL;
    status = h3s_revocation_file_open(path.ptr, path.len, 0, &file, &me->error);
    return status != H3S_OK ? failed(env, status) : make_handle(env, REVOCATION_FILE, file);
}

static void run_append(job *job)
{
    job->status = h3s_revocation_file_append(job->handles[0]->ptr, job->texts[0].ptr, job->texts[0].len, 0, &job->error);
}

/* append_job(file, lines) */
napi_value node_append_job(napi_env env, napi_callback_info info)
{
    napi_value result;
    handle *file;
    h3s_str lines;
    job *job;
    ARGUMENTS(2);

    if (take_open(env, me, argv[0], REVOCATION_FILE, &result) == NULL)
        return result;
    if (!take_handle(env, argv[0], REVOCATION_FILE, false, &file) || !take_text(env, me, 0, argv[1], &lines))
        return NULL;
    job = new_job(env, run_append, &lines, 1);
    if (job == NULL)
        return NULL;
    job_has(job, 0, file);
    return start(env, job);
}

static bool take_three(napi_env env, instance *me, const napi_value *argv, handle *out[3], napi_value *result)
{
    static const kind kinds[3] = { REVOCATION_FILE, REVOCATIONS, CONFIG };
    int i;

    for (i = 0; i < 3; i++)
        if (take_open(env, me, argv[i], kinds[i], result) == NULL || !take_handle(env, argv[i], kinds[i], false, &out[i]))
            return false;
    return true;
}

/* poll(file, revocations, config): at the start, since what opens next is to know of all */
napi_value node_poll(napi_env env, napi_callback_info info)
{
    napi_value result;
    handle *of[3];
    ARGUMENTS(3);

    if (!take_three(env, me, argv, of, &result))
        return result;
    return failed(env, h3s_revocation_file_poll(of[0]->ptr, of[1]->ptr, of[2]->ptr, 0, NULL, &me->error));
}

static void run_poll(job *job)
{
    job->status = h3s_revocation_file_poll(job->handles[0]->ptr, job->handles[1]->ptr, job->handles[2]->ptr, 0, NULL,
                                           &job->error);
}

/* poll_job(file, revocations, config) */
napi_value node_poll_job(napi_env env, napi_callback_info info)
{
    napi_value result;
    handle *of[3];
    size_t i;
    job *job;
    ARGUMENTS(3);

    if (!take_three(env, me, argv, of, &result))
        return result;
    job = new_job(env, run_poll, NULL, 0);
    if (job == NULL)
        return NULL;
    for (i = 0; i < 3; i++)
        job_has(job, i, of[i]);
    return start(env, job);
}
