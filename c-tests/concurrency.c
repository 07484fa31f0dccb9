/* Threads on one config; fork after first use. */
#include "jar.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 8, CHILDREN = 8, TOKENS = 40 };

/* What must never be drawn twice. */
struct drawn { char id[37], nonce[33]; };

static void draw(struct drawn *out)
{
    h3s_session *session = used(config, NULL, NULL, NOW);
    h3s_str token;
    assert_ok(h3s_seal(session, &token, NULL));
    sprintf(out->id, "%.36s", h3s_session_id(session).ptr);
    sprintf(out->nonce, "%.32s", token.ptr + strlen("h3s1.."));
    h3s_session_free(session);
}

static int by_id(const void *a, const void *b)
{
    return strcmp(((const struct drawn *)a)->id, ((const struct drawn *)b)->id);
}

static int by_nonce(const void *a, const void *b)
{
    return strcmp(((const struct drawn *)a)->nonce, ((const struct drawn *)b)->nonce);
}

static void assert_all_different(struct drawn *all, size_t count)
{
    qsort(all, count, sizeof *all, by_id);
    for (size_t i = 1; i < count; i++)
        assert_string_not_equal(all[i].id, all[i - 1].id);
    qsort(all, count, sizeof *all, by_nonce);
    for (size_t i = 1; i < count; i++)
        assert_string_not_equal(all[i].nonce, all[i - 1].nonce);
}

static long rounds(void)
{
    const char *set = getenv("H3S_ROUNDS");
    return set ? strtol(set, NULL, 10) : 1000;
}

static void *count_up(void *arg)
{
    struct jar *jar = calloc(1, sizeof *jar);
    struct drawn *first = arg;
    draw(first);
    for (long i = 0; jar != NULL && i < rounds(); i++) {
        h3s_session *session = used(config, jar_header(jar), NULL, NOW + i);
        h3s_str count = h3s_session_find(session, S("/count"));
        char next[32];
        sprintf(next, "%ld", (count.ptr ? strtol(count.ptr, NULL, 10) : 0) + 1);
        assert_ok(h3s_set_json(session, S("count"), S(next), NULL));
        jar_take(jar, session);
        h3s_session_free(session);
    }
    h3s_session *session = used(config, jar_header(jar), NULL, NOW + rounds());
    h3s_str count = h3s_session_find(session, S("/count"));
    int right = count.ptr != NULL && strtol(count.ptr, NULL, 10) == rounds();
    h3s_session_free(session);
    free(jar);
    return right ? arg : NULL;
}

static void eight_threads_share_a_config(void **state)
{
    pthread_t threads[THREADS];
    struct drawn drawn[THREADS];
    (void)state;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count_up, &drawn[i]), 0);
    for (int i = 0; i < THREADS; i++) {
        void *result = NULL;
        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_non_null(result);
    }
    assert_all_different(drawn, THREADS);
}

static void write_drawn(int fd)
{
    for (int i = 0; i < TOKENS; i++) {
        struct drawn drawn;
        /* Its padding and what stands after a text are written, too. */
        memset(&drawn, 0, sizeof drawn);
        draw(&drawn);
        if (write(fd, &drawn, sizeof drawn) != sizeof drawn)
            _exit(1);
    }
}

/*
 * Children, half of which have a child of their own, and the parent draw at the same
 * time from the same state.
 */
static void fork_and_draw(void)
{
    enum { ALL = (1 + CHILDREN + CHILDREN / 2) * TOKENS };
    static struct drawn all[ALL];
    struct drawn before;
    pid_t children[CHILDREN];
    size_t got_bytes = 0;
    ssize_t len;
    int ends[2];

    draw(&before); /* so that there is something buffered to inherit */
    assert_int_equal(pipe(ends), 0);
    for (int i = 0; i < CHILDREN; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] == 0) {
            pid_t grandchild = i % 2 ? fork() : -1;
            int status = 0;
            write_drawn(ends[1]);
            if (grandchild > 0 && (waitpid(grandchild, &status, 0) != grandchild || status != 0))
                _exit(1);
            _exit(0);
        }
    }
    write_drawn(ends[1]);
    close(ends[1]);
    while (got_bytes < sizeof all && (len = read(ends[0], (char *)all + got_bytes, sizeof all - got_bytes)) > 0)
        got_bytes += (size_t)len;
    close(ends[0]);
    for (int i = 0; i < CHILDREN; i++) {
        int status = 1;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    assert_int_equal(got_bytes, sizeof all);
    assert_all_different(all, ALL);
}

static void parent_and_children_never_draw_the_same(void **state)
{
    (void)state;
    fork_and_draw();
}

static void *fork_in_thread(void *arg)
{
    fork_and_draw();
    return arg;
}

static void a_thread_that_forks_draws_what_its_child_does_not(void **state)
{
    pthread_t thread;
    void *result = NULL;
    assert_int_equal(pthread_create(&thread, NULL, fork_in_thread, state), 0);
    assert_int_equal(pthread_join(thread, &result), 0);
    assert_ptr_equal(result, state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eight_threads_share_a_config),
        cmocka_unit_test(parent_and_children_never_draw_the_same),
        cmocka_unit_test(a_thread_that_forks_draws_what_its_child_does_not),
    };
    return cmocka_run_group_tests(tests, make_config, free_config);
}
