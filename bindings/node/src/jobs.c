/* What may take long, in libuv's thread pool. */
#define _DEFAULT_SOURCE
#include <stdlib.h>
#include <string.h>

#include "h3s_node.h"

static void free_job(job *job)
{
    size_t i;

    for (i = 0; i < JOB_HANDLES; i++)
        release(job->handles[i]);
    for (i = 0; i < JOB_TEXTS; i++) {
        if (job->texts[i].ptr != NULL) {
            /* Passwords, tokens, data. */
            explicit_bzero((char *)(uintptr_t)job->texts[i].ptr, job->texts[i].len);
            free((char *)(uintptr_t)job->texts[i].ptr);
        }
    }
    if (job->text != NULL) {
        explicit_bzero(job->text, job->text_len);
        free(job->text);
    }
    free(job);
}

job *new_job(napi_env env, void (*run)(job *job), const h3s_str *texts, size_t count)
{
    job *made = calloc(1, sizeof *made);
    size_t i;

    for (i = 0; made != NULL && i < count; i++) {
        char *copy;
        if (texts[i].ptr == NULL)
            continue;
        copy = malloc(texts[i].len + 1);
        if (copy == NULL) {
            free_job(made);
            made = NULL;
            break;
        }
        memcpy(copy, texts[i].ptr, texts[i].len);
        copy[texts[i].len] = '\0';
        made->texts[i].ptr = copy;
        made->texts[i].len = texts[i].len;
    }
    if (made == NULL) {
        napi_throw_error(env, "ERR_H3S_MEMORY", "out of memory");
        return NULL;
    }
    made->run = run;
    return made;
}

void job_has(job *job, size_t place, handle *held)
{
    if (held != NULL)
        hold(held);
    job->handles[place] = held;
}

static void execute(napi_env env, void *data)
{
    job *job = data;

    (void)env;
    job->run(job);
}

static void complete(napi_env env, napi_status status, void *data)
{
    job *job = data;
    napi_value value = NULL;

    if (status != napi_ok) {
        /* Cancelled, since the environment ends: nobody waits for it. */
        memset(&job->error, 0, sizeof job->error);
        job->status = job->error.status = H3S_ERR_STATE;
        job->error.offset = -1;
    }
    if (job->made != NULL && job->made_kind == SESSION) {
        /* In the handle that waited for it. */
        job->handles[0]->ptr = job->made;
        value = make_undefined(env);
    } else if (job->made != NULL)
        value = make_handle(env, job->made_kind, job->made);
    else if (job->status != H3S_OK)
        value = make_failure(env, &job->error);
    else if (job->text != NULL)
        value = make_string(env, job->text, job->text_len);
    else
        value = make_undefined(env);
    napi_delete_async_work(env, job->work);
    /* Before whoever waits goes on, which is with the handles. */
    {
        napi_deferred deferred = job->deferred;
        free_job(job);
        if (value != NULL)
            napi_resolve_deferred(env, deferred, value);
    }
}

napi_value start(napi_env env, job *job)
{
    napi_value promise = NULL, name = NULL;

    if (napi_create_string_latin1(env, "h3s", NAPI_AUTO_LENGTH, &name) == napi_ok
        && napi_create_async_work(env, NULL, name, execute, complete, job, &job->work) == napi_ok) {
        if (napi_create_promise(env, &job->deferred, &promise) == napi_ok
            && napi_queue_async_work(env, job->work) == napi_ok)
            return promise;
        napi_delete_async_work(env, job->work);
    }
    free_job(job);
    napi_throw_error(env, "ERR_H3S_MEMORY", "no job could be made");
    return NULL;
}
