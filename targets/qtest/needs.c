/* SPDX-License-Identifier: MIT */
/* See needs.h. */
#include "targets/qtest/needs.h"

#include <inttypes.h>
#include <stdio.h>

bool tw_needs_met(const Need *needs, unsigned n, unsigned mode,
                  const char *unit, const NeedRegister *registers, char *why,
                  size_t size)
{
    for (unsigned i = 0; i < n; i++) {
        const NeedRegister *reg = &registers[needs[i].reg];
        uint64_t value =
            tw_need_field(reg->value, needs[i].shift, needs[i].bits);

        if (needs[i].modes & mode &&
            (value < needs[i].least ||
             (needs[i].most && value > needs[i].most))) {
            snprintf(why, size, "expected %s with %s, not %s 0x%" PRIx64, unit,
                     needs[i].what, reg->name, reg->value);
            return false;
        }
    }
    return true;
}
