/*
 * The file of revocations, between processes: nothing is lost of which an append has said that it
 * is done, whoever is killed, deletes the file, fills the disk or forks meanwhile.
 */
#define _GNU_SOURCE
#include "jar.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MINUTE (60 * SECOND)
/* An entry matters for 12 minutes after it was made, and stays in the file for 10 more. */
#define REVOCABLE "\"maxAge\":60,\"revocation\":{}"
#define AT_ONCE 32

static char folder[200], path[300];
static h3s_config *revocable;

/* ---- What a process does --------------------------------------------------------------------- */

static h3s_revocation_file *file_at(const char *where)
{
    h3s_revocation_file *file = NULL;
    h3s_error err;
    if (h3s_revocation_file_open(S(where), 0, &file, &err) != H3S_OK)
        fail_msg("%s: %s", err.key, err.message);
    return file;
}

static h3s_revocations *new_copy(void)
{
    h3s_revocations *copy = NULL;
    assert_ok(h3s_revocations_new(65536, &copy, NULL));
    return copy;
}

/* `count` entries, of the sessions whose ids are the name and a number. */
static int32_t append_all(h3s_revocation_file *file, const char *name, int count, int64_t now, h3s_error *err)
{
    char lines[AT_ONCE * 2048];
    size_t at = 0, len;
    for (int i = 0; i < count; i++) {
        char id[100];
        int32_t status;
        snprintf(id, sizeof id, "%s-%d", name, i);
        status = h3s_revoke_session(revocable, S(id), now, lines + at, sizeof lines - at, &len, err);
        if (status != H3S_OK)
            return status;
        at += len;
        lines[at++] = '\n';
    }
    return h3s_revocation_file_append(file, lines, at, now, err);
}

static int32_t poll_at(h3s_revocation_file *file, const h3s_revocations *copy, int64_t now)
{
    h3s_error err;
    int32_t status = h3s_revocation_file_poll(file, copy, revocable, now, NULL, &err);
    if (status != H3S_OK)
        print_message("poll: %s\n", err.message);
    return status;
}

/* Whether a copy refuses the session of an id. */
static int refuses(const h3s_revocations *copy, const char *id, int64_t now)
{
    h3s_request request = {.size = sizeof request, .now_ms = now, .revocations = copy};
    h3s_session *session = NULL, *again = NULL;
    h3s_str token;
    h3s_error err;
    int32_t status = H3S_ERR_INTERNAL;
    if (h3s_use(revocable, &request, &session, NULL) == H3S_OK && h3s_session_set_id(session, S(id), NULL) == H3S_OK
        && h3s_seal(session, &token, NULL) == H3S_OK) {
        request.header = token.ptr;
        request.header_len = token.len;
        status = h3s_unseal(revocable, &request, &again, &err);
        h3s_session_free(again);
    }
    h3s_session_free(session);
    return status == H3S_ERR_REJECTED && err.rejection == H3S_REJECTION_REVOKED;
}

/* Whether it refuses all of them; else prints the first that it does not. */
static int refuses_all(const h3s_revocations *copy, const char *name, int count, int64_t now)
{
    for (int i = 0; i < count; i++) {
        char id[100];
        snprintf(id, sizeof id, "%s-%d", name, i);
        if (!refuses(copy, id, now)) {
            print_message("%s is not refused\n", id);
            return 0;
        }
    }
    return 1;
}

static int status_of(pid_t child)
{
    int status = -1;
    return waitpid(child, &status, 0) == child ? status : -1;
}

/* Waits for a byte of each of so many processes. */
static int wait_for(int fd, int count)
{
    char byte;
    for (; count > 0; count--)
        if (read(fd, &byte, 1) != 1)
            return 0;
    return 1;
}

static void make_folder(void)
{
    /* In memory, if possible: nobody here takes the current away, and a disk takes its time. */
    const char *base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/h3s-XXXXXX", base != NULL ? base : "/tmp");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/revocations", folder);
}

static int remove_folder(void **state)
{
    char beside[320];
    (void)state;
    snprintf(beside, sizeof beside, "%s.compacting", path);
    unlink(beside);
    unlink(path);
    return rmdir(folder);
}

static int begin(void **state)
{
    (void)state;
    make_folder();
    return 0;
}

/* ---- Many processes -------------------------------------------------------------------------- */

enum { PROCESSES = 4, BATCHES = 25 };

/* What one has put back in the first round, the others read in the second. */
enum { ROUNDS = 2 };

/* Appends and polls, says so, waits for the others, polls, and has to know all. */
static int take_part(int number, int done, const int go[ROUNDS])
{
    h3s_revocation_file *file = file_at(path);
    h3s_revocations *copy = new_copy();
    char name[50];
    int failed = 0;
    for (int i = 0; i < BATCHES && !failed; i++) {
        snprintf(name, sizeof name, "p%d-%d", number, i);
        if (append_all(file, name, AT_ONCE, NOW, NULL) != H3S_OK || write(done, "a", 1) != 1)
            failed = 1;
        if (poll_at(file, copy, NOW) != H3S_OK || !refuses_all(copy, name, AT_ONCE, NOW))
            failed = 2;
    }
    for (int round = 0; round < ROUNDS && !failed; round++)
        if (write(done, "d", 1) != 1 || !wait_for(go[round], 1) || poll_at(file, copy, NOW) != H3S_OK)
            failed = 3;
    for (int i = 0; i < PROCESSES * BATCHES && !failed; i++) {
        snprintf(name, sizeof name, "p%d-%d", i / BATCHES, i % BATCHES);
        if (!refuses_all(copy, name, AT_ONCE, NOW))
            failed = 4;
    }
    h3s_revocations_free(copy);
    h3s_revocation_file_close(file);
    return failed;
}

static void all_take_part(int deletes)
{
    h3s_revocations *late = new_copy();
    h3s_revocation_file *file;
    pid_t children[PROCESSES];
    int done[2], first[2], second[2], ended = 0, count = 0;
    char byte;
    assert_int_equal(pipe(done) | pipe(first) | pipe(second), 0);
    for (int i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] == 0) {
            const int go[ROUNDS] = {first[0], second[0]};
            alarm(100);
            close(done[0]);
            close(first[1]);
            close(second[1]);
            _exit(take_part(i, done[1], go));
        }
    }
    close(done[1]);
    while (ended < PROCESSES && read(done[0], &byte, 1) == 1) {
        if (byte == 'd')
            ended++;
        else if (++count % 2 == 0 && deletes)
            unlink(path);
    }
    assert_int_equal(count, PROCESSES * BATCHES);
    assert_int_equal(write(first[1], "goon", PROCESSES), PROCESSES);
    assert_true(wait_for(done[0], PROCESSES));
    assert_int_equal(write(second[1], "goon", PROCESSES), PROCESSES);
    for (int i = 0; i < PROCESSES; i++)
        assert_int_equal(status_of(children[i]), 0);
    close(done[0]);
    for (int i = 0; i < 2; i++) {
        close(first[i]);
        close(second[i]);
    }

    file = file_at(path);
    assert_ok(poll_at(file, late, NOW));
    for (int i = 0; i < PROCESSES * BATCHES; i++) {
        char name[50];
        snprintf(name, sizeof name, "p%d-%d", i / BATCHES, i % BATCHES);
        assert_true(refuses_all(late, name, AT_ONCE, NOW));
    }
    h3s_revocation_file_close(file);
    h3s_revocations_free(late);
}

static void what_processes_append_at_once_each_of_them_applies(void **state)
{
    (void)state;
    all_take_part(0);
}

static void a_file_that_is_deleted_again_and_again_loses_nothing(void **state)
{
    (void)state;
    all_take_part(1);
}

/* ---- Killed ---------------------------------------------------------------------------------- */

enum { WRITERS = 2 };

/* What a writer says once an append has said that it is done. */
struct done { int writer, batch, status; };

/* It polls too, so that it may be killed while it compacts the file. */
static void write_for_ever(h3s_revocation_file *file, int round, int writer, int fd)
{
    int64_t now = NOW + round * 5 * MINUTE;
    h3s_revocations *copy = new_copy();
    alarm(60);
    for (int batch = 0;; batch++) {
        struct done done = {writer, batch, H3S_OK};
        char name[50];
        snprintf(name, sizeof name, "r%d-w%d-b%d", round, writer, batch);
        done.status = append_all(file, name, AT_ONCE, now, NULL);
        if (done.status == H3S_OK)
            done.status = poll_at(file, copy, now);
        if (write(fd, &done, sizeof done) != sizeof done || done.status != H3S_OK)
            _exit(1);
    }
}

/* Kills writers at any moment. Gives how many batches each has had done. */
static void kill_writers(h3s_revocation_file *file, int round, unsigned *seed, int done_by[WRITERS])
{
    pid_t writers[WRITERS];
    struct done done;
    int ends[2], left = 1 + (int)(rand_r(seed) % 6);
    unsigned spins = (unsigned)rand_r(seed) % 400000;
    volatile unsigned spun = 0;
    assert_int_equal(pipe(ends), 0);
    for (int i = 0; i < WRITERS; i++) {
        done_by[i] = 0;
        writers[i] = fork();
        assert_true(writers[i] >= 0);
        if (writers[i] == 0) {
            /* With what was open before, or anew. */
            write_for_ever(round % 2 == 0 ? file : file_at(path), round, i, ends[1]);
        }
    }
    close(ends[1]);
    for (; left > 0; left--) {
        assert_int_equal(read(ends[0], &done, sizeof done), sizeof done);
        assert_ok(done.status);
        done_by[done.writer] = done.batch + 1;
    }
    while (spun < spins)
        spun++;
    for (int i = 0; i < WRITERS; i++) {
        assert_int_equal(kill(writers[i], SIGKILL), 0);
        assert_true(WIFSIGNALED(status_of(writers[i])));
    }
    while (read(ends[0], &done, sizeof done) == sizeof done) {
        assert_ok(done.status);
        done_by[done.writer] = done.batch + 1;
    }
    close(ends[0]);
}

static void assert_known(const h3s_revocations *copy, int round, const int done_by[WRITERS], int64_t now)
{
    for (int writer = 0; writer < WRITERS; writer++)
        for (int batch = 0; batch < done_by[writer]; batch++) {
            char name[50];
            snprintf(name, sizeof name, "r%d-w%d-b%d", round, writer, batch);
            assert_true(refuses_all(copy, name, AT_ONCE, now));
        }
}

static void what_was_done_before_its_writer_was_killed_is_there(void **state)
{
    enum { FEW = 20, MANY = 200, LASTING = 3 };
    const int rounds = getenv("H3S_ROUNDS") != NULL ? FEW : MANY;
    h3s_revocation_file *file = file_at(path);
    h3s_revocations *copy = new_copy();
    int (*done_by)[WRITERS] = calloc(MANY, sizeof *done_by);
    int appended = 0, compacted = 0;
    unsigned seed = 22;
    ino_t before = 0;
    (void)state;
    assert_non_null(done_by);
    for (int round = 0; round < rounds; round++) {
        int64_t now = NOW + round * 5 * MINUTE;
        struct stat found;
        kill_writers(file, round, &seed, done_by[round]);
        assert_ok(poll_at(file, copy, now));
        assert_known(copy, round, done_by[round], now);
        for (int i = 0; i < WRITERS; i++)
            appended += done_by[round][i];
        assert_int_equal(stat(path, &found), 0);
        compacted += found.st_ino != before && before != 0;
        before = found.st_ino;
        if (round % 5 == 4) {
            /* One that begins now knows all that has not ended. */
            h3s_revocations *late = new_copy();
            h3s_revocation_file *anew = file_at(path);
            assert_ok(poll_at(anew, late, now));
            for (int back = 0; back < LASTING && back <= round; back++)
                assert_known(late, round - back, done_by[round - back], now);
            h3s_revocation_file_close(anew);
            h3s_revocations_free(late);
        }
    }
    print_message("%d writers killed, %d appends done, %d compactions seen\n", rounds * WRITERS, appended, compacted);
    assert_true(rounds == FEW || compacted >= 10);
    free(done_by);
    h3s_revocations_free(copy);
    h3s_revocation_file_close(file);
}

/* ---- A full disk ----------------------------------------------------------------------------- */

/* In a child, for which the file can have so many bytes. */
static int fill_up(rlim_t limit)
{
    h3s_revocation_file *file = file_at(path);
    struct rlimit limits;
    struct stat found;
    h3s_error err = {.status = 0};
    int32_t status;
    int is_whole;
    signal(SIGXFSZ, SIG_IGN);
    if (getrlimit(RLIMIT_FSIZE, &limits) != 0)
        return 1;
    limits.rlim_cur = limit;
    if (setrlimit(RLIMIT_FSIZE, &limits) != 0)
        return 2;
    status = append_all(file, "full", 1, NOW, &err);
    is_whole = stat(path, &found) == 0 && (rlim_t)found.st_size < limit;
    if (status == H3S_OK ? err.message[0] != 0 : status != H3S_ERR_STORE || is_whole || strstr(err.message, "File too large") == NULL)
        return 3;
    h3s_revocation_file_close(file);
    return status == H3S_OK ? 100 : 0;
}

/* With what the file has before: nothing, or an entry. Gives how often it was full. */
static int fill_from(int has_entry)
{
    int times = 0, is_full = 1;
    for (rlim_t more = 0; is_full; more += 3) {
        h3s_revocation_file *file = file_at(path), *late;
        h3s_revocations *copy = new_copy(), *other = new_copy();
        struct stat found = {.st_size = 0};
        pid_t child;
        int status;
        assert_true(!has_entry || append_all(file, "before", 1, NOW, NULL) == H3S_OK);
        assert_ok(poll_at(file, copy, NOW));
        assert_true(!has_entry || stat(path, &found) == 0);
        child = fork();
        assert_true(child >= 0);
        if (child == 0)
            _exit(fill_up((rlim_t)found.st_size + more));
        status = status_of(child);
        assert_true(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 100));
        is_full = WEXITSTATUS(status) == 0;
        times += is_full;
        assert_ok(poll_at(file, copy, NOW));
        assert_true(is_full || refuses_all(copy, "full", 1, NOW));
        assert_ok(append_all(file, "after", 1, NOW, NULL));
        assert_ok(poll_at(file, copy, NOW));
        late = file_at(path);
        assert_ok(poll_at(late, other, NOW));
        assert_true(refuses_all(copy, "after", 1, NOW) && refuses_all(other, "after", 1, NOW));
        assert_true(!has_entry || refuses_all(other, "before", 1, NOW));
        h3s_revocation_file_close(file);
        h3s_revocation_file_close(late);
        h3s_revocations_free(copy);
        h3s_revocations_free(other);
        assert_int_equal(unlink(path), 0);
    }
    return times;
}

static void where_the_disk_is_full_an_append_fails_and_harms_nothing(void **state)
{
    (void)state;
    assert_true(fill_from(0) > 50);
    assert_true(fill_from(1) > 30);
}

/* ---- A lock that somebody keeps -------------------------------------------------------------- */

/* Holds the lock until it is told to go, or killed. */
static pid_t lock_for_ever(const int done[2], const int go[2])
{
    pid_t child = fork();
    if (child == 0) {
        int fd = open(path, O_RDONLY);
        alarm(60);
        _exit(fd >= 0 && flock(fd, LOCK_EX) == 0 && write(done[1], "l", 1) == 1 && wait_for(go[0], 1) ? 0 : 1);
    }
    return child;
}

static void an_append_waits_for_no_lock_without_end(void **state)
{
    h3s_revocation_file *file = NULL, *patient = file_at(path);
    h3s_revocations *copy = new_copy();
    int done[2], go[2];
    h3s_error err;
    pid_t child;
    (void)state;
    assert_int_equal(pipe(done) | pipe(go), 0);
    assert_ok(h3s_revocation_file_open(S(path), 20, &file, NULL));
    assert_ok(append_all(file, "before", 1, NOW, NULL));
    child = lock_for_ever(done, go);
    assert_true(child >= 0 && wait_for(done[0], 1));
    for (int i = 0; i < 3; i++) {
        assert_int_equal(append_all(i < 2 ? file : patient, "refused", 1, NOW, &err), H3S_ERR_STORE);
        assert_string_equal(err.key, "revocation.file");
        assert_non_null(strstr(err.message, "locked"));
    }
    /* Who reads takes no lock. */
    assert_ok(poll_at(file, copy, NOW));
    assert_true(refuses_all(copy, "before", 1, NOW) && !refuses(copy, "refused-0", NOW));
    assert_int_equal(write(go[1], "g", 1), 1);
    assert_int_equal(status_of(child), 0);
    assert_ok(append_all(file, "after", 1, NOW, NULL));
    assert_ok(poll_at(file, copy, NOW));
    assert_true(refuses_all(copy, "after", 1, NOW));
    for (int i = 0; i < 2; i++) {
        close(done[i]);
        close(go[i]);
    }
    h3s_revocations_free(copy);
    h3s_revocation_file_close(file);
    h3s_revocation_file_close(patient);
}

/* ---- Who may only read ----------------------------------------------------------------------- */

enum { NOBODY = 65534 };

/* Says when it has read, and waits until it may go on. */
static int only_read(int done, int go)
{
    h3s_revocation_file *file = file_at(path);
    h3s_revocations *copy = new_copy();
    h3s_error err;
    int failed = 0;
    if (setgid(NOBODY) != 0 || setuid(NOBODY) != 0)
        return 1;
    if (poll_at(file, copy, NOW) != H3S_OK || !refuses_all(copy, "one", 1, NOW))
        failed = 2;
    if (append_all(file, "none", 1, NOW, &err) != H3S_ERR_STORE || strstr(err.message, "Permission denied") == NULL)
        failed = 3;
    if (write(done, "d", 1) != 1 || !wait_for(go, 1))
        return 4;
    /* It was deleted, and cannot be made again, neither now nor later. */
    for (int i = 0; i < 3; i++)
        if (h3s_revocation_file_poll(file, copy, revocable, NOW, NULL, &err) != H3S_ERR_STORE)
            failed = 5;
    if (write(done, "d", 1) != 1 || !wait_for(go, 1))
        return 6;
    /* Another has made one: that is said once. */
    if (h3s_revocation_file_poll(file, copy, revocable, NOW, NULL, &err) != H3S_ERR_STORE)
        failed = 7;
    if (poll_at(file, copy, NOW) != H3S_OK || !refuses_all(copy, "two", 1, NOW))
        failed = 8;
    h3s_revocations_free(copy);
    h3s_revocation_file_close(file);
    return failed;
}

static void who_may_only_read_says_that_a_file_was_deleted_and_goes_on_with_the_next(void **state)
{
    h3s_revocation_file *file;
    int done[2], go[2];
    pid_t child;
    (void)state;
    if (geteuid() != 0)
        skip();
    assert_int_equal(chmod(folder, 0755) | pipe(done) | pipe(go), 0);
    umask(0022);
    file = file_at(path);
    assert_ok(append_all(file, "one", 1, NOW, NULL));
    assert_int_equal(chmod(path, 0644), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        alarm(60);
        close(done[0]);
        _exit(only_read(done[1], go[0]));
    }
    close(done[1]);
    assert_true(wait_for(done[0], 1));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(write(go[1], "g", 1), 1);
    assert_true(wait_for(done[0], 1));
    assert_ok(append_all(file, "two", 1, NOW, NULL));
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(write(go[1], "g", 1), 1);
    assert_int_equal(status_of(child), 0);
    close(done[0]);
    close(go[0]);
    close(go[1]);
    h3s_revocation_file_close(file);
}

/* ---- Forks ----------------------------------------------------------------------------------- */

#ifndef __SANITIZE_ADDRESS__ /* Its own allocator holds locks for ever in such a child. */
static h3s_revocation_file *shared;
static h3s_revocations *known;
static atomic_int stopped, appended, failed_at;

/* More would fill a copy where a disk is fast; and who appends without a pause for ever may keep
 * others from it on a busy machine, since the system gives its lock to whoever asks first. */
enum { DIFFERENT = 200, MOST = 2000 };

static void *keep_appending(void *arg)
{
    (void)arg;
    for (int i = 0; i < MOST && !atomic_load(&stopped); i++) {
        char name[50];
        snprintf(name, sizeof name, "t%d", i % DIFFERENT);
        if (append_all(shared, name, 1, NOW, NULL) != H3S_OK)
            atomic_store(&failed_at, __LINE__);
        atomic_fetch_add(&appended, 1);
    }
    return NULL;
}

static void *keep_polling(void *arg)
{
    (void)arg;
    while (!atomic_load(&stopped))
        if (poll_at(shared, known, NOW) != H3S_OK)
            atomic_store(&failed_at, __LINE__);
    return NULL;
}

/* In a child, whose parent's threads were at work when it was forked. */
static int go_on(int number, int go)
{
    int before = atomic_load(&appended);
    char name[50];
    int failed = 0;
    alarm(60);
    for (int i = 0; i < 2 && !failed; i++) {
        snprintf(name, sizeof name, "c%d-%d", number, i);
        if (append_all(shared, name, 1, NOW, NULL) != H3S_OK)
            failed = 1;
        if (poll_at(shared, known, NOW) != H3S_OK || !refuses_all(known, name, 1, NOW))
            failed = 2;
    }
    for (int i = 0; i < before && i < DIFFERENT && !failed; i++) {
        snprintf(name, sizeof name, "t%d", i);
        if (!refuses_all(known, name, 1, NOW))
            failed = 3;
    }
    h3s_revocation_file_close(shared);
    h3s_revocations_free(known);
    h3s_config_free(revocable);
    /* It lives on, and is in nobody's way. */
    return failed != 0 ? failed : wait_for(go, 1) ? 0 : 4;
}

static void children_of_a_process_that_appends_and_polls_do_so_too(void **state)
{
    enum { CHILDREN = 40 };
    pid_t children[CHILDREN];
    pthread_t threads[3];
    char bytes[CHILDREN] = {0};
    int go[2];
    (void)state;
    assert_int_equal(pipe(go), 0);
    shared = file_at(path);
    known = new_copy();
    assert_int_equal(pthread_create(&threads[0], NULL, keep_appending, NULL), 0);
    assert_int_equal(pthread_create(&threads[1], NULL, keep_polling, NULL), 0);
    assert_int_equal(pthread_create(&threads[2], NULL, keep_polling, NULL), 0);
    for (int i = 0; i < CHILDREN; i++) {
        int before = atomic_load(&appended);
        /* So that each is forked at another moment. */
        while (i > 0 && atomic_load(&appended) == before && before < MOST && atomic_load(&failed_at) == 0)
            ;
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] == 0)
            _exit(go_on(i, go[0]));
    }
    assert_int_equal(write(go[1], bytes, CHILDREN), CHILDREN);
    for (int i = 0; i < CHILDREN; i++)
        assert_int_equal(status_of(children[i]), 0);
    atomic_store(&stopped, 1);
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(atomic_load(&failed_at), 0);
    assert_ok(poll_at(shared, known, NOW));
    assert_true(refuses(known, "c0-0-0", NOW) && refuses(known, "t0-0", NOW));
    close(go[0]);
    close(go[1]);
    h3s_revocation_file_close(shared);
    h3s_revocations_free(known);
}
#endif

/* ---- The rest -------------------------------------------------------------------------------- */

static void a_foreign_file_is_left_as_it_is(void **state)
{
    static const char text[] = "password=of somebody else\n";
    h3s_revocation_file *file = file_at(path), *none = NULL;
    h3s_revocations *copy = new_copy();
    char found[100];
    h3s_error err;
    FILE *foreign = fopen(path, "w");
    (void)state;
    assert_non_null(foreign);
    fputs(text, foreign);
    assert_int_equal(fclose(foreign), 0);
    assert_int_equal(h3s_revocation_file_open(S(path), 0, &none, &err), H3S_ERR_STORE);
    assert_null(none);
    assert_string_equal(err.key, "revocation.file");
    assert_null(strstr(err.message, "somebody"));
    assert_int_equal(h3s_revocation_file_poll(file, copy, revocable, NOW, NULL, &err), H3S_ERR_STORE);
    assert_int_equal(append_all(file, "a", 1, NOW, &err), H3S_ERR_STORE);
    foreign = fopen(path, "r");
    assert_non_null(foreign);
    assert_int_equal(fread(found, 1, sizeof found, foreign), strlen(text));
    assert_memory_equal(found, text, strlen(text));
    fclose(foreign);
    h3s_revocation_file_close(file);
    h3s_revocations_free(copy);
}

static void what_was_applied_is_counted_and_heard(void **state)
{
    h3s_revocations_info info = H3S_REVOCATIONS_INFO_INIT;
    h3s_revocation_file *file = file_at(path);
    h3s_revocations *copy = new_copy();
    size_t applied = 7;
    (void)state;
    assert_ok(h3s_revocation_file_poll(file, copy, revocable, NOW, &applied, NULL));
    assert_int_equal(applied, 0);
    assert_ok(append_all(file, "a", 3, NOW, NULL));
    assert_ok(h3s_revocation_file_poll(file, copy, revocable, NOW + SECOND, &applied, NULL));
    assert_int_equal(applied, 3);
    assert_ok(h3s_revocations_view(copy, NOW, &info, NULL));
    assert_true(info.heard_at == NOW + SECOND && info.entries == 3);
    h3s_revocation_file_close(file);
    h3s_revocations_free(copy);
}

static void null_is_an_argument_error_and_so_is_a_line_that_is_no_entry(void **state)
{
    h3s_revocation_file *file = NULL;
    h3s_revocations *copy = new_copy();
    size_t applied = 7;
    h3s_error err;
    (void)state;
    h3s_revocation_file_close(NULL);
    assert_int_equal(h3s_revocation_file_open(S(path), 0, NULL, &err), H3S_ERR_ARGUMENT);
    assert_string_equal(err.key, "out");
    file = (h3s_revocation_file *)&err;
    assert_int_equal(h3s_revocation_file_open(NULL, 1, 0, &file, NULL), H3S_ERR_ARGUMENT);
    assert_null(file);
    assert_int_equal(h3s_revocation_file_open(S("revocations"), 0, &file, &err), H3S_ERR_ARGUMENT);
    assert_string_equal(err.key, "path");
    assert_int_equal(h3s_revocation_file_append(NULL, S("h3r1"), NOW, &err), H3S_ERR_ARGUMENT);
    assert_string_equal(err.key, "file");
    assert_int_equal(h3s_revocation_file_poll(NULL, copy, revocable, NOW, &applied, &err), H3S_ERR_ARGUMENT);
    assert_int_equal(applied, 0);
    file = file_at(path);
    assert_int_equal(h3s_revocation_file_append(file, NULL, 1, NOW, NULL), H3S_ERR_ARGUMENT);
    assert_int_equal(h3s_revocation_file_append(file, S("no entry"), NOW, &err), H3S_ERR_ARGUMENT);
    assert_string_equal(err.key, "lines");
    assert_int_equal(h3s_revocation_file_append(file, S(""), -1, &err), H3S_ERR_ARGUMENT);
    assert_ok(h3s_revocation_file_append(file, NULL, 0, NOW, NULL));
    assert_int_equal(h3s_revocation_file_poll(file, NULL, revocable, NOW, &applied, &err), H3S_ERR_ARGUMENT);
    assert_string_equal(err.key, "revocations");
    assert_int_equal(h3s_revocation_file_poll(file, copy, NULL, NOW, NULL, &err), H3S_ERR_ARGUMENT);
    assert_string_equal(err.key, "config");
    assert_int_equal(access(path, F_OK), -1);
    assert_ok(h3s_revocation_file_poll(file, copy, revocable, 0, NULL, NULL));
    h3s_revocation_file_close(file);
    h3s_revocations_free(copy);
}

static int make(void **state)
{
    (void)state;
    revocable = config_of("{\"password\":\"" PASSWORD "\"," REVOCABLE "}");
    return 0;
}

static int unmake(void **state)
{
    (void)state;
    h3s_config_free(revocable);
    return 0;
}

#define in_a_folder(test) cmocka_unit_test_setup_teardown(test, begin, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_a_folder(what_processes_append_at_once_each_of_them_applies),
        in_a_folder(a_file_that_is_deleted_again_and_again_loses_nothing),
        in_a_folder(what_was_done_before_its_writer_was_killed_is_there),
        in_a_folder(where_the_disk_is_full_an_append_fails_and_harms_nothing),
        in_a_folder(an_append_waits_for_no_lock_without_end),
        in_a_folder(who_may_only_read_says_that_a_file_was_deleted_and_goes_on_with_the_next),
#ifndef __SANITIZE_ADDRESS__
        in_a_folder(children_of_a_process_that_appends_and_polls_do_so_too),
#endif
        in_a_folder(a_foreign_file_is_left_as_it_is),
        in_a_folder(what_was_applied_is_counted_and_heard),
        in_a_folder(null_is_an_argument_error_and_so_is_a_line_that_is_no_entry),
    };
    return cmocka_run_group_tests_name("revocation_file", tests, make, unmake);
}
