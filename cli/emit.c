/* SPDX-License-Identifier: MIT */
/* twinwalk emit: a case as source code for the target's maintainers. */
#include "cli/verbs.h"

static int emit(const TwCliTarget *target, const char *path, bool test,
                const char *out, uint32_t patience)
{
    const TwTargetClass *klass = tw_target_class_of(target->options.name);
    g_autofree TwProgram *program = g_new(TwProgram, 1);
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(TwRunner) runner = NULL;
    GError *error = NULL;
    TwFinding finding;

    if (!tw_program_load(program, path, TW_TEXT_STRICT, NULL, &error)) {
        return tw_cli_fail_error(error);
    }
    /* First in a child: the case may crash or hang. */
    if (!tw_run_isolated(&target->options, program, patience, &finding,
                         &error)) {
        return tw_cli_fail_error(error);
    }
    if (finding.verdict == TW_VERDICT_UNSUPPORTED) {
        return tw_cli_refused(path, &finding);
    }
    if (!tw_verdict_is_finding(finding.verdict)) {
        return tw_cli_fail(TW_EXIT_USAGE,
                           "%s: expected a program with a finding; its "
                           "verdict is %s",
                           path, tw_verdict_name(finding.verdict));
    }
    if ((finding.verdict == TW_VERDICT_HANG && !klass->elsewhere) ||
        finding.verdict == TW_VERDICT_SELF) {
        return tw_cli_fail(TW_EXIT_USAGE,
                           "%s: expected a finding that shows outside the "
                           "target; its verdict is %s",
                           path, tw_verdict_name(finding.verdict));
    }
    runner = tw_runner_new(&target->options, &error);
    if (!runner) {
        return tw_cli_fail_error(error);
    }
    if (finding.verdict != TW_VERDICT_CRASH &&
        finding.verdict != TW_VERDICT_HANG) {
        tw_runner_run(runner, program, &finding, NULL, NULL);
    }
    if (!tw_verdict_is_finding(finding.verdict)) {
        return tw_cli_fail(TW_EXIT_USAGE,
                           "%s: expected the finding once more; this time the "
                           "verdict is %s",
                           path, tw_verdict_name(finding.verdict));
    }
    if (!tw_runner_emit(runner, program, &finding, test, text, &error) ||
        !tw_cli_write(out, text->str, text->len, &error)) {
        return tw_cli_fail_error(error);
    }
    return TW_EXIT_CLEAN;
}

int tw_verb_emit(int argc, char **argv)
{
    g_autofree char *out = NULL;
    gboolean test = FALSE;
    TwCliTarget target;
    GOptionEntry entries[] = {
        {"qtest", 0, 0, G_OPTION_ARG_NONE, &test,
         "For a virtual IOMMU of a QEMU: a test in C of QEMU's own suite "
         "(libqtest) instead of a script",
         NULL},
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &out,
         "Output file instead of standard output", "FILE"},
        G_OPTION_ENTRY_NULL,
    };
    int code = TW_EXIT_USAGE;

    if (!tw_cli_options(
            &argc, &argv, "FILE",
            "Writes a case with a finding as source code that the target's "
            "maintainers can\ncompile and run. For unicorn this is a C program "
            "that needs only the library, for\nqemu-... a shell script with a "
            "guest in assembly, or with qtest commands for\na virtual IOMMU: "
            "they exit with 1 if the library or\nQEMU has "
            "the "
            "defect, with 0 if not. For softmmu and the zoo it is a GTest "
            "file: it\npasses on a correct target, and fails on one that has "
            "the "
            "bug.",
            entries, &target)) {
        goto out;
    }
    if (argc != 2) {
        tw_cli_fail(TW_EXIT_USAGE, "emit: expected one file");
        goto out;
    }
    code = emit(&target, argv[1], test, out ? out : "-",
                tw_cli_target_patience(&target));
out:
    tw_cli_target_clear(&target);
    return code;
}
