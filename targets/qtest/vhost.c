/* SPDX-License-Identifier: MIT */
/*
 * The driver's side of the vhost-user devices: as software would start them
 * (Virtual I/O Device (VIRTIO) Version 1.2, 3.1.1 "Driver Requirements: Device
 * Initialization", 4.1.4.3 "Common configuration structure layout").  Their
 * queues are never used: a device that runs is told of translations.
 */
#include <stdio.h>

#include "targets/qtest/internal.h"
#include "targets/qtest/virtio-pci.h"

enum {
    FIRST_SLOT = 5,
    FIRST_PORT = 3, /* root ports; the devices behind them are on buses 1, 2 */
    SLOTS = 32,     /* of a bus */
    BUS_NUMBERS = 0x18,
    MEMORY_WINDOW = 0x20,
    PREFETCHED_WINDOW = 0x24,
    ALL_DECODES = 7,
    PCIEXBAR = 0x60, /* of the host bridge */
    ECAM = 0xb0000000,
    ATS_CONTROL = 0x106,   /* a word; bit 15 enables */
    IDENTITY = 0x105a1af4, /* a file system of VIRTIO 1 */
    QUEUES = 2,
    RING_LG = 12, /* a page for each ring */
    AGAIN = 1, /* this device is stopped once and started again: QEMU must tell
                * it as the other */
};

/* Bits 32 and 33: VERSION_1, ACCESS_PLATFORM. */
#define FEATURES_UPPER 3

static uint32_t bar_of(const Machine *m, unsigned index)
{
    return m->driver->bar + (index << (m->driver->ats ? 20 : 16));
}

static unsigned slot_of(const Machine *m, unsigned index)
{
    return m->driver->ats ? SLOTS * (index + 1) : FIRST_SLOT + index;
}

/* A bus with a window of 1 MiB for its device, which has ATS. */
static void start_port(Machine *m, unsigned index)
{
    unsigned port = FIRST_PORT + index, bus = index + 1;
    uint32_t window = bar_of(m, index) >> 16 & 0xfff0;

    tw_qtest_config_write(m, port, BUS_NUMBERS, bus << 16 | bus << 8);
    tw_qtest_config_write(m, port, MEMORY_WINDOW, 0x0000fff0); /* none */
    tw_qtest_config_write(m, port, PREFETCHED_WINDOW, window << 16 | window);
    tw_qtest_config_write(m, port, COMMAND, ALL_DECODES);
    tw_qtest_config_write(m, 0, PCIEXBAR, ECAM | 1);
    tw_qtest_writew(m, ECAM + ((uint64_t)bus << 20) + ATS_CONTROL, 1 << 15);
}

const Firmware *tw_vhost_firmware(const Machine *m)
{
    /* x86: cli; hlt; jmp.  AArch64: wfi; b. */
    static const Firmware x86 = {"faf4ebfd", 0xfff0, 0x10000};
    static const Firmware arm = {"7f2003d5ffffff17", 0, 0x1000};

    return m->driver->config == CONFIG_ECAM ? &arm : &x86;
}

const char *tw_vhost_device(const Machine *m, unsigned index)
{
    static const char *const devices[MOST_INDEXES] = {
        "vhost-user-fs-pci,addr=5,iommu_platform=on",
        "vhost-user-fs-pci,addr=6,iommu_platform=on",
    };
    static const char *const with_ats[MOST_INDEXES] = {
        "vhost-user-fs-pci,bus=rp0,iommu_platform=on,ats=on",
        "vhost-user-fs-pci,bus=rp1,iommu_platform=on,ats=on",
    };

    return (m->driver->ats ? with_ats : devices)[index];
}

/* Rings in RAM: a device starts before the IOMMU translates, since QEMU wants
 * to know then where they are. */
static void start_queue(Machine *m, uint64_t bar, unsigned queue)
{
    tw_qtest_writew(m, bar + QUEUE_SELECT, (uint16_t)queue);
    for (unsigned ring = 0; ring < RINGS; ring++) {
        uint64_t at = bar + QUEUE_RINGS + 8 * ring;

        tw_qtest_writel(m, at,
                        (uint32_t)m->driver->ram +
                            ((4 * queue + ring + 1) << RING_LG));
        tw_qtest_writel(m, at + 4, 0);
    }
    tw_qtest_writew(m, bar + QUEUE_ENABLE, 1);
}

static void start_device(Machine *m, uint64_t bar)
{
    tw_qtest_writeb(m, bar + STATUS, ACKNOWLEDGE);
    tw_qtest_writeb(m, bar + STATUS, ACKNOWLEDGE | DRIVER);
    tw_qtest_writel(m, bar + FEATURES_SELECT, 0);
    tw_qtest_writel(m, bar + FEATURES, 0);
    tw_qtest_writel(m, bar + FEATURES_SELECT, 1);
    tw_qtest_writel(m, bar + FEATURES, FEATURES_UPPER);
    tw_qtest_writeb(m, bar + STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK);
    for (unsigned queue = 0; queue < QUEUES; queue++) {
        start_queue(m, bar, queue);
    }
    tw_qtest_writeb(m, bar + STATUS,
                    ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
}

bool tw_vhost_start(Machine *m, char *why, size_t size)
{
    for (unsigned i = 0; i < MOST_INDEXES; i++) {
        unsigned slot = slot_of(m, i);
        uint32_t identity;

        if (m->driver->ats) {
            start_port(m, i);
        }
        identity = tw_qtest_config_read(m, slot, 0);

        if (identity != IDENTITY) {
            snprintf(why, size,
                     "expected the device %02x:%02x.0 to be 0x%08x "
                     "(vhost-user-fs-pci), not 0x%08x",
                     slot / SLOTS, slot % SLOTS, IDENTITY, identity);
            return false;
        }
        tw_qtest_config_write(m, slot, BAR4, bar_of(m, i));
        tw_qtest_config_write(m, slot, BAR4_UPPER, 0);
        tw_qtest_config_write(m, slot, COMMAND, MEMORY_AND_MASTER);
        start_device(m, bar_of(m, i));
        if (i == AGAIN) {
            tw_qtest_writeb(m, bar_of(m, i) + STATUS, 0); /* it stops */
            start_device(m, bar_of(m, i));
        }
    }
    return tw_qtest_flush(m);
}
