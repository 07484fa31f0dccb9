/* A plugin with a copy of libh3s.a in it: a session of its own, and where its copy is. */
#include <h3s.h>
#include <string.h>

typedef uint32_t (*version_function)(void);

version_function where(void) { return h3s_abi_version; }

/* Seals a session and opens it again; 0 if it is the same. */
int works(void)
{
    static const char options[] = "{\"password\": \"an example of 32 characters or more\"}";
    h3s_config *config = NULL;
    h3s_request request = {.size = sizeof request};
    h3s_session *first = NULL, *second = NULL;
    h3s_str token;
    int failed = h3s_config_new(options, strlen(options), &config, NULL) != H3S_OK
                 || h3s_use(config, &request, &first, NULL) != H3S_OK
                 || h3s_seal(first, &token, NULL) != H3S_OK;
    if (!failed) {
        request.header = token.ptr;
        request.header_len = token.len;
        failed = h3s_get(config, &request, &second, NULL) != H3S_OK
                 || strcmp(h3s_session_id(first).ptr, h3s_session_id(second).ptr) != 0;
    }
    h3s_session_free(first);
    h3s_session_free(second);
    h3s_config_free(config);
    return failed;
}
