/* SPDX-License-Identifier: MIT */
/* The mistakes of programs, and their places. */
#include "program/check.h"

#include <stdarg.h>
#include <stdio.h>

#include "program/ops.h"

bool tw_check_wrong(const TwCheck *c, TwSpotKind kind, unsigned index,
                    const char *format, ...)
{
    if (c->spot) {
        *c->spot = (TwSpot){(uint8_t)kind, (uint16_t)index};
    }
    if (!c->why || c->why_size == 0) {
        return false;
    }
    char what[128];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    const TwProgram *p = c->p;
    char name[40] = "";
    switch (kind) {
    case TW_SPOT_REGION:
        snprintf(name, sizeof name, "region r%u: ", index);
        break;
    case TW_SPOT_SPACE:
        snprintf(name, sizeof name, "space s%u: ", index);
        break;
    case TW_SPOT_IOMMU:
        snprintf(name, sizeof name, "iommu i%u: ", index);
        break;
    case TW_SPOT_CPU:
        snprintf(name, sizeof name, "cpu c%u: ", index);
        break;
    case TW_SPOT_MMU:
        snprintf(name, sizeof name, "mmu c%u.%u: ", index / TW_MAX_MMU_INDEXES,
                 index % TW_MAX_MMU_INDEXES);
        break;
    case TW_SPOT_ACTOR:
        snprintf(name, sizeof name, "actor %u: ", index);
        break;
    case TW_SPOT_SETUP:
    case TW_SPOT_SCRIPT: {
        bool setup = kind == TW_SPOT_SETUP;
        const TwOp *op = setup ? &p->setup[index] : &p->script[index];
        const TwOpInfo *info = tw_op_info(op->code);
        snprintf(name, sizeof name,
                 "%s %u (%s): ", setup ? "setup" : "operation", index,
                 info ? info->name : "?");
        break;
    }
    default:
        break;
    }
    snprintf(c->why, c->why_size, "%s%s", name, what);
    return false;
}
