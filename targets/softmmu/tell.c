/* SPDX-License-Identifier: MIT */
/*
 * Reports of caches and notifiers, in words, to the teller that the target was
 * opened with.  TELL() calls these functions only if there is a teller.
 */
#include "targets/softmmu/internal.h"

#include <inttypes.h>
#include <stdio.h>

PART void tell(Machine *m, const char *kind, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
PART void tell(Machine *m, const char *kind, const char *format, ...)
{
    char text[320];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    m->teller->tell(m->teller->data, m->op, kind, text);
}

/* A few words for one use as an operand. */
typedef struct Name {
    char text[160];
} Name;

/* Writes from byte `at` on; returns where it ends. */
PART unsigned name_format(Name *name, unsigned at, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
PART unsigned name_format(Name *name, unsigned at, const char *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(name->text + at, sizeof(name->text) - at, format, args);
    va_end(args);
    return MIN(at + n, (unsigned)sizeof(name->text) - 1);
}

PART const char *rights_name(uint8_t perm)
{
    static const char *const names[] = {"none", "r",  "w",  "rw",
                                        "x",    "rx", "wx", "rwx"};

    return names[perm & (TW_R | TW_W | TW_X)];
}

/* "c0.3", of a TLB of the machine. */
PART Name tlb_name(const Machine *m, const Tlb *tlb)
{
    size_t at = (size_t)((const char *)tlb - (const char *)m->cpus);
    unsigned c = at / sizeof(Cpu);
    Name name;

    name_format(&name, 0, "c%u.%u", c, (unsigned)(tlb - m->cpus[c].tlbs));
    return name;
}

static uint64_t entry_page(const TlbEntry *entry)
{
    return MIN(entry->cmp[CMP_R], MIN(entry->cmp[CMP_W], entry->cmp[CMP_X]));
}

/* Where an entry leads, what it grants, and through which IOMMUs it came. */
PART Name entry_name(const TlbEntry *entry)
{
    uint8_t perm = (entry->cmp[CMP_R] != CMP_NONE ? TW_R : 0) |
                   (entry->cmp[CMP_W] != CMP_NONE ? TW_W : 0) |
                   (entry->cmp[CMP_X] != CMP_NONE ? TW_X : 0);
    Name name;
    unsigned n;

    if (entry->tail) {
        n = name_format(&name, 0, "parts at s%u 0x%" PRIx64, entry->space,
                        entry->offset);
    } else if (entry->region == TW_NONE) {
        n = name_format(&name, 0, "hole");
    } else if (entry->region == REGION_BLOCKED) {
        n = name_format(&name, 0, "blocked by i%u at 0x%" PRIx64,
                        entry->blocker, entry->offset);
    } else {
        n = name_format(&name, 0, "r%u+0x%" PRIx64, entry->region,
                        entry->offset);
    }
    n = name_format(&name, n, " %s", rights_name(perm));
    for (unsigned h = 0; h < MIN(entry->n_hops, MAX_ENTRY_HOPS); h++) {
        n = name_format(&name, n, "%s i%u.%u", h == 0 ? " by" : ",",
                        entry->hop_iommu[h], entry->hop_index[h]);
    }
    if (entry->n_hops > MAX_ENTRY_HOPS) {
        name_format(&name, n, ", ...");
    }
    return name;
}
