/* SPDX-License-Identifier: MIT */
/*
 * A story as plain text that can be pasted into a mail: two walks side by side
 * where there are two, and the life of an old answer, in the language's words.
 */
#include "oracle/story/story.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "program/ops.h"
#include "program/text/text.h"

/* Two columns of 48, " | " between them: 99. */
enum {
    COLUMN = 48,
    FULL = 2 * COLUMN + 3,
    STAGES = 2 * TW_MAX_HOPS + 3, /* of steps, */
    LAST_STAGE = STAGES,          /* and where a walk ends, below all others */
};

/* Lines ------------------------------------------------------------------- */

/* Appends text as lines of at most `width` bytes, broken at spaces; each but
 * the first starts with `indent` blanks. */
static void wrap(const char *text, unsigned width, unsigned indent,
                 GPtrArray *lines)
{
    unsigned used = 0;

    for (;;) {
        size_t left = strlen(text), fit = width - used;

        if (left > fit) {
            while (fit > 0 && text[fit] != ' ') {
                fit--;
            }
            left = fit > 0 ? fit : width - used;
        }
        g_ptr_array_add(lines,
                        g_strdup_printf("%*s%.*s", used, "", (int)left, text));
        text += left;
        text += strspn(text, " ");
        if (*text == '\0') {
            return;
        }
        used = indent;
    }
}

void tw_story_line(const char *text, unsigned indent, GString *out)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);

    wrap(text, FULL, indent, lines);
    for (unsigned i = 0; i < lines->len; i++) {
        g_string_append_printf(out, "%s\n",
                               (const char *)g_ptr_array_index(lines, i));
    }
}

/* Steps ------------------------------------------------------------------- */

static void made_by(const TwStep *step, GString *out)
{
    if (step->op == TW_NO_OP) {
        g_string_append(out, step->there ? ", setup" : "");
    } else {
        g_string_append_printf(out, ", op %u", step->op);
    }
}

static void regions(const char *before, uint64_t set, GString *out)
{
    for (; set; set &= set - 1) {
        g_string_append_printf(out, "%sr%u", before,
                               (unsigned)__builtin_ctzll(set));
        before = ", ";
    }
}

static void print_entry(const TwStep *step, GString *out)
{
    g_string_append_printf(out, " 0x%" PRIx64, step->at);
    if (!step->there) {
        g_string_append(out, ": no entry");
    } else {
        g_string_append(out, " -> ");
        if (step->kind == TW_STEP_TRANSLATE) {
            g_string_append_printf(out, "s%u ", step->space);
        }
        g_string_append_printf(out, "0x%" PRIx64 " ", step->out);
        tw_write_perm(out, step->perm);
    }
    if (step->bypass) {
        g_string_append(out, ", bypass");
    }
    if (step->blocked) {
        g_string_append(out, ", blocked");
    }
    made_by(step, out);
    if (step->combined) {
        g_string_append(out, ", by a combined record");
    } else if (step->recorded) {
        g_string_append(out, ", by a record");
    }
    if (step->need & ~step->perm) {
        g_string_append(out, "; needs ");
        tw_write_perm(out, step->need);
    }
}

/* An entry of a page table, by its fields where they say all. */
static void print_table_entry(const TwStory *story, const TwStep *step,
                              GString *out)
{
    const TwIommu *iommu = &story->program->iommus[step->iommu];
    TwEntry entry;

    g_string_append_printf(out, "level %u, ", step->level);
    if (step->region == TW_NONE) {
        g_string_append_printf(out, "s%u 0x%" PRIx64 ": ", step->space,
                               step->at);
    } else {
        g_string_append_printf(out, "r%u+0x%" PRIx64 ": ", step->region,
                               step->at);
    }
    if (!step->there) {
        g_string_append(out, "cannot be read");
    } else if (tw_entry_read(iommu, step->level, step->out, &entry)) {
        tw_write_entry(out, &entry);
    } else {
        g_string_append_printf(out, "0x%" PRIx64, step->out);
    }
    made_by(step, out);
}

static const char *kind_of(const TwStory *story, uint8_t region)
{
    return tw_region_kind_name(story->program->regions[region].kind);
}

void tw_step_print(const TwStory *story, const TwTale *tale, const TwStep *step,
                   GString *out)
{
    char text[TW_PLACE_TEXT];

    switch (step->kind) {
    case TW_STEP_PAGE:
        g_string_append(out, "page map");
        print_entry(step, out);
        break;
    case TW_STEP_TRANSLATE:
        g_string_append_printf(out, "i%u.%u", step->iommu, step->index);
        print_entry(step, out);
        break;
    case TW_STEP_CONTEXT:
        g_string_append_printf(out, "context: %s",
                               tw_context_mode_name(step->mode));
        if (step->mode == TW_CONTEXT_TABLES) {
            g_string_append_printf(out, " at 0x%" PRIx64 ", domain %u",
                                   step->out, step->domain);
        }
        made_by(step, out);
        break;
    case TW_STEP_ENTRY:
        print_table_entry(story, step, out);
        break;
    case TW_STEP_SPACE:
        g_string_append_printf(out, "s%u 0x%" PRIx64, step->space, step->at);
        if (step->region == TW_NONE) {
            g_string_append(out, ": no such space");
            break;
        }
        g_string_append_printf(out, ", root r%u", step->region);
        if (!step->there) {
            g_string_append(out, step->hidden ? " is disabled or of size 0"
                                              : " ends before");
        }
        if (step->op != TW_NO_OP) {
            g_string_append_printf(out, ", commit of op %u", step->op);
        }
        break;
    case TW_STEP_REGION:
        g_string_append_printf(out, "r%u %s +0x%" PRIx64, step->region,
                               kind_of(story, step->region), step->at);
        break;
    case TW_STEP_ALIAS:
        g_string_append_printf(out,
                               "r%u alias +0x%" PRIx64 " -> r%u +0x%" PRIx64,
                               step->region, step->at, step->to, step->out);
        break;
    case TW_STEP_NOTHING:
        g_string_append_printf(out, "nothing there in r%u", step->region);
        break;
    default:
        tw_place_text(&tale->end, text, sizeof(text));
        g_string_append_printf(out, "= %s", text);
        break;
    }
    if (step->kind == TW_STEP_REGION || step->kind == TW_STEP_ALIAS) {
        regions("; over ", step->under, out);
        regions("; disabled or of size 0: ", step->hidden, out);
    }
}

/* The lines of one stage of a tale, if there is one. */
static GPtrArray *stage_lines(const TwStory *story, const TwTale *tale,
                              unsigned stage, unsigned width)
{
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GString) text = g_string_new(NULL);

    for (unsigned i = 0; tale && i < tale->steps->len; i++) {
        const TwStep *step = &g_array_index(tale->steps, TwStep, i);
        unsigned at = step->kind == TW_STEP_END ? LAST_STAGE : step->stage;
        unsigned indent = MIN(2u * step->indent, 16u);

        if (at != stage) {
            continue;
        }
        g_string_printf(text, "%*s", indent, "");
        tw_step_print(story, tale, step, text);
        g_string_append_printf(text, " [%s]", step->rule);
        wrap(text->str, width, indent + 4, lines);
    }
    return lines;
}

/* What of a tale is as it was, and when it was so. */
static void print_time(const TwTale *tale, GString *out)
{
    if (tale->hops < TW_MAX_HOPS) {
        g_string_append(out, "with the page map");
        if (tale->hops) {
            g_string_append_printf(out, " and %u IOMMU%s", tale->hops,
                                   tale->hops == 1 ? "" : "s");
        }
        g_string_append_c(out, ' ');
    }
    if (tale->until == TW_NO_OP) {
        g_string_append(out, "as at the start");
    } else {
        g_string_append_printf(out, "as before op %u", tale->until);
    }
}

static void print_row(const char *left, const char *right, bool same,
                      GString *out)
{
    gsize start = out->len, end;

    g_string_append_printf(out, "%-*s %c %s", COLUMN, left, same ? '|' : '*',
                           right);
    for (end = out->len; end > start && out->str[end - 1] == ' '; end--) {
    }
    g_string_truncate(out, end);
    g_string_append_c(out, '\n');
}

static void print_pair(const TwStory *story, const TwPart *part, bool stale,
                       GString *out)
{
    const TwTale *right = part->paired ? &part->tales[1] : NULL;
    g_autoptr(GString) head = g_string_new(NULL);

    g_string_append_printf(out, "\nbyte %u, at 0x%" PRIx64 "%s\n", part->byte,
                           part->addr, right ? "" : ", now");
    if (right) {
        g_autoptr(GPtrArray) heads = g_ptr_array_new_with_free_func(g_free);
        g_autofree char *line = g_strnfill(FULL, '-');

        g_string_assign(head, !stale              ? "allowed too, "
                              : story->right_only ? "with the right, "
                                                  : "seen, ");
        print_time(right, head);
        wrap(head->str, COLUMN, 0, heads);
        for (unsigned i = 0; i < heads->len; i++) {
            print_row(i ? "" : "now", g_ptr_array_index(heads, i), true, out);
        }
        g_string_append_printf(out, "%s\n", line);
    }
    for (unsigned stage = 0; stage <= LAST_STAGE; stage++) {
        g_autoptr(GPtrArray) a =
            stage_lines(story, &part->tales[0], stage, right ? COLUMN : FULL);
        g_autoptr(GPtrArray) b = stage_lines(story, right, stage, COLUMN);

        for (unsigned i = 0; i < MAX(a->len, b->len); i++) {
            const char *l = i < a->len ? g_ptr_array_index(a, i) : "";
            const char *r = i < b->len ? g_ptr_array_index(b, i) : "";

            if (right) {
                print_row(l, r, strcmp(l, r) == 0, out);
            } else {
                g_string_append_printf(out, "%s\n", l);
            }
        }
    }
}

/* Outcomes ---------------------------------------------------------------- */

static void print_told(const TwStory *story, const char *label,
                       const TwTold *told, GString *out)
{
    g_autoptr(GString) line = g_string_new(NULL);
    char text[TW_PLACE_TEXT];

    g_string_printf(line, "%-9s%s", label,
                    told->class_ < TW_CLASSES ? tw_class_name(told->class_)
                                              : "no class");
    for (unsigned i = 0; i < told->n_places; i++) {
        tw_place_text(&told->places[i], text, sizeof(text));
        g_string_append_printf(line, "%s %s", i ? "," : "", text);
    }
    if (told == &story->seen && story->reasons &&
        told->class_ > TW_CLASS_DEVICE_ERROR && told->class_ < TW_CLASSES) {
        tw_reason_text(&told->reason, text, sizeof(text));
        g_string_append_printf(line, " (%s)", text[0] ? text : "no reason");
    }
    if (told->busy && told->class_ == TW_CLASS_DECODE_ERROR) {
        g_string_append(line, ", in its own callback [AC-8]");
    }
    if (told->gaps > 0) {
        g_string_append_printf(line, ", but %u bytes of it are nowhere",
                               told->gaps);
    } else if (told->broken) {
        g_string_append(line, " with locations that make no sense");
    }
    if (told->has_value) {
        g_string_append_printf(line, ", value 0x%" PRIx64, told->value);
    }
    tw_story_line(line->str, 9, out);
}

static void print_log(const char *label, const TwLogRecord *log, unsigned n,
                      GString *out)
{
    g_autoptr(GString) line = g_string_new(label);

    for (unsigned i = 0; i < n; i++) {
        g_string_append_printf(line, "%s r%u+0x%" PRIx64, i ? "," : "",
                               log[i].region, log[i].offset);
        if (log[i].kind == TW_LOG_WRITE) {
            g_string_append_printf(line, " = 0x%02x", log[i].byte);
        } else {
            g_string_append(line,
                            log[i].kind == TW_LOG_FETCH ? " fetched" : " read");
        }
        if (log[i].call) {
            g_string_append_printf(line, " (call of %u)", log[i].call);
        }
    }
    if (n == 0) {
        g_string_append(line, " nothing");
    }
    tw_story_line(line->str, 9, out);
}

static void print_outcomes(const TwStory *story, GString *out)
{
    for (unsigned i = 0; i < story->n_allowed && i < TW_STORY_ALLOWED; i++) {
        print_told(story,
                   i == 0                      ? "allowed:"
                   : story->allowed[i].current ? "or:"
                                               : "or, old:",
                   &story->allowed[i], out);
    }
    if (story->other_refused) {
        tw_story_line("         as the other access of the same instruction is "
                      "refused [LA-59]",
                      9, out);
    }
    if (story->n_allowed > TW_STORY_ALLOWED) {
        g_string_append_printf(out, "%9sand %u more\n", "",
                               story->n_allowed - TW_STORY_ALLOWED);
    }
    print_told(story, "seen:", &story->seen, out);
    if (story->n_expected || story->n_log) {
        print_log("devices are to be told:", story->expected, story->n_expected,
                  out);
        print_log("devices were told:", story->log, story->n_log, out);
    }
}

static const char *verdict_text(const TwStory *story)
{
    switch (story->finding.verdict) {
    case TW_VERDICT_STALE:
        return "what was seen was right once and should have been forgotten";
    case TW_VERDICT_PERM:
        return "a right is missing, yet it succeeds (IW-1, LA-20, AC-3)";
    case TW_VERDICT_CLASS:
        return "refused or dropped without reason";
    case TW_VERDICT_FAULT:
        return "refused, as it must be, but in another class";
    case TW_VERDICT_REASON:
        return "refused, as it must be, but for another reason (LA-60)";
    case TW_VERDICT_WRONG:
        return story->too_short
                   ? "what was seen is too short to tell whether it is stale"
                   : "what was seen is no answer that ever was right";
    default:
        if (g_str_has_suffix(story->finding.key, "Acd")) {
            return "the answer is right, but A or D of a page table is not "
                   "(LA-55, FR-13)";
        }
        return "the answer is right, but devices were told something else "
               "(RU-3, RU-4)";
    }
}

/* Life -------------------------------------------------------------------- */

static void print_life(const TwStory *story, GString *out)
{
    if (story->n_life) {
        g_string_append(out, "\nthe life of the old answer\n");
    }
    if (story->n_life && story->seen.class_ > TW_CLASS_DEVICE_ERROR) {
        g_string_append(out, "  (A refusal does not say where it came from; "
                             "other old answers may explain it too.)\n");
    }
    for (unsigned i = 0; i < story->n_life; i++) {
        const TwLife *life = &story->life[i];
        g_autoptr(GString) line = g_string_new(NULL);
        const char *label = life->kind == TW_LIFE_ENDED
                                ? "should have been forgotten"
                                : tw_life_name(life->kind);

        g_string_printf(line, "  %s", label);
        if (!life->done) {
            g_string_append(line, life->kind == TW_LIFE_ENDED
                                      ? " at once"
                                      : " at the start");
        } else {
            g_string_append_printf(line, " at op %u: ", life->op);
            if (life->by_actor) {
                tw_op_print(story->program, &story->program->script[life->op],
                            line);
                g_string_append(line, ", whose device does: ");
            }
            tw_op_print(story->program, life->done, line);
        }
        if (life->rule) {
            g_string_append_printf(line, " (%s)", life->rule);
        }
        tw_story_line(line->str, 6, out);
        g_string_printf(line, "      %s", life->what);
        tw_story_line(line->str, 6, out);
    }
}

/* The whole --------------------------------------------------------------- */

/* Which operation, what was allowed, what was seen, what that is. */
static void print_top(const TwStory *story, GString *out)
{
    const TwFinding *finding = &story->finding;
    g_autoptr(GString) line = g_string_new(NULL);

    if (finding->op < story->program->n_script) {
        g_string_printf(line, "op %u: ", finding->op);
        tw_op_print(story->program, &story->program->script[finding->op], line);
        if (finding->starter) {
            g_string_append(line, ", whose device does: ");
            tw_op_print(story->program,
                        tw_finding_accused(finding, story->program), line);
        }
        tw_story_line(line->str, 6, out);
    }
    if (!story->access) {
        g_auto(GStrv) lines = g_strsplit(finding->text, "\n", -1);

        for (char **l = lines; *l; l++) {
            if (**l && !g_str_has_prefix(*l, "op ")) {
                tw_story_line(*l, 2, out);
            }
        }
        return;
    }
    print_outcomes(story, out);
    g_string_printf(line, "%s: %s", tw_verdict_name(finding->verdict),
                    verdict_text(story));
    tw_story_line(line->str, 7, out);
}

static void print_bottom(const TwStory *story, GString *out)
{
    print_life(story, out);
    if (story->differ) {
        g_string_append(out, "\nA walk told here does not end where the "
                             "judge's own does: twinwalk is at fault.\n");
    }
}

void tw_story_print(const TwStory *story, GString *out)
{
    bool stale = story->n_life > 0;

    print_top(story, out);
    for (unsigned p = 0; p < story->n_parts; p++) {
        print_pair(story, &story->parts[p], stale, out);
    }
    print_bottom(story, out);
}

void tw_story_print_brief(const TwStory *story, GString *out)
{
    print_top(story, out);
    print_bottom(story, out);
}
