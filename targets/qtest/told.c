/* SPDX-License-Identifier: MIT */
/* See told.h. */
#include "targets/qtest/told.h"

#include <inttypes.h>
#include <stdio.h>

#include "targets/qtest/iotlb.h"

enum { PAGE_MASK = 0xfff };

/* "vhost-user device 1 was told UPDATE 0x1000..0x1fff: " and the rest. */
static bool no(char *why, size_t size, unsigned index, const char *message,
               uint64_t first, uint64_t last, const char *rest)
{
    snprintf(why, size,
             "vhost-user device %u: %s 0x%" PRIx64 "..0x%" PRIx64 ": %s", index,
             message, first, last, rest);
    return false;
}

bool tw_told_update(Told *told, unsigned index, uint64_t first, uint64_t last,
                    uint64_t place, uint8_t rights, char *why, size_t size)
{
    char rest[96];

    if (told->when == TOLD_AT_START) {
        return true;
    }
    if (told->when != TOLD_MISS || told->index != index) {
        return no(why, size, index, "UPDATE", first, last,
                  "expected none, this device has not asked");
    }
    if (told->given) {
        return no(why, size, index, "UPDATE", first, last,
                  "expected one for a MISS, not two");
    }
    told->given = true;
    told->first = first;
    told->last = last;
    told->place = place;
    if (told->iova < first || told->iova > last) {
        snprintf(rest, sizeof(rest),
                 "expected 0x%" PRIx64 " in it, for which there was a MISS",
                 told->iova);
        return no(why, size, index, "UPDATE", first, last, rest);
    }
    if (!(rights & told->right)) {
        snprintf(rest, sizeof(rest),
                 "expected right %u, for which there was a MISS, not %u",
                 told->right, rights);
        return no(why, size, index, "UPDATE", first, last, rest);
    }
    if ((first ^ place) & PAGE_MASK) {
        snprintf(
            rest, sizeof(rest),
            "expected a place with the same lowest 12 bits, not 0x%" PRIx64,
            place);
        return no(why, size, index, "UPDATE", first, last, rest);
    }
    return true;
}

bool tw_told_stopped(unsigned index, uint64_t first, uint64_t last, char *why,
                     size_t size)
{
    return no(why, size, index, "UPDATE", first, last,
              "expected none, this device is stopped");
}

bool tw_told_invalidate(const Told *told, unsigned index, uint64_t first,
                        uint64_t bytes, char *why, size_t size)
{
    uint64_t last = first + (bytes - 1);
    char rest[96];

    if (told->when == TOLD_AT_START) {
        return true;
    }
    if (last < first) {
        snprintf(rest, sizeof(rest),
                 "expected 1 byte or more, up to 2^64, not 0x%" PRIx64, bytes);
        return no(why, size, index, "INVALIDATE", first, last, rest);
    }
    if (told->when != TOLD_COMMAND) {
        return no(why, size, index, "INVALIDATE", first, last,
                  told->when == TOLD_MISS
                      ? "expected none, QEMU was asked for a translation"
                      : "expected it before the command is complete");
    }
    if (told->hole_last != 0 && first <= told->hole_last &&
        last >= told->hole_first) {
        snprintf(rest, sizeof(rest),
                 "expected nothing of 0x%" PRIx64 "..0x%" PRIx64
                 ", which reaches no IOMMU",
                 told->hole_first, told->hole_last);
        return no(why, size, index, "INVALIDATE", first, last, rest);
    }
    return true;
}
