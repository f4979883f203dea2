/* SPDX-License-Identifier: MIT */
/*
 * Inside virtio-*.c only: the requests of virtio-iommu, and what the machine
 * has mapped by them.
 */
#ifndef TW_TARGETS_QTEST_VIRTIO_IOMMU_H
#define TW_TARGETS_QTEST_VIRTIO_IOMMU_H

#include "targets/qtest/internal.h"

/* Types of requests, and their statuses ("Device operations"). */
enum {
    VIRTIO_ATTACH = 1,
    VIRTIO_DETACH = 2,
    VIRTIO_MAP = 3,
    VIRTIO_UNMAP = 4,
    VIRTIO_PROBE = 5,
    VIRTIO_OK = 0,
    VIRTIO_RANGE = 5,
    VIRTIO_NOENT = 6,
    VIRTIO_ANY = 0xfe, /* each status is right */
    VIRTIO_NONE = 0xff /* what stands there before the device has answered */
};

/* A request, and the status that the device must give it. */
typedef struct VirtioRequest {
    uint8_t type;
    uint8_t status;
    uint32_t domain;
    uint32_t endpoint, flags; /* ATTACH, DETACH; flags: of MAP, too */
    uint64_t first, last;     /* MAP, UNMAP */
    uint64_t to;              /* MAP */
} VirtioRequest;

/* virtio-queue.c: plans a request, and looks at its status later. */
void tw_virtio_request(Machine *m, const VirtioRequest *request);

/* Plans a PROBE request for an endpoint, and looks at its status and its
 * properties later. */
void tw_virtio_probe(Machine *m, uint32_t endpoint, uint8_t status);

/* Plans that devices without a domain pass through from now on, or do not. */
void tw_virtio_bypass(Machine *m, bool on);

/* The queues of a QEMU that has just started; false with `why`.  Forgets what
 * was recorded, before a program. */
bool tw_virtio_queues_start(Machine *m, char *why, size_t size);
void tw_virtio_queues_reset(Machine *m);

/* Driver.done, .capture, .faults, .record */
void tw_virtio_done(Machine *m);
void tw_virtio_capture(Machine *m);
unsigned tw_virtio_faults(Machine *m, unsigned index, const uint8_t *captured,
                          TwReason *reason);
unsigned tw_virtio_record(const Machine *m, uint8_t *bytes);

/* Offsets in RAM of what virtio-queue.c reads at the end, and their bytes. */
enum {
    VIRTIO_AT_EVENTS = AT_STRUCTURES + 0x20000,
    VIRTIO_EVENT_BYTES = 24,
};

/* The number of an endpoint: the source id of that device. */
uint32_t tw_virtio_endpoint(unsigned device);

/* What virtio-queue.c and virtio-iommu.c know, in Machine.state. */
enum { VIRTIO_SLOTS = 128 };

typedef struct VirtioState {
    /* virtio-queue.c */
    uint16_t sent;    /* requests, modulo 2^16; */
    uint16_t pending; /* of them, those whose status was not looked at, */
    uint16_t ops[VIRTIO_SLOTS]; /* the operations they are of, */
    uint8_t statuses[VIRTIO_SLOTS];
    uint32_t unmaps;      /* of a program */
    uint32_t probe_bytes; /* of the properties of an endpoint */
    uint16_t probes;      /* PROBE requests, modulo 2^16; */
    uint16_t probing;     /* of them, those whose status was not looked at */
    uint16_t accesses;    /* since events were taken */
    uint16_t taken;       /* events, modulo 2^16; */
    uint32_t logged;      /* of them, those of the program, */
    uint16_t first;       /* of which this one is the first; */
    uint16_t seen;        /* by faults() */
    uint8_t last[VIRTIO_EVENT_BYTES];
    /* virtio-iommu.c: pages of the window with which a mapping begins */
    uint32_t starts[MOST_INDEXES][PAGES / 32];
    uint32_t domain[MOST_INDEXES]; /* of each device; 0: it has none */
    uint32_t n_bypasses, n_renewals;
    bool by_config; /* devices pass since they have no domain */
    bool ready;     /* it is not the first program */
} VirtioState;

static inline VirtioState *tw_virtio_state(const Machine *m)
{
    return m->state;
}

#endif
