/* SPDX-License-Identifier: MIT */
/*
 * The back ends of vhost-user devices: we are the devices.  QEMU translates for
 * them when they ask (a *miss*), and must tell them of each translation that
 * ends.  The protocol is QEMU's ("Vhost-user Protocol",
 * docs/interop/vhost-user.rst); the messages are those that QEMU sends to
 * devices without a data path.  Must not know programs.
 */
#ifndef TW_TARGETS_QTEST_OBSERVER_H
#define TW_TARGETS_QTEST_OBSERVER_H

#include "process/process.h"
#include "targets/qtest/driver.h"
#include "targets/qtest/iotlb.h"
#include "targets/qtest/told.h"

typedef struct Observer Observer;

/* Firmware of `size` bytes: where CPUs begin is the code with which they
 * stop. */
typedef struct Firmware {
    const char *code; /* hexadecimal digits */
    uint32_t at, size;
} Firmware;

/* NULL with errno set if there is no memory to share.  `drop`: of the
 * INVALIDATE messages that end a translation, the first of each four of a
 * program is not heeded.  Addresses hole_first to hole_last reach no IOMMU
 * (Told). */
Observer *tw_observer_new(const Firmware *firmware, bool drop,
                          uint64_t hole_first, uint64_t hole_last);
void tw_observer_free(Observer *observer);

/*
 * New sockets, for a process that is to start: `fds` gets MOST_INDEXES ends for
 * it, TW_VHOST0 and so on, and the firmware of its CPU, TW_BIOS.  False with
 * errno set.  When it has started, or could not, the ends are closed by
 * tw_observer_started().
 */
enum { OBSERVER_FDS = MOST_INDEXES + 1 };
bool tw_observer_begin(Observer *observer, TwProcessFd fds[OBSERVER_FDS]);
void tw_observer_started(Observer *observer);

/* What the process must be served with; the observer owns it. */
TwServing *tw_observer_serving(Observer *observer);

/* What is wrong with the last message, after TW_SERVED_BAD: one line. */
const char *tw_observer_why(const Observer *observer);

/* Is that what a device was told, which was well formed as a message? */
bool tw_observer_is_told(const Observer *observer);

/* Forgets all translations, as at the start of a program: from here on, what
 * the devices are told is looked at (told.h). */
void tw_observer_clear(Observer *observer);

/* A command of qtest is under way, or is complete.  Takes what has come before.
 * False: that was bad. */
bool tw_observer_command(Observer *observer, bool under_way);

/*
 * Where address `iova` of device `index` is, by what QEMU has told: a guest
 * physical address.  False: it is not known with that right (IOTLB_...).
 */
bool tw_observer_find(const Observer *observer, unsigned index, uint64_t iova,
                      uint8_t right, uint64_t *place);

/* The UPDATE that came for the last MISS, or NULL: there was none. */
const Told *tw_observer_told(const Observer *observer);

/* Asks for the translation; when the process has been served until
 * TW_SERVED_LAST, there is one or it was refused.  False: it cannot be asked,
 * as tw_observer_why() says. */
bool tw_observer_ask(Observer *observer, unsigned index, uint64_t iova,
                     uint8_t right);

#endif
