/* SPDX-License-Identifier: MIT */
/*
 * Which header of a command list a device has read (Serial ATA AHCI 1.3.1,
 * 4.2.2 and 4.2.3).  Each page that a program may reach gets a header of its
 * own for a while, with a command table of its own in memory that no program
 * reaches, but which all devices reach that have a context.  A device that has
 * read a header reads the table, sets the number of bytes transferred (PRDBC)
 * in that header to 0, and performs CHECK POWER MODE.  If it has no context by
 * now, the fault that is recorded has the address of the table.
 */
#include <string.h>

#include "targets/qtest/ahci.h"

enum {
    TABLES = 1000, /* a page for each */
    AT_TABLES = AT_SCRIPTS,
    AT_RECEIVED = AT_TABLES + TABLES * PAGE_BYTES,
    RECEIVED_BYTES = 256,
    /* Words of a header. */
    WORDS_OF_COMMAND = 0,
    TRANSFERRED = 1,
    TABLE_AT = 2,
};

uint64_t tw_ahci_received(const Machine *m, unsigned index, unsigned port)
{
    return m->driver->ram + AT_RECEIVED +
           RECEIVED_BYTES * (index * HELD_PORTS + port);
}

static uint64_t table_at(const Machine *m, unsigned i)
{
    return m->driver->ram + AT_TABLES + (uint64_t)(i % TABLES) * PAGE_BYTES;
}

static uint64_t header_at(const Machine *m, const AhciHeaders *headers,
                          unsigned i)
{
    return m->driver->ram + AT_PROGRAM + m->used[i] * (uint64_t)PAGE_BYTES +
           headers->offset;
}

static uint8_t *bytes_of(const Machine *m, uint64_t address)
{
    return m->ram + (address - m->driver->ram);
}

void tw_ahci_put_headers(Machine *m, uint64_t area, AhciHeaders *headers)
{
    /* Register FIS of the host, with a command: CHECK POWER MODE. */
    static const uint8_t command[20] = {0x27, 0x80, 0xe5};

    headers->offset = (area + TW_AHCI_AT) % PAGE_BYTES;
    for (unsigned i = 0; i < m->n_used; i++) {
        uint64_t at = header_at(m, headers, i);
        const uint32_t header[AHCI_HEADER_BYTES / 4] = {
            [WORDS_OF_COMMAND] = AHCI_USED,
            [TRANSFERRED] = UINT32_MAX,
            [TABLE_AT] = (uint32_t)table_at(m, i),
        };

        memcpy(headers->bytes[i], bytes_of(m, at), AHCI_HEADER_BYTES);
        tw_qtest_put(m, at, header, sizeof(header));
        tw_qtest_put(m, table_at(m, i), command, sizeof(command));
    }
}

static bool is_used(const Machine *m, uint64_t header)
{
    uint32_t transferred;

    memcpy(&transferred, bytes_of(m, header) + 4 * TRANSFERRED,
           sizeof(transferred));
    return transferred == 0;
}

/* Was the device refused this table? */
static bool is_refused(uint64_t table, const TwReason *reason)
{
    return reason->kind != TW_REASON_NONE &&
           reason->address / PAGE_BYTES == table / PAGE_BYTES;
}

uint64_t tw_ahci_find_header(Machine *m, const AhciHeaders *headers,
                             const TwReason *reason, uint64_t *value)
{
    uint64_t place = UINT64_MAX;

    for (unsigned i = 0; i < m->n_used; i++) {
        uint64_t at = header_at(m, headers, i);

        if (is_used(m, at) || is_refused(table_at(m, i), reason)) {
            place = at;
            m->held_unused = !is_used(m, at);
            memcpy(value, headers->bytes[i], sizeof(*value));
        }
    }
    for (unsigned i = 0; i < m->n_used; i++) {
        memcpy(bytes_of(m, header_at(m, headers, i)), headers->bytes[i],
               AHCI_HEADER_BYTES);
    }
    return place;
}
