/*
 * The Node-API face of libh3s, in the order of its files:
 *
 *     values.c     strings and numbers from JavaScript and to it
 *     handles.c    what JavaScript holds: configs, sessions, copies of what is revoked, files
 *     jobs.c       what may take long, in libuv's thread pool
 *     requests.c   opening, reading and writing a session
 *     sealing.c    sealing it, and tokens without a session
 *     headers.c    what a request's headers say of it, and a response's are to say
 *     logouts.c    what is revoked
 *     module.c     what an environment has for itself, and the list of functions
 *
 * lib/native.js alone calls these functions, and checks what people pass. Here only memory is kept
 * safe: whatever is passed, nothing crashes. A function gives what was asked for, or, where that
 * failed, the status of h3s.h as a number; `failure` then says more.
 */
#ifndef H3S_NODE_H
#define H3S_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <node_api.h>

#include <h3s.h>

/* ---- What an environment has for itself ------------------------------------------------------ */

/* A worker thread, and a module loaded twice, has one of its own: no call waits for another. */
typedef struct buffer {
    char *ptr;
    size_t room;
} buffer;

enum { BUFFERS = 5 };

typedef struct instance {
    h3s_error error; /* of the call that failed last */
    double *view;    /* of the session that was asked for last, in JavaScript's Float64Array */
    napi_ref view_ref;
    buffer buffers[BUFFERS]; /* what strings from JavaScript are copied to; the last is wide */
} instance;

/* The places in `view`. */
enum {
    VIEW_FLAGS,
    VIEW_CREATED_AT,
    VIEW_LAST_SEEN_AT,
    VIEW_EXPIRES_AT,
    VIEW_SOURCE,
    VIEW_REJECTION,
    VIEW_LENGTH
};

instance *instance_of(napi_env env);

/* The arguments of a call; those not given are undefined. */
#define ARGUMENTS(count)                                                             \
    napi_value argv[count] = { NULL };                                               \
    size_t argc = count;                                                             \
    instance *me = instance_of(env);                                                 \
    if (me == NULL || napi_get_cb_info(env, info, &argc, argv, NULL, NULL) != napi_ok) \
    return NULL

/* ---- values.c -------------------------------------------------------------------------------- */

/* Both copy to a buffer of the instance, and throw, and give false, for what is no string. Absent
 * is what is undefined or null. */

/* The bytes that a header's string stands for, a character each; `?` where it stands for none. */
bool take_bytes(napi_env env, instance *me, int place, napi_value value, h3s_str *out);
/* UTF-8. */
bool take_text(napi_env env, instance *me, int place, napi_value value, h3s_str *out);
/* A whole number. 0 for what is undefined. What is beyond int64_t becomes its nearest. */
bool take_integer(napi_env env, napi_value value, int64_t *out);

napi_value make_string(napi_env env, const char *ptr, size_t len);
napi_value make_str(napi_env env, h3s_str text); /* undefined where it is absent */
napi_value make_strings(napi_env env, const h3s_str *list, size_t count);
napi_value make_number(napi_env env, double number);
napi_value make_undefined(napi_env env);
napi_value make_failure(napi_env env, const h3s_error *error);

/* A status as a call's result, whose error is the instance's. */
napi_value failed(napi_env env, int32_t status);
/* For what the library was not asked. */
napi_value failed_here(napi_env env, instance *me, int32_t status, const char *message);

/* ---- handles.c ------------------------------------------------------------------------------- */

typedef enum kind { CONFIG = 0x683301, SESSION, REVOCATIONS, REVOCATION_FILE } kind;

/* What JavaScript holds an external of. All is done in the thread of its environment. */
typedef struct handle {
    kind kind;
    bool is_garbage; /* JavaScript has it no more: its last user frees it */
    bool is_closed;  /* its last user gives up what is in it */
    unsigned users;  /* jobs */
    void *ptr;       /* NULL: closed, or of a session not open */
} handle;

napi_value make_handle(napi_env env, kind kind, void *ptr);
/* Throws, and gives false, for another kind; or, unless `is_optional`, for what is undefined. */
bool take_handle(napi_env env, napi_value value, kind kind, bool is_optional, handle **out);
/* A session that no job has. Else NULL, and `*result` is what the call gives. */
h3s_session *take_session(napi_env env, instance *me, napi_value value, napi_value *result);
/* As that, of a config, a file or a copy that is not closed. */
void *take_open(napi_env env, instance *me, napi_value value, kind kind, napi_value *result);
void hold(handle *held);    /* before a job */
void release(handle *held); /* after it; NULL: nothing */

/* ---- jobs.c ---------------------------------------------------------------------------------- */

enum { JOB_HANDLES = 3, JOB_TEXTS = 3 };

typedef struct job {
    void (*run)(struct job *job); /* in a thread of the pool; sets `status` and `error` */
    handle *handles[JOB_HANDLES];
    h3s_str texts[JOB_TEXTS];
    int64_t now;
    uint32_t flags;
    int how;
    int32_t status;
    h3s_error error;
    char *text; /* what came of it; or NULL */
    size_t text_len;
    void *made; /* of the kind that follows; a session is for the first handle */
    kind made_kind;
    napi_async_work work;
    napi_deferred deferred;
} job;

/* Owns copies of the texts. NULL where memory is short; then it has thrown. */
job *new_job(napi_env env, void (*run)(job *job), const h3s_str *texts, size_t count);
void job_has(job *job, size_t place, handle *held); /* may be NULL */
/* The promise of its end: of its text, or of a handle of what it made, or of undefined; and where
 * it failed, of an array that says how. It is never rejected. */
napi_value start(napi_env env, job *job);

/* ---- requests.c ------------------------------------------------------------------------------ */

/* texts: of the Cookie header, the session header or token, and the peer. revocations: or NULL. */
void put_request(h3s_request *request, const h3s_str texts[3], int64_t now, uint32_t flags,
                 const handle *revocations);
/* What a function of h3s.h lists of the session that is a call's argument: an array. */
napi_value list_of(napi_env env, napi_callback_info info,
                   int32_t (*list)(h3s_session *session, const h3s_str **out, size_t *count,
                                   h3s_error *err));

/* ---- The functions --------------------------------------------------------------------------- */

#define NODE_FUNCTIONS(X)                                                                       \
    X(config) X(config_job) X(config_info) X(counts) X(close_handle) X(session) X(open)         \
    X(open_job) X(view) X(data) X(id) X(log_id) X(lifetime) X(write) X(cookies) X(cookies_job)  \
    X(seal) X(seal_job) X(session_strip) X(strip) X(vary) X(cache_control) X(is_targeted)       \
    X(is_cross_site) X(iron_seal_job) X(iron_unseal_job) X(entries) X(revoke_session)           \
    X(revoke_subject) X(read_entry) X(revocations) X(apply) X(heard) X(revocations_view)        \
    X(file) X(append_job) X(poll) X(poll_job) X(failure) X(names)

#define DECLARE(name) napi_value node_##name(napi_env env, napi_callback_info info);
NODE_FUNCTIONS(DECLARE)
#undef DECLARE

#endif
