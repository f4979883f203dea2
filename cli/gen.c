/* SPDX-License-Identifier: MIT */
/* twinwalk gen: the program behind a seed and a number. */
#include "cli/verbs.h"
#include "fuzz/campaign/campaign.h"

static int generate(const TwCliTarget *target, TwKnown *known, uint64_t seed,
                    uint64_t number, unsigned profile, uint32_t wish,
                    const char *out)
{
    g_autofree TwProgram *program = g_new(TwProgram, 1);
    g_autoptr(TwComments) comments = tw_comments_new();
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(TwRunner) runner = NULL;
    g_autofree char *name = NULL;
    GError *error = NULL;
    unsigned used;

    runner = tw_runner_new(&target->options, &error);
    if (!runner || !tw_runner_set_known(runner, known, &error)) {
        return tw_cli_fail_error(error);
    }
    if (wish != TW_NO_WISH && tw_runner_dialect(runner)->identity_pages) {
        return tw_cli_fail(TW_EXIT_USAGE,
                           "--wish: expected a target that translates "
                           "virtual addresses (softmmu, zoo:SLUG), not %s",
                           target->options.name);
    }
    tw_campaign_program_towards(program, seed, number, profile, wish,
                                tw_runner_dialect(runner), known, &used);
    name = tw_cli_wish_name(wish);
    g_string_printf(text,
                    "seed %" G_GUINT64_FORMAT " number %" G_GUINT64_FORMAT
                    " profile %s%s%s",
                    seed, number, tw_profile_name(used), name ? " wish " : "",
                    name ? name : "");
    tw_comments_add_top(comments, text->str);
    g_string_truncate(text, 0);
    tw_program_print(program, comments, text);
    if (!tw_cli_write(out, text->str, text->len, &error)) {
        return tw_cli_fail_error(error);
    }
    return TW_EXIT_CLEAN;
}

int tw_verb_gen(int argc, char **argv)
{
    g_autofree char *seed_text = NULL, *number_text = NULL;
    g_autofree char *profile_name = NULL, *out = NULL, *wish_name = NULL;
    uint32_t wish = TW_NO_WISH;
    uint64_t seed = 1, number = 0;
    unsigned profile = TW_PROFILE_BALANCED;
    g_autofree char *profiles = tw_cli_profile_help(true, profile);
    TwCliKnown known = {0};
    TwCliTarget target;
    GOptionEntry entries[] = {
        {"seed", 's', 0, G_OPTION_ARG_STRING, &seed_text,
         "Seed of the campaign (default 1)", "N"},
        {"number", 0, 0, G_OPTION_ARG_STRING, &number_text,
         "Number of the program in the campaign (default 0)", "N"},
        {"profile", 'p', 0, G_OPTION_ARG_STRING, &profile_name, profiles,
         "NAME"},
        {"wish", 'w', 0, G_OPTION_ARG_STRING, &wish_name,
         "Situation at which the program aims: "
         "ACCESS:LEAF:DEPTH:CHANGE:ENDING, "
         "as run --steer notes it in a case (default: none)",
         "WISH"},
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &out,
         "Output file instead of standard output", "FILE"},
        TW_CLI_KNOWN_ENTRIES(known),
        G_OPTION_ENTRY_NULL,
    };
    int code = TW_EXIT_USAGE;

    if (!tw_cli_options(&argc, &argv, NULL,
                        "Prints the random program that a campaign with this "
                        "seed and profile runs\nunder this number.",
                        entries, &target)) {
        goto out;
    }
    if (argc > 1) {
        tw_cli_fail(TW_EXIT_USAGE, "gen: expected options only, not \"%s\"",
                    argv[1]);
        goto out;
    }
    if ((seed_text && !tw_cli_number("--seed", seed_text, &seed)) ||
        (number_text && !tw_cli_number("--number", number_text, &number)) ||
        (profile_name && !tw_cli_profile(profile_name, true, &profile)) ||
        (wish_name && !tw_cli_wish(wish_name, &wish)) ||
        !tw_cli_known_load(&known)) {
        goto out;
    }
    code = generate(&target, known.list, seed, number, profile, wish,
                    out ? out : "-");
    tw_cli_known_tell_newer(&known);
out:
    tw_cli_known_clear(&known);
    tw_cli_target_clear(&target);
    return code;
}
