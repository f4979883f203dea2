/* SPDX-License-Identifier: MIT */
/* What the parts of emit share: writing text, and which calls belong to which
 * operation. */
#include "targets/unicorn/emit.h"

void tw_uc_emit_put(Emit *e, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_string_append_vprintf(e->out, format, args);
    va_end(args);
}

unsigned tw_uc_emit_main(const Emit *e, const Call *call)
{
    unsigned n = call->op;

    while (n != TW_NO_OP && n > 0 &&
           e->program->script[n].flags & TW_OPF_DURING) {
        n--;
    }
    return n;
}

bool tw_uc_emit_is_of(const Emit *e, const Call *call, unsigned n)
{
    return call->op != TW_NO_OP && tw_uc_emit_main(e, call) == n;
}

bool tw_uc_emit_has_inside(const Emit *e, unsigned n, CallPlace place,
                           unsigned *nth)
{
    for (unsigned i = 0; i < e->recorder.calls->len; i++) {
        const Call *call = tw_uc_emit_at(e, i);

        if (call->kind != CALL_HOOK && call->place == place &&
            tw_uc_emit_is_of(e, call, n)) {
            *nth = call->nth;
            return true;
        }
    }
    return false;
}
