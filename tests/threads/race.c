/* race KIND: two threads that take the steps of race.rs. */
#include <pthread.h>
#include <stdlib.h>

void race_step(int kind, int thread);

static int kind;

static void *run(void *number)
{
    for (int i = 0; i < 20000; i++)
        race_step(kind, *(int *)number);
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t threads[2];
    int numbers[] = {0, 1};
    kind = argc > 1 ? atoi(argv[1]) : 0;
    for (int i = 0; i < 2; i++)
        if (pthread_create(&threads[i], NULL, run, &numbers[i]) != 0)
            return 1;
    for (int i = 0; i < 2; i++)
        if (pthread_join(threads[i], NULL) != 0)
            return 1;
    return 0;
}
