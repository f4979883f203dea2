/* SPDX-License-Identifier: MIT */
/* A story as JSON, with the content of the text form. */
#include "cli/view/explain.h"

#include "program/ops.h"

static void json_hex(JsonBuilder *b, const char *name, uint64_t value)
{
    g_autofree char *text = g_strdup_printf("0x%" G_GINT64_MODIFIER "x", value);

    /* As text: numbers of JSON do not hold 64 bits. */
    tw_json_string(b, name, text);
}

static void json_op_number(JsonBuilder *b, const char *name, uint16_t op)
{
    if (op != TW_NO_OP) {
        tw_json_int(b, name, op);
    }
}

static void json_id(JsonBuilder *b, const char *name, uint8_t id)
{
    if (id != TW_NONE) {
        tw_json_int(b, name, id);
    }
}

static void json_rules(JsonBuilder *b, const char *rule)
{
    g_auto(GStrv) ids = g_strsplit(rule, ", ", -1);

    json_builder_set_member_name(b, "rules");
    json_builder_begin_array(b);
    for (char **id = ids; *id; id++) {
        json_builder_add_string_value(b, *id);
    }
    json_builder_end_array(b);
}

static void json_ids(JsonBuilder *b, const char *name, uint64_t set)
{
    if (set == 0) {
        return;
    }
    json_builder_set_member_name(b, name);
    json_builder_begin_array(b);
    for (unsigned i = 0; i < 64; i++) {
        if (set >> i & 1) {
            json_builder_add_int_value(b, i);
        }
    }
    json_builder_end_array(b);
}

/* Outcomes ---------------------------------------------------------------- */

static void json_place(JsonBuilder *b, const TwPlace *place)
{
    static const char *const where[] = {"leaf",  "hole",          "page-map",
                                        "iommu", "too-many-hops", "blocked"};

    json_builder_begin_object(b);
    tw_json_int(b, "byte", place->from);
    tw_json_int(b, "bytes", place->length);
    tw_json_string(b, "where", where[place->where]);
    json_id(b, "region", place->region);
    if (place->where == TW_AT_BLOCKED && place->region != TW_NONE) {
        json_hex(b, "offset", place->offset);
    }
    if (place->where == TW_AT_LEAF) {
        json_hex(b, "offset", place->offset);
        tw_json_bool(b, "readonly", place->flags & TW_LOC_READONLY);
        tw_json_bool(b, "romd", place->flags & TW_LOC_ROMD);
    }
    tw_json_int(b, "iommus_passed", place->depth);
    json_builder_end_object(b);
}

static void json_told(JsonBuilder *b, const TwTold *told)
{
    json_builder_begin_object(b);
    tw_json_string(b, "class",
                   told->class_ < TW_CLASSES ? tw_class_name(told->class_)
                                             : "none");
    if (told->has_value) {
        json_hex(b, "value", told->value);
    }
    tw_json_bool(b, "current", told->current);
    if (told->broken) {
        tw_json_bool(b, "broken", true);
    }
    if (tw_reason_name(told->reason.kind)) {
        char why[TW_PLACE_TEXT];

        tw_reason_text(&told->reason, why, sizeof(why));
        tw_json_string(b, "reason", why);
    }
    json_builder_set_member_name(b, "places");
    json_builder_begin_array(b);
    for (unsigned i = 0; i < told->n_places; i++) {
        json_place(b, &told->places[i]);
    }
    json_builder_end_array(b);
    json_builder_end_object(b);
}

static void json_log(JsonBuilder *b, const char *name, const TwLogRecord *log,
                     unsigned n)
{
    json_builder_set_member_name(b, name);
    json_builder_begin_array(b);
    for (unsigned i = 0; i < n; i++) {
        json_builder_begin_object(b);
        tw_json_string(b, "kind", tw_log_kind_name(log[i].kind));
        tw_json_int(b, "region", log[i].region);
        json_hex(b, "offset", log[i].offset);
        if (log[i].kind == TW_LOG_WRITE) {
            tw_json_int(b, "byte", log[i].byte);
        }
        json_builder_end_object(b);
    }
    json_builder_end_array(b);
}

/* Walks ------------------------------------------------------------------- */

static void json_step(JsonBuilder *b, const TwStory *story, const TwTale *tale,
                      const TwStep *step)
{
    g_autoptr(GString) text = g_string_new(NULL);
    bool entry = step->kind == TW_STEP_PAGE || step->kind == TW_STEP_TRANSLATE;

    json_builder_begin_object(b);
    tw_json_string(b, "step", tw_step_name(step->kind));
    tw_step_print(story, tale, step, text);
    tw_json_string(b, "text", text->str);
    json_id(b, "space", step->space);
    json_id(b, "region", step->region);
    json_id(b, "to_region", step->to);
    json_id(b, "iommu", step->iommu);
    json_id(b, "index", step->index);
    if (step->kind != TW_STEP_NOTHING && step->kind != TW_STEP_CONTEXT &&
        step->kind != TW_STEP_END) {
        json_hex(b, "at", step->at);
    }
    if ((entry && step->there) || step->kind == TW_STEP_ALIAS) {
        json_hex(b, "out", step->out);
    }
    if (entry) {
        tw_json_bool(b, "present", step->there);
        tw_json_int(b, "rights", step->perm);
        tw_json_int(b, "needs", step->need);
        tw_json_bool(b, "bypass", step->bypass);
        tw_json_bool(b, "recorded", step->recorded);
        tw_json_bool(b, "combined", step->combined);
        tw_json_bool(b, "blocked", step->blocked);
    }
    if (step->kind == TW_STEP_CONTEXT) {
        tw_json_string(b, "mode", tw_context_mode_name(step->mode));
        tw_json_int(b, "domain", step->domain);
        json_hex(b, "root", step->out);
    }
    if (step->kind == TW_STEP_ENTRY) {
        tw_json_int(b, "level", step->level);
        tw_json_bool(b, "readable", step->there);
        json_hex(b, "value", step->out);
    }
    if (entry || step->kind == TW_STEP_SPACE || step->kind == TW_STEP_CONTEXT ||
        step->kind == TW_STEP_ENTRY) {
        json_op_number(b, "made_by", step->op);
    }
    json_ids(b, "over", step->under);
    json_ids(b, "hidden", step->hidden);
    json_rules(b, step->rule);
    json_builder_end_object(b);
}

static void json_tale(JsonBuilder *b, const char *name, const TwStory *story,
                      const TwTale *tale)
{
    json_builder_set_member_name(b, name);
    json_builder_begin_object(b);
    if (tale->old) {
        json_op_number(b, "until", tale->until);
        tw_json_int(b, "old_spaces", MIN(tale->topology, TW_MAX_HOPS + 1));
        tw_json_int(b, "old_iommus", MIN(tale->hops, TW_MAX_HOPS + 1));
    }
    json_builder_set_member_name(b, "steps");
    json_builder_begin_array(b);
    for (unsigned i = 0; i < tale->steps->len; i++) {
        json_step(b, story, tale, &g_array_index(tale->steps, TwStep, i));
    }
    json_builder_end_array(b);
    json_builder_set_member_name(b, "end");
    json_place(b, &tale->end);
    json_builder_end_object(b);
}

static void json_part(JsonBuilder *b, const TwStory *story, const TwPart *part)
{
    bool stale = story->n_life > 0;

    json_builder_begin_object(b);
    tw_json_int(b, "byte", part->byte);
    json_hex(b, "address", part->addr);
    json_tale(b, "now", story, &part->tales[0]);
    if (part->paired) {
        json_tale(b,
                  !stale              ? "allowed_too"
                  : story->right_only ? "with_the_right"
                                      : "seen",
                  story, &part->tales[1]);
    }
    json_builder_end_object(b);
}

/* Life -------------------------------------------------------------------- */

static void json_life(JsonBuilder *b, const TwStory *story, const TwLife *life)
{
    json_builder_set_member_name(b, tw_life_name(life->kind));
    json_builder_begin_object(b);
    json_op_number(b, "operation", life->op);
    if (life->done) {
        g_autoptr(GString) text = g_string_new(NULL);

        tw_op_print(story->program, life->done, text);
        tw_json_string(b, "performed", text->str);
        tw_json_bool(b, "by_actor_offset", life->by_actor);
    }
    if (life->rule) {
        json_rules(b, life->rule);
    }
    tw_json_string(b, "what", life->what);
    json_builder_end_object(b);
}

void tw_explain_json(JsonBuilder *b, const TwStory *story)
{
    json_builder_set_member_name(b, "allowed");
    json_builder_begin_array(b);
    for (unsigned i = 0; i < story->n_allowed && i < TW_STORY_ALLOWED; i++) {
        json_told(b, &story->allowed[i]);
    }
    json_builder_end_array(b);
    tw_json_int(b, "allowed_in_all", story->n_allowed);
    json_builder_set_member_name(b, "seen");
    json_told(b, &story->seen);
    json_log(b, "devices_to_be_told", story->expected, story->n_expected);
    json_log(b, "devices_told", story->log, story->n_log);
    json_builder_set_member_name(b, "walks");
    json_builder_begin_array(b);
    for (unsigned i = 0; i < story->n_parts; i++) {
        json_part(b, story, &story->parts[i]);
    }
    json_builder_end_array(b);
    if (story->n_life) {
        json_builder_set_member_name(b, "life");
        json_builder_begin_object(b);
        for (unsigned i = 0; i < story->n_life; i++) {
            json_life(b, story, &story->life[i]);
        }
        json_builder_end_object(b);
    }
    tw_json_bool(b, "walks_differ_from_the_judge", story->differ);
}
