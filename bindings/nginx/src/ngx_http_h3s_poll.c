/*
 * Takes in what others have revoked: one of the workers reads what is new in the file, four times a
 * second, into the table that all of them share.
 *
 * Whose turn it is stands in the zone. Another worker takes the turn where the one that has it was
 * killed, or is kept from it. Workers of a former configuration leave it to those of the latest,
 * whose passwords they may not know; but for a zone that the latest does not have.
 *
 * A thread does the reading: whoever takes the turn begins at the file's start, a disk may be slow,
 * and now and then a poll compacts the file.
 */

#include "ngx_http_h3s.h"


#define NGX_HTTP_H3S_POLL     250
/* How long the one whose turn it is may keep silent, and how much longer while it takes it. */
#define NGX_HTTP_H3S_SILENCE  500
#define NGX_HTTP_H3S_BEGIN    10000
/* How long its thread may be at one poll: at the first, say, or at one that compacts the file. */
#define NGX_HTTP_H3S_LONGEST  60000
/* How often, in seconds, the error log tells of one and the same failure. */
#define NGX_HTTP_H3S_REMIND   60


static void ngx_http_h3s_timer(ngx_event_t *ev);
static ngx_uint_t ngx_http_h3s_has_turn(ngx_http_h3s_revocations_t *revocations);
#if (NGX_THREADS)
static void ngx_http_h3s_keep_turn(ngx_http_h3s_revocations_t *revocations);
static void ngx_http_h3s_poll_thread(void *data, ngx_log_t *log);
static void ngx_http_h3s_poll_done(ngx_event_t *ev);
#endif
static void ngx_http_h3s_poll(ngx_http_h3s_revocations_t *revocations);
static void ngx_http_h3s_polled(ngx_http_h3s_revocations_t *revocations, ngx_log_t *log);
static void ngx_http_h3s_check_folder(ngx_http_h3s_revocations_t *revocations, ngx_log_t *log);
static ngx_array_t *ngx_http_h3s_followed(ngx_cycle_t *cycle);


/*
 * In the master, once a configuration is in force: the table is complete before the first request.
 */
ngx_int_t
ngx_http_h3s_init_module(ngx_cycle_t *cycle)
{
    ngx_uint_t                    i;
    ngx_array_t                  *followed;
    ngx_http_h3s_revocations_t  **revocations;

    followed = ngx_http_h3s_followed(cycle);
    revocations = followed ? followed->elts : NULL;

    for (i = 0; followed && i < followed->nelts; i++) {

        if (revocations[i]->options == NULL) {
            continue;
        }

        revocations[i]->generation = ++revocations[i]->shared->generation;
        revocations[i]->shared->poller = 0;

        revocations[i]->status = ngx_http_h3s_open_file(revocations[i], &revocations[i]->err);
        ngx_http_h3s_poll(revocations[i]);
        ngx_http_h3s_polled(revocations[i], cycle->log);

        /* Each worker opens it as the user that it is. */
        ngx_http_h3s_close_file(revocations[i]);
        revocations[i]->failed_at = 0;
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_h3s_init_process(ngx_cycle_t *cycle)
{
    ngx_uint_t                    i;
    ngx_event_t                  *ev;
    ngx_array_t                  *followed;
    ngx_http_h3s_revocations_t  **revocations;

    if (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE) {
        return NGX_OK;
    }

    followed = ngx_http_h3s_followed(cycle);
    revocations = followed ? followed->elts : NULL;

    for (i = 0; followed && i < followed->nelts; i++) {

        if (revocations[i]->options == NULL) {
            continue;
        }

        ev = &revocations[i]->event;
        ev->handler = ngx_http_h3s_timer;
        ev->data = revocations[i];
        ev->log = cycle->log;
        /* No worker that is to exit waits for it. */
        ev->cancelable = 1;
        revocations[i]->ident = -1;

#if (NGX_THREADS)
        revocations[i]->task = ngx_thread_task_alloc(cycle->pool, sizeof(ngx_http_h3s_revocations_t *));
        if (revocations[i]->task == NULL) {
            return NGX_ERROR;
        }

        *(ngx_http_h3s_revocations_t **) revocations[i]->task->ctx = revocations[i];
        revocations[i]->task->handler = ngx_http_h3s_poll_thread;
        revocations[i]->task->event.handler = ngx_http_h3s_poll_done;
        revocations[i]->task->event.data = revocations[i];
        revocations[i]->task->event.log = cycle->log;
#endif

        /* What one of them may do, all may. */
        if (ngx_worker == 0) {
            ngx_http_h3s_check_folder(revocations[i], cycle->log);
        }

        ngx_add_timer(ev, NGX_HTTP_H3S_POLL);
    }

    return NGX_OK;
}


/* Whether this user may append to the file and replace it, before somebody logs out in vain. */
static void
ngx_http_h3s_check_folder(ngx_http_h3s_revocations_t *revocations, ngx_log_t *log)
{
    u_char     *end;
    char       *path;
    ngx_str_t   folder;

    folder = revocations->path;

    end = folder.data + folder.len;

    while (end > folder.data + 1 && end[-1] != '/') {
        end--;
    }

    folder.len = end - folder.data;

    /* Without the slash, but for the root's. */
    if (folder.len > 1) {
        folder.len--;
    }

    path = ngx_alloc(folder.len + 1, log);
    if (path == NULL) {
        return;
    }

    (void) ngx_cpystrn((u_char *) path, folder.data, folder.len + 1);

    if (access(path, W_OK|X_OK) == -1) {
        ngx_log_error(NGX_LOG_ERR, log, ngx_errno,
                      "h3s: no logout can be made known, so each will be a 503: the workers may not write to the folder "
                      "\"%V\": let a group write to it (mode 2770) that has their user in it",
                      &folder);

    } else if (access((char *) revocations->path.data, R_OK|W_OK) == -1 && ngx_errno != NGX_ENOENT) {
        ngx_log_error(NGX_LOG_ERR, log, ngx_errno,
                      "h3s: no logout can be made known, so each will be a 503: the workers may not read and write the file "
                      "\"%V\": let a group read and write it that has their user in it",
                      &revocations->path);
    }

    ngx_free(path);
}


void
ngx_http_h3s_exit_process(ngx_cycle_t *cycle)
{
    ngx_uint_t                    i;
    ngx_array_t                  *followed;
    ngx_http_h3s_main_conf_t     *hmcf;
    ngx_http_h3s_revocations_t  **revocations;

    hmcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_h3s_module);
    if (hmcf) {
        ngx_http_h3s_add_up_all(hmcf);
    }

    followed = ngx_http_h3s_followed(cycle);
    revocations = followed ? followed->elts : NULL;

    for (i = 0; followed && i < followed->nelts; i++) {

        ngx_http_h3s_close_file(revocations[i]);

        if (revocations[i]->options) {
            (void) ngx_atomic_cmp_set(&revocations[i]->shared->poller, ngx_pid, 0);
        }
    }
}


static void
ngx_http_h3s_timer(ngx_event_t *ev)
{
    ngx_http_h3s_revocations_t *revocations = ev->data;

    ngx_add_timer(ev, NGX_HTTP_H3S_POLL);

#if (NGX_THREADS)

    if (revocations->busy) {
        ngx_http_h3s_keep_turn(revocations);
        return;
    }

#endif

    if (!ngx_http_h3s_has_turn(revocations)) {
        return;
    }

    revocations->status = ngx_http_h3s_open_file(revocations, &revocations->err);

#if (NGX_THREADS)

    if (revocations->status == H3S_OK && ngx_thread_task_post(revocations->threads, revocations->task) == NGX_OK) {
        revocations->busy = 1;
        revocations->posted_at = ngx_current_msec;
        return;
    }

#endif

    ngx_http_h3s_poll(revocations);
    ngx_http_h3s_polled(revocations, ev->log);
}


#if (NGX_THREADS)

/* While the thread is at it: another worker would only begin anew. */
static void
ngx_http_h3s_keep_turn(ngx_http_h3s_revocations_t *revocations)
{
    ngx_http_h3s_shared_t  *shared;

    shared = revocations->shared;

    if (shared->poller == (ngx_atomic_uint_t) ngx_pid
        && ngx_current_msec - revocations->posted_at < NGX_HTTP_H3S_LONGEST
        && (ngx_msec_int_t) (ngx_current_msec - shared->polled_at) > 0)
    {
        shared->polled_at = ngx_current_msec;
    }
}


static void
ngx_http_h3s_poll_thread(void *data, ngx_log_t *log)
{
    ngx_http_h3s_revocations_t  **revocations = data;

    (void) log;

    ngx_http_h3s_poll(*revocations);
}


static void
ngx_http_h3s_poll_done(ngx_event_t *ev)
{
    ngx_http_h3s_revocations_t *revocations = ev->data;

    revocations->busy = 0;

    ngx_http_h3s_polled(revocations, ev->log);
}

#endif


static ngx_uint_t
ngx_http_h3s_has_turn(ngx_http_h3s_revocations_t *revocations)
{
    ngx_msec_int_t          silence;
    ngx_atomic_uint_t       poller;
    ngx_http_h3s_shared_t  *shared;

    shared = revocations->shared;
    poller = shared->poller;

    if (shared->generation == revocations->generation) {

        if (poller == (ngx_atomic_uint_t) ngx_pid) {
            return 1;
        }

        silence = (ngx_msec_int_t) (ngx_current_msec - shared->polled_at);

        if ((poller == 0 || silence >= NGX_HTTP_H3S_SILENCE)
            && ngx_atomic_cmp_set(&shared->poller, poller, ngx_pid))
        {
            shared->polled_at = ngx_current_msec + NGX_HTTP_H3S_BEGIN;
            revocations->polls = 1;
            return 1;
        }
    }

    /* It was kept from its turn, or has none any more: what it has read so far is of no use. */
    if (revocations->polls) {
        revocations->polls = 0;
        revocations->failed_at = 0;
        ngx_http_h3s_close_file(revocations);
    }

    return 0;
}


/* Reads what is new. Also in a thread, which nobody else shares these members with meanwhile. */
static void
ngx_http_h3s_poll(ngx_http_h3s_revocations_t *revocations)
{
    if (revocations->status == H3S_OK) {
        revocations->status = h3s_revocation_file_poll(revocations->file, revocations->table, revocations->options->config,
                                                       ngx_http_h3s_now(), NULL, &revocations->err);
    }
}


/* Tells the other workers, and the log. */
static void
ngx_http_h3s_polled(ngx_http_h3s_revocations_t *revocations, ngx_log_t *log)
{
    h3s_error  *err;

    err = &revocations->err;

    /* Also after a failure: another worker would fare no better. But not for one that took over. */
    if (revocations->shared->poller == (ngx_atomic_uint_t) ngx_pid) {
        revocations->shared->polled_at = ngx_current_msec;
    }

    if (revocations->status == H3S_OK) {

        if (revocations->failed_at) {
            ngx_log_error(NGX_LOG_NOTICE, log, 0, "h3s: what is revoked is read again from \"%V\"", &revocations->path);
            revocations->failed_at = 0;
        }

        return;
    }

    if (revocations->failed_at && ngx_time() - revocations->failed_at < NGX_HTTP_H3S_REMIND) {
        return;
    }

    revocations->failed_at = ngx_time();

    if (revocations->status == H3S_ERR_FULL) {
        ngx_log_error(NGX_LOG_ERR, log, 0,
                      "h3s: zone \"%V\" of \"h3s_revocations\" has no room for all that is revoked: make it larger",
                      &revocations->zone->shm.name);

    } else {
        ngx_log_error(NGX_LOG_ERR, log, 0, "h3s: what is revoked cannot be read from \"%V\": %s", &revocations->path,
                      err->message[0] ? err->message : h3s_status_str(revocations->status));
    }
}


/* ngx_http_h3s_revocations_t *; NULL: there is no `http`. */
static ngx_array_t *
ngx_http_h3s_followed(ngx_cycle_t *cycle)
{
    ngx_http_h3s_main_conf_t  *hmcf;

    hmcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_h3s_module);

    return hmcf ? &hmcf->revocations : NULL;
}
