/* What was done with a config, as C sees it: exact, in threads and after a fork. */
#include "jar.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 8, MOST = 1000 };

static h3s_counts counted(const h3s_config *with)
{
    h3s_counts counts = H3S_COUNTS_INIT;
    assert_ok(h3s_config_counts(with, &counts, NULL));
    return counts;
}

/* That a config has counted just this. */
static void assert_counts(const h3s_config *with, const h3s_counts *expected)
{
    h3s_counts counts = counted(with);
    assert_memory_equal(&counts, expected, sizeof counts);
}

static void each_count_goes_up_by_what_it_is_of(void **state)
{
    h3s_counts expected = H3S_COUNTS_INIT;
    h3s_config *own = config_of("{\"password\":\"" PASSWORD "\",\"maxAge\":60,\"idleTimeout\":60}");
    struct jar *jar = calloc(1, sizeof *jar);
    char token[20000];
    h3s_session *session = used(own, NULL, NULL, NOW);
    (void)state;
    assert_non_null(jar);
    assert_int_equal(jar_take(jar, session), 1);
    h3s_session_free(session);
    expected.made = expected.sealed = 1;
    assert_counts(own, &expected);

    h3s_session_free(used(own, jar_header(jar), NULL, NOW));
    expected.opened_cookie = 1;
    session = got(own, jar_header(jar), NULL, NOW + 31 * SECOND);
    assert_int_equal(jar_take(jar, session), 1);
    h3s_session_free(session);
    expected.opened_cookie = 2;
    expected.slid = 1;
    assert_counts(own, &expected);

    token_of(own, "{}", NOW, token);
    expected.made++;
    expected.sealed++;
    session = used(own, NULL, token, NOW);
    expected.opened_header = 1;
    assert_ok(h3s_rotate(session, NULL));
    assert_ok(h3s_clear(session, NULL));
    expected.rotated = expected.cleared = 1;
    h3s_session_free(session);
    assert_ok(unseal_token(own, S(token), NOW, &session, NULL));
    h3s_session_free(session);
    expected.opened_token = 1;
    assert_counts(own, &expected);

    h3s_session_free(got(own, NULL, token, NOW + 61 * SECOND));
    expected.made++;
    expected.refused[H3S_REJECTION_EXPIRED] = 1;
    assert_int_equal(unseal_token(own, S("h3s1.k9.AAAA"), NOW, &session, NULL), H3S_ERR_REJECTED);
    expected.refused[H3S_REJECTION_MALFORMED] = 1;
    assert_counts(own, &expected);
    free(jar);
    h3s_config_free(own);
}

static void a_shorter_struct_is_refused_and_of_a_longer_one_the_rest_stays(void **state)
{
    struct { h3s_counts known; uint64_t later; } longer;
    h3s_counts shorter = H3S_COUNTS_INIT;
    h3s_error err;
    (void)state;
    memset(&longer, 0, sizeof longer);
    longer.known.size = sizeof longer;
    assert_ok(h3s_config_counts(config, &longer.known, NULL));
    assert_true(longer.known.size == sizeof longer && longer.later == 0);
    longer.later = 1;
    assert_int_equal(h3s_config_counts(config, &longer.known, &err), H3S_ERR_ARGUMENT);
    assert_string_equal(err.key, "counts");
    shorter.size -= 8;
    assert_int_equal(h3s_config_counts(config, &shorter, &err), H3S_ERR_ARGUMENT);
    assert_string_equal(err.key, "counts");
}

static void *open_and_refuse(void *cookie)
{
    const char *set = getenv("H3S_ROUNDS");
    long rounds = set ? strtol(set, NULL, 10) : MOST;
    for (long i = 0; i < rounds; i++) {
        h3s_session_free(used(config, cookie, NULL, NOW));
        h3s_session_free(got(config, "h3=h3s1..AAAA", NULL, NOW));
    }
    return (void *)rounds;
}

static void threads_lose_no_count(void **state)
{
    pthread_t threads[THREADS];
    struct jar *jar = calloc(1, sizeof *jar);
    h3s_session *session = used(config, NULL, NULL, NOW);
    h3s_counts expected;
    (void)state;
    assert_non_null(jar);
    jar_take(jar, session);
    h3s_session_free(session);
    jar_header(jar); /* which the threads only read */
    expected = counted(config);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, open_and_refuse, jar->header), 0);
    for (int i = 0; i < THREADS; i++) {
        void *rounds;
        assert_int_equal(pthread_join(threads[i], &rounds), 0);
        expected.opened_cookie += (uint64_t)(uintptr_t)rounds;
        expected.made += (uint64_t)(uintptr_t)rounds;
        expected.refused[H3S_REJECTION_MALFORMED] += (uint64_t)(uintptr_t)rounds;
    }
    assert_counts(config, &expected);
    free(jar);
}

/* 0 if a process goes on counting from where its parent was. */
static int count_on(uint64_t made)
{
    h3s_counts counts = H3S_COUNTS_INIT;
    h3s_request request = H3S_REQUEST_INIT;
    for (uint64_t i = 0; i < 5; i++) {
        h3s_session *session = NULL;
        if (h3s_config_counts(config, &counts, NULL) != H3S_OK || counts.made != made + i)
            return 1;
        if (h3s_get(config, &request, &session, NULL) != H3S_OK)
            return 2;
        h3s_session_free(session);
    }
    return 0;
}

static void a_child_counts_on_from_its_parent_and_not_into_it(void **state)
{
    uint64_t made;
    int status = -1;
    pid_t child;
    (void)state;
    h3s_session_free(got(config, NULL, NULL, NOW));
    made = counted(config).made;
    assert_true(made > 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(count_on(made));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(counted(config).made, made);
    assert_int_equal(count_on(made), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_count_goes_up_by_what_it_is_of),
        cmocka_unit_test(a_shorter_struct_is_refused_and_of_a_longer_one_the_rest_stays),
        cmocka_unit_test(threads_lose_no_count),
        cmocka_unit_test(a_child_counts_on_from_its_parent_and_not_into_it),
    };
    return cmocka_run_group_tests(tests, make_config, free_config);
}
