/* SPDX-License-Identifier: MIT */
/*
 * The canary of text_fuzzer: the same harness on a printer that makes mistakes
 * (linked with --wrap=tw_program_print).  If the canary does not abort at once,
 * text_fuzzer would not find bugs, either.
 */
#include <string.h>

#include "fuzz/harness/harness.h"
#include "program/text/text.h"

void __real_tw_program_print(const TwProgram *program,
                             const TwComments *comments, GString *out);
void __wrap_tw_program_print(const TwProgram *program,
                             const TwComments *comments, GString *out);

/* Of long programs the last line is lost. */
void __wrap_tw_program_print(const TwProgram *program,
                             const TwComments *comments, GString *out)
{
    const char *end;

    __real_tw_program_print(program, comments, out);
    if (program->n_script < 4) {
        return;
    }
    end = g_strrstr_len(out->str, (gssize)out->len - 1, "\n");
    g_string_truncate(out, (gsize)(end + 1 - out->str));
}

TW_FUZZER_OF_TEXT("text_fuzzer")
