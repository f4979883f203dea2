/* SPDX-License-Identifier: MIT */
/* Functions of the byte form that decoder and encoder share. */
#include "program/bytes/form.h"

/* Anchors ------------------------------------------------------------------ */

static void add(TwAnchors *anchors, uint64_t at)
{
    anchors->at[anchors->count++] = at;
}

void tw_anchors_init(TwAnchors *anchors)
{
    anchors->count = 0;
    add(anchors, 0);
}

void tw_anchors_add_regions(TwAnchors *anchors, const TwProgram *p)
{
    add(anchors, UINT64_C(1) << p->page_lg);
    for (unsigned i = 0; i < p->n_regions; i++) {
        const TwRegion *r = &p->regions[i];
        if (r->kind == TW_REGION_NONE) {
            continue;
        }
        uint64_t start = r->addr;
        for (unsigned up = r->container; up != TW_NONE;
             up = p->regions[up].container) {
            start += p->regions[up].addr;
        }
        anchors->start[i] = start;
        add(anchors, start);
        add(anchors, start + r->size);
        if (r->kind == TW_REGION_IOMMU) {
            add(anchors, r->size);
        }
    }
}

void tw_anchors_add_setup(TwAnchors *anchors, const TwProgram *p)
{
    for (unsigned i = 0; i < p->n_setup; i++) {
        const TwOp *op = &p->setup[i];
        add(anchors, op->addr);
        add(anchors, op->code == TW_OP_PAGE ? op->addr + (UINT64_C(1) << op->lg)
                                            : op->last + 1);
        add(anchors, op->out);
    }
}

uint64_t tw_anchor_value(const TwBytesIn *in, const TwAnchors *anchors,
                         unsigned selector, int delta)
{
    unsigned n = (selector - TW_FORM_ANCHOR) % (in->n_pool + anchors->count);
    uint64_t base = n < in->n_pool
                        ? tw_get(in->pool + n * TW_POOL_BYTES, TW_POOL_BYTES)
                        : anchors->at[n - in->n_pool];
    return base + (uint64_t)(int64_t)delta;
}

/* Operations --------------------------------------------------------------- */

unsigned tw_form_immediate(const TwOpInfo *info)
{
    bool immediate = false, last = false;
    for (TwFieldAt at = tw_fields(info); at.part; tw_fields_next(&at)) {
        immediate |= at.part->width == sizeof(uint32_t);
        last |= at.part->field == offsetof(TwOp, last);
    }
    return !immediate ? 0 : last ? TW_FORM_OUT : TW_FORM_LAST;
}

/* Ranks and counts --------------------------------------------------------- */

void tw_ranks_of_regions(TwRanks *ranks, const TwProgram *p)
{
    ranks->count = 0;
    for (unsigned i = 0; i < p->n_regions; i++) {
        if (p->regions[i].kind != TW_REGION_NONE) {
            ranks->ids[ranks->count++] = (uint8_t)i;
        }
    }
}

void tw_ranks_of_spaces(TwRanks *ranks, const TwProgram *p)
{
    ranks->count = 0;
    for (unsigned i = 0; i < p->n_spaces; i++) {
        if (p->spaces[i].present) {
            ranks->ids[ranks->count++] = (uint8_t)i;
        }
    }
}

void tw_ranks_of_iommus(TwRanks *ranks, const TwProgram *p)
{
    ranks->count = 0;
    for (unsigned i = 0; i < p->n_iommus; i++) {
        if (p->iommus[i].kind != TW_IOMMU_NONE) {
            ranks->ids[ranks->count++] = (uint8_t)i;
        }
    }
}

void tw_ranks_of_cpus(TwRanks *ranks, const TwProgram *p)
{
    ranks->count = 0;
    for (unsigned i = 0; i < p->n_cpus; i++) {
        if (p->cpus[i].present) {
            ranks->ids[ranks->count++] = (uint8_t)i;
        }
    }
}

/* Other versions, and those of bytes whose counts are not exact, are 1. */
static unsigned version_of(const uint8_t header[TW_HEADER_BYTES])
{
    bool exact = (header[TW_HEADER_FLAGS] & TW_FORM_COUNTS) == TW_FORM_COUNTS;
    unsigned version = header[TW_HEADER_VERSION];
    return exact && version <= TW_BYTES_MANY ? version : TW_BYTES_VERSION;
}

bool tw_form_is_wide(const uint8_t header[TW_HEADER_BYTES])
{
    return version_of(header) >= TW_BYTES_WIDE;
}

unsigned tw_form_exact_regions(const uint8_t header[TW_HEADER_BYTES])
{
    return version_of(header) == TW_BYTES_MANY ? TW_FORM_MANY : TW_FORM_FEW;
}

unsigned tw_form_extras(const uint8_t header[TW_HEADER_BYTES])
{
    unsigned count = tw_form_count(header, TW_HEADER_EXTRAS, 0, 1, UINT8_MAX);
    if (version_of(header) == TW_BYTES_MANY) {
        count += (unsigned)header[TW_HEADER_CPUS] >> TW_CPUS_LG << 8;
    }
    return count;
}

unsigned tw_form_pool(const uint8_t header[TW_HEADER_BYTES])
{
    unsigned count = (unsigned)tw_get(header + TW_HEADER_POOL, 2);
    unsigned most = TW_POOL_NARROW_MAX;
    if ((header[TW_HEADER_FLAGS] & TW_FORM_COUNTS) != TW_FORM_COUNTS) {
        return count % 4;
    }
    if (tw_form_is_wide(header)) {
        count &= TW_POOL_WIDE_MAX;
        most = TW_POOL_WIDE_MAX;
    }
    if (version_of(header) == TW_BYTES_MANY) {
        count |= (unsigned)header[TW_HEADER_ACTORS] >> TW_ACTORS_LG
                                                           << TW_POOL_LG;
        most = TW_POOL_MAX;
    }
    return count < most ? count : most;
}

unsigned tw_form_max_script(const uint8_t header[TW_HEADER_BYTES])
{
    return version_of(header) == TW_BYTES_MANY ? TW_MAX_SCRIPT : TW_SCRIPT_FEW;
}

unsigned tw_form_actors(const uint8_t header[TW_HEADER_BYTES])
{
    if (version_of(header) == TW_BYTES_MANY) {
        unsigned count = header[TW_HEADER_ACTORS] & ((1u << TW_ACTORS_LG) - 1);
        return count < TW_MAX_ACTORS ? count : TW_MAX_ACTORS;
    }
    return tw_form_count(header, TW_HEADER_ACTORS, 0, 1, TW_MAX_ACTORS);
}

unsigned tw_form_cpus(const uint8_t header[TW_HEADER_BYTES], unsigned max)
{
    if (version_of(header) == TW_BYTES_MANY) {
        unsigned count = header[TW_HEADER_CPUS] & ((1u << TW_CPUS_LG) - 1);
        return count < max ? count : max;
    }
    return tw_form_count(header, TW_HEADER_CPUS, 1, 2, max);
}

unsigned tw_form_count(const uint8_t header[TW_HEADER_BYTES], unsigned offset,
                       unsigned low, unsigned high, unsigned max)
{
    unsigned count = header[offset];
    if ((header[TW_HEADER_FLAGS] & TW_FORM_COUNTS) != TW_FORM_COUNTS) {
        count = low + count % (high - low + 1);
    }
    return count < max ? count : max;
}
