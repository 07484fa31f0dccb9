/*
 * What the library does for inputs of one kind and three sizes: its instructions, counted by
 * callgrind, in one dump for each, named `KIND SIZE`; and the most memory that it held, in a line
 * `SIZE BYTES KIND`.
 */
#include <h3s.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <valgrind/callgrind.h>

#define NOW 1800000000000
#define PASSWORD "\"password\":\"correct horse battery staple, and more of it\""
/* Fe26.2 too, with one iteration: what is counted is the reading. */
#define OPTIONS \
    "{" PASSWORD ",\"maxTokenLength\":1000000,\"cookie\":{\"chunkMaxLength\":4000,\"maxChunks\":100}," \
    "\"seal\":{\"accept\":[\"h3s1\",\"fe26.2\"],\"encryption\":{\"algorithm\":\"aes-256-cbc\",\"saltBits\":256," \
    "\"iterations\":1,\"minPasswordlength\":32},\"integrity\":{\"algorithm\":\"sha256\",\"saltBits\":256,\"iterations\":1," \
    "\"minPasswordlength\":32}}}"

/* Of which an entry without a key id may be under any. */
#define REVOCABLE \
    "{\"password\":{\"a\":\"the first of the passwords, of 32 and more\",\"b\":\"the second of the passwords, of 32 and more\"," \
    "\"c\":\"the third of the passwords, of 32 and more\",\"d\":\"the fourth of the passwords, of 32 and more\"}," \
    "\"maxAge\":3600,\"revocation\":{\"subject\":\"/a\"}}"

enum { SMALL = 16384, MOST = 4 * SMALL };

static h3s_config *config, *revocable;
static char text[MOST + 4096];
static char out[2 * MOST];

static void need(int ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "%s failed\n", what);
        exit(1);
    }
}

/*
 * Fills `text` with a piece again and again; a %u in it is the number of the
 * piece. Gives the length.
 */
static size_t fill(const char *start, const char *piece, const char *end, size_t size)
{
    size_t len = strlen(strcpy(text, start));
    for (unsigned i = 0; len < size; i++) len += (size_t)sprintf(text + len, piece, i);
    return len + strlen(strcpy(text + len, end));
}

static h3s_session *opened(const char *cookie, size_t cookie_len, const char *header, size_t header_len)
{
    h3s_request request = {sizeof request, 0, cookie, cookie_len, header, header_len, NULL, 0, NOW, NULL};
    h3s_session *session = NULL;
    need(h3s_use(config, &request, &session, NULL) == H3S_OK, "h3s_use");
    return session;
}

/* ---- Memory: what stands in the C library's place counts what is held ------------------------ */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void __libc_free(void *old);

static size_t held, most_held;

static void *took(void *memory)
{
    held += memory == NULL ? 0 : malloc_usable_size(memory);
    if (held > most_held) most_held = held;
    return memory;
}

void *malloc(size_t size) { return took(__libc_malloc(size)); }
void *calloc(size_t count, size_t size) { return took(__libc_calloc(count, size)); }

void free(void *old)
{
    held -= old == NULL ? 0 : malloc_usable_size(old);
    __libc_free(old);
}

void *realloc(void *old, size_t size)
{
    size_t before = old == NULL ? 0 : malloc_usable_size(old);
    void *memory = __libc_realloc(old, size);
    if (memory != NULL) held -= before;
    return memory == NULL ? NULL : took(memory);
}

/* ---- Counting -------------------------------------------------------------------------------- */

static size_t before;

static void begin(void)
{
    most_held = before = held;
    CALLGRIND_ZERO_STATS;
}

static void end(const char *of, const char *name, size_t size)
{
    char label[120];
    snprintf(label, sizeof label, "%s%s %zu", of, name, size);
    CALLGRIND_DUMP_STATS_AT(label);
    printf("%zu %zu %s%s\n", size, most_held - before, of, name);
}

static const struct {
    const char *name, *start, *piece, *end;
} headers[] = {
    {"other cookies", "", "a%u=b; ", ""},
    {"nothing but semicolons", "", ";", ""},
    {"nothing but equals signs", "", "=", ""},
    {"nothing but spaces", "", " ", ""},
    {"the session's cookie again and again, empty", "", "h3=; ", ""},
    {"the session's cookie again and again, like a token", "",
     "h3=h3s1..AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA; ", ""},
    {"the session's cookie again and again, in chunks", "", "h3=__chunked__100; h3.1=a; ", ""},
    {"sessions in chunks, each with its own", "",
     "h3=__chunked__2; h3.1=h3s1..AAAAAAAAAAAAAAAAAAAAAAAAAA%u; h3.2=AAAAAAAAAAAAAAAAAAAA%u; ", ""},
    {"Fe26.2 tokens in chunks, each with its own", "",
     "h3=__chunked__2; h3.1=Fe26.2**%u*AAAAAAAAAAAAAAAAAAAAAA*AAAA**a*; "
     "h3.2=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA; ", ""},
    {"chunks before the cookies that count them", "", "h3.%u=a; ",
     "h3=__chunked__100; h3=__chunked__99; h3=__chunked__98; h3=__chunked__97"},
    {"a name amid what JavaScript trims", "", "\xa0\xc2\xa0\xe2\x80\x83", "h3\xa0=a; b=c"},
    {"names that JavaScript trims to the session's", "", "\xa0h3=a; h3.%u\xe2\x80\x83=a; ", ""},
    {"chunks of every number", "h3=__chunked__100; ", "h3.%u=a; ", ""},
    {"one chunk again and again", "h3=__chunked__2; h3.2=a; ", "h3.1=a; ", ""},
    {"names almost the session's", "", "h3.=; h3.0=; h3x=; h3 ; ", ""},
    {"a long value in quotes", "h3=\"", "a", "\""},
    {"a quote that does not end", "h3=\"", "\"", ""},
    {"a long value of percent escapes", "h3=h3s1..", "%%41", ""},
    {"broken percent escapes", "h3=h3s1..", "%%%%4", ""},
};

static const struct {
    const char *name, *start, *piece, *end;
} objects[] = {
    {"members", "{\"a\":1", ",\"k%u\":0", "}"},
    {"the same name twice at the end", "{\"a\":1", ",\"k%u\":0", ",\"a\":1}"},
    {"names that begin alike", "{\"a\":1", ",\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa%u\":0", "}"},
    {"objects side by side", "{\"a\":[0", ",{\"k%u\":{}}", "]}"},
    {"escapes", "{\"a\":\"", "\\u00e9\\\"", "\"}"},
    {"escapes in names", "{\"a\":1", ",\"\\u0061\\\\%u\":0", "}"},
    {"white space", "{ \"a\" : 1", " \n", "}"},
    {"brackets that do not close", "{\"a\":", "[", ""},
    {"a string that does not end", "{\"a\":\"", "\\\\", ""},
    {"digits", "{\"a\":1", "0", "}"},
};

/* Lines that somebody has put into a store of what is revoked; NULL: one that is authentic. */
static const struct {
    const char *name, *start, *piece, *end;
} lines[] = {
    {"forged entries that any of four passwords may open", "",
     "h3r1..1800003600.AAAA%08uAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n", ""},
    {"forged entries of one password", "",
     "h3r1.a.1800003600.AAAA%08uAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n", ""},
    {"one entry again and again", "", NULL, ""},
    {"entries of a password that there is not", "", "h3r1.z%u.1800003600.AAAAAAAAAAAAAAAAAAAAAAAA\n", ""},
    {"empty lines", "", "\n", ""},
    {"a line that does not end", "h3r1..1800003600.", "A", ""},
    {"entries without a body", "", "h3r1..1800003600.\n", ""},
    {"entries without an end", "", "h3r1.a.999999999999999999999\n", ""},
};

static void count_lines(size_t size)
{
    static char authentic[2048];
    size_t len;
    need(h3s_revoke_session(revocable, "an-id", 5, NOW, authentic, sizeof authentic - 1, &len, NULL) == H3S_OK, "h3s_revoke_session");
    strcat(authentic, "\n");
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        h3s_revocations *known = NULL;
        size_t applied = 0, there = fill(lines[i].start, lines[i].piece == NULL ? authentic : lines[i].piece, lines[i].end, size);
        need(h3s_revocations_new(1000, &known, NULL) == H3S_OK, "h3s_revocations_new");
        begin();
        need(h3s_revocations_apply(known, revocable, text, there, NOW, &applied, NULL) == H3S_OK, lines[i].name);
        end("", lines[i].name, size);
        need((applied > 0) == (lines[i].piece == NULL), lines[i].name);
        h3s_revocations_free(known);
    }
}

/* What is too large is refused before work is done on it: a text of which each byte takes six. */
/* A walk through an array or object of so many entries, with what each of them holds. */
static void count_walk(const char *name, const char *start, const char *piece, const char *last, size_t size)
{
    size_t len = fill(start, piece, last, size);
    h3s_session *session = opened(NULL, 0, NULL, 0);
    need(h3s_update(session, text, len, NULL) == H3S_OK, name);
    begin();
    h3s_iter iter = h3s_session_iter(session, "/a", 2);
    h3s_str key, value;
    size_t entries = 0;
    int32_t status;
    while ((status = h3s_iter_next(&iter, &key, &value)) == H3S_OK) {
        entries++;
        h3s_iter_text(&iter, "/t", 2);
        h3s_iter_type(&iter, "/n", 2);
    }
    need(status == H3S_END && entries > size / 100, name);
    end("", name, size);
    h3s_session_free(session);
}

static void count_refusal(size_t size)
{
    static const char few[] = "{" PASSWORD "}";
    h3s_config *strict;
    h3s_session *session = NULL;
    need(h3s_config_new(few, strlen(few), &strict, NULL) == H3S_OK, "h3s_config_new");
    h3s_request request = {sizeof request, 0, NULL, 0, NULL, 0, NULL, 0, NOW, NULL};
    need(h3s_use(strict, &request, &session, NULL) == H3S_OK, "h3s_use");
    memset(text, '\x01', size);
    begin();
    int32_t status = h3s_set_text(session, "a", 1, text, size, NULL);
    end("", "a text that fits into no session", size);
    need(status == H3S_ERR_TOO_LARGE, "h3s_set_text");
    h3s_session_free(session);
    h3s_config_free(strict);
}

/* As the token in `text`, but with another salt and another MAC, both of which `which` chooses. */
static size_t forge(char *to, size_t len, unsigned which)
{
    memcpy(to, text, len);
    to[len - 2] = (char)('a' + which);
    to[len - 2 - 43] = (char)('a' + which);
    return len;
}

/* Five forged tokens in one header, and one more in the session header. */
static void count_forged(const char *options, size_t token_len)
{
    static const char *const names[] = {
        "five forged tokens", "five forged tokens and one in the session header",
        "five forged tokens that were all refused before",
    };
    static char cookies[4096], token[1024];
    h3s_config *ours;
    size_t len = 0;
    for (unsigned i = 0; i < 5; i++) {
        len += (size_t)sprintf(cookies + len, "h3=");
        len += forge(cookies + len, token_len, i);
        len += (size_t)sprintf(cookies + len, "; ");
    }
    for (int n = 0; n < 3; n++) {
        /* The same config the last time, on which each request has one more token refused. */
        int rest = n == 2 ? 5 : 0;
        if (n < 2) need(h3s_config_new(options, strlen(options), &ours, NULL) == H3S_OK, names[n]);
        h3s_request request = {sizeof request, 0, cookies, len, NULL, 0, NULL, 0, NOW, NULL};
        if (n > 0) request.header = token, request.header_len = forge(token, token_len, 6);
        for (int last = 0; !last; rest--) {
            h3s_session *session = NULL;
            last = rest == 0;
            begin();
            int32_t status = h3s_use(ours, &request, &session, NULL);
            if (last) end("", names[n], 1);
            need(status == H3S_OK && h3s_session_is_new(session), names[n]);
            h3s_session_free(session);
        }
        if (n != 1) h3s_config_free(ours);
    }
}

/*
 * A token that this config has not seen: a good one costs two key derivations, and a forged one,
 * whatever is wrong with it, one.
 */
static void count_derivations(void)
{
    static const char *const names[] = {"a good token", "a forged token"};
    static const char iron[] = "{" PASSWORD ",\"legacySealFallback\":false,\"seal\":{\"format\":\"fe26.2\"}}";
    h3s_config *theirs, *ours;
    size_t len;
    need(h3s_config_new(iron, strlen(iron), &theirs, NULL) == H3S_OK, "h3s_config_new");
    need(h3s_config_new(iron, strlen(iron), &ours, NULL) == H3S_OK, "h3s_config_new");
    need(h3s_iron_seal(theirs, "{\"id\":\"u\",\"data\":{}}", 20, NOW, H3S_IRON_SESSION, text, sizeof text, &len, NULL) == H3S_OK, "h3s_iron_seal");
    /* Another letter of base64url's alphabet: else it would be refused before. */
    char *of_mac = text + len - 2, right = *of_mac;
    for (int forged = 1; forged >= 0; forged--) {
        *of_mac = !forged ? right : right == 'A' ? 'B' : 'A';
        h3s_session *session = NULL;
        h3s_request request = H3S_REQUEST_INIT;
        request.header = text;
        request.header_len = len;
        request.now_ms = NOW;
        begin();
        int32_t status = h3s_unseal(ours, &request, &session, NULL);
        end("", names[forged], 1);
        need((status == H3S_OK) == !forged, names[forged]);
        h3s_session_free(session);
    }
    h3s_config_free(theirs);
    h3s_config_free(ours);
    count_forged(iron, len);
}

int main(void)
{
    static const size_t sizes[] = {SMALL, 2 * SMALL, MOST};
    need(h3s_config_new(OPTIONS, strlen(OPTIONS), &config, NULL) == H3S_OK, "h3s_config_new");
    need(h3s_config_new(REVOCABLE, strlen(REVOCABLE), &revocable, NULL) == H3S_OK, "h3s_config_new");

    for (size_t n = 0; n < sizeof sizes / sizeof *sizes; n++) {
        for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
            size_t len = fill(headers[i].start, headers[i].piece, headers[i].end, sizes[n]);
            begin();
            h3s_session *session = opened(text, len, NULL, 0);
            size_t kept = h3s_cookie_strip(config, text, len, out);
            need(kept <= len && h3s_clear(session, NULL) == H3S_OK, headers[i].name);
            const h3s_str *list = NULL;
            size_t cookies = 0;
            need(h3s_set_cookies(session, &list, &cookies, NULL) == H3S_OK, headers[i].name);
            h3s_session_free(session);
            end("", headers[i].name, sizes[n]);
        }
        for (size_t i = 0; i < sizeof objects / sizeof *objects; i++) {
            size_t len = fill(objects[i].start, objects[i].piece, objects[i].end, sizes[n]);
            h3s_session *session = opened(NULL, 0, NULL, 0);
            begin();
            /* Some of them are no JSON. Twice: into an empty object and into a full one. */
            int32_t status = h3s_update(session, text, len, NULL);
            need(h3s_update(session, text, len, NULL) == status, objects[i].name);
            h3s_session_find(session, "/a/no/such/thing", 16);
            h3s_session_text(session, "/a", 2);
            h3s_str found = h3s_session_find(session, "/a", 2);
            need((found.ptr != NULL) == (status == H3S_OK), objects[i].name);
            h3s_str token;
            need(h3s_seal(session, &token, NULL) == H3S_OK, objects[i].name);
            h3s_session *again = opened(NULL, 0, token.ptr, token.len);
            need(h3s_session_rejection(again) == H3S_REJECTION_NONE, objects[i].name);
            h3s_session_free(again);
            h3s_session_free(session);
            end("", objects[i].name, sizes[n]);

            size_t sealed = 0;
            begin();
            status = h3s_iron_seal(config, text, len, NOW, 0, out, sizeof out, &sealed, NULL);
            h3s_session_free(opened(NULL, 0, out, sealed));
            h3s_request request = H3S_REQUEST_INIT;
            request.header = out;
            request.header_len = sealed;
            request.now_ms = NOW;
            int32_t unsealed = h3s_iron_unseal(config, &request, text, sizeof text, &len, NULL);
            need((unsealed == H3S_OK) == (status == H3S_OK), objects[i].name);
            end("Fe26.2 of ", objects[i].name, sizes[n]);
        }
        count_walk("a walk through an array of objects", "{\"a\":[0", ",{\"t\":\"\\n\",\"n\":%u}", "]}", sizes[n]);
        count_walk("a walk through an array of numbers", "{\"a\":[0", ",1", "]}", sizes[n]);
        count_walk("a walk through members with escapes in their names", "{\"a\":{\"\":0", ",\"\\n%u\":1", "}}", sizes[n]);
        count_refusal(sizes[n]);
        count_lines(sizes[n]);
    }
    count_derivations();
    h3s_config_free(config);
    h3s_config_free(revocable);
    return 0;
}
