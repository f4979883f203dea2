/* SPDX-License-Identifier: MIT */
/*
 * A finding of a program as a shell script that needs the program and nothing
 * of twinwalk: it gives the case to the program, as PROTOCOL.md says, and looks
 * at the answer.
 */
#include "targets/exec/emit.h"

#include <inttypes.h>
#include <string.h>

#include "program/text/text.h"
#include "targets/exec/exec.h"

/* A text as comment lines. */
static void put_comment(GString *out, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (unsigned i = 0; lines[i] != NULL; i++) {
        if (lines[i][0] != '\0') {
            g_string_append_printf(out, "# %s\n", lines[i]);
        }
    }
}

static void put_head(TwTarget *target, const TwProgram *program,
                     const TwFinding *finding, const char *command,
                     GString *out)
{
    g_autoptr(GString) title = g_string_new(NULL);
    g_autofree char *quoted = g_shell_quote(command);

    tw_target_title(target->klass, program, finding, title);
    g_string_append(out, "#!/bin/sh\n");
    put_comment(out, title->str);
    g_string_append(
        out,
        "#\n# Gives a case to the program under test and looks at its answer: "
        "case and\n# answer are lines of text (twinwalk, "
        "targets/exec/PROTOCOL.md).\n#     COMMAND='the program' sh "
        "THIS-FILE\n# Exit status 1: the answer is wrong, 0: it is as "
        "expected, "
        "2: that cannot be told.\n#\n");
    put_comment(out, finding->text);
    g_string_append_printf(out, "\nCOMMAND=${COMMAND:-%s}\n\n", quoted);
}

static void put_question(const TwProgram *program, unsigned seconds,
                         GString *out)
{
    g_string_append(out, "case_text()\n{\n    cat <<'END_OF_CASE'\n");
    tw_program_print(program, NULL, out);
    g_string_append_printf(
        out,
        TW_EXEC_PROGRAM_END
        "END_OF_CASE\n}\n\n"
        "status=0\n"
        "answer=$(case_text | timeout %u sh -c \"$COMMAND\") || status=$?\n"
        "trace=$(printf '%%s\\n' \"$answer\" | sed -n '/^twinwalk-trace "
        "/,$p')\n"
        "result()\n{\n    echo \"$2\"\n    exit \"$1\"\n}\n",
        seconds);
}

/* The process dies, hangs or gives an answer that is none. */
static void put_death(const TwFinding *finding, GString *out)
{
    const char *must = finding->verdict == TW_VERDICT_HANG
                           ? "an answer in time"
                           : "an answer that ends with a line \"end\"";

    g_string_append_printf(
        out,
        "echo 'expected: %s'\n"
        "echo \"got: exit status $status of $COMMAND, and:\"\n"
        "printf '%%s\\n' \"$trace\" | tail -n 3\n"
        "[ \"$(printf '%%s\\n' \"$trace\" | tail -n 1)\" != end ] ||\n"
        "    result 0 'as expected'\n",
        must);
    if (finding->verdict == TW_VERDICT_HANG) {
        g_string_append(out, "[ \"$status\" -eq 124 ] || result 2 'it ends, "
                             "without an answer'\n");
    }
    g_string_append(out, "result 1 'the defect is there'\n");
}

/* "23 ok 0x1234": how the line of an access begins; and with `n` locations, how
 * it goes on: " at 0+4 r1 0x10". */
static char *line_of(unsigned op, unsigned class_, uint64_t value,
                     const TwLocation *locations, unsigned n)
{
    GString *line = g_string_new(NULL);

    g_string_printf(line, "%u %s 0x%" PRIx64, op, tw_class_name(class_), value);
    for (unsigned i = 0; i < n; i++) {
        g_string_append_printf(
            line, " at %u+%u r%u 0x%" PRIx64 "%s%s", locations[i].first,
            locations[i].length, locations[i].region, locations[i].offset,
            locations[i].flags & TW_LOC_READONLY ? " readonly" : "",
            locations[i].flags & TW_LOC_ROMD ? " romd" : "");
    }
    return g_string_free(line, FALSE);
}

/*
 * Puts the cases of a shell that tell the wrong line from the right ones: by
 * class and value or, with `places`, by where the bytes went, too.  False: they
 * are not told apart by that.
 */
static bool put_cases(const TwFinding *finding, const TwExpected *expected,
                      const TwTrace *trace, bool places, GString *out)
{
    const TwOutcome *seen = &trace->outcomes[finding->op];
    g_autofree char *wrong = line_of(finding->op, seen->class_, seen->value,
                                     &trace->locations[seen->location],
                                     places ? seen->n_locations : 0);
    g_autoptr(GString) right = g_string_new(NULL);
    bool told =
        expected->n_allowed > 0 && expected->n_allowed <= TW_MAX_ALLOWED;

    for (unsigned i = 0; i < expected->n_allowed && told; i++) {
        const TwAllowed *a = &expected->allowed[i];
        g_autofree char *line =
            line_of(finding->op, a->class_, a->value, a->locations,
                    places ? a->n_locations : 0);

        told = strcmp(line, wrong) != 0;
        g_string_append_printf(right, "%s\"%s\" | \"%s \"*", i ? " | " : "",
                               line, line);
    }
    if (told) {
        g_string_append_printf(
            out,
            "\"%s\" | \"%s \"*) result 1 'the defect is there' ;;\n"
            "%s) result 0 'as expected' ;;\n",
            wrong, wrong, right->str);
    }
    return told;
}

/* The answer to one access is wrong; or, where class and value do not tell,
 * what the whole answer was. */
static void put_answer(const TwProgram *program, const TwFinding *finding,
                       const TwExpected *expected, const TwTrace *trace,
                       GString *out)
{
    g_autoptr(GString) whole = g_string_new(NULL);
    g_autoptr(GString) cases = g_string_new(NULL);

    if (expected != NULL && expected->access && expected->started == 0 &&
        finding->op < trace->n_ops &&
        (put_cases(finding, expected, trace, false, cases) ||
         put_cases(finding, expected, trace, true, cases))) {
        g_string_append_printf(
            out,
            "line=$(printf '%%s\\n' \"$trace\" | sed -n '/^%u /p')\n"
            "echo \"got: $line\"\n"
            "case $line in\n%s*) result 2 'neither right nor wrong in the way "
            "that is known' ;;\nesac\n",
            finding->op, cases->str);
        return;
    }
    tw_trace_print(trace, program, whole);
    g_string_append_printf(
        out,
        "wrong=$(\n    cat <<'END_OF_TRACE'\n%sEND_OF_TRACE\n)\n"
        "[ \"$trace\" != \"$wrong\" ] || result 1 'the defect is there: the "
        "answer is the wrong one'\n"
        "printf '%%s\\n' \"$trace\"\n"
        "result 2 'the answer is another one than the wrong one: is it "
        "right?'\n",
        whole->str);
}

bool tw_exec_emit(TwTarget *target, const TwProgram *program,
                  const TwFinding *finding, const TwExpected *expected,
                  const char *command, uint32_t timeout_ms, GString *out)
{
    bool dies = finding->verdict == TW_VERDICT_CRASH ||
                finding->verdict == TW_VERDICT_HANG ||
                finding->verdict == TW_VERDICT_MALFORMED;
    TwTrace *trace = g_new(TwTrace, 1);

    put_head(target, program, finding, command, out);
    put_question(program, MAX(timeout_ms / 1000, 1), out);
    if (dies) {
        put_death(finding, out);
    } else {
        target->klass->run(target, program, trace);
        put_answer(program, finding, expected, trace, out);
    }
    g_free(trace);
    return true;
}
