/* SPDX-License-Identifier: MIT */
/* See observer.h. */
#define _GNU_SOURCE
#include "targets/qtest/observer.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    /* Requests of QEMU. */
    GET_FEATURES = 1,
    SET_FEATURES = 2,
    SET_OWNER = 3,
    SET_MEM_TABLE = 5,
    SET_VRING_NUM = 8,
    SET_VRING_ADDR = 9,
    SET_VRING_BASE = 10,
    GET_VRING_BASE = 11,
    SET_VRING_KICK = 12,
    SET_VRING_CALL = 13,
    SET_VRING_ERR = 14,
    GET_PROTOCOL_FEATURES = 15,
    SET_PROTOCOL_FEATURES = 16,
    GET_QUEUE_NUM = 17,
    SET_VRING_ENABLE = 18,
    SET_BACKEND_REQ_FD = 21,
    IOTLB_MSG = 22,
    /* Ours. */
    BACKEND_IOTLB_MSG = 1,
    /* Flags of messages. */
    VERSION = 1,
    REPLY = 4,
    NEED_REPLY = 8,
    /* Kinds of IOTLB messages. */
    MISS = 1,
    UPDATE = 2,
    INVALIDATE = 3,
    QUEUES = 2,
    MOST_REGIONS = 32, /* of RAM */
    MOST_PAYLOAD = 8 + MOST_REGIONS * 32,
    MOST_PASSED = 32, /* descriptors with a message */
};

/* VIRTIO_F_VERSION_1, VIRTIO_F_ACCESS_PLATFORM,
 * VHOST_USER_F_PROTOCOL_FEATURES; of these, MQ, REPLY_ACK, BACKEND_REQ. */
#define FEATURES (UINT64_C(3) << 32 | UINT64_C(1) << 30)
#define ACCESS_PLATFORM (UINT64_C(1) << 33)
#define PROTOCOL_FEATURES (UINT64_C(1) | 1 << 3 | 1 << 5)

typedef struct Header {
    uint32_t request, flags, size;
} Header;

/* An IOTLB message. */
typedef struct Translation {
    uint64_t iova, size, uaddr;
    uint8_t rights, type, pad[6];
} Translation;

/* RAM, as QEMU has it. */
typedef struct Region {
    uint64_t gpa, size, uaddr, offset;
} Region;

typedef struct Message {
    Header header;
    union {
        uint8_t bytes[MOST_PAYLOAD];
        uint64_t word;
        uint32_t words[2];
        Translation translation;
        struct {
            uint32_t n, pad;
            Region regions[MOST_REGIONS];
        } ram;
    } payload;
} Message;

/* A socket, and the message that is coming in. */
typedef struct Channel {
    Message message;
    size_t n;   /* bytes that have come */
    int passed; /* the descriptor that came with it, or -1 */
} Channel;

enum { MAIN, BACK, CHANNELS }; /* QEMU asks; we ask */

typedef struct BackEnd {
    Channel channels[CHANNELS];
    unsigned n_regions;
    Region regions[MOST_REGIONS];
    bool
        platform; /* addresses are those of the IOMMU: it may be told of them */
    uint32_t rings; /* those that run, as bits; 0: the device is stopped */
    Iotlb iotlb;
} BackEnd;

struct Observer {
    BackEnd ends[MOST_INDEXES];
    int given[MOST_INDEXES]; /* QEMU's ends of the sockets, until it has them */
    int bios;
    TwServing serving; /* socket `channel` of device i is CHANNELS * i + it */
    bool drop;
    unsigned n_invalidates; /* of a program, that ended something */
    Told told;
    bool is_told; /* `why` is of told.c */
    char why[160];
};

static void close_fd(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
        *fd = -1;
    }
}

static TwServed bad(Observer *o, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static TwServed bad(Observer *o, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(o->why, sizeof(o->why), format, args);
    va_end(args);
    return TW_SERVED_BAD;
}

/* Life --------------------------------------------------------------------- */

static bool make_bios(Observer *o, const Firmware *firmware)
{
    size_t n = strlen(firmware->code) / 2;
    bool ok;

    o->bios = memfd_create("twinwalk-bios", MFD_CLOEXEC);
    ok = o->bios >= 0 && ftruncate(o->bios, firmware->size) == 0;
    for (size_t i = 0; ok && i < n; i++) {
        const char digits[3] = {firmware->code[2 * i],
                                firmware->code[2 * i + 1], '\0'};
        uint8_t byte = (uint8_t)strtoul(digits, NULL, 16);

        ok = pwrite(o->bios, &byte, 1, (off_t)(firmware->at + i)) == 1;
    }
    return ok;
}

Observer *tw_observer_new(const Firmware *firmware, bool drop,
                          uint64_t hole_first, uint64_t hole_last)
{
    Observer *o = g_new0(Observer, 1);

    o->drop = drop;
    o->told.hole_first = hole_first;
    o->told.hole_last = hole_last;
    for (unsigned i = 0; i < MOST_INDEXES; i++) {
        o->given[i] = -1;
        for (unsigned k = 0; k < CHANNELS; k++) {
            o->serving.fds[CHANNELS * i + k] = -1;
            o->ends[i].channels[k].passed = -1;
        }
    }
    if (!make_bios(o, firmware)) {
        tw_observer_free(o);
        return NULL;
    }
    return o;
}

static void close_all(Observer *o)
{
    for (unsigned i = 0; i < MOST_INDEXES; i++) {
        close_fd(&o->given[i]);
        for (unsigned k = 0; k < CHANNELS; k++) {
            close_fd(&o->serving.fds[CHANNELS * i + k]);
            close_fd(&o->ends[i].channels[k].passed);
            o->ends[i].channels[k].n = 0;
        }
        o->ends[i].n_regions = 0;
        o->ends[i].platform = false;
        o->ends[i].rings = 0;
    }
}

void tw_observer_free(Observer *o)
{
    if (o) {
        int saved = errno;

        close_all(o);
        close_fd(&o->bios);
        g_free(o);
        errno = saved;
    }
}

bool tw_observer_begin(Observer *o, TwProcessFd fds[OBSERVER_FDS])
{
    static const char *const names[] = {"TW_VHOST0", "TW_VHOST1"};

    close_all(o);
    tw_observer_clear(o);
    o->told.when = TOLD_AT_START;
    o->is_told = false;
    o->why[0] = '\0';
    for (unsigned i = 0; i < MOST_INDEXES; i++) {
        int pair[2];

        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
            close_all(o);
            return false;
        }
        o->serving.fds[CHANNELS * i + MAIN] = pair[0];
        o->given[i] = pair[1];
        fds[i] = (TwProcessFd){pair[1], names[i]};
    }
    fds[MOST_INDEXES] = (TwProcessFd){o->bios, "TW_BIOS"};
    return true;
}

void tw_observer_started(Observer *o)
{
    for (unsigned i = 0; i < MOST_INDEXES; i++) {
        close_fd(&o->given[i]);
    }
}

const char *tw_observer_why(const Observer *o)
{
    return o->why;
}

/* Translations ------------------------------------------------------------- */

void tw_observer_clear(Observer *o)
{
    for (unsigned i = 0; i < MOST_INDEXES; i++) {
        o->ends[i].iotlb.n = 0;
    }
    o->n_invalidates = 0;
    o->told.when = TOLD_NOW;
}

bool tw_observer_is_told(const Observer *o)
{
    return o->is_told;
}

const Told *tw_observer_told(const Observer *o)
{
    return o->told.given ? &o->told : NULL;
}

bool tw_observer_find(const Observer *o, unsigned index, uint64_t iova,
                      uint8_t right, uint64_t *place)
{
    const IotlbEntry *entry = tw_iotlb_find(&o->ends[index].iotlb, iova, right);

    if (entry) {
        *place = entry->place + (iova - entry->first);
    }
    return entry != NULL;
}

/* UPDATE.  What it leads to must be RAM, as QEMU has told it. */
static TwServed update(Observer *o, unsigned index, const Translation *t)
{
    BackEnd *end = &o->ends[index];
    IotlbEntry entry = {.first = t->iova, .rights = t->rights};

    if (t->size == 0 || t->iova + (t->size - 1) < t->iova) {
        return bad(o,
                   "vhost-user device %u: UPDATE: expected a size of 1 or "
                   "more, up to 2^64, not 0x%" PRIx64 " at 0x%" PRIx64,
                   index, t->size, t->iova);
    }
    if (t->rights == 0 || t->rights > (IOTLB_READ | IOTLB_WRITE)) {
        return bad(o,
                   "vhost-user device %u: UPDATE at 0x%" PRIx64
                   ": expected rights 1, 2 or 3, not %u",
                   index, t->iova, t->rights);
    }
    entry.last = t->iova + (t->size - 1);
    for (unsigned i = 0; i < end->n_regions; i++) {
        const Region *region = &end->regions[i];
        uint64_t offset = t->uaddr - region->uaddr;

        if (offset < region->size && t->size <= region->size - offset) {
            entry.place = region->gpa + offset;
            o->is_told =
                !(end->rings
                      ? tw_told_update(&o->told, index, entry.first, entry.last,
                                       entry.place, entry.rights, o->why,
                                       sizeof(o->why))
                      : tw_told_stopped(index, entry.first, entry.last, o->why,
                                        sizeof(o->why)));
            tw_iotlb_add(&end->iotlb, &entry);
            return o->is_told ? TW_SERVED_BAD : TW_SERVED;
        }
    }
    return bad(o,
               "vhost-user device %u: UPDATE at 0x%" PRIx64
               ": expected memory of SET_MEM_TABLE, not 0x%" PRIx64
               " and 0x%" PRIx64 " bytes",
               index, t->iova, t->uaddr, t->size);
}

/* A size of 0 is 2^64. */
static TwServed invalidate(Observer *o, unsigned index, const Translation *t)
{
    Iotlb *iotlb = &o->ends[index].iotlb;
    uint64_t last = tw_iotlb_last(t->iova, t->size);

    o->is_told = !tw_told_invalidate(&o->told, index, t->iova, t->size, o->why,
                                     sizeof(o->why));
    /* Only those that end something count: a change of a device's entry comes
     * as many messages, most of which end nothing. */
    if (o->drop && tw_iotlb_meets(iotlb, t->iova, last) &&
        o->n_invalidates++ % 4 == 0) {
        return o->is_told ? TW_SERVED_BAD : TW_SERVED;
    }
    tw_iotlb_drop(iotlb, t->iova, last);
    return o->is_told ? TW_SERVED_BAD : TW_SERVED;
}

/* Messages ----------------------------------------------------------------- */

static bool put(int fd, uint32_t request, uint32_t flags, const void *payload,
                uint32_t size)
{
    uint8_t bytes[sizeof(Header) + sizeof(Translation)];
    const Header header = {request, VERSION | flags, size};

    memcpy(bytes, &header, sizeof(header));
    memcpy(bytes + sizeof(header), payload, size);
    return send(fd, bytes, sizeof(header) + size,
                MSG_NOSIGNAL | MSG_DONTWAIT) ==
           (ssize_t)(sizeof(header) + size);
}

static TwServed reply(Observer *o, unsigned number, uint32_t request,
                      uint64_t word)
{
    if (!put(o->serving.fds[number], request, REPLY, &word, sizeof(word))) {
        return bad(o, "vhost-user device %u: cannot reply to message %u: %s",
                   number / CHANNELS, request, g_strerror(errno));
    }
    return TW_SERVED;
}

/* The payload is as long as it must be, or longer. */
static TwServed need(Observer *o, unsigned number, size_t size)
{
    const Header *header =
        &o->ends[number / CHANNELS].channels[number % CHANNELS].message.header;

    return header->size >= size
               ? TW_SERVED
               : bad(o,
                     "vhost-user device %u: message %u: expected a payload of "
                     "%zu bytes, not %u",
                     number / CHANNELS, header->request, size, header->size);
}

static TwServed take_ram(Observer *o, unsigned number, const Message *message)
{
    BackEnd *end = &o->ends[number / CHANNELS];
    uint32_t n = message->payload.ram.n;

    if (need(o, number, 8) != TW_SERVED) {
        return TW_SERVED_BAD;
    }
    if (n > MOST_REGIONS) {
        return bad(o,
                   "vhost-user device %u: SET_MEM_TABLE: expected %u regions "
                   "at most, not %u",
                   number / CHANNELS, MOST_REGIONS, n);
    }
    if (need(o, number, 8 + n * sizeof(Region)) != TW_SERVED) {
        return TW_SERVED_BAD;
    }
    memcpy(end->regions, message->payload.ram.regions, n * sizeof(Region));
    end->n_regions = n;
    return TW_SERVED;
}

static TwServed take_translation(Observer *o, unsigned number,
                                 const Translation *t)
{
    if (need(o, number, sizeof(*t)) != TW_SERVED) {
        return TW_SERVED_BAD;
    }
    if (!o->ends[number / CHANNELS].platform) {
        return bad(o,
                   "vhost-user device %u: IOTLB message: expected none before "
                   "SET_FEATURES with VIRTIO_F_ACCESS_PLATFORM",
                   number / CHANNELS);
    }
    switch (t->type) {
    case UPDATE:
        return update(o, number / CHANNELS, t);
    case INVALIDATE:
        return invalidate(o, number / CHANNELS, t);
    default:
        return bad(o,
                   "vhost-user device %u: IOTLB message: expected UPDATE (2) "
                   "or INVALIDATE (3), not %u",
                   number / CHANNELS, t->type);
    }
}

/* The socket on which we ask. */
static TwServed take_back(Observer *o, unsigned number, Channel *channel)
{
    if (channel->passed < 0) {
        return bad(o,
                   "vhost-user device %u: SET_BACKEND_REQ_FD: expected a "
                   "descriptor",
                   number / CHANNELS);
    }
    close_fd(&o->serving.fds[number + BACK]);
    o->serving.fds[number + BACK] = channel->passed;
    channel->passed = -1;
    return TW_SERVED;
}

/* A ring runs from the message with its kick on (we are never kicked). */
static TwServed start_ring(Observer *o, unsigned number, uint64_t word)
{
    if (need(o, number, sizeof(word)) != TW_SERVED) {
        return TW_SERVED_BAD;
    }
    o->ends[number / CHANNELS].rings |= 1u << word % 32;
    return TW_SERVED;
}

/* GET_VRING_BASE.  A device without a ring that runs has nothing to access, and
 * QEMU tells it no longer what ends: so it keeps nothing. */
static TwServed stop_ring(Observer *o, unsigned number, uint32_t ring)
{
    BackEnd *end = &o->ends[number / CHANNELS];

    if (need(o, number, 8) != TW_SERVED) {
        return TW_SERVED_BAD;
    }
    end->rings &= ~(1u << ring % 32);
    if (end->rings == 0) {
        end->iotlb.n = 0;
    }
    return reply(o, number, GET_VRING_BASE, ring); /* nothing was taken */
}

static TwServed take_features(Observer *o, unsigned number, uint64_t word)
{
    if (need(o, number, sizeof(word)) != TW_SERVED) {
        return TW_SERVED_BAD;
    }
    o->ends[number / CHANNELS].platform = word & ACCESS_PLATFORM;
    return TW_SERVED;
}

/* A message of QEMU. */
static TwServed obey(Observer *o, unsigned number, Channel *channel)
{
    const Message *message = &channel->message;
    uint32_t request = message->header.request;
    TwServed served = TW_SERVED;

    switch (request) {
    case GET_FEATURES:
        return reply(o, number, request, FEATURES);
    case GET_PROTOCOL_FEATURES:
        return reply(o, number, request, PROTOCOL_FEATURES);
    case GET_QUEUE_NUM:
        return reply(o, number, request, QUEUES);
    case GET_VRING_BASE:
        return stop_ring(o, number, message->payload.words[0]);
    case SET_MEM_TABLE:
        served = take_ram(o, number, message);
        break;
    case SET_BACKEND_REQ_FD:
        served = take_back(o, number, channel);
        break;
    case IOTLB_MSG:
        served = take_translation(o, number, &message->payload.translation);
        break;
    case SET_FEATURES:
        served = take_features(o, number, message->payload.word);
        break;
    case SET_VRING_KICK:
        served = start_ring(o, number, message->payload.word & 0xff);
        break;
    case SET_OWNER:
    case SET_VRING_NUM:
    case SET_VRING_ADDR:
    case SET_VRING_BASE:
    case SET_VRING_CALL:
    case SET_VRING_ERR:
    case SET_PROTOCOL_FEATURES:
    case SET_VRING_ENABLE:
        break;
    default:
        return bad(o,
                   "vhost-user device %u: message %u is none that was "
                   "expected",
                   number / CHANNELS, request);
    }
    return served == TW_SERVED && message->header.flags & NEED_REPLY
               ? reply(o, number, request, 0)
               : served;
}

/* The answer to a miss. */
static TwServed hear_answer(Observer *o, unsigned number,
                            const Message *message)
{
    if (message->header.request != BACKEND_IOTLB_MSG ||
        !(message->header.flags & REPLY) ||
        need(o, number, sizeof(uint64_t)) != TW_SERVED) {
        return bad(o,
                   "vhost-user device %u: expected the answer to a MISS, not "
                   "message %u with flags 0x%x and %u bytes",
                   number / CHANNELS, message->header.request,
                   message->header.flags, message->header.size);
    }
    if (o->told.when == TOLD_MISS) {
        o->told.when = TOLD_NOW;
    }
    return TW_SERVED_LAST;
}

/* Takes the descriptors that came with bytes: the first is kept. */
static void take_passed(Channel *channel, struct msghdr *header)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c;
         c = CMSG_NXTHDR(header, c)) {
        int fds[MOST_PASSED];
        size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) {
            continue;
        }
        memcpy(fds, CMSG_DATA(c), n * sizeof(int));
        for (size_t i = 0; i < n; i++) {
            if (channel->passed < 0) {
                channel->passed = fds[i];
            } else {
                close(fds[i]);
            }
        }
    }
}

/* Reads `size` bytes of the message, which are at offset `at` of it; false:
 * they have not all come.  At the end of the socket it is closed: the end of
 * its process is told elsewhere. */
static bool hear(Observer *o, unsigned number, Channel *channel, void *bytes,
                 size_t at, size_t size)
{
    while (channel->n < at + size) {
        union {
            struct cmsghdr align;
            char bytes[CMSG_SPACE(MOST_PASSED * sizeof(int))];
        } control;
        struct iovec part = {(uint8_t *)bytes + (channel->n - at),
                             at + size - channel->n};
        struct msghdr header = {.msg_iov = &part,
                                .msg_iovlen = 1,
                                .msg_control = &control,
                                .msg_controllen = sizeof(control)};
        ssize_t n = recvmsg(o->serving.fds[number], &header,
                            MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

        if (n > 0) {
            take_passed(channel, &header);
            channel->n += (size_t)n;
        } else if (n < 0 && errno == EINTR) {
            continue;
        } else {
            if (n == 0 || errno != EAGAIN) {
                close_fd(&o->serving.fds[number]);
            }
            return false;
        }
    }
    return true;
}

/* TwServing.serve */
static TwServed serve(void *data, unsigned number)
{
    Observer *o = data;
    Channel *channel = &o->ends[number / CHANNELS].channels[number % CHANNELS];
    Message *message = &channel->message;
    TwServed served;

    if (!hear(o, number, channel, &message->header, 0, sizeof(Header))) {
        return TW_SERVED;
    }
    if (message->header.size > sizeof(message->payload)) {
        return bad(o,
                   "vhost-user device %u: message %u: expected a payload of "
                   "%zu bytes at most, not %u",
                   number / CHANNELS, message->header.request,
                   sizeof(message->payload), message->header.size);
    }
    if (!hear(o, number, channel, &message->payload, sizeof(Header),
              message->header.size)) {
        return TW_SERVED;
    }
    served = number % CHANNELS == MAIN ? obey(o, number, channel)
                                       : hear_answer(o, number, message);
    channel->n = 0;
    close_fd(&channel->passed);
    return served;
}

TwServing *tw_observer_serving(Observer *o)
{
    o->serving.serve = serve;
    o->serving.data = o;
    return &o->serving;
}

bool tw_observer_command(Observer *o, bool under_way)
{
    struct pollfd fds[TW_PROCESS_MAX_SERVED];

    if (o->told.when == TOLD_AT_START) {
        return true;
    }
    for (unsigned i = 0; i < TW_PROCESS_MAX_SERVED; i++) {
        fds[i] = (struct pollfd){o->serving.fds[i], POLLIN, 0};
    }
    if (!under_way) {
        o->told.when = TOLD_NOW;
    }
    while (poll(fds, TW_PROCESS_MAX_SERVED, 0) > 0) {
        for (unsigned i = 0; i < TW_PROCESS_MAX_SERVED; i++) {
            if (fds[i].revents && serve(o, i) == TW_SERVED_BAD) {
                return false;
            }
            fds[i].fd = o->serving.fds[i];
        }
    }
    if (under_way) {
        o->told.when = TOLD_COMMAND;
    }
    return true;
}

bool tw_observer_ask(Observer *o, unsigned index, uint64_t iova, uint8_t right)
{
    const Translation miss = {.iova = iova, .rights = right, .type = MISS};
    int fd = o->serving.fds[CHANNELS * index + BACK];

    if (!put(fd, BACKEND_IOTLB_MSG, NEED_REPLY, &miss, sizeof(miss))) {
        bad(o, "vhost-user device %u: cannot send a MISS: %s", index,
            fd < 0 ? "QEMU has not given a socket, or has closed it"
                   : g_strerror(errno));
        return false;
    }
    if (o->told.when != TOLD_AT_START) {
        o->told.when = TOLD_MISS;
    }
    o->told.index = index;
    o->told.iova = iova;
    o->told.right = right;
    o->told.given = false;
    return true;
}
