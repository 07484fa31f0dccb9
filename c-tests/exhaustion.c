/*
 * No memory, no random bytes: an error, and the session as it was. Each in a child of its own,
 * whose limits die with it.
 */
#define _GNU_SOURCE
#include "jar.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Runs a body in a child; what it returns has to be 0. */
static void in_child(int (*body)(void))
{
    int status = -1;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(body());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static int update_without_memory(void)
{
    enum { LEN = 64 << 20 };
    struct rlimit limit = {LEN + (LEN >> 1), LEN + (LEN >> 1)};
    h3s_session *session = used(config, NULL, NULL, NOW);
    char *json = malloc(LEN);
    h3s_error err;
    if (json == NULL || h3s_set_json(session, S("keep"), S("1"), NULL) != H3S_OK)
        return 1;
    /* It would fit into a session without its white space. */
    memset(json, ' ', LEN);
    json[0] = '{';
    json[LEN - 1] = '}';
    /* The text is there; room for a copy of it is not. */
    if (setrlimit(RLIMIT_AS, &limit) != 0)
        return 2;
    if (h3s_update(session, json, LEN, &err) != H3S_ERR_MEMORY || err.status != H3S_ERR_MEMORY)
        return 3;
    if (h3s_replace(session, json, LEN, NULL) != H3S_ERR_MEMORY || h3s_set_json(session, S("b"), json, LEN, NULL) == H3S_OK)
        return 4;
    if (strcmp(h3s_session_data(session).ptr, "{\"keep\":1}") != 0)
        return 5;
    h3s_session_free(session);
    free(json);
    return 0;
}

static void without_memory_a_write_fails_and_changes_nothing(void **state)
{
    (void)state;
    in_child(update_without_memory);
}

/* How much address space the process has, in bytes. */
static rlim_t space(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL || fscanf(file, "%lu", &pages) != 1 || fclose(file) != 0)
        return 0;
    return pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

/* The cache of Fe26.2's keys takes all its room at once, some megabytes. */
static int make_a_config_without_memory(void)
{
    static const char options[] = "{\"password\":\"" PASSWORD "\",\"seal\":{\"format\":\"fe26.2\"}}";
    struct rlimit limit = {space() + (1 << 20), RLIM_INFINITY};
    h3s_config *made = NULL;
    h3s_error err;
    if (limit.rlim_cur == 1 << 20 || setrlimit(RLIMIT_AS, &limit) != 0)
        return 1;
    if (h3s_config_new(S(options), &made, &err) != H3S_ERR_MEMORY || err.status != H3S_ERR_MEMORY || made != NULL)
        return 2;
    limit.rlim_cur = RLIM_INFINITY;
    if (setrlimit(RLIMIT_AS, &limit) != 0 || h3s_config_new(S(options), &made, &err) != H3S_OK)
        return 3;
    h3s_config_free(made);
    return 0;
}

static void without_memory_for_its_cache_no_config_is_made(void **state)
{
    (void)state;
    in_child(make_a_config_without_memory);
}

/*
 * From here on the kernel answers getrandom, and, unless files are left, the opening of any, with
 * an error; with 0, it says that it has given no bytes.
 */
static int take_randomness_away(int error, int files_are_left)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getrandom, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, files_are_left ? SYS_getrandom : SYS_openat, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0;
}

/* What the kernel says to getrandom in one test; 0 stands for "done", with nothing done. */
static int error_number;

/* More than any buffer has. */
enum { MOST_DRAWS = 1000 };

static int seal_without_randomness(void)
{
    h3s_session *session = used(config, NULL, NULL, NOW), *none = NULL;
    h3s_request request = {.size = sizeof request, .now_ms = NOW};
    const h3s_str *list = NULL;
    size_t count = 0;
    h3s_str token;
    h3s_error err;
    int taken = 0, sealed = 0;

    if (take_randomness_away(error_number, 0))
        return 1;
    /* What was drawn before may still be used up; then there is no more. */
    for (taken = 0; taken < MOST_DRAWS && h3s_use(config, &request, &none, &err) == H3S_OK; taken++)
        h3s_session_free(none);
    if (taken == MOST_DRAWS || err.status != H3S_ERR_RANDOM || none != NULL)
        return 2;
    for (sealed = 0; sealed < MOST_DRAWS && h3s_update(session, S("{\"a\":1}"), NULL) == H3S_OK
                     && h3s_set_cookies(session, &list, &count, &err) == H3S_OK;
         sealed++)
        ;
    if (sealed == MOST_DRAWS || err.status != H3S_ERR_RANDOM || list != NULL || count != 0)
        return 3;
    if (h3s_seal(session, &token, NULL) != H3S_ERR_RANDOM || token.ptr != NULL)
        return 4;
    if (h3s_rotate(session, NULL) != H3S_ERR_RANDOM)
        return 5;
    if (strcmp(h3s_session_data(session).ptr, "{\"a\":1}") != 0 || h3s_session_is_dirty(session) != 1)
        return 6;
    h3s_session_free(session);
    return 0;
}

static const int errors[] = {EIO, ENOSYS, EPERM, EAGAIN, 0};

static void without_randomness_nothing_is_made_or_sealed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        error_number = errors[i];
        in_child(seal_without_randomness);
    }
}

/* Nobody has asked for random bytes in this process before. */
static int begin_without_randomness(void)
{
    static const char options[] = "{\"password\":\"" PASSWORD "\",\"seal\":{\"format\":\"fe26.2\"}}";
    h3s_request request = {.size = sizeof request, .now_ms = NOW};
    h3s_session *session = NULL;
    h3s_config *made = NULL;
    char token[512];
    size_t len = 7;
    h3s_error err;
    if (take_randomness_away(error_number, 0))
        return 1;
    for (int i = 0; i < 3; i++) {
        if (h3s_use(config, &request, &session, &err) != H3S_ERR_RANDOM || err.status != H3S_ERR_RANDOM || session != NULL)
            return 2;
        /* A config draws nothing before its first seal. */
        if (h3s_config_new(S(options), &made, &err) != H3S_OK)
            return 3;
        if (h3s_iron_seal(made, S("1"), NOW, 0, token, sizeof token, &len, &err) != H3S_ERR_RANDOM || len != 0)
            return 4;
        h3s_config_free(made);
    }
    return 0;
}

static void without_randomness_from_the_start_nothing_is_made_or_sealed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        error_number = errors[i];
        in_child(begin_without_randomness);
    }
}

/* An old kernel, or a sandbox that forbids what it does not know, still has /dev/urandom. */
static int begin_with_a_file(void)
{
    h3s_request request = {.size = sizeof request, .now_ms = NOW};
    h3s_session *sessions[2] = {NULL, NULL};
    if (take_randomness_away(error_number, 1))
        return 1;
    for (int i = 0; i < 2; i++)
        if (h3s_use(config, &request, &sessions[i], NULL) != H3S_OK)
            return 2;
    if (strcmp(h3s_session_id(sessions[0]).ptr, h3s_session_id(sessions[1]).ptr) == 0)
        return 3;
    for (int i = 0; i < 2; i++)
        h3s_session_free(sessions[i]);
    return 0;
}

static void without_the_call_the_file_serves(void **state)
{
    static const int forgivable[] = {ENOSYS, EPERM};
    (void)state;
    for (size_t i = 0; i < sizeof forgivable / sizeof *forgivable; i++) {
        error_number = forgivable[i];
        in_child(begin_with_a_file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_memory_a_write_fails_and_changes_nothing),
        cmocka_unit_test(without_memory_for_its_cache_no_config_is_made),
        cmocka_unit_test(without_randomness_nothing_is_made_or_sealed),
        cmocka_unit_test(without_randomness_from_the_start_nothing_is_made_or_sealed),
        cmocka_unit_test(without_the_call_the_file_serves),
    };
    return cmocka_run_group_tests(tests, make_config, free_config);
}
