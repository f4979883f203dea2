/* SPDX-License-Identifier: MIT */
/*
 * Records a campaign in the store of findings: the run with its figures, and
 * each case that was kept, under its cause.  triage shrinks the cases later.
 */
#include "cli/run-store.h"

#include <inttypes.h>
#include <string.h>

#include "reports/cause/cause.h"
#include "reports/page/page.h"

bool tw_run_store_begin(TwRunStore *s, const TwCliTarget *target,
                        const char *version, uint64_t seed, GError **error)
{
    if (!s->path) {
        return true;
    }
    s->store = tw_store_open(s->path, true, error);
    if (!s->store) {
        return false;
    }
    s->words = tw_cli_target_words(target);
    s->run = (TwStoreRun){.verb = "run",
                          .target = s->label ? s->label : target->name,
                          .version = version,
                          .options = s->words,
                          .seed = seed};
    s->run.id = tw_store_run_begin(s->store, &s->run, error);
    return s->run.id != 0;
}

void tw_run_store_so_far(TwRunStore *s, const TwCampaignResult *so_far)
{
    gint64 now = g_get_monotonic_time();

    if (s->store && now >= s->next) {
        s->next = now + 60 * G_USEC_PER_SEC;
        s->run.seconds = so_far->seconds;
        s->run.programs = so_far->programs;
        s->run.accesses = so_far->stats.accesses;
        /* An error here is ignored; the record of the end reports it. */
        tw_store_run_so_far(s->store, &s->run, NULL);
    }
}

/* Records one case; *new: the store did not have it yet. */
static bool record(TwRunStore *s, const TwCliTarget *target,
                   const TwCampaignKey *key, const TwCampaignCase *one,
                   const TwProgram *program, const char *origin,
                   uint32_t patience, uint64_t more, GError **error)
{
    const TwFinding *finding = &one->finding;
    g_autoptr(GString) text = g_string_new(NULL);
    g_autofree char *title = NULL;
    TwCause cause = {.name = ""};
    TwStoreSight sight = {.run = s->run.id,
                          .target = s->run.target,
                          .version = s->run.version,
                          .key = key->key,
                          .verdict = tw_verdict_name(key->verdict),
                          .text = finding->text,
                          .form = "text",
                          .origin = origin,
                          .words = s->words};
    TwStoreSeen seen;
    bool flaky = key->verdict == TW_VERDICT_FLAKY;

    if (!flaky && !tw_cause_isolated(&target->options, s->names, program, false,
                                     patience, &cause, error)) {
        return false;
    }
    tw_program_print(program, NULL, text);
    title = tw_cause_title_known(s->names, cause.known, cause.name);
    sight.title = cause.known ? title : NULL;
    sight.sign = flaky ? "flaky" : cause.name[0] ? cause.name : "unexplained";
    sight.rule = cause.rule;
    sight.security = cause.security;
    sight.data = text->str;
    sight.size = text->len;
    if (!tw_store_see(s->store, &sight, 10, &seen, error)) {
        return false;
    }
    /* Findings that were only counted, unless this campaign was recorded. */
    sight.size = 0;
    sight.count = more;
    if (more > 0 && !seen.again &&
        !tw_store_see(s->store, &sight, 10, &seen, error)) {
        return false;
    }
    return !flaky || tw_store_retested(s->store, s->run.id, seen.key,
                                       s->run.version, MAX(finding->again, 1),
                                       finding->replays + 1u, NULL, error);
}

static bool record_key(TwRunStore *s, const TwCliTarget *target,
                       const TwCampaignKey *key, const TwRunCases *cases,
                       uint32_t patience, TwRunStoreProgram make, void *data,
                       GError **error)
{
    g_autofree TwProgram *program = g_new(TwProgram, 1);
    bool ok = true;

    for (unsigned i = 0; i < key->cases->len && ok; i++) {
        const TwCampaignCase *one =
            &g_array_index(key->cases, TwCampaignCase, i);
        g_autofree char *name = tw_cli_case_name(cases->before, key->key, i);
        g_autofree char *origin = g_build_filename(cases->out, name, NULL);

        make(program, one, data);
        ok = record(s, target, key, one, program, origin, patience,
                    i == 0 ? key->count - key->cases->len : 0, error);
    }
    return ok;
}

/* With --no-known the campaign has no list, but findings have causes. */
static bool read_names(TwRunStore *s, const TwCliTarget *target, GError **error)
{
    g_autoptr(TwRunner) runner = tw_runner_new(&target->options, error);

    s->names = tw_known_new_builtin();
    return runner && tw_runner_set_known(runner, s->names, error);
}

static double rate(uint64_t count, double seconds)
{
    return seconds > 0 ? (double)count / seconds : 0;
}

/* How many programs were left out, by what explains them. */
static bool record_known(TwRunStore *s, const TwCampaignResult *result,
                         const TwKnown *known, GError **error)
{
    bool ok = true;

    for (unsigned i = 0; ok && i < tw_known_n_entries(known); i++) {
        g_autofree char *name =
            g_strconcat(TW_PAGE_MASKED, tw_known_entry(known, i)->name, NULL);

        ok = result->known[i] == 0 ||
             tw_store_measure(s->store, s->run.id, name,
                              (double)result->known[i], error);
    }
    return ok;
}

bool tw_run_store_end(TwRunStore *s, const TwCliTarget *target,
                      const TwCampaignResult *result, bool failed,
                      const TwRunCases *cases, const TwKnown *known,
                      uint32_t patience, TwRunStoreProgram program, void *data,
                      GError **error)
{
    bool ok;

    if (!s->store) {
        return true;
    }
    ok = result->keys->len == 0 || read_names(s, target, error);
    for (unsigned k = 0; k < result->keys->len && ok; k++) {
        ok = record_key(s, target, g_ptr_array_index(result->keys, k), cases,
                        patience, program, data, error);
    }
    s->run.outcome = failed || !ok         ? "failed"
                     : result->interrupted ? "interrupted"
                                           : "done";
    s->run.seconds = result->seconds;
    s->run.programs = result->programs;
    s->run.accesses = result->stats.accesses;
    return tw_store_run_end(s->store, &s->run, ok ? error : NULL) && ok &&
           record_known(s, result, known, error) &&
           tw_store_measure(s->store, s->run.id, "programs_per_second",
                            rate(result->programs, result->seconds), error) &&
           tw_store_measure(s->store, s->run.id, "accesses_per_second",
                            rate(result->stats.accesses, result->seconds),
                            error);
}

void tw_run_store_clear(TwRunStore *s)
{
    g_clear_pointer(&s->store, tw_store_free);
    tw_known_free(s->names);
    g_free(s->path);
    g_free(s->label);
    g_free(s->words);
}
