/* Copies of a process: forks where the kernel empties no page in the child, a fork in the middle of
 * the library's first call, and a snapshot that is restored twice. Each test runs in a child of its
 * own, since what the library does once it does once a process. */
#define _GNU_SOURCE
#include "jar.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const char options[] = "{\"password\":\"" PASSWORD "\"}";

/* ---- The kernel's part, which the library calls by the C library's name ---------------------- */

static enum { AS_IT_IS, TAKES_ANYTHING, KNOWS_NOTHING, WAITS } advice_kind;
static atomic_int is_inside;
static int released[2];

int madvise(void *at, size_t len, int advice)
{
    char byte;
    if (advice_kind == TAKES_ANYTHING)
        return 0;
    if (advice_kind == KNOWS_NOTHING) {
        errno = EINVAL;
        return -1;
    }
    if (advice_kind == WAITS && advice == MADV_WIPEONFORK) {
        is_inside = 1;
        if (read(released[0], &byte, 1) != 1)
            return -1;
    }
    return (int)syscall(SYS_madvise, at, len, advice);
}

/* ---- What a process draws -------------------------------------------------------------------- */

struct drawn {
    char id[40], nonce[33], salt[65];
};

static int draw(const h3s_config *with, struct drawn *out)
{
    h3s_request request = {.size = sizeof request, .now_ms = NOW};
    h3s_session *session = NULL;
    h3s_str token;
    if (h3s_use(with, &request, &session, NULL) != H3S_OK || h3s_seal(session, &token, NULL) != H3S_OK)
        return 1;
    sprintf(out->id, "%.36s", h3s_session_id(session).ptr);
    sprintf(out->nonce, "%.32s", strrchr(token.ptr, '.') + 1);
    h3s_session_free(session);
    return 0;
}

static int alike(const struct drawn *a, const struct drawn *b)
{
    return strcmp(a->id, b->id) == 0 || strcmp(a->nonce, b->nonce) == 0;
}

/* The first 12 bytes of a nonce, which stay the same for the seals of one process. */
static int same_prefix(const struct drawn *a, const struct drawn *b) { return strncmp(a->nonce, b->nonce, 16) == 0; }

/* A salt of Fe26.2 in hexadecimal, of which only the first 16 bytes differ by a clock. `day`: each
 * has salts of its own. */
static int draw_salt(const h3s_config *with, int day, char salt[65])
{
    char token[600];
    size_t len;
    if (h3s_iron_seal(with, S("1"), NOW + day * 2 * 86400 * SECOND, 0, token, sizeof token, &len, NULL) != H3S_OK)
        return 1;
    memcpy(salt, token + strlen("Fe26.2**"), 64);
    salt[64] = '\0';
    return 0;
}

static int same_salt(const char *a, const char *b) { return strcmp(a + 32, b + 32) == 0; }

/* Runs a body in a child, for a minute at most; what it returns has to be 0. */
static void in_child(int (*body)(void))
{
    int status = -1;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        alarm(60);
        _exit(body());
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* ---- Forks ----------------------------------------------------------------------------------- */

static pid_t bare_clone(void) { return (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0); }

static pid_t (*forked)(void);

/* Two children and then their parent, all of whom have what was buffered, and kept, before. */
static int draw_on_both_sides(void)
{
    h3s_config *made = NULL, *fe26 = NULL;
    struct drawn before, drawn[3];
    int status = -1, tell[2];
    if (pipe(tell) != 0 || h3s_config_new(S(options), &made, NULL) != H3S_OK || draw(made, &before) != 0)
        return 1;
    if (h3s_config_new(S(CHEAP_OPTIONS), &fe26, NULL) != H3S_OK || draw_salt(fe26, 0, before.salt) != 0)
        return 1;
    for (int i = 0; i < 2; i++) {
        pid_t pid = forked();
        if (pid == 0) {
            int failed = draw(made, &drawn[i]) || draw_salt(fe26, 1, drawn[i].salt);
            _exit(failed || write(tell[1], &drawn[i], sizeof drawn[i]) != sizeof drawn[i]);
        }
        if (read(tell[0], &drawn[i], sizeof drawn[i]) != sizeof drawn[i])
            return 2;
        if (waitpid(pid, &status, 0) != pid || status != 0)
            return 3;
    }
    if (draw(made, &drawn[2]) != 0 || draw_salt(fe26, 1, drawn[2].salt) != 0)
        return 4;
    h3s_config_free(made);
    h3s_config_free(fe26);
    for (int i = 0; i < 3; i++) {
        const struct drawn *other = &drawn[(i + 1) % 3];
        if (same_salt(drawn[i].salt, other->salt) || same_prefix(&drawn[i], other))
            return 5;
    }
    return same_prefix(&drawn[0], &before) || same_prefix(&drawn[1], &before) ? 6 : 0;
}

static void forks_draw_what_nobody_else_does(void)
{
    forked = fork;
    in_child(draw_on_both_sides);
    forked = bare_clone;
    in_child(draw_on_both_sides);
}

/* A bare clone runs no handler: that the page is empty is all that tells it. */
static void a_fork_shares_no_bytes_where_the_kernel_empties_a_page(void **state)
{
    (void)state;
    advice_kind = AS_IT_IS;
    forks_draw_what_nobody_else_does();
}

static void a_fork_shares_no_bytes_where_madvise_takes_any_advice(void **state)
{
    (void)state;
    advice_kind = TAKES_ANYTHING;
    forks_draw_what_nobody_else_does();
}

static void a_fork_shares_no_bytes_where_madvise_knows_no_such_advice(void **state)
{
    (void)state;
    advice_kind = KNOWS_NOTHING;
    forks_draw_what_nobody_else_does();
}

static void *make_one(void *out)
{
    if (h3s_config_new(S(options), out, NULL) != H3S_OK)
        *(h3s_config **)out = NULL;
    return NULL;
}

static int fork_inside_the_first_call(void)
{
    h3s_config *made = NULL, *own = NULL;
    struct drawn drawn;
    int status = -1;
    pthread_t thread;
    if (pipe(released) != 0 || pthread_create(&thread, NULL, make_one, &made) != 0)
        return 1;
    while (!is_inside)
        sched_yield();
    pid_t pid = fork();
    if (pid == 0) {
        advice_kind = AS_IT_IS;
        alarm(30);
        int failed = h3s_config_new(S(options), &own, NULL) != H3S_OK || draw(own, &drawn) != 0;
        h3s_config_free(own);
        _exit(failed);
    }
    if (waitpid(pid, &status, 0) != pid || status != 0)
        return 2;
    if (write(released[1], "", 1) != 1 || pthread_join(thread, NULL) != 0 || made == NULL || draw(made, &drawn) != 0)
        return 3;
    h3s_config_free(made);
    return 0;
}

static void a_fork_inside_the_first_call_leaves_a_child_that_works(void **state)
{
    (void)state;
    advice_kind = WAITS;
    in_child(fork_inside_the_first_call);
}

/* ---- Snapshots ------------------------------------------------------------------------------- */

struct block {
    void *at;
    size_t len;
};

static int find_block(struct dl_phdr_info *info, size_t size, void *out)
{
    struct block *block = out;
    (void)size;
    if (strstr(info->dlpi_name, "/libh3s.so") == NULL)
        return 0;
    for (int i = 0; i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_TLS)
            *block = (struct block){info->dlpi_tls_data, info->dlpi_phdr[i].p_memsz};
    return 1;
}

/* A virtual machine that is restored twice goes on twice from the same memory: here from what the
 * library keeps of random bytes. */
static int restore_twice(void)
{
    h3s_config *made = NULL;
    struct drawn warm, first, second;
    struct block block = {NULL, 0};
    if (h3s_config_new(S(options), &made, NULL) != H3S_OK || draw(made, &warm) != 0)
        return 1;
    dl_iterate_phdr(find_block, &block);
    if (block.at == NULL)
        return 2;
    void *snapshot = malloc(block.len);
    memcpy(snapshot, block.at, block.len);
    if (draw(made, &first) != 0)
        return 3;
    if (memcmp(snapshot, block.at, block.len) == 0)
        return 4; /* nothing of it was used, so that nothing would be shown */
    memcpy(block.at, snapshot, block.len);
    if (draw(made, &second) != 0)
        return 5;
    free(snapshot);
    h3s_config_free(made);
    return alike(&first, &second) ? 6 : 0;
}

static void a_snapshot_that_is_restored_twice_draws_nothing_twice(void **state)
{
    (void)state;
    advice_kind = AS_IT_IS;
    in_child(restore_twice);
}

/* Of a config that was made before the snapshot was taken, and has sealed nothing yet. */
static int salts_of_copies(void)
{
    h3s_config *made = NULL;
    char salts[2][65];
    if (h3s_config_new(S(CHEAP_OPTIONS), &made, NULL) != H3S_OK)
        return 1;
    for (int copy = 0; copy < 2; copy++) {
        int tell[2], status = -1;
        if (pipe(tell) != 0)
            return 2;
        pid_t pid = fork();
        if (pid == 0) {
            int failed = draw_salt(made, 0, salts[copy]);
            _exit(failed || write(tell[1], salts[copy], sizeof salts[copy]) != sizeof salts[copy]);
        }
        if (read(tell[0], salts[copy], sizeof salts[copy]) != sizeof salts[copy])
            return 3;
        if (waitpid(pid, &status, 0) != pid || status != 0)
            return 3;
    }
    h3s_config_free(made);
    return same_salt(salts[0], salts[1]) ? 4 : 0;
}

static void copies_of_a_config_that_has_sealed_nothing_have_salts_of_their_own(void **state)
{
    (void)state;
    advice_kind = AS_IT_IS;
    in_child(salts_of_copies);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fork_shares_no_bytes_where_the_kernel_empties_a_page),
        cmocka_unit_test(a_fork_shares_no_bytes_where_madvise_takes_any_advice),
        cmocka_unit_test(a_fork_shares_no_bytes_where_madvise_knows_no_such_advice),
        cmocka_unit_test(a_fork_inside_the_first_call_leaves_a_child_that_works),
        cmocka_unit_test(a_snapshot_that_is_restored_twice_draws_nothing_twice),
        cmocka_unit_test(copies_of_a_config_that_has_sealed_nothing_have_salts_of_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
