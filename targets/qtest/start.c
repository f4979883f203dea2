/* SPDX-License-Identifier: MIT */
/*
 * The process of a target: a stock QEMU whose CPUs never start, behind pipes
 * (process/process.h) that carry the qtest protocol.  Its RAM is memory that it
 * shares with us.  Nothing stays in a folder.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "targets/qemu-version.h"
#include "targets/qtest/internal.h"

enum {
    START_TIMES = 6,  /* limits (process/watch.h) that a start may take */
    FIRST_DEVICE = 4, /* PCI device number of the first device that makes DMA */
    LSI = 0x00121000, /* its identity */
    ETHERNET = 0x10d38086,
};

/* Devices ------------------------------------------------------------------ */

static bool is_wide(const Machine *m, unsigned i)
{
    return m->wide && i != CONTROL;
}

const char *tw_qtest_device(const Machine *m, unsigned i)
{
    static const char *const narrow[DEVICES] = {
        "lsi53c895a,addr=4", "lsi53c895a,addr=5", "lsi53c895a,addr=6"};
    static const char *const wide[DEVICES] = {
        NULL, "e1000e,addr=5,romfile=", "e1000e,addr=6,romfile="};

    if (m->driver->keeper) {
        return i == CONTROL ? NULL : m->driver->keeper->device(i - 1);
    }
    return is_wide(m, i) ? wide[i] : narrow[i];
}

static void place_narrow(Machine *m, unsigned slot, unsigned i)
{
    uint32_t bar = m->driver->bar + (i << 16);

    tw_qtest_config_write(m, slot, 0x10, 0xc001 + (i << 8));
    tw_qtest_config_write(m, slot, 0x14, bar);
    tw_qtest_config_write(m, slot, 0x18, bar + 0x2000);
}

static void place_wide(Machine *m, unsigned slot, unsigned i)
{
    uint32_t bar = tw_qtest_copy_bar(m, i);

    tw_qtest_config_write(m, slot, 0x10, bar);
    tw_qtest_config_write(m, slot, 0x14, bar + 0x20000);
    tw_qtest_config_write(m, slot, 0x18, 0xc001 + (i << 8));
    tw_qtest_config_write(m, slot, 0x1c, bar + 0x40000);
}

/* Gives the devices that make DMA their addresses, and lets them go. */
static bool start_devices(Machine *m, char *why, size_t size)
{
    for (unsigned i = 0; i < DEVICES; i++) {
        unsigned slot = FIRST_DEVICE + i;

        if (!tw_qtest_is_device(m, slot, is_wide(m, i) ? ETHERNET : LSI,
                                tw_qtest_device(m, i), why, size)) {
            return false;
        }
        (is_wide(m, i) ? place_wide : place_narrow)(m, slot, i);
        tw_qtest_config_write(m, slot, 0x04,
                              m->driver->config == CONFIG_ECAM ? 6 : 7);
        if (is_wide(m, i)) {
            tw_qtest_copy_start(m, i);
        }
    }
    return tw_qtest_flush(m);
}

/* The process -------------------------------------------------------------- */

bool tw_qtest_set_up(Machine *m, char *why, size_t size)
{
    bool (*start)(Machine *, char *, size_t) = m->observer ? tw_vhost_start
                                               : m->driver->keeper
                                                   ? m->driver->keeper->start
                                                   : start_devices;

    return start(m, why, size) && m->driver->start(m, why, size) &&
           tw_qtest_flush(m);
}

static bool start_process(Machine *m)
{
    TwProcessFd fds[1 + OBSERVER_FDS] = {{m->ram_fd, "TW_RAM"}};
    unsigned n = 1;
    bool ok;

    if (m->observer) {
        if (!tw_observer_begin(m->observer, fds + 1)) {
            return false;
        }
        n += OBSERVER_FDS;
        m->process.serving = tw_observer_serving(m->observer);
    }
    ok = tw_process_start(&m->process, m->command, fds, n);
    if (m->observer) {
        tw_observer_started(m->observer);
    }
    return ok;
}

bool tw_qtest_start(Machine *m, char *why, size_t size)
{
    TwTrace *trace = m->trace;
    uint32_t limit = m->timeout_ms;
    bool ok;

    if (m->process.pid != 0) {
        return true;
    }
    if (m->started &&
        !tw_qemu_is_still(m->binary, m->driver->name, m->version, why, size)) {
        return false;
    }
    m->started = true;
    memset(m->state, 0, DRIVER_STATE);
    memset(m->held, 0, sizeof(m->held));
    memset(m->ram + AT_STRUCTURES, 0, AT_SCRIPTS - AT_STRUCTURES);
    g_string_truncate(m->out, 0);
    m->n_out = 0;
    if (!start_process(m)) {
        snprintf(why, size, "expected to start a process: %s",
                 g_strerror(errno));
        return false;
    }
    tw_trace_init(&m->idle, NULL);
    m->trace = &m->idle; /* takes what is wrong */
    m->broken = false;
    m->timeout_ms = START_TIMES * limit;
    ok = tw_qtest_flush(m) && tw_qtest_set_up(m, why, size);
    m->timeout_ms = limit;
    if (!ok && m->broken) {
        g_strlcpy(why, m->idle.text, size);
    }
    if (!ok) {
        tw_process_end(&m->process, 0);
    }
    m->trace = trace;
    m->broken = false;
    return ok;
}
