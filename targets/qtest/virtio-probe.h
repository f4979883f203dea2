/* SPDX-License-Identifier: MIT */
/*
 * Inside virtio-*.c only: what a device answers to a PROBE request of
 * virtio-iommu, Virtual I/O Device (VIRTIO) Version 1.2, "PROBE request" and
 * "PROBE properties".  Must not know queues and programs.
 */
#ifndef TW_TARGETS_QTEST_VIRTIO_PROBE_H
#define TW_TARGETS_QTEST_VIRTIO_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Are the `size` bytes (a config field of the device) a list of properties as
 * the standard demands?  False: `why`, of `why_size` bytes, gets one line: what
 * was expected, and at which byte.
 */
bool tw_virtio_properties(const uint8_t *bytes, unsigned size, char *why,
                          size_t why_size);

#endif
