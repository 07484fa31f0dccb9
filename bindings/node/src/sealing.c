/* Sealing a session, and tokens without one. */
#include <stdlib.h>
#include <string.h>

#include "h3s_node.h"

/* cookies(session): an array */
napi_value node_cookies(napi_env env, napi_callback_info info)
{
    return list_of(env, info, h3s_set_cookies);
}

static void run_cookies(job *job)
{
    const h3s_str *list = NULL;
    size_t count = 0;

    job->status = h3s_set_cookies(job->handles[0]->ptr, &list, &count, &job->error);
}

static void run_seal(job *job)
{
    h3s_str token = { NULL, 0 };

    job->status = h3s_seal(job->handles[0]->ptr, &token, &job->error);
    if (job->status != H3S_OK)
        return;
    job->text = malloc(token.len + 1);
    if (job->text == NULL) {
        job->status = job->error.status = H3S_ERR_MEMORY;
        return;
    }
    memcpy(job->text, token.ptr, token.len);
    job->text_len = token.len;
}

static napi_value session_job(napi_env env, napi_callback_info info, void (*run)(job *job))
{
    napi_value result;
    handle *held;
    job *job;
    ARGUMENTS(1);

    if (take_session(env, me, argv[0], &result) == NULL)
        return result;
    if (!take_handle(env, argv[0], SESSION, false, &held))
        return NULL;
    job = new_job(env, run, NULL, 0);
    if (job == NULL)
        return NULL;
    job_has(job, 0, held);
    return start(env, job);
}

/* cookies_job(session): seals, so that `cookies` has only to give what there is */
napi_value node_cookies_job(napi_env env, napi_callback_info info)
{
    return session_job(env, info, run_cookies);
}

/* seal_job(session): the token */
napi_value node_seal_job(napi_env env, napi_callback_info info)
{
    return session_job(env, info, run_seal);
}

/* seal(session) */
napi_value node_seal(napi_env env, napi_callback_info info)
{
    h3s_str token = { NULL, 0 };
    napi_value result;
    h3s_session *session;
    int32_t status;
    ARGUMENTS(1);

    session = take_session(env, me, argv[0], &result);
    if (session == NULL)
        return result;
    status = h3s_seal(session, &token, &me->error);
    return status != H3S_OK ? failed(env, status) : make_str(env, token);
}

/* ---- Tokens without a session ---------------------------------------------------------------- */

static void run_iron_seal(job *job)
{
    size_t room = job->texts[0].len / 3 * 4 + 512;

    job->text = malloc(room);
    if (job->text == NULL) {
        job->status = job->error.status = H3S_ERR_MEMORY;
        return;
    }
    job->status = h3s_iron_seal(job->handles[1]->ptr, job->texts[0].ptr, job->texts[0].len, job->now, job->flags,
                                job->text, room, &job->text_len, &job->error);
}

static void run_iron_unseal(job *job)
{
    h3s_request request = H3S_REQUEST_INIT;
    size_t room = job->texts[1].len + 1;

    job->text = malloc(room);
    if (job->text == NULL) {
        job->status = job->error.status = H3S_ERR_MEMORY;
        return;
    }
    put_request(&request, job->texts, job->now, 0, NULL);
    job->status = h3s_iron_unseal(job->handles[1]->ptr, &request, job->text, room, &job->text_len, &job->error);
}

static napi_value iron_job(napi_env env, const napi_value *argv, h3s_str texts[3], void (*run)(job *job))
{
    int64_t now, flags;
    handle *config;
    job *job;

    if (!take_handle(env, argv[0], CONFIG, false, &config) || !take_integer(env, argv[2], &now)
        || !take_integer(env, argv[3], &flags))
        return NULL;
    job = new_job(env, run, texts, 3);
    if (job == NULL)
        return NULL;
    job_has(job, 1, config);
    job->now = now;
    job->flags = (uint32_t)flags;
    return start(env, job);
}

/* iron_seal_job(config, json, now, flags) */
napi_value node_iron_seal_job(napi_env env, napi_callback_info info)
{
    h3s_str texts[3] = { { NULL, 0 }, { NULL, 0 }, { NULL, 0 } };
    napi_value result;
    ARGUMENTS(4);

    if (take_open(env, me, argv[0], CONFIG, &result) == NULL)
        return result;
    return take_text(env, me, 0, argv[1], &texts[0]) ? iron_job(env, argv, texts, run_iron_seal) : NULL;
}

/* iron_unseal_job(config, token, now, 0, peer) */
napi_value node_iron_unseal_job(napi_env env, napi_callback_info info)
{
    h3s_str texts[3] = { { NULL, 0 }, { NULL, 0 }, { NULL, 0 } };
    napi_value result;
    ARGUMENTS(5);

    if (take_open(env, me, argv[0], CONFIG, &result) == NULL)
        return result;
    if (!take_bytes(env, me, 1, argv[1], &texts[1]) || !take_text(env, me, 2, argv[4], &texts[2]))
        return NULL;
    return iron_job(env, argv, texts, run_iron_unseal);
}
