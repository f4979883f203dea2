/* SPDX-License-Identifier: MIT */
/* Why an access that was performed by itself was refused. */
#include "targets/qtest/internal.h"

void tw_qtest_reason(Machine *m, unsigned index, uint32_t slot,
                     TwReason *reason)
{
    m->slot = slot;
    m->capture = tw_plan_slot(m);
    m->driver->capture(m);
    if (!m->tell && !m->broken) {
        m->driver->faults(m, index, m->ram + m->capture + SLOT_CAPTURE, reason);
    }
}
