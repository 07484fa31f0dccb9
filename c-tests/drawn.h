/*
 * What must never be drawn twice, ids, nonces, initialisation vectors and salts, as hashes of 64
 * bits: of a million, two different ones are taken for the same once in 30 million runs.
 *
 * Ids and nonces differ by a clock and a count even where two processes have drawn the same bytes.
 * That they have shows in salts, of which the library mixes these into the first 16 bytes alone.
 */
#ifndef DRAWN_H
#define DRAWN_H

#include "jar.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum drawn_kind {
    DRAWN_ID,
    DRAWN_NONCE,
    DRAWN_PREFIX,
    DRAWN_IV,
    DRAWN_ENCRYPTION_SALT,
    DRAWN_INTEGRITY_SALT,
};

/* FNV-1a. */
static uint64_t drawn_of(enum drawn_kind kind, const char *text, size_t len)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ (uint64_t)kind;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
    return hash;
}

/* Of an h3s1 token: 24 bytes in 32 characters. */
static uint64_t nonce_of(const char *token)
{
    return drawn_of(DRAWN_NONCE, strrchr(token, '.') + 1, 32);
}

/*
 * A part of a Fe26.2 token: 2 is the salt of encryption, 3 the initialisation vector,
 * 6 the salt of integrity.
 */
static uint64_t part_of(const char *token, int part, enum drawn_kind kind)
{
    for (; part > 0; part--)
        token = strchr(token, '*') + 1;
    return drawn_of(kind, token, strcspn(token, "*"));
}

static uint64_t iv_of(const char *token)
{
    return part_of(token, 3, DRAWN_IV);
}

static int drawn_order(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* How many occur a second time. */
static size_t drawn_twice(uint64_t *all, size_t count)
{
    size_t twice = 0;
    qsort(all, count, sizeof *all, drawn_order);
    for (size_t i = 1; i < count; i++)
        twice += all[i] == all[i - 1];
    return twice;
}

#endif
