/* SPDX-License-Identifier: MIT */
/*
 * The IOTLB of a vhost-user device of ours: what QEMU has told it, and has not
 * taken back.  An entry stays until an INVALIDATE message meets it, or an
 * UPDATE replaces it.  Must not know messages and programs.
 */
#ifndef TW_TARGETS_QTEST_IOTLB_H
#define TW_TARGETS_QTEST_IOTLB_H

#include <stdbool.h>
#include <stdint.h>

enum {
    IOTLB_READ = 1, /* rights, as in messages */
    IOTLB_WRITE = 2,
    IOTLB_ENTRIES = 1024, /* when all are used, the oldest one goes */
};

/* IO virtual addresses first to last are at `place` and behind it. */
typedef struct IotlbEntry {
    uint64_t first, last;
    uint64_t place;
    uint8_t rights;
} IotlbEntry;

typedef struct Iotlb {
    unsigned n;
    IotlbEntry entries[IOTLB_ENTRIES]; /* the oldest first */
} Iotlb;

/* The last address of `size` bytes, size > 0, from `first` on: what is beyond
 * 2^64 is cut off. */
uint64_t tw_iotlb_last(uint64_t first, uint64_t size);

/* Has an entry an address of first to last? */
bool tw_iotlb_meets(const Iotlb *iotlb, uint64_t first, uint64_t last);

/* Drops all entries that have an address of first to last. */
void tw_iotlb_drop(Iotlb *iotlb, uint64_t first, uint64_t last);

/* Adds an entry; those that overlap it go. */
void tw_iotlb_add(Iotlb *iotlb, const IotlbEntry *entry);

/* The entry for that address, if it grants one of `rights`, or NULL. */
const IotlbEntry *tw_iotlb_find(const Iotlb *iotlb, uint64_t address,
                                uint8_t rights);

#endif
