/*
 * A service without any session code, which counts visits: nginx tells it in X-Session-Data what
 * there is, and seals what it answers.
 *
 *     service             prints its port, and ends with its standard input
 */
#define _DEFAULT_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <microhttpd.h>

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *path, const char *method,
                                  const char *version, const char *piece, size_t *len, void **state)
{
    (void)cls, (void)path, (void)method, (void)version, (void)piece, (void)len, (void)state;
    const char *data = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "X-Session-Data");
    const char *id = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "X-Session-Id");
    const char *found = data != NULL ? strstr(data, "\"count\":") : NULL;
    long count = found != NULL ? strtol(found + strlen("\"count\":"), NULL, 10) : 0;
    char update[64], body[400];
    snprintf(update, sizeof update, "{\"count\":%ld}", count + 1);
    int size = snprintf(body, sizeof body, "{\"count\":%ld,\"id\":\"%s\"}\n", count, id != NULL ? id : "");

    struct MHD_Response *response = MHD_create_response_from_buffer((size_t)size, body, MHD_RESPMEM_MUST_COPY);
    MHD_add_response_header(response, "Content-Type", "application/json");
    MHD_add_response_header(response, "X-Session-Update", update);
    enum MHD_Result result = MHD_queue_response(connection, data != NULL ? MHD_HTTP_OK : MHD_HTTP_BAD_REQUEST, response);
    MHD_destroy_response(response);
    return result;
}

int main(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    /*
     * No time limit: a connection that nginx keeps must not be closed at the
     * moment in which nginx uses it.
     */
    struct MHD_Daemon *daemon = MHD_start_daemon(MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_ERROR_LOG, 0, NULL,
                                                 NULL, on_request, NULL, MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_END);
    if (daemon == NULL)
        return 1;
    printf("%u\n", (unsigned)MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
    fflush(stdout);
    char byte;
    while (read(STDIN_FILENO, &byte, 1) > 0)
        continue;
    MHD_stop_daemon(daemon);
    return 0;
}
