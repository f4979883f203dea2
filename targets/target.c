/* SPDX-License-Identifier: MIT */
/* What all targets have; see target.h.  Knows no class. */
#include "targets/target.h"

#include <string.h>

G_DEFINE_QUARK(tw_target_error_quark, tw_target_error)

const TwTargetClass *tw_target_class_of(const char *name)
{
    const TwTargetClass *const *classes = tw_target_classes();
    size_t length = strcspn(name, ":");

    for (unsigned i = 0; classes[i] != NULL; i++) {
        if (strlen(classes[i]->name) == length &&
            memcmp(classes[i]->name, name, length) == 0) {
            return classes[i];
        }
    }
    return NULL;
}

void tw_target_close(TwTarget *target)
{
    if (target != NULL) {
        target->klass->close(target);
    }
}
