/* SPDX-License-Identifier: MIT */
/*
 * The devices that we are, without a QEMU: what their IOTLB keeps, and what
 * they say to messages, right ones and wrong ones.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <glib.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "targets/qtest/observer.h"

/* The IOTLB ---------------------------------------------------------------- */

static void add(Iotlb *iotlb, uint64_t first, uint64_t last, uint64_t place,
                uint8_t rights)
{
    tw_iotlb_add(iotlb, &(IotlbEntry){first, last, place, rights});
}

static uint64_t place_of(const Iotlb *iotlb, uint64_t address, uint8_t rights)
{
    const IotlbEntry *entry = tw_iotlb_find(iotlb, address, rights);

    return entry ? entry->place + (address - entry->first) : UINT64_MAX;
}

static void test_iotlb(void)
{
    g_autofree Iotlb *iotlb = g_new0(Iotlb, 1);

    add(iotlb, 0x1000, 0x1fff, 0x50000, IOTLB_READ);
    add(iotlb, 0x2000, 0x3fff, 0x60000, IOTLB_READ | IOTLB_WRITE);
    g_assert_cmphex(place_of(iotlb, 0x1008, IOTLB_READ), ==, 0x50008);
    g_assert_cmphex(place_of(iotlb, 0x1008, IOTLB_WRITE), ==, UINT64_MAX);
    g_assert_cmphex(place_of(iotlb, 0x3fff, IOTLB_WRITE), ==, 0x61fff);
    g_assert_cmphex(place_of(iotlb, 0x4000, IOTLB_READ), ==, UINT64_MAX);
    /* An update replaces all that it overlaps. */
    add(iotlb, 0x1fff, 0x2000, 0x70000, IOTLB_READ);
    g_assert_cmpuint(iotlb->n, ==, 1);
    g_assert_cmphex(place_of(iotlb, 0x2000, IOTLB_READ), ==, 0x70001);
    /* So does what ends it, by one byte of it; what is beside it does not. */
    tw_iotlb_drop(iotlb, 0x2001, 0x2fff);
    tw_iotlb_drop(iotlb, 0, 0x1ffe);
    g_assert_cmpuint(iotlb->n, ==, 1);
    tw_iotlb_drop(iotlb, 0x2000, 0x2000);
    g_assert_cmpuint(iotlb->n, ==, 0);
    /* Sizes: beyond 2^64; 0, which is 2^64. */
    g_assert_cmphex(tw_iotlb_last(0x1000, 0x1000), ==, 0x1fff);
    g_assert_cmphex(tw_iotlb_last(0xfef00000, UINT64_C(0xffffffff01100000)), ==,
                    UINT64_MAX);
    g_assert_cmphex(tw_iotlb_last(0x1000, UINT64_MAX), ==, UINT64_MAX);
    g_assert_cmphex(tw_iotlb_last(0, 0), ==, UINT64_MAX);
    /* When it is full, the oldest entry goes. */
    for (uint64_t i = 0; i <= IOTLB_ENTRIES; i++) {
        add(iotlb, i << 12, i << 12 | 0xfff, i << 12, IOTLB_READ);
    }
    g_assert_cmpuint(iotlb->n, ==, IOTLB_ENTRIES);
    g_assert_cmphex(place_of(iotlb, 0, IOTLB_READ), ==, UINT64_MAX);
    g_assert_cmphex(place_of(iotlb, 0x1000, IOTLB_READ), ==, 0x1000);
    g_assert_cmphex(place_of(iotlb, IOTLB_ENTRIES << 12, IOTLB_READ), ==,
                    IOTLB_ENTRIES << 12);
}

/* Messages ----------------------------------------------------------------- */

#define ACCESS_PLATFORM (UINT64_C(1) << 33)

enum {
    GET_FEATURES = 1,
    SET_FEATURES = 2,
    SET_MEM_TABLE = 5,
    GET_VRING_BASE = 11,
    SET_VRING_KICK = 12,
    BACK = 21,
    IOTLB = 22,
    NEED_REPLY = 8,
    UPDATE = 2,
    INVALIDATE = 3
};

typedef struct Kit {
    Observer *observer;
    TwServing *serving;
    int qemu[MOST_INDEXES]; /* what QEMU would have */
    int back;               /* the same of the socket for a MISS */
} Kit;

static void open_kit(Kit *kit, bool drop)
{
    TwProcessFd fds[OBSERVER_FDS];

    kit->observer = tw_observer_new(&(Firmware){"f4", 16, 32}, drop, 0xfee00000,
                                    0xfeefffff);
    g_assert_nonnull(kit->observer);
    g_assert_true(tw_observer_begin(kit->observer, fds));
    g_assert_cmpstr(fds[0].variable, ==, "TW_VHOST0");
    g_assert_cmpstr(fds[MOST_INDEXES].variable, ==, "TW_BIOS");
    for (unsigned i = 0; i < MOST_INDEXES; i++) {
        kit->qemu[i] = fcntl(fds[i].fd, F_DUPFD_CLOEXEC, 3);
    }
    tw_observer_started(kit->observer);
    kit->serving = tw_observer_serving(kit->observer);
    kit->back = -1;
}

static void close_kit(Kit *kit)
{
    tw_observer_free(kit->observer);
    for (unsigned i = 0; i < MOST_INDEXES; i++) {
        close(kit->qemu[i]);
    }
    if (kit->back >= 0) {
        close(kit->back);
    }
}

/* Serves what can be read, until nothing can. */
static TwServed serve(Kit *kit)
{
    TwServed worst = TW_SERVED;

    for (unsigned i = 0; i < TW_PROCESS_MAX_SERVED; i++) {
        struct pollfd fd = {kit->serving->fds[i], POLLIN, 0};

        while (worst != TW_SERVED_BAD && fd.fd >= 0 && poll(&fd, 1, 0) > 0) {
            TwServed served = kit->serving->serve(kit->serving->data, i);

            worst = served > worst ? served : worst;
            fd.fd = kit->serving->fds[i];
        }
    }
    return worst;
}

static void put(int fd, uint32_t request, uint32_t flags, const void *payload,
                uint32_t size)
{
    uint32_t header[3] = {request, 1 | flags, size};

    g_assert_cmpint(write(fd, header, sizeof(header)), ==, sizeof(header));
    if (size > 0) {
        g_assert_cmpint(write(fd, payload, size), ==, size);
    }
}

static void put_iotlb(Kit *kit, unsigned type, uint64_t iova, uint64_t size,
                      uint64_t uaddr, unsigned rights)
{
    const uint64_t words[4] = {iova, size, uaddr, rights | type << 8};

    put(kit->qemu[0], IOTLB, NEED_REPLY, words, sizeof(words));
}

/* The word of the reply that has come to device 0. */
static uint64_t reply_to(Kit *kit, uint32_t request)
{
    uint32_t words[5];

    g_assert_cmpint(read(kit->qemu[0], words, sizeof(words)), ==,
                    sizeof(words));
    g_assert_cmpuint(words[0], ==, request);
    g_assert_cmpuint(words[1], ==, 5);
    g_assert_cmpuint(words[2], ==, 8);
    return words[3] | (uint64_t)words[4] << 32;
}

static void put_word(Kit *kit, uint32_t request, uint64_t word)
{
    put(kit->qemu[0], request, NEED_REPLY, &word, sizeof(word));
    g_assert_cmpint(serve(kit), ==, TW_SERVED);
    g_assert_cmphex(reply_to(kit, request), ==, 0);
}

/* The device starts: with an IOMMU; RAM: 64 KiB at 0, 1 MiB at 0x100000; one
 * ring. */
static void put_start(Kit *kit)
{
    const uint64_t words[] = {2, /* n, pad */
                              0,        0x10000,  0x7f0000000000, 0,
                              0x100000, 0x100000, 0x7f0000100000, 0x100000};

    put_word(kit, SET_FEATURES, ACCESS_PLATFORM);
    put(kit->qemu[0], SET_MEM_TABLE, NEED_REPLY, words, sizeof(words));
    g_assert_cmpint(serve(kit), ==, TW_SERVED);
    g_assert_cmphex(reply_to(kit, SET_MEM_TABLE), ==, 0);
    put_word(kit, SET_VRING_KICK, 0);
}

static void put_back(Kit *kit)
{
    uint32_t words[3] = {BACK, 1 | NEED_REPLY, 0};
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {.bytes = {0}};
    struct iovec part = {words, sizeof(words)};
    struct msghdr header = {.msg_iov = &part,
                            .msg_iovlen = 1,
                            .msg_control = &control,
                            .msg_controllen = sizeof(control)};
    struct cmsghdr *c = CMSG_FIRSTHDR(&header);
    int pair[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), ==, 0);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(c), &pair[1], sizeof(int));
    g_assert_cmpint(sendmsg(kit->qemu[0], &header, 0), ==, sizeof(words));
    close(pair[1]);
    kit->back = pair[0];
    g_assert_cmpint(serve(kit), ==, TW_SERVED);
    g_assert_cmphex(reply_to(kit, BACK), ==, 0);
}

static void test_messages(void)
{
    uint32_t miss[11];
    const uint64_t zero = 0;
    uint64_t place;
    Kit kit;

    open_kit(&kit, false);
    put(kit.qemu[0], GET_FEATURES, 0, NULL, 0);
    g_assert_cmpint(serve(&kit), ==, TW_SERVED);
    g_assert_cmphex(reply_to(&kit, GET_FEATURES), ==,
                    UINT64_C(3) << 32 | 1 << 30);
    put_start(&kit);
    put_back(&kit);
    /* A miss; what QEMU sends before it answers that. */
    g_assert_true(tw_observer_ask(kit.observer, 0, 0x5123, IOTLB_WRITE));
    g_assert_cmpint(read(kit.back, miss, sizeof(miss)), ==, sizeof(miss));
    g_assert_cmpuint(miss[0], ==, 1);
    g_assert_cmpuint(miss[1], ==, 9);
    g_assert_cmpuint(miss[2], ==, 32);
    g_assert_cmphex(miss[3], ==, 0x5123);
    g_assert_cmphex(miss[9], ==, IOTLB_WRITE | 1 << 8);
    put_iotlb(&kit, UPDATE, 0x5000, 0x1000, 0x7f0000102000, IOTLB_WRITE);
    g_assert_cmpint(serve(&kit), ==, TW_SERVED);
    g_assert_cmphex(reply_to(&kit, IOTLB), ==, 0);
    put(kit.back, 1, 4, &zero, sizeof(zero));
    g_assert_cmpint(serve(&kit), ==, TW_SERVED_LAST);
    g_assert_true(
        tw_observer_find(kit.observer, 0, 0x5123, IOTLB_WRITE, &place));
    g_assert_cmphex(place, ==, 0x102123);
    g_assert_false(
        tw_observer_find(kit.observer, 0, 0x5123, IOTLB_READ, &place));
    g_assert_false(
        tw_observer_find(kit.observer, 1, 0x5123, IOTLB_WRITE, &place));
    /* A size of 0 is 2^64. */
    put_iotlb(&kit, INVALIDATE, 0, 0, 0, 0);
    g_assert_cmpint(serve(&kit), ==, TW_SERVED);
    g_assert_cmphex(reply_to(&kit, IOTLB), ==, 0);
    g_assert_false(
        tw_observer_find(kit.observer, 0, 0x5123, IOTLB_WRITE, &place));
    close_kit(&kit);
}

/* One INVALIDATE in four is not heeded, of those that end something. */
static void test_drop(void)
{
    Kit kit;

    open_kit(&kit, true);
    put_start(&kit);
    for (unsigned i = 0; i < 8; i++) {
        uint64_t place;

        put_iotlb(&kit, UPDATE, 0x5000, 0x1000, 0x7f0000102000, IOTLB_READ);
        put_iotlb(&kit, INVALIDATE, 0x6000, 0x1000, 0, 0);
        put_iotlb(&kit, INVALIDATE, 0x5000, 0x1000, 0, 0);
        put_iotlb(&kit, INVALIDATE, 0x7000, 0x1000, 0, 0);
        g_assert_cmpint(serve(&kit), ==, TW_SERVED);
        g_assert_cmpint(
            tw_observer_find(kit.observer, 0, 0x5000, IOTLB_READ, &place), ==,
            i % 4 == 0);
    }
    close_kit(&kit);
}

/* What must not be told ---------------------------------------------------- */

static Kit told_kit(void)
{
    Kit kit;

    open_kit(&kit, false);
    put_start(&kit);
    put_back(&kit);
    tw_observer_clear(kit.observer);
    return kit;
}

/* The last message is refused as one that the device must not be told. */
static void expect_told(Kit *kit, const char *what)
{
    bool ok = serve(kit) != TW_SERVED_BAD;
    g_autofree char *why = g_strconcat("vhost-user device 0: ", what, NULL);

    if (ok || !tw_observer_is_told(kit->observer) ||
        strcmp(tw_observer_why(kit->observer), why) != 0) {
        g_error("expected \"%s\" in: %s", why, tw_observer_why(kit->observer));
    }
    close_kit(kit);
    *kit = told_kit();
}

static void put_update(Kit *kit, uint64_t uaddr)
{
    put_iotlb(kit, UPDATE, 0x5000, 0x1000, uaddr, IOTLB_READ);
}

/* An UPDATE that nobody asked for, or that is not what was asked for. */
static void test_told_update(void)
{
    const uint64_t uaddr = 0x7f0000102000, zero = 0;
    Kit kit = told_kit();

    put_update(&kit, uaddr);
    expect_told(&kit, "UPDATE 0x5000..0x5fff: expected none, this device has "
                      "not asked");
    g_assert_true(tw_observer_ask(kit.observer, 0, 0x5008, IOTLB_READ));
    put_update(&kit, uaddr);
    g_assert_cmpint(serve(&kit), ==, TW_SERVED);
    put_update(&kit, uaddr);
    expect_told(&kit, "UPDATE 0x5000..0x5fff: expected one for a MISS, not "
                      "two");
    g_assert_true(tw_observer_ask(kit.observer, 0, 0x5008, IOTLB_READ));
    put(kit.back, 1, 4, &zero, sizeof(zero));
    g_assert_cmpint(serve(&kit), ==, TW_SERVED_LAST);
    put_update(&kit, uaddr);
    expect_told(&kit, "UPDATE 0x5000..0x5fff: expected none, this device has "
                      "not asked");
    g_assert_true(tw_observer_ask(kit.observer, 0, 0x6000, IOTLB_READ));
    put_update(&kit, uaddr);
    expect_told(&kit, "UPDATE 0x5000..0x5fff: expected 0x6000 in it, for which "
                      "there was a MISS");
    g_assert_true(tw_observer_ask(kit.observer, 0, 0x5000, IOTLB_WRITE));
    put_update(&kit, uaddr);
    expect_told(&kit, "UPDATE 0x5000..0x5fff: expected right 2, for which "
                      "there was a MISS, not 1");
    g_assert_true(tw_observer_ask(kit.observer, 0, 0x5000, IOTLB_READ));
    put_update(&kit, uaddr + 8);
    expect_told(&kit, "UPDATE 0x5000..0x5fff: expected a place with the same "
                      "lowest 12 bits, not 0x102008");
    close_kit(&kit);
}

static void put_invalidate(Kit *kit, uint64_t iova, uint64_t size)
{
    put_iotlb(kit, INVALIDATE, iova, size, 0, 0);
}

/* An INVALIDATE too late, at the wrong time, of no bytes, of interrupts. */
static void test_told_invalidate(void)
{
    Kit kit = told_kit();

    put_invalidate(&kit, 0x5000, 0x1000);
    expect_told(&kit, "INVALIDATE 0x5000..0x5fff: expected it before the "
                      "command is complete");
    g_assert_true(tw_observer_ask(kit.observer, 0, 0x5000, IOTLB_READ));
    put_invalidate(&kit, 0x5000, 0x1000);
    expect_told(&kit, "INVALIDATE 0x5000..0x5fff: expected none, QEMU was "
                      "asked for a translation");
    g_assert_true(tw_observer_command(kit.observer, true));
    put_invalidate(&kit, 0x5000, 0);
    expect_told(&kit, "INVALIDATE 0x5000..0x4fff: expected 1 byte or more, up "
                      "to 2^64, not 0x0");
    g_assert_true(tw_observer_command(kit.observer, true));
    put_invalidate(&kit, 0xfec00000, 0x400000);
    expect_told(&kit, "INVALIDATE 0xfec00000..0xfeffffff: expected nothing of "
                      "0xfee00000..0xfeefffff, which reaches no IOMMU");
    /* What has come when a command is complete is taken before the next. */
    g_assert_true(tw_observer_command(kit.observer, true));
    put_invalidate(&kit, 0x5000, 0x1000);
    g_assert_cmpint(serve(&kit), ==, TW_SERVED);
    g_assert_true(tw_observer_command(kit.observer, false));
    put_invalidate(&kit, 0x5000, 0x1000);
    g_assert_false(tw_observer_command(kit.observer, true));
    g_assert_true(tw_observer_is_told(kit.observer));
    close_kit(&kit);
}

/* What may be told: ranges up to 2^64, around the interrupts. */
static void test_may_be_told(void)
{
    Kit kit = told_kit();

    g_assert_true(tw_observer_command(kit.observer, true));
    put_invalidate(&kit, 0, 0xfee00000);
    put_invalidate(&kit, 0xfef00000, UINT64_C(0xffffffff01100000));
    g_assert_cmpint(serve(&kit), ==, TW_SERVED);
    g_assert_true(tw_observer_command(kit.observer, false));
    g_assert_false(tw_observer_is_told(kit.observer));
    close_kit(&kit);
}

/* GET_VRING_BASE: the ring stops. */
static void put_stop(Kit *kit, uint64_t ring)
{
    put(kit->qemu[0], GET_VRING_BASE, 0, &ring, sizeof(ring));
    g_assert_cmpint(serve(kit), ==, TW_SERVED);
    g_assert_cmphex(reply_to(kit, GET_VRING_BASE), ==, ring);
}

/* With its last ring a device loses what it has; what comes then is refused,
 * also before its first program. */
static void test_stopped(void)
{
    uint64_t place;
    Kit kit;

    open_kit(&kit, false);
    put_start(&kit);
    put_word(&kit, SET_VRING_KICK, 1);
    put_update(&kit, 0x7f0000102000);
    g_assert_cmpint(serve(&kit), ==, TW_SERVED);
    g_assert_cmphex(reply_to(&kit, IOTLB), ==, 0);
    put_stop(&kit, 1);
    g_assert_true(
        tw_observer_find(kit.observer, 0, 0x5000, IOTLB_READ, &place));
    put_stop(&kit, 0);
    g_assert_false(
        tw_observer_find(kit.observer, 0, 0x5000, IOTLB_READ, &place));
    put_word(&kit, SET_VRING_KICK, 0);
    g_assert_false(
        tw_observer_find(kit.observer, 0, 0x5000, IOTLB_READ, &place));
    put_stop(&kit, 0);
    put_update(&kit, 0x7f0000102000);
    expect_told(&kit, "UPDATE 0x5000..0x5fff: expected none, this device is "
                      "stopped");
    put_stop(&kit, 0);
    put_update(&kit, 0x7f0000102000);
    expect_told(&kit, "UPDATE 0x5000..0x5fff: expected none, this device is "
                      "stopped");
    close_kit(&kit);
}

/* Lies --------------------------------------------------------------------- */

/* The devices say this of what they have just been told. */
static void expect_bad(Kit *kit, const char *what)
{
    g_assert_cmpint(serve(kit), ==, TW_SERVED_BAD);
    if (strstr(tw_observer_why(kit->observer), what) == NULL) {
        g_error("expected \"%s\" in: %s", what, tw_observer_why(kit->observer));
    }
    g_assert_null(strchr(tw_observer_why(kit->observer), '\n'));
    close_kit(kit);
    open_kit(kit, false);
    put_start(kit);
}

static void test_lies(void)
{
    const uint64_t words[2] = {33, 0};
    const uint32_t header[3] = {GET_FEATURES, 1, 5000};
    Kit kit;

    open_kit(&kit, false);
    put_start(&kit);
    put_iotlb(&kit, UPDATE, 0x5000, 0, 0x7f0000102000, IOTLB_READ);
    expect_bad(&kit, "device 0: UPDATE: expected a size of 1 or more");
    put_iotlb(&kit, UPDATE, 0x5000, UINT64_MAX, 0x7f0000102000, IOTLB_READ);
    expect_bad(&kit, "UPDATE: expected a size of 1 or more, up to 2^64, not "
                     "0xffffffffffffffff at 0x5000");
    put_iotlb(&kit, UPDATE, 0x5000, 0x1000, 0x7f0000102000, 0);
    expect_bad(&kit, "expected rights 1, 2 or 3, not 0");
    put_iotlb(&kit, UPDATE, 0x5000, 0x1000, 0x7f0000200000, IOTLB_READ);
    expect_bad(&kit, "UPDATE at 0x5000: expected memory of SET_MEM_TABLE, not "
                     "0x7f0000200000 and 0x1000 bytes");
    put_iotlb(&kit, UPDATE, 0x5000, 0x1001, 0x7f00001ff000, IOTLB_READ);
    expect_bad(&kit, "expected memory of SET_MEM_TABLE");
    put_iotlb(&kit, 4, 0x5000, 0x1000, 0, 0);
    expect_bad(&kit, "expected UPDATE (2) or INVALIDATE (3), not 4");
    put_word(&kit, SET_FEATURES, ~ACCESS_PLATFORM);
    put_iotlb(&kit, INVALIDATE, 0x5000, 0x1000, 0, 0);
    expect_bad(&kit, "device 0: IOTLB message: expected none before "
                     "SET_FEATURES with VIRTIO_F_ACCESS_PLATFORM");
    put(kit.qemu[0], IOTLB, NEED_REPLY, words, 16);
    expect_bad(&kit, "message 22: expected a payload of 32 bytes, not 16");
    put(kit.qemu[0], 77, NEED_REPLY, NULL, 0);
    expect_bad(&kit, "message 77 is none that was expected");
    put(kit.qemu[0], SET_MEM_TABLE, NEED_REPLY, words, 16);
    expect_bad(&kit, "SET_MEM_TABLE: expected 32 regions at most, not 33");
    put(kit.qemu[0], BACK, NEED_REPLY, NULL, 0);
    expect_bad(&kit, "SET_BACKEND_REQ_FD: expected a descriptor");
    put(kit.qemu[0], GET_VRING_BASE, 0, NULL, 0);
    expect_bad(&kit, "message 11: expected a payload of 8 bytes, not 0");
    put_back(&kit);
    put(kit.back, 2, 4, words, 8);
    expect_bad(&kit, "expected the answer to a MISS, not message 2");
    g_assert_cmpint(write(kit.qemu[1], header, sizeof(header)), ==,
                    sizeof(header));
    expect_bad(&kit, "device 1: message 1: expected a payload of");
    close_kit(&kit);
}

/* QEMU has gone, or has given no socket: a miss cannot be sent. */
static void test_gone(void)
{
    uint64_t place;
    Kit kit;

    open_kit(&kit, false);
    g_assert_false(tw_observer_ask(kit.observer, 0, 0x5000, IOTLB_READ));
    g_assert_nonnull(
        strstr(tw_observer_why(kit.observer),
               "device 0: cannot send a MISS: QEMU has not given"));
    put_start(&kit);
    put_back(&kit);
    close(kit.back);
    kit.back = -1;
    g_assert_cmpint(serve(&kit), ==, TW_SERVED);
    g_assert_false(tw_observer_ask(kit.observer, 0, 0x5000, IOTLB_READ));
    g_assert_false(
        tw_observer_find(kit.observer, 0, 0x5000, IOTLB_READ, &place));
    close_kit(&kit);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/observer/iotlb", test_iotlb);
    g_test_add_func("/observer/messages", test_messages);
    g_test_add_func("/observer/drop", test_drop);
    g_test_add_func("/observer/told/update", test_told_update);
    g_test_add_func("/observer/told/invalidate", test_told_invalidate);
    g_test_add_func("/observer/told/allowed", test_may_be_told);
    g_test_add_func("/observer/told/stopped", test_stopped);
    g_test_add_func("/observer/lies", test_lies);
    g_test_add_func("/observer/gone", test_gone);
    return g_test_run();
}
