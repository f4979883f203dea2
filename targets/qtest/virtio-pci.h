/* SPDX-License-Identifier: MIT */
/*
 * Inside this folder, for those that drive devices of virtio over PCI: numbers
 * of Virtual I/O Device (VIRTIO) Version 1.2 (registers in 4.1.4, status in
 * 2.1), and of PCI.  Offsets in BAR 4 are those of stock QEMU.
 */
#ifndef TW_TARGETS_QTEST_VIRTIO_PCI_H
#define TW_TARGETS_QTEST_VIRTIO_PCI_H

enum {
    /* Configuration space. */
    COMMAND = 4,
    BAR4 = 0x20,
    BAR4_UPPER = 0x24,
    MEMORY_AND_MASTER = 6,
    /* Common configuration, in BAR 4; STATUS is a byte, names of queues are
     * words of 2 bytes but for the rings, three addresses of 8 bytes. */
    OFFERED_SELECT = 0x00,
    OFFERED = 0x04,
    FEATURES_SELECT = 0x08,
    FEATURES = 0x0c,
    STATUS = 0x14,
    QUEUE_SELECT = 0x16,
    QUEUE_SIZE = 0x18,
    QUEUE_ENABLE = 0x1c,
    QUEUE_RINGS = 0x20,
    QUEUE_RESET = 0x3a,
    /* In BAR 4, a word for each queue that is to be looked at. */
    NOTIFY = 0x3000,
    NOTIFY_BYTES = 4,
    /* Bits of STATUS. */
    ACKNOWLEDGE = 1,
    DRIVER = 2,
    DRIVER_OK = 4,
    FEATURES_OK = 8,
    /* A split virtqueue. */
    DESCRIPTOR_BYTES = 16,
    DESCRIPTORS = 0,
    AVAILABLE = 1,
    USED = 2,
    RINGS = 3,
};

#endif
