/* SPDX-License-Identifier: MIT */
/*
 * What a device may be told, and when, whatever the tables say: an UPDATE is
 * the answer to a MISS of a device that runs, an INVALIDATE comes while a
 * command is under way, and each is well formed.  Where translations lead, all
 * of their addresses, and whether each end is told, is for the judge.  Must not
 * know sockets.
 */
#ifndef TW_TARGETS_QTEST_TOLD_H
#define TW_TARGETS_QTEST_TOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum ToldWhen {
    TOLD_AT_START, /* the devices start: anything */
    TOLD_NOW,      /* nothing is under way: nothing */
    TOLD_COMMAND,  /* QEMU performs a command: INVALIDATE */
    TOLD_MISS,     /* a device has asked: one UPDATE, for this device */
} ToldWhen;

typedef struct Told {
    ToldWhen when;
    unsigned index; /* of a MISS: the device, */
    uint64_t iova;  /* the address, */
    uint8_t right;  /* one of IOTLB_..., and */
    bool given;     /* was there an UPDATE?  Then, of it: */
    uint64_t first, last, place;
    /* Addresses that reach no IOMMU: no device is told of these; hole_last 0:
     * there are none. */
    uint64_t hole_first, hole_last;
} Told;

/*
 * Is this right?  Addresses first to last of that device lead to guest address
 * `place` and on, with `rights`.  False: one line in `why`.
 */
bool tw_told_update(Told *told, unsigned index, uint64_t first, uint64_t last,
                    uint64_t place, uint8_t rights, char *why, size_t size);

/* An UPDATE for a device whose rings are all stopped, which has nothing to
 * access: always false. */
bool tw_told_stopped(unsigned index, uint64_t first, uint64_t last, char *why,
                     size_t size);

/* Likewise: what is kept of these addresses has ended; `bytes` 0: 2^64. */
bool tw_told_invalidate(const Told *told, unsigned index, uint64_t first,
                        uint64_t bytes, char *why, size_t size);

#endif
