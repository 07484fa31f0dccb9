/* Fe26.2 through the C ABI: raw seals, the flags and statuses of slow derivations, and fork. */
#include "jar.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * h3's defaults, but for fewer iterations under valgrind, which sets H3S_ROUNDS: there a
 * derivation takes a second.
 */
static h3s_config *fe26_config(void)
{
    const int iterations = getenv("H3S_ROUNDS") != NULL ? 50 : 8192;
    char derivation[128], options[512];
    sprintf(derivation, "\"saltBits\":256,\"iterations\":%d,\"minPasswordlength\":32", iterations);
    sprintf(options, "{\"password\":\"" PASSWORD "\",\"seal\":{\"format\":\"fe26.2\","
        "\"encryption\":{\"algorithm\":\"aes-256-cbc\",%s},\"integrity\":{\"algorithm\":\"sha256\",%s}}}", derivation, derivation);
    return config_of(options);
}

/* A token with salts that no config has seen: its mac is wrong. */
static void forge(const char *token, unsigned number, char *out)
{
    const char *end = strrchr(token, '*');
    sprintf(out, "%.*s%064x%s", (int)(end - 64 - token), token, number, end);
}

static int32_t open_as(const h3s_config *with, const char *token, const char *peer, uint32_t flags, h3s_session **out)
{
    h3s_request request = {.size = sizeof request, .flags = flags, .now_ms = NOW};
    request.header = token;
    request.header_len = strlen(token);
    request.peer = peer;
    request.peer_len = strlen(peer);
    return h3s_use(with, &request, out, NULL);
}

static void a_raw_seal_goes_round_in_the_callers_memory(void **state)
{
    h3s_config *fe26 = fe26_config();
    char token[1024], json[1024];
    size_t len = 7;
    h3s_error err;
    (void)state;
    assert_ok(h3s_iron_seal(fe26, S("{ \"a\": 1 }"), NOW, 0, token, sizeof token, &len, NULL));
    assert_int_equal(strlen(token), len);
    strcat(token, "~2");
    assert_ok(iron_unseal_token(fe26, S(token), NOW, json, strlen(token), &len, NULL));
    assert_string_equal(json, "{\"a\":1}");
    assert_int_equal(len, 7);

    /* Too little room: how much it takes is said, and nothing is written. */
    memset(json, 'x', sizeof json);
    assert_int_equal(iron_unseal_token(fe26, S(token), NOW, json, 7, &len, &err), H3S_ERR_ARGUMENT);
    assert_string_equal(err.key, "room");
    assert_int_equal(len, 7);
    assert_int_equal(json[0], 'x');
    assert_ok(iron_unseal_token(fe26, S(token), NOW, json, 8, &len, NULL));
    assert_int_equal(json[8], 'x');
    assert_int_equal(iron_unseal_token(fe26, S(token), NOW, NULL, sizeof json, &len, &err), H3S_ERR_ARGUMENT);
    assert_string_equal(err.key, "out");
    assert_int_equal(len, 7);
    assert_int_equal(h3s_iron_seal(fe26, S("1"), NOW, 0, NULL, 0, &len, NULL), H3S_ERR_ARGUMENT);
    assert_true(len > 200);

    token[20] = (char)(token[20] == '0' ? '1' : '0');
    assert_int_equal(iron_unseal_token(fe26, S(token), NOW, json, sizeof json, &len, &err), H3S_ERR_REJECTED);
    assert_int_equal(err.rejection, H3S_REJECTION_BAD_SEAL);
    assert_int_equal(len, 0);
    assert_int_equal(h3s_iron_seal(fe26, S("{"), NOW, 0, json, sizeof json, &len, NULL), H3S_ERR_DATA);
    assert_int_equal(h3s_iron_seal(config, S("1"), NOW, 0, json, sizeof json, &len, &err), H3S_ERR_CONFIG);
    assert_string_equal(err.key, "seal.accept");
    assert_int_equal(h3s_iron_seal(NULL, S("1"), NOW, 0, json, sizeof json, &len, NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_iron_seal(fe26, NULL, 1, NOW, 0, json, sizeof json, &len, NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_iron_seal(fe26, S("1"), NOW, 0, NULL, sizeof json, &len, NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_iron_seal(fe26, S("1"), NOW, 0, json, sizeof json, NULL, NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(iron_unseal_token(NULL, S("1"), NOW, json, sizeof json, &len, NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(iron_unseal_token(fe26, NULL, 1, NOW, json, sizeof json, &len, NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(iron_unseal_token(fe26, NULL, 0, NOW, NULL, 0, &len, NULL), H3S_ERR_REJECTED);
    h3s_config_free(fe26);
}

static void cold_and_busy_make_no_session(void **state)
{
    h3s_config *there = fe26_config(), *here = fe26_config();
    char *token = malloc(20000), *forged = malloc(20000);
    h3s_session *session = NULL;
    (void)state;
    token_of(there, "{\"a\":1}", NOW, token);
    assert_int_equal(open_as(here, token, "mallory", H3S_WARM_ONLY, &session), H3S_ERR_COLD);
    assert_null(session);
    assert_ok(open_as(here, token, "mallory", 0, &session));
    assert_str(h3s_session_data(session), "{\"a\":1}");
    h3s_session_free(session);
    for (unsigned i = 0; i < 20; i++) {
        forge(token, i, forged);
        assert_ok(open_as(here, forged, "mallory", 0, &session));
        assert_int_equal(h3s_session_rejection(session), H3S_REJECTION_BAD_SEAL);
        h3s_session_free(session);
    }
    forge(token, 20, forged);
    assert_int_equal(open_as(here, forged, "mallory", 0, &session), H3S_ERR_BUSY);
    assert_null(session);
    assert_ok(open_as(here, forged, "alice", 0, &session));
    h3s_session_free(session);
    assert_ok(open_as(here, token, "mallory", H3S_WARM_ONLY, &session));
    h3s_session_free(session);
    free(token);
    free(forged);
    h3s_config_free(there);
    h3s_config_free(here);
}

static uint32_t flags_of(const h3s_session *session)
{
    h3s_view view = H3S_VIEW_INIT;
    assert_ok(h3s_session_view(session, &view));
    return view.flags;
}

static void the_view_says_whether_a_seal_derives_keys(void **state)
{
    h3s_config *fe26 = fe26_config();
    h3s_session *session = NULL;
    h3s_str token;
    size_t count;
    const h3s_str *cookies;
    (void)state;
    assert_ok(open_as(fe26, "", "", 0, &session));
    assert_true(flags_of(session) & H3S_VIEW_COLD);
    assert_ok(h3s_clear(session, NULL));
    assert_false(flags_of(session) & H3S_VIEW_COLD);
    assert_ok(h3s_update(session, S("{\"a\":1}"), NULL));
    assert_true(flags_of(session) & H3S_VIEW_COLD);
    assert_ok(h3s_seal(session, &token, NULL));
    assert_false(flags_of(session) & H3S_VIEW_COLD);
    assert_ok(h3s_set_cookies(session, &cookies, &count, NULL));
    assert_int_equal(count, 1);
    assert_false(flags_of(session) & H3S_VIEW_COLD);
    /* As long as a day has passed for the keys, too. */
    assert_ok(h3s_session_set_now(session, NOW + 86400000, NULL));
    assert_ok(h3s_update(session, S("{\"a\":2}"), NULL));
    assert_true(flags_of(session) & H3S_VIEW_COLD);
    h3s_session_free(session);
    assert_ok(open_as(fe26, "", "", 0, &session));
    assert_false(flags_of(session) & H3S_VIEW_COLD);
    h3s_session_free(session);
    assert_ok(open_as(config, "", "", 0, &session));
    assert_false(flags_of(session) & H3S_VIEW_COLD);
    h3s_session_free(session);
    h3s_config_free(fe26);
}

/* Two cookies of which one does not open: the empty session that takes their place is sealed ahead
 * of time. */
static void a_logout_that_seals_says_so_too(void **state)
{
    h3s_config *fe26 = fe26_config(), *there = fe26_config();
    char *token = malloc(20000), *cookie = malloc(40000);
    h3s_request request = {.size = sizeof request, .now_ms = NOW};
    h3s_session *session = NULL;
    (void)state;
    token_of(there, "{\"a\":1}", NOW, token);
    sprintf(cookie, "h3=%s; h3=Fe26.2*unknown", token);
    request.cookie = cookie;
    request.cookie_len = strlen(cookie);
    assert_ok(h3s_use(fe26, &request, &session, NULL));
    assert_ok(h3s_clear(session, NULL));
    const h3s_str *cookies;
    size_t count;
    const int seals = (flags_of(session) & H3S_VIEW_COLD) != 0;
    assert_ok(h3s_set_cookies(session, &cookies, &count, NULL));
    assert_int_equal(seals, count > 0 && strncmp(cookies[0].ptr, "h3=Fe26.2*", 10) == 0);
    assert_true(seals);
    assert_false(flags_of(session) & H3S_VIEW_COLD);
    h3s_session_free(session);
    free(token);
    free(cookie);
    h3s_config_free(fe26);
    h3s_config_free(there);
}

struct deriving {
    const h3s_config *config;
    const char *token;
    int stop;                           /* under the mutex */
    pthread_mutex_t mutex;
};

static int stopped(struct deriving *deriving)
{
    pthread_mutex_lock(&deriving->mutex);
    int stop = deriving->stop;
    pthread_mutex_unlock(&deriving->mutex);
    return stop;
}

static void *derive(void *arg)
{
    struct deriving *deriving = arg;
    char *forged = malloc(20000);
    for (unsigned i = 0; !stopped(deriving); i++) {
        h3s_session *session = NULL;
        forge(deriving->token, i, forged);
        if (open_as(deriving->config, i % 2 ? forged : deriving->token, "", 0, &session) != H3S_OK)
            abort();
        h3s_session_free(session);
    }
    free(forged);
    return NULL;
}

/* In the child: one token that is cold there or warm, and a seal. */
static int child(const h3s_config *with, const char *token)
{
    h3s_session *session = NULL;
    h3s_str sealed;
    alarm(100);
    int ok = open_as(with, token, "", 0, &session) == H3S_OK && h3s_session_data(session).len == 7
        && h3s_set_json(session, S("b"), S("1"), NULL) == H3S_OK && h3s_seal(session, &sealed, NULL) == H3S_OK;
    h3s_session_free(session);
    return ok ? 0 : 1;
}

static void a_fork_while_another_thread_derives_does_not_hang(void **state)
{
    h3s_config *there = fe26_config(), *here = fe26_config();
    char *token = malloc(20000);
    struct deriving deriving = {here, token, 0, PTHREAD_MUTEX_INITIALIZER};
    pthread_t thread;
    (void)state;
    token_of(there, "{\"a\":1}", NOW, token);
    assert_int_equal(pthread_create(&thread, NULL, derive, &deriving), 0);
    for (int i = 0; i < 20; i++) {
        int status = -1;
        pid_t pid = fork();
        if (pid == 0) {
            /*
             * Killed if all is well: an exit would have valgrind blame the child for what the
             * parent's other thread holds.
             */
            if (child(here, token) == 0)
                raise(SIGKILL);
            _exit(1);
        }
        assert_true(pid > 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    }
    pthread_mutex_lock(&deriving.mutex);
    deriving.stop = 1;
    pthread_mutex_unlock(&deriving.mutex);
    pthread_join(thread, NULL);
    free(token);
    h3s_config_free(there);
    h3s_config_free(here);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_raw_seal_goes_round_in_the_callers_memory),
        cmocka_unit_test(cold_and_busy_make_no_session),
        cmocka_unit_test(the_view_says_whether_a_seal_derives_keys),
        cmocka_unit_test(a_logout_that_seals_says_so_too),
        cmocka_unit_test(a_fork_while_another_thread_derives_does_not_hang),
    };
    return cmocka_run_group_tests(tests, make_config, free_config);
}
