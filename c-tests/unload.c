/* What is left of the library once a program has unloaded it: nothing. It is loaded anew each time,
 * as a server does with its plugins when it reads its configuration again. */
#define _GNU_SOURCE
#include "jar.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The program is not linked with the library: these are the functions of the loaded copy. */
static struct {
    void *handle;
    __typeof__(&h3s_config_new) config_new;
    __typeof__(&h3s_config_free) config_free;
    __typeof__(&h3s_use) use;
    __typeof__(&h3s_get) get;
    __typeof__(&h3s_seal) seal;
    __typeof__(&h3s_iron_seal) iron_seal;
    __typeof__(&h3s_session_free) session_free;
} loaded;

static void find(void *function, const char *name)
{
    void *found = dlsym(loaded.handle, name);
    assert_non_null(found);
    memcpy(function, &found, sizeof found);
}

static void load(void)
{
    loaded.handle = dlopen(H3S_LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (loaded.handle == NULL)
        fail_msg("%s", dlerror());
#define LOAD(name) find(&loaded.name, "h3s_" #name)
    LOAD(config_new);
    LOAD(config_free);
    LOAD(use);
    LOAD(get);
    LOAD(seal);
    LOAD(iron_seal);
    LOAD(session_free);
}

static void unload(void) { assert_int_equal(dlclose(loaded.handle), 0); }

/* Whether a session can be sealed and opened, and options that are wrong are refused. */
static int works_with(const char *options)
{
    static const char wrong[] = "{\"password\":\"short\"}";
    h3s_config *config = NULL, *none = NULL;
    h3s_request request = {.size = sizeof request, .now_ms = NOW};
    h3s_session *first = NULL, *second = NULL;
    h3s_error err;
    h3s_str token;
    int works = loaded.config_new(S(options), &config, &err) == H3S_OK
                && loaded.config_new(S(wrong), &none, &err) == H3S_ERR_CONFIG
                && loaded.use(config, &request, &first, &err) == H3S_OK
                && loaded.seal(first, &token, &err) == H3S_OK;
    if (works) {
        request.header = token.ptr;
        request.header_len = token.len;
        works = loaded.get(config, &request, &second, &err) == H3S_OK;
    }
    loaded.session_free(first);
    loaded.session_free(second);
    loaded.config_free(config);
    return works;
}

static int works(void) { return works_with(OPTIONS); }

/* By keys that cost next to nothing. */
static int works_often(void) { return works_with("{\"password\":\"" PASSWORD "\",\"seal\":\"h3-1\"}"); }

static long rounds(void)
{
    const char *set = getenv("H3S_ROUNDS");
    return set != NULL ? atol(set) : 1000;
}

/* How many mappings the process has, and how many of them are the library's. */
static void mappings(long *all, long *of_the_library)
{
    char *line = NULL;
    size_t room = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    assert_non_null(maps);
    *all = *of_the_library = 0;
    while (getline(&line, &room, maps) > 0) {
        ++*all;
        *of_the_library += strstr(line, "/libh3s.so") != NULL;
    }
    free(line);
    fclose(maps);
}

static long resident(void)
{
    long all, pages = 0;
    FILE *statm = fopen("/proc/self/statm", "r");
    assert_non_null(statm);
    assert_int_equal(fscanf(statm, "%ld %ld", &all, &pages), 2);
    fclose(statm);
    return pages;
}

static void nothing_is_left_of_a_library_that_was_used_and_unloaded(void **state)
{
    long before, after, of_the_library, pages, loads = rounds();
    (void)state;
    /* What the loader and the allocator keep of the first times, some kilobytes, is not the
     * library's. */
    for (long i = 0; i < 3 + loads / 10; i++) {
        load();
        assert_true(works_often());
        unload();
    }
    mappings(&before, &of_the_library);
    assert_int_equal(of_the_library, 0);
    size_t allocated = mallinfo2().uordblks;
    pages = resident();
    for (long i = 0; i < loads; i++) {
        load();
        assert_true(works_often());
        unload();
    }
    mappings(&after, &of_the_library);
    assert_int_equal(of_the_library, 0);
    if (getenv("H3S_ROUNDS") != NULL)
        return; /* under a tool, whose own memory grows, and which finds leaks itself */
    assert_int_equal(after, before);
    /* The C library counts as allocated what it keeps for the next call. */
    assert_in_range(mallinfo2().uordblks, 0, allocated + 8192);
    assert_in_range(resident(), 0, pages + loads / 4);
}

static sem_t is_used, is_unloaded;

static void *use_and_stay(void *result)
{
    *(int *)result = works();
    sem_post(&is_used);
    sem_wait(&is_unloaded);
    return NULL;
}

static void a_thread_that_has_used_it_ends_after_it_is_unloaded(void **state)
{
    long all, of_the_library;
    int worked = 0;
    pthread_t thread;
    (void)state;
    assert_int_equal(sem_init(&is_used, 0, 0), 0);
    assert_int_equal(sem_init(&is_unloaded, 0, 0), 0);
    load();
    assert_int_equal(pthread_create(&thread, NULL, use_and_stay, &worked), 0);
    sem_wait(&is_used);
    unload();
    mappings(&all, &of_the_library);
    sem_post(&is_unloaded);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(worked);
    assert_int_equal(of_the_library, 0);
}

static void a_process_that_has_unloaded_it_can_fork_and_load_it_again_in_the_child(void **state)
{
    int status = -1;
    (void)state;
    load();
    assert_true(works());
    unload();
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        alarm(60);
        load();
        int worked = works();
        dlclose(loaded.handle);
        _exit(worked ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_left_of_a_library_that_was_used_and_unloaded),
        cmocka_unit_test(a_thread_that_has_used_it_ends_after_it_is_unloaded),
        cmocka_unit_test(a_process_that_has_unloaded_it_can_fork_and_load_it_again_in_the_child),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
