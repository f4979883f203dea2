/* SPDX-License-Identifier: MIT */
/*
 * virtio-iommu of the machine `q35`: Virtual I/O Device (VIRTIO) Version 1.2,
 * section 5.13 "IOMMU Device".  It has no tables in memory: all IOMMUs of
 * programs are of kind `table`, and what `map` and its like say becomes
 * requests.
 *
 * A mapping is what one MAP request has made, and only as a whole an UNMAP
 * takes it away ("UNMAP request").  So an operation that meets a part of one
 * asks for that part first, which must be refused; then all of the mapping
 * goes, and what is to stay is mapped again.
 */
#include <string.h>

#include "targets/qtest/virtio-iommu.h"

enum {
    /* Numbers of domains: of index k, k + 1 while it is translated, for each
     * device that has the index; while it passes through, */
    PASSING = 0x10,    /* this and k, */
    OF_CONTROL = 0x20, /* and that of the control device. */
    PASSES = 1,        /* flag of ATTACH: a bypass domain */
    NOBODY = 9 << 3,   /* an endpoint that does not exist: 00:09.0 */
    /* What devices need of memory: scripts, slots, queues. */
    FIRST_OWN = AT_STRUCTURES,
    LAST_OWN = AT_FAULT_QUEUE - 1,
};

enum { REFUSED = 1, CONFIGURATION };

static VirtioState *state(const Machine *m)
{
    return tw_virtio_state(m);
}

static uint64_t address_of(const Machine *m, unsigned page)
{
    return m->driver->ram + AT_PROGRAM + (uint64_t)page * PAGE_BYTES;
}

static unsigned page_of(const Machine *m, uint64_t x)
{
    return (unsigned)((x - m->driver->ram - AT_PROGRAM) / PAGE_BYTES);
}

/* Domains ------------------------------------------------------------------ */

static void attach(Machine *m, unsigned device, uint32_t domain, bool pass)
{
    state(m)->domain[device] = domain;
    tw_virtio_request(
        m, &(VirtioRequest){.type = VIRTIO_ATTACH,
                            .domain = domain,
                            .endpoint = tw_virtio_endpoint(1 + device),
                            .flags = pass ? PASSES : 0});
}

static void detach(Machine *m, unsigned device)
{
    VirtioState *s = state(m);

    tw_virtio_request(
        m, &(VirtioRequest){.type = VIRTIO_DETACH,
                            .domain = s->domain[device],
                            .endpoint = tw_virtio_endpoint(1 + device)});
    s->domain[device] = 0;
}

/* TW_R and TW_W are the flags READ and WRITE. */
static void map(Machine *m, unsigned index, uint64_t first, uint64_t last,
                uint64_t to, unsigned perm)
{
    tw_virtio_request(m, &(VirtioRequest){.type = VIRTIO_MAP,
                                          .domain = index + 1,
                                          .first = first,
                                          .last = last,
                                          .to = to,
                                          .flags = perm});
}

static void unmap(Machine *m, unsigned index, unsigned first, unsigned last,
                  unsigned status)
{
    tw_virtio_request(
        m, &(VirtioRequest){.type = VIRTIO_UNMAP,
                            .status = (uint8_t)status,
                            .domain = index + 1,
                            .first = address_of(m, first),
                            .last = address_of(m, last) + PAGE_BYTES - 1});
}

/* The device gets the domain of its index.  True: no other device had that, so
 * it is new; it has the machine's own mapping. */
static bool join_domain(Machine *m, unsigned device)
{
    uint64_t first = m->driver->ram + FIRST_OWN;
    unsigned index = device % m->indexes;
    bool is_new = true;

    for (unsigned k = 0; k < MOST_INDEXES; k++) {
        is_new &= state(m)->domain[k] != index + 1;
    }
    attach(m, device, index + 1, false);
    if (is_new && !m->observer) {
        map(m, index, first, m->driver->ram + LAST_OWN, first, TW_R | TW_W);
    }
    return is_new;
}

/* Mappings ----------------------------------------------------------------- */

static Mapped *mapped(Machine *m, unsigned index, unsigned page)
{
    return &m->mapped[0][index][page];
}

static bool is_start(const Machine *m, unsigned index, unsigned page)
{
    return state(m)->starts[index][page / 32] >> page % 32 & 1;
}

static void set_start(Machine *m, unsigned index, unsigned page, bool start)
{
    uint32_t *word = &state(m)->starts[index][page / 32];

    *word = (*word & ~(1u << page % 32)) | (uint32_t)start << page % 32;
}

/* The mapping of a page goes on in the next one. */
static bool goes_on(Machine *m, unsigned index, unsigned page)
{
    return page + 1 < PAGES && mapped(m, index, page)->perm != 0 &&
           mapped(m, index, page + 1)->perm != 0 &&
           !is_start(m, index, page + 1);
}

static unsigned first_of(Machine *m, unsigned index, unsigned page)
{
    while (page > 0 && goes_on(m, index, page - 1)) {
        page--;
    }
    return page;
}

static unsigned last_of(Machine *m, unsigned index, unsigned page)
{
    while (goes_on(m, index, page)) {
        page++;
    }
    return page;
}

/* Maps pages that are noted as such, as one mapping. */
static void map_pages(Machine *m, unsigned index, unsigned first, unsigned last)
{
    const Mapped *page = mapped(m, index, first);

    set_start(m, index, first, true);
    for (unsigned i = first + 1; i <= last; i++) {
        set_start(m, index, i, false);
    }
    if (!m->bypassed[0]) {
        map(m, index, address_of(m, first),
            address_of(m, last) + PAGE_BYTES - 1, page->out, page->perm);
    }
}

/* The same of all mappings that begin in the pages. */
static void map_again(Machine *m, unsigned index, unsigned first, unsigned last)
{
    for (unsigned i = first; i <= last; i++) {
        if (mapped(m, index, i)->perm != 0) {
            unsigned end = last_of(m, index, i);

            end = end < last ? end : last;
            map_pages(m, index, i, end);
            i = end;
        }
    }
}

/* Would an UNMAP of the pages split a mapping? */
static bool splits(Machine *m, unsigned index, unsigned first, unsigned last)
{
    return (first > 0 && goes_on(m, index, first - 1)) ||
           goes_on(m, index, last);
}

/* The pages are unmapped, but what is noted of them stays. */
static void clear(Machine *m, unsigned index, unsigned first, unsigned last)
{
    unsigned from = first_of(m, index, first), to = last_of(m, index, last);

    if (m->bypassed[0]) {
        set_start(m, index, first, true);
        if (last + 1 < PAGES && goes_on(m, index, last)) {
            set_start(m, index, last + 1, true);
        }
        return;
    }
    if (splits(m, index, first, last)) {
        unmap(m, index, first, last, VIRTIO_RANGE);
    }
    unmap(m, index, from, to, VIRTIO_OK);
    if (last < to) {
        map_pages(m, index, last + 1, to);
    }
    if (from < first) {
        map_pages(m, index, from, first - 1);
    }
}

static void change(Machine *m, const TwOp *op)
{
    unsigned first = page_of(m, op->addr), last = page_of(m, op->last);

    clear(m, op->index, first, last);
    for (unsigned i = first; i <= last; i++) {
        Mapped *page = mapped(m, op->index, i);

        if (op->code == TW_OP_MAP) {
            page->out = op->out + (uint64_t)(i - first) * PAGE_BYTES;
        }
        if (op->code != TW_OP_PROTECT) {
            page->perm = op->code == TW_OP_MAP ? op->perm : 0;
        } else if (page->perm != 0) {
            page->perm = op->perm;
        }
    }
    if (op->code == TW_OP_MAP) {
        map_pages(m, op->index, first, last);
    } else if (op->code == TW_OP_PROTECT) {
        map_again(m, op->index, first, last);
    }
}

/* The whole ---------------------------------------------------------------- */

/* The same, and a new domain has what is noted of the index. */
static void join_mapped(Machine *m, unsigned device)
{
    if (join_domain(m, device)) {
        map_again(m, device % m->indexes, 0, PAGES - 1);
    }
}

/* In turn by bypass domains, and by having no domain. */
static void bypass(Machine *m, bool on)
{
    VirtioState *s = state(m);

    if (on == m->bypassed[0]) {
        return;
    }
    m->bypassed[0] = on;
    if (on) {
        s->by_config = s->n_bypasses++ % 2;
    }
    if (s->by_config) {
        tw_virtio_bypass(m, on);
    }
    for (unsigned k = 0; k < MOST_INDEXES; k++) {
        if (!on) {
            join_mapped(m, k);
        } else if (s->by_config) {
            detach(m, k);
        } else {
            attach(m, k, PASSING + k % m->indexes, true);
        }
    }
    s->by_config &= on;
}

/* Each device leaves its domain, is probed and attached again.  A domain ends
 * with its last device, and a new one has the same mappings; one that two
 * devices have ends each second time: both leave before the first one comes
 * back. */
static void renew(Machine *m)
{
    bool ends = state(m)->n_renewals++ % 2;

    tw_virtio_probe(m, NOBODY, VIRTIO_NOENT);
    for (unsigned k = 0; k < MOST_INDEXES && ends; k++) {
        detach(m, k);
    }
    for (unsigned k = 0; k < MOST_INDEXES; k++) {
        if (!ends) {
            detach(m, k);
        }
        tw_virtio_probe(m, tw_virtio_endpoint(1 + k), VIRTIO_OK);
        join_mapped(m, k);
    }
}

/* Driver.table */
static void table(Machine *m, const TwOp *op)
{
    unsigned first, last;

    switch (op->code) {
    case TW_OP_MAP:
    case TW_OP_UNMAP:
    case TW_OP_PROTECT:
        change(m, op);
        break;
    case TW_OP_NOTIFY: /* must end nothing, and so must what is refused */
        first = page_of(m, op->addr);
        last = page_of(m, op->last);
        if (!m->bypassed[0] && splits(m, op->index, first, last)) {
            unmap(m, op->index, first, last, VIRTIO_RANGE);
        }
        break;
    case TW_OP_NOTIFY_ALL:
        if (!m->bypassed[0]) {
            renew(m);
        }
        break;
    case TW_OP_BYPASS:
        bypass(m, op->flags & TW_OPF_ON);
        break;
    default: /* nop */
        break;
    }
}

/* The control device passes through; others are blocked unless they have a
 * domain, but for a while. */
static void reset(Machine *m)
{
    VirtioState *s = state(m);

    if (!m->observer && !s->ready) {
        tw_virtio_request(
            m, &(VirtioRequest){.type = VIRTIO_ATTACH,
                                .domain = OF_CONTROL,
                                .endpoint = tw_virtio_endpoint(CONTROL),
                                .flags = PASSES});
    }
    if (!s->ready || s->by_config) {
        tw_virtio_bypass(m, false);
    }
    s->ready = true;
    s->by_config = false;
    s->n_bypasses = s->n_renewals = 0;
    memset(s->starts, 0, sizeof(s->starts));
    tw_virtio_queues_reset(m);
    for (unsigned k = 0; k < MOST_INDEXES; k++) {
        m->stages[0][k].mode = TW_CONTEXT_TABLES;
        if (s->domain[k] != 0) {
            detach(m, k);
        }
    }
    for (unsigned k = 0; k < MOST_INDEXES; k++) {
        join_domain(m, k);
    }
}

#define VIRTIO_IOMMU(of) \
    .name = of, .binary = "qemu-system-x86_64", \
    .machine = "-M q35,sata=off,smbus=off,usb=off,vmport=off," \
               "memory-backend=m0 -device virtio-iommu-pci,addr=3", \
    .config = CONFIG_PORTS, .bar = 0xfe000000, .stages = 1, \
    .tables_alone = true, \
    .reason_groups = {[TW_REASON_NO_CONTEXT] = CONFIGURATION, \
                      [TW_REASON_ABSENT] = REFUSED, \
                      [TW_REASON_RIGHTS] = REFUSED}, \
    .start = tw_virtio_queues_start, .reset = reset, .table = table, \
    .done = tw_virtio_done, .capture = tw_virtio_capture, \
    .faults = tw_virtio_faults, .record = tw_virtio_record, \
    .records = VIRTIO_AT_EVENTS, \
    .records_bytes = MOST_TOLD * VIRTIO_EVENT_BYTES

/*
 * After a request is completed, accesses are as it says ("MAP request", "UNMAP
 * request", "DETACH request"): the contract lets nothing be kept beyond that.
 */
const Driver tw_qtest_virtio_iommu = {
    VIRTIO_IOMMU("virtio-iommu"),
};

const Driver tw_qtest_virtio_iommu_vhost = {
    VIRTIO_IOMMU("virtio-iommu-vhost"),
    .observed = true,
};
