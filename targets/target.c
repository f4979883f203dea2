/* SPDX-License-Identifier: MIT */
/* What all targets have; see target.h.  Knows no class. */
#include "targets/target.h"

G_DEFINE_QUARK(tw_target_error_quark, tw_target_error)

void tw_target_close(TwTarget *target)
{
    if (target != NULL) {
        target->klass->close(target);
    }
}
