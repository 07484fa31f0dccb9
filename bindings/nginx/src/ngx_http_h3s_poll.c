/*
 * Takes in what others have revoked: one of the workers reads what is new in the file, four times a
 * second, into the table that all of them share.
 *
 * Whose turn it is stands in the zone. Another worker takes the turn where the one that has it was
 * killed, or is kept from it. Workers of a former configuration leave it to those of the latest,
 * whose passwords they may not know; but for a zone that the latest does not have.
 */

#include "ngx_http_h3s.h"


#define NGX_HTTP_H3S_POLL     250
/* How long the one whose turn it is may keep silent. */
#define NGX_HTTP_H3S_SILENCE  500
/* How often, in seconds, the error log tells of one and the same failure. */
#define NGX_HTTP_H3S_REMIND   60


static void ngx_http_h3s_timer(ngx_event_t *ev);
static ngx_uint_t ngx_http_h3s_has_turn(ngx_http_h3s_revocations_t *revocations);
static void ngx_http_h3s_poll(ngx_http_h3s_revocations_t *revocations, ngx_log_t *log);
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

        ngx_http_h3s_poll(revocations[i], cycle->log);

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

        ngx_add_timer(ev, NGX_HTTP_H3S_POLL);
    }

    return NGX_OK;
}


void
ngx_http_h3s_exit_process(ngx_cycle_t *cycle)
{
    ngx_uint_t                    i;
    ngx_array_t                  *followed;
    ngx_http_h3s_revocations_t  **revocations;

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

    if (ngx_http_h3s_has_turn(revocations)) {
        ngx_http_h3s_poll(revocations, ev->log);
    }

    ngx_add_timer(ev, NGX_HTTP_H3S_POLL);
}


static ngx_uint_t
ngx_http_h3s_has_turn(ngx_http_h3s_revocations_t *revocations)
{
    ngx_atomic_uint_t       poller;
    ngx_http_h3s_shared_t  *shared;

    shared = revocations->shared;
    poller = shared->poller;

    if (shared->generation == revocations->generation) {

        if (poller == (ngx_atomic_uint_t) ngx_pid) {
            return 1;
        }

        if ((poller == 0 || ngx_current_msec - shared->polled_at >= NGX_HTTP_H3S_SILENCE)
            && ngx_atomic_cmp_set(&shared->poller, poller, ngx_pid))
        {
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


static void
ngx_http_h3s_poll(ngx_http_h3s_revocations_t *revocations, ngx_log_t *log)
{
    int32_t    status;
    h3s_error  err;

    status = ngx_http_h3s_open_file(revocations, &err);

    if (status == H3S_OK) {
        status = h3s_revocation_file_poll(revocations->file, revocations->table, revocations->options->config,
                                          ngx_http_h3s_now(), NULL, &err);
    }

    /* Also after a failure: another worker would fare no better. */
    revocations->shared->polled_at = ngx_current_msec;

    if (status == H3S_OK) {

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

    if (status == H3S_ERR_FULL) {
        ngx_log_error(NGX_LOG_ERR, log, 0,
                      "h3s: zone \"%V\" of \"h3s_revocations\" has no room for all that is revoked: make it larger",
                      &revocations->zone->shm.name);

    } else {
        ngx_log_error(NGX_LOG_ERR, log, 0, "h3s: what is revoked cannot be read from \"%V\": %s", &revocations->path,
                      err.message[0] ? err.message : h3s_status_str(status));
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
