/* host PLUGIN...: loads plugins so that each could see the others' symbols, and says whose library
 * each of them calls. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        Dl_info at;
        void *plugin = dlopen(argv[i], RTLD_NOW | RTLD_GLOBAL), *where, *called;
        if (plugin == NULL) {
            fprintf(stderr, "%s\n", dlerror());
            return 1;
        }
        void *(*ask)(void);
        int (*works)(void);
        where = dlsym(plugin, "where");
        memcpy(&ask, &where, sizeof ask);
        where = dlsym(plugin, "works");
        memcpy(&works, &where, sizeof works);
        called = ask();
        if (dladdr(called, &at) == 0 || strcmp(at.dli_fname, argv[i]) != 0) {
            fprintf(stderr, "%s calls into %s\n", argv[i], at.dli_fname);
            return 1;
        }
        if (works() != 0) {
            fprintf(stderr, "%s has no session\n", argv[i]);
            return 1;
        }
        if (dlsym(RTLD_DEFAULT, "h3s_abi_version") != NULL) {
            fprintf(stderr, "%s lets others see its copy\n", argv[i]);
            return 1;
        }
    }
    return 0;
}
