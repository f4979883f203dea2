/* SPDX-License-Identifier: MIT */
/*
 * The command list of an AHCI port (Serial ATA AHCI 1.3.1, 4.2.2), and how is
 * seen which header a device has read: ahci-list.c.
 */
#ifndef TW_TARGETS_QTEST_AHCI_H
#define TW_TARGETS_QTEST_AHCI_H

#include "targets/qtest/internal.h"

enum {
    TW_AHCI_AT = 0x40, /* in an area: what is stored, the header that is read */
    AHCI_LIST_BYTES = 1024,
    AHCI_HEADER_BYTES = 32,
    /* The first 8 bytes of a header that was used: 5 words of the command, and
     * no byte was transferred. */
    AHCI_USED = 5,
};

/* The pages that a program may reach, at a header: what was there. */
typedef struct AhciHeaders {
    unsigned offset; /* in a page */
    uint8_t bytes[PAGES][AHCI_HEADER_BYTES];
} AhciHeaders;

/* The list around an area, and the slot whose header is in the area. */
static inline uint64_t tw_ahci_list(uint64_t area)
{
    return area & ~(uint64_t)(AHCI_LIST_BYTES - 1);
}

static inline unsigned tw_ahci_slot(uint64_t area)
{
    return (area + TW_AHCI_AT) % AHCI_LIST_BYTES / AHCI_HEADER_BYTES;
}

/* Guest address of the area in which a port receives that starts its list. */
uint64_t tw_ahci_received(const Machine *m, unsigned index, unsigned port);
/* Puts a header of its own into each page. */
void tw_ahci_put_headers(Machine *m, uint64_t area, AhciHeaders *headers);
/* Which of these was read: its guest address, and the first bytes that were
 * there before; or UINT64_MAX.  `reason` is what was recorded of the command.
 * The headers are put away. */
uint64_t tw_ahci_find_header(Machine *m, const AhciHeaders *headers,
                             const TwReason *reason, uint64_t *value);

#endif
