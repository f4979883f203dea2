/* SPDX-License-Identifier: MIT */
/* See ask.h. */
#include "fuzz/harness/ask.h"

#include <string.h>

#include "oracle/story/story.h"
#include "program/bytes/bytes.h"
#include "program/legality.h"
#include "program/text/text.h"
#include "targets/exec/greeting.h"
#include "targets/target.h"
#include "targets/zoo/zoo.h"

enum {
    MOST = 64,
    MOST_DIALECTS = 32,
};

struct TwAsk {
    unsigned n_targets, n_zoo, n_dialects;
    TwTarget *targets[MOST], **zoo; /* zoo: each bug */
    char *names[MOST], **zoo_names;
    TwDialect dialects[MOST_DIALECTS]; /* each once; first, the language */
    char *told[MOST_DIALECTS];         /* what a greeting says of each */
    TwOracle *oracle;
    TwTrace *trace;
    TwProgram program, edited;
    TwAskBroken *broken;
};

static bool breaks(TwAsk *ask, const char *what, const TwProgram *program,
                   const char *format, ...) G_GNUC_PRINTF(4, 5);

/* Always false, for the caller to return. */
static bool breaks(TwAsk *ask, const char *what, const TwProgram *program,
                   const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_vsnprintf(ask->broken->why, sizeof(ask->broken->why), format, args);
    va_end(args);
    ask->broken->what = what;
    ask->broken->program = program;
    return false;
}

/* Targets ----------------------------------------------------------------- */

/* Adds a dialect unless it is there.  Compares what is said of them: the bytes
 * between the fields of a structure are anything. */
static void add_dialect(TwAsk *ask, const TwDialect *dialect)
{
    const TwContract none = {0};
    g_autoptr(GString) told = g_string_new(NULL);

    tw_greeting_print(dialect, &none, "", told);
    for (unsigned i = 0; i < ask->n_dialects; i++) {
        if (strcmp(ask->told[i], told->str) == 0) {
            return;
        }
    }
    g_assert(ask->n_dialects < MOST_DIALECTS);
    ask->told[ask->n_dialects] = g_string_free(g_steal_pointer(&told), FALSE);
    ask->dialects[ask->n_dialects++] = *dialect;
}

static TwTarget *open_target(TwAsk *ask, const char *name)
{
    TwTargetOptions options = {.name = name};
    TwTarget *target = tw_target_open(&options, NULL);

    if (target != NULL) {
        add_dialect(ask, tw_target_dialect(target));
    }
    return target;
}

static void add(TwAsk *ask, const char *name)
{
    TwTarget *target = open_target(ask, name);

    if (target != NULL) { /* not with this version of its library */
        g_assert(ask->n_targets < MOST);
        ask->names[ask->n_targets] = g_strdup(name);
        ask->targets[ask->n_targets++] = target;
    }
}

static void add_zoo(TwAsk *ask)
{
    unsigned n;
    const TwZooBug *bugs = tw_zoo_bugs(&n);

    ask->zoo = g_new0(TwTarget *, n);
    ask->zoo_names = g_new0(char *, n);
    for (unsigned i = 0; i < n; i++) {
        ask->zoo_names[i] = g_strconcat("zoo:", bugs[i].slug, NULL);
        ask->zoo[i] = open_target(ask, ask->zoo_names[i]);
        g_assert(ask->zoo[i] != NULL);
    }
    ask->n_zoo = n;
}

TwAsk *tw_ask_new(void)
{
    TwAsk *ask = g_new0(TwAsk, 1);
    const TwDialect language = tw_dialect_full();

    ask->oracle = tw_oracle_new();
    ask->trace = g_malloc(sizeof(*ask->trace));
    add_dialect(ask, &language);
    for (const TwTargetClass *const *k = tw_target_classes(); *k; k++) {
        if (strcmp((*k)->name, "zoo") == 0) {
            add_zoo(ask);
        } else if (!(*k)->elsewhere) {
            add(ask, (*k)->name);
        }
        if (strcmp((*k)->name, "unicorn") == 0) {
            add(ask, "unicorn:x86-64");
            add(ask, "unicorn:riscv64");
        }
    }
    return ask;
}

void tw_ask_free(TwAsk *ask)
{
    if (ask == NULL) {
        return;
    }
    for (unsigned i = 0; i < ask->n_targets; i++) {
        tw_target_close(ask->targets[i]);
        g_free(ask->names[i]);
    }
    for (unsigned i = 0; i < ask->n_zoo; i++) {
        tw_target_close(ask->zoo[i]);
        g_free(ask->zoo_names[i]);
    }
    for (unsigned i = 0; i < ask->n_dialects; i++) {
        g_free(ask->told[i]);
    }
    g_free(ask->zoo);
    g_free(ask->zoo_names);
    tw_oracle_free(ask->oracle);
    g_free(ask->trace);
    g_free(ask);
}

/* Triggers ---------------------------------------------------------------- */

static uint64_t every_trigger(const TwTargetClass *klass)
{
    unsigned n = 0;

    while (klass->triggers[n].name) {
        n++;
    }
    return (UINT64_C(1) << n) - 1;
}

/* `lot` chooses the operation that is accused. */
static bool ask_triggers(TwAsk *ask, TwTarget *target, const TwProgram *program,
                         uint64_t lot)
{
    const TwTargetClass *klass = target->klass;
    const TwDialect *dialect = tw_target_dialect(target);
    uint64_t every = every_trigger(klass), met;
    TwFinding anywhere = {.op = TW_NO_OP};
    TwFinding somewhere = {.op = (uint16_t)(lot % (program->n_script + 1u))};
    char why[160] = "";
    bool admitted = tw_dialect_admits(dialect, program, NULL, 0);

    met = klass->triggers_met(program, &anywhere) |
          klass->triggers_met(program, &somewhere);
    if (met & ~every) {
        return breaks(ask, "triggers", program, "%s: no trigger has bit 0x%lx",
                      klass->name, (unsigned long)(met & ~every));
    }
    tw_program_copy(&ask->edited, program);
    klass->avoid(&ask->edited, every);
    if (!admitted) {
        return true;
    }
    if (!tw_program_check(&ask->edited, why, sizeof(why)) ||
        !tw_dialect_admits(dialect, &ask->edited, why, sizeof(why))) {
        return breaks(ask, "avoid", program, "%s: %s", klass->name, why);
    }
    met = klass->triggers_met(&ask->edited, &anywhere);
    return met == 0 || breaks(ask, "avoid", program, "%s: it still meets 0x%lx",
                              klass->name, (unsigned long)met);
}

/* Runs -------------------------------------------------------------------- */

/* What people are told of a finding: nothing of it may fail. */
static void tell(TwAsk *ask, TwTarget *target, const TwProgram *program,
                 const TwFinding *finding)
{
    g_autoptr(TwStory) story = tw_story_new(ask->oracle);
    g_autoptr(GString) text = g_string_new(NULL);

    tw_story_print(story, text);
    tw_story_print_brief(story, text);
    if (target->klass->emit != NULL && finding->verdict != TW_VERDICT_CRASH &&
        finding->verdict != TW_VERDICT_HANG &&
        finding->verdict != TW_VERDICT_SELF) {
        target->klass->emit(target, program, finding,
                            tw_judge_expected(ask->oracle), text, NULL);
    }
}

/* Is an admitted program run?  A library that has triggers is slow and keeps
 * memory: one in 16, with one guest (unicorn_fuzzer runs them all).  A class
 * with a reference has two such engines. */
static bool is_worth_a_run(const TwTargetClass *klass, const char *name,
                           uint64_t lot)
{
    return klass->run_reference == NULL &&
           (klass->triggers == NULL ||
            (strchr(name, ':') == NULL && lot % 16 == 0));
}

/* Runs and judges it: refused if and only if the dialect says so. */
static bool ask_run(TwAsk *ask, TwTarget *target, const char *name,
                    const TwProgram *program, uint64_t lot)
{
    const TwDialect *dialect = tw_target_dialect(target);
    bool admitted = tw_dialect_admits(dialect, program, NULL, 0);
    TwFinding finding;
    TwVerdict verdict;

    if (admitted && !is_worth_a_run(target->klass, name, lot)) {
        return true;
    }
    tw_target_run(target, program, ask->trace);
    verdict =
        tw_judge(ask->oracle, program, dialect, tw_target_contract(target),
                 name, ask->trace, &finding, NULL);
    if (!admitted && verdict != TW_VERDICT_UNSUPPORTED) {
        return breaks(ask, "refuse", program,
                      "%s: it ran a program outside its dialect", name);
    }
    if (verdict == TW_VERDICT_UNSUPPORTED && !finding.text[0]) {
        return breaks(ask, "refuse", program, "%s: it gave no reason", name);
    }
    if (tw_verdict_is_finding(verdict)) {
        tell(ask, target, program, &finding);
    }
    return true;
}

/* A target with known defects gets all of them avoided but one, so that it
 * finds something to tell. */
static const TwProgram *tame(TwAsk *ask, TwTarget *target,
                             const TwProgram *program, uint64_t lot)
{
    const TwTargetClass *klass = target->klass;
    unsigned n = 0;

    if (klass->triggers == NULL ||
        !tw_dialect_admits(tw_target_dialect(target), program, NULL, 0)) {
        return program;
    }
    while (klass->triggers[n].name) {
        n++;
    }
    n = (unsigned)(lot % n);
    tw_program_copy(&ask->edited, program);
    klass->avoid(&ask->edited,
                 klass->triggers[n].deadly
                     ? every_trigger(klass)
                     : every_trigger(klass) & ~(UINT64_C(1) << n));
    return &ask->edited;
}

/* All --------------------------------------------------------------------- */

/* Does printing it and parsing the text give the same program, and printing
 * that the same text?  `room` is overwritten. */
static bool round_trip(const TwProgram *program, TwProgram *room, char *why,
                       size_t size)
{
    g_autoptr(GString) first = g_string_new(NULL);
    g_autoptr(GString) second = g_string_new(NULL);
    g_autoptr(GError) error = NULL;

    tw_program_print(program, NULL, first);
    if (!tw_program_parse(room, first->str, first->len, "printed",
                          TW_TEXT_STRICT, NULL, NULL, &error)) {
        g_snprintf(why, size, "%s", error->message);
        return false;
    }
    if (!tw_program_equal(program, room)) {
        g_snprintf(why, size, "parsing gives another program");
        return false;
    }
    tw_program_print(room, NULL, second);
    if (!g_string_equal(first, second)) {
        g_snprintf(why, size, "it is not canonical");
        return false;
    }
    return true;
}

static bool ask_about(TwAsk *ask, const TwProgram *program)
{
    uint64_t lot = tw_program_hash(program);
    const TwTargetClass *asked = NULL;
    unsigned bug = (unsigned)(lot % ask->n_zoo);
    char why[256] = "";

    if (!tw_program_check(program, why, sizeof(why))) {
        return breaks(ask, "decode", NULL, "%s", why);
    }
    if (!round_trip(program, &ask->edited, why, sizeof(why))) {
        return breaks(ask, "print", program, "%s", why);
    }
    if ((lot >> 32) % 16 == 1) { /* it allocates a world */
        tw_scene_free(tw_scene_start(program));
    }
    for (unsigned i = 0; i < ask->n_targets; i++) {
        TwTarget *target = ask->targets[i];

        if (target->klass->triggers != NULL && target->klass != asked &&
            !ask_triggers(ask, target, program, lot >> 8)) {
            return false;
        }
        asked = target->klass;
        if (!ask_run(ask, target, ask->names[i],
                     tame(ask, target, program, lot >> 16), lot >> 32)) {
            return false;
        }
    }
    return ask_run(ask, ask->zoo[bug], ask->zoo_names[bug], program, 0);
}

bool tw_ask(TwAsk *ask, const uint8_t *data, size_t size, TwAskBroken *broken)
{
    unsigned own;

    ask->broken = broken;
    tw_program_decode(&ask->program, data, size, &ask->dialects[0]);
    own = (unsigned)(tw_program_hash(&ask->program) >> 48) %
              (ask->n_dialects - 1) +
          1;
    if (!ask_about(ask, &ask->program)) {
        return false;
    }
    tw_program_decode(&ask->program, data, size, &ask->dialects[own]);
    return ask_about(ask, &ask->program);
}
