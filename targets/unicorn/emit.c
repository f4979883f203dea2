/* SPDX-License-Identifier: MIT */
/*
 * A reproducer for the library's maintainers: a C program that makes the calls
 * of one run again, with nothing but the library, and looks at the outcome that
 * was wrong.  There each access of the guest is a run of one instruction.
 */
#include <inttypes.h>
#include <string.h>

#include "targets/unicorn/agent.h"
#include "targets/unicorn/emit.h"
#include "targets/unicorn/run.h"

/* The head of the file ----------------------------------------------------- */

static bool is_deadly(const TwFinding *finding)
{
    return finding->verdict == TW_VERDICT_CRASH ||
           finding->verdict == TW_VERDICT_HANG;
}

/* A macro that only the header of 2.1 has, if the program needs one. */
static const char *needed(const Emit *e)
{
    return e->machine->vtlb != NULL ? "uc_ctl_tlb_mode"
           : e->snapshots           ? "uc_ctl_context_mode"
                                    : NULL;
}

/* Which entry of a list of known divergences it is, if it is one. */
static void put_known(Emit *e)
{
    const char *known = strstr(e->finding->text, "known: ");

    if (known != NULL) {
        put(e, " * Known: %.*s\n", (int)strcspn(known + 7, "\n"), known + 7);
    }
}

/* Does the operation that the finding blames, or, if it blames none, the script
 * make a call of this name? */
static bool makes(const Emit *e, const char *name)
{
    static const struct {
        const char *name;
        CallKind kind;
    } kinds[] = {{"uc_mem_unmap", CALL_UNMAP},
                 {"uc_mem_map_ptr", CALL_MAP},
                 {"uc_mmio_map", CALL_MMIO},
                 {"uc_mem_protect", CALL_PROTECT}};
    bool stale = e->finding->verdict == TW_VERDICT_STALE;
    unsigned k = 0;

    while (k < G_N_ELEMENTS(kinds) && strcmp(kinds[k].name, name) != 0) {
        k++;
    }
    for (unsigned i = 0; k < G_N_ELEMENTS(kinds) && i < e->recorder.calls->len;
         i++) {
        const Call *call = tw_uc_emit_at(e, i);

        if (call->kind == kinds[k].kind &&
            (stale ? call->op == e->finding->changed ||
                         call->op == e->finding->ended
                   : call->op != TW_NO_OP)) {
            return true;
        }
    }
    return false;
}

/* A title knows the operation; here its calls are known. */
static void name_calls(const Emit *e, GString *title)
{
    static const char memory[] = "uc_mem_unmap, uc_mem_map_ptr: ";
    static const char *const names[] = {"uc_mem_unmap", "uc_mem_map_ptr",
                                        "uc_mmio_map", "uc_mem_protect"};
    g_autoptr(GString) made = g_string_new(NULL);

    if (!g_str_has_prefix(title->str, memory)) {
        return;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        if (makes(e, names[i])) {
            g_string_append_printf(made, "%s%s", made->len > 0 ? ", " : "",
                                   names[i]);
        }
    }
    g_string_erase(title, 0, strlen(memory));
    if (made->len > 0) {
        g_string_prepend(title, ": ");
        g_string_prepend(title, made->str);
    }
}

static void put_title(Emit *e)
{
    g_autoptr(GString) title = g_string_new(NULL);
    unsigned column = 0;

    tw_target_title(e->target->klass, e->program, e->finding, title);
    name_calls(e, title);
    put(e, "/*");
    for (char *word = strtok(title->str, " "); word != NULL;
         word = strtok(NULL, " ")) {
        if (column == 0 || column + strlen(word) > 74) {
            put(e, "\n *");
            column = 0;
        }
        put(e, " %s", word);
        column += (unsigned)strlen(word) + 1;
    }
    put(e, "\n *\n * cc -o case case.c -lunicorn && ./case; exit status 1: the "
           "defect is there,\n * 0: it is not, 2: that cannot be told.\n");
    put_known(e);
    put(e, " */\n");
}

static void put_includes(Emit *e)
{
    put(e, "#include <inttypes.h>\n");
    if (e->forks || e->hook) {
        put(e, "#include <signal.h>\n");
    }
    put(e, "#include <stdio.h>\n#include <stdlib.h>\n");
    if ((e->contents && e->n_blocks > 0) || e->forks) {
        put(e, "#include <string.h>\n");
    }
    if (e->forks) {
        put(e, "#include <sys/mman.h>\n#include <sys/wait.h>\n");
    }
    if (e->forks || e->hook) {
        put(e, "#include <unistd.h>\n");
    }
    put(e, "#include <unicorn/unicorn.h>\n\n");
    if (needed(e)) {
        put(e,
            "#ifndef %s\nint main(void)\n{\n"
            "    puts(\"this needs the header of libunicorn 2.1 or newer: "
            "%s\");\n    return 2;\n}\n#else\n\n",
            needed(e), needed(e));
    }
}

static void put_globals(Emit *e)
{
    put(e,
        "#define CODE UINT64_C(0x1009b000)\n"
        "#define OK(call) %sif (call) { puts(\"failed: \" #call); "
        "%sexit(2); }\n\n"
        "static uc_engine *uc;\n",
        e->forks ? "*in_flight = #call; " : "",
        e->forks ? "*in_flight = NULL; " : "");
    if (e->accesses) {
        put(e, "static uc_err err;\n%s",
            e->takes ? "static uint64_t value;\n" : "");
    } else if (e->finding->verdict == TW_VERDICT_INVARIANT) {
        put(e, "static uc_err err;\n");
    }
    put(e, "static int wrong;\n");
    if (e->hook || e->machine->vtlb != NULL) {
        put(e, "static uc_hook hook;\n");
    }
    if (e->snapshots) {
        put(e, "static uc_context *context;\n");
    }
    if (e->forks) {
        put(e, "static const char **in_flight; /* the latest call; NULL: "
               "test() has ended */\n");
    }
    for (unsigned b = 0; b < TW_MAX_REGIONS; b++) {
        if (tw_regions_has(&e->blocks, b)) {
            put(e,
                "static uint8_t ram%u[0x%x] "
                "__attribute__((aligned(0x1000)));\n",
                b, (e->end[b] - e->first[b]) << e->machine->flat.page_lg);
        }
    }
    if (e->hook && !e->forks) {
        put(e, "\nstatic void died(int number)\n{\n"
               "    printf(\"signal %%d\\nthe defect is there\\n\", number);\n"
               "    fflush(stdout);\n    _exit(1);\n}\n\n");
    }
}

/* The second engine -------------------------------------------------------- */

static void put_two(Emit *e)
{
    put(e, "/* A hook of every access makes the library take its slow path. "
           "*/\nstatic uc_hook every;\n");
    if (!e->forks) {
        put(e, "static struct {\n    uc_err err;\n    uint64_t value;\n"
               "    unsigned n_told;\n} seen;\n");
    }
    put(e, "\nstatic void nothing(void)\n{\n}\n\n");
}

/* The end ------------------------------------------------------------------ */

static void put_end(Emit *e)
{
    put(e,
        "    printf(\"uc_version() 0x%%x: %%s\\n\", uc_version(NULL, NULL), "
        "wrong ? \"the defect is there\" : \"as expected\");\n"
        "    return wrong;\n}\n%s",
        needed(e) ? "#endif\n" : "");
}

/* Waits for the child; it may die, end, stop or hang in a call. */
static const char wait_code[] =
    "    waitpid(child, &status, WUNTRACED);\n"
    "    if (*in_flight && WIFEXITED(status)) {\n"
    "        printf(\"expected: a return; got: the process ended with exit "
    "status %d in %s\\n\", WEXITSTATUS(status), *in_flight);\n"
    "    } else if (*in_flight) {\n"
    "        printf(\"expected: a return; got: %s in %s\\n\",\n"
    "               WIFSTOPPED(status) ? \"the process stopped\" : "
    "WTERMSIG(status) == SIGALRM ? \"none within 10 s\" : "
    "strsignal(WTERMSIG(status)), *in_flight);\n"
    "        kill(child, SIGKILL); /* if it stopped */\n"
    "    } else if (WEXITSTATUS(status) > 1) {\n        return 2;\n    }\n"
    "    wrong = status != 0 || *in_flight;\n";

/* Runs test(), in a child if the library is to die or hang. */
static void put_main(Emit *e)
{
    const char *test = e->two ? "test(false) | test(true)" : "test()";

    put(e, "int main(void)\n{\n");
    if (!e->forks) {
        put(e, "    wrong = %s;\n", test);
        put_end(e);
        return;
    }
    put(e,
        "    int status = 2 << 8; /* should there be no child */\n"
        "    in_flight = mmap(NULL, 8, PROT_READ | PROT_WRITE, MAP_SHARED | "
        "MAP_ANONYMOUS, -1, 0);\n"
        "    pid_t child = fork();\n"
        "    if (child == 0) {\n        alarm(10);\n"
        "        wrong = %s;\n        *in_flight = NULL;\n"
        "        exit(wrong);\n    }\n%s",
        test, wait_code);
    put_end(e);
}

/* The calls in main(), or in test() if they are made in a child or twice. */
static bool put_calls(Emit *e)
{
    bool alone = !e->forks && !e->two, told;

    if (alone) {
        put(e, "int main(void)\n{\n");
        told = tw_uc_emit_body(e);
        put_end(e);
    } else {
        put(e, "static int test(%s)\n{\n", e->two ? "bool slow" : "void");
        told = tw_uc_emit_body(e);
        put(e, "    return wrong;\n}\n\n");
        put_main(e);
    }
    return told;
}

/* The whole ---------------------------------------------------------------- */

static bool put_all(Emit *e)
{
    put_title(e);
    put_includes(e);
    put_globals(e);
    tw_uc_emit_guest(e);
    tw_uc_emit_words(e);
    if (e->two) {
        put_two(e);
    }
    tw_uc_emit_callbacks(e);
    return put_calls(e);
}

bool tw_uc_emit_of(Machine *machine, TwTarget *target, const TwProgram *program,
                   const TwFinding *finding, const TwExpected *expected,
                   GString *out, GError **error)
{
    g_autofree Emit *e = g_new0(Emit, 1);
    bool told;

    e->machine = machine;
    e->target = target;
    e->program = program;
    e->finding = finding;
    e->expected = expected;
    e->out = out;
    if (finding->verdict == TW_VERDICT_EFFECT && expected->access &&
        program->script[finding->op].code == TW_OP_EXEC &&
        tw_contents_are_runs(program->contents)) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE,
                    "unicorn: writes no reproducer for what a run fetches "
                    "from a device");
        return false;
    }
    told = tw_uc_record_run(machine, program, is_deadly(finding), &e->recorder);
    tw_uc_emit_plan(e, is_deadly(finding));
    told &= put_all(e);
    told &= e->looks || is_deadly(finding);
    g_array_unref(e->recorder.calls);
    g_array_unref(e->recorder.ram);
    if (!told) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE,
                    is_deadly(finding)
                        ? "unicorn: no call was made before the crash"
                        : "unicorn: expected a finding that calls of the "
                          "library show");
    }
    return told;
}

bool tw_uc_emit(TwTarget *target, const TwProgram *program,
                const TwFinding *finding, const TwExpected *expected,
                GString *out, GError **error)
{
    return tw_uc_emit_of((Machine *)target, target, program, finding, expected,
                         out, error);
}
