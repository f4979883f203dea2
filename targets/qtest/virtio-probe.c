/* SPDX-License-Identifier: MIT */
/* See virtio-probe.h. */
#include "targets/qtest/virtio-probe.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    HEAD = 4, /* bytes: type and length */
    TYPE_LG = 12,
    RESERVED_MEMORY = 1,
    MEMORY_BYTES = 20, /* of its value: subtype, 3 bytes 0, two addresses */
    OF_MESSAGES = 1,   /* a subtype */
    MOST_RANGES = 64,
};

typedef struct Range {
    uint64_t first, last;
} Range;

typedef struct Reader {
    const uint8_t *bytes;
    unsigned size, at;
    unsigned n_ranges, n_messages;
    Range ranges[MOST_RANGES];
    char *why;
    size_t why_size;
} Reader;

static bool expected(const Reader *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool expected(const Reader *r, const char *format, ...)
{
    int n = snprintf(r->why, r->why_size, "byte %u: expected ", r->at);
    va_list args;

    if (n >= 0 && (size_t)n < r->why_size) {
        va_start(args, format);
        vsnprintf(r->why + n, r->why_size - (size_t)n, format, args);
        va_end(args);
    }
    return false;
}

static bool are_zero(const uint8_t *bytes, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    return true;
}

/* RESV_MEM: addresses that no mapping may have. */
static bool read_range(Reader *r, unsigned length)
{
    const uint8_t *value = r->bytes + r->at + HEAD;
    Range range;

    if (length != MEMORY_BYTES) {
        return expected(r, "RESV_MEM of %u bytes, not %u", MEMORY_BYTES,
                        length);
    }
    memcpy(&range.first, value + 4, sizeof(range.first));
    memcpy(&range.last, value + 12, sizeof(range.last));
    if (!are_zero(value + 1, 3)) {
        return expected(r, "RESV_MEM whose reserved bytes are 0");
    }
    if (range.last < range.first) {
        return expected(
            r, "a range, not 0x%" PRIx64 " to 0x%" PRIx64 " (RESV_MEM)",
            range.first, range.last);
    }
    r->n_messages += value[0] == OF_MESSAGES;
    if (r->n_messages > 1) {
        return expected(r, "one range for interrupts (MSI) at most");
    }
    for (unsigned i = 0; i < r->n_ranges; i++) {
        if (range.first <= r->ranges[i].last &&
            range.last >= r->ranges[i].first) {
            return expected(r,
                            "ranges that do not overlap, not 0x%" PRIx64
                            " to 0x%" PRIx64 " (RESV_MEM)",
                            range.first, range.last);
        }
    }
    if (r->n_ranges < MOST_RANGES) {
        r->ranges[r->n_ranges++] = range;
    }
    return true;
}

bool tw_virtio_properties(const uint8_t *bytes, unsigned size, char *why,
                          size_t why_size)
{
    Reader r = {.bytes = bytes, .size = size, .why = why, .why_size = why_size};

    while (r.size - r.at >= HEAD) {
        uint16_t type, length;

        memcpy(&type, bytes + r.at, sizeof(type));
        memcpy(&length, bytes + r.at + 2, sizeof(length));
        if (type >> TYPE_LG) {
            return expected(&r, "a type below 4096, not 0x%x", type);
        }
        if (type == 0) {
            break;
        }
        if (length > r.size - r.at - HEAD) {
            return expected(&r, "a property of %u bytes at most, not %u",
                            r.size - r.at - HEAD, length);
        }
        if (type == RESERVED_MEMORY && !read_range(&r, length)) {
            return false;
        }
        r.at += HEAD + length;
    }
    return are_zero(bytes + r.at, r.size - r.at) ||
           expected(&r, "zeros behind the last property");
}
