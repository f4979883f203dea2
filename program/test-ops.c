/* SPDX-License-Identifier: MIT */
/* The table of operations holds together, with the forms that it drives. */
#include "program/bytes/form.h"
#include "program/opset.h"
#include "program/test-program.h"

static TwProgram p;

static const char world[] = "twinwalk 1\npage 64\nhops 16\n"
                            "region r0 container size 0x1000\n"
                            "region r1 ram size 0x40 in r0 at 0x40\n"
                            "region r2 iommu size 0x40 in r0 at 0x80 iommu i0\n"
                            "space s0 root r0\niommu i0 table granule 64\n"
                            "cpu c0 tlb 8\nmmu c0.0 space s0\nscript\n";

static void test_table(void)
{
    for (unsigned code = 0; code < TW_OP_CODES; code++) {
        const TwOpInfo *info = tw_op_info(code);
        g_assert_nonnull(info->name);
        g_assert_nonnull(info->summary);
        g_assert_cmpuint(strspn(info->name, "abcdefghijklmnopqrstuvwxyz-"), ==,
                         strlen(info->name));
        g_assert_cmpuint(tw_op_find(info->name, strlen(info->name)), ==, code);
        unsigned args = 0;
        while (info->args[args] != TW_ARG_END) {
            g_assert_cmpuint(info->args[args], <, TW_ARG_KINDS);
            args++;
        }
        g_assert_cmpuint(args, <=, TW_MAX_ARGS);
        /* The last access codes are those of DMA, and all are accesses. */
        g_assert_true(!(info->flags & TW_OP_ACCESS) ==
                      !(code >= TW_OP_READ && code <= TW_OP_DMA_WRITE));
        if (info->flags & TW_OP_ACTOR_OK) {
            /* The actor of the access performs it. */
            g_assert_false(info->flags & (TW_OP_BOARD_ONLY | TW_OP_ACCESS));
        }
        if (info->flags & TW_OP_SETUP_OK) {
            g_assert_true(code == TW_OP_PAGE || code == TW_OP_MAP ||
                          code == TW_OP_POKE || code == TW_OP_CONTEXT);
        }
    }
    g_assert_null(tw_op_info(TW_OP_CODES));
    g_assert_cmpuint(tw_op_find("", 0), ==, TW_OP_CODES);
    g_assert_cmpuint(tw_op_find("rea", 3), ==, TW_OP_CODES);
    g_assert_cmpuint(tw_op_find("readx", 4), ==, TW_OP_READ);
}

/* No operand is there twice, and none shares a place with another, neither in
 * TwOp nor, apart from the flags, in a record of the byte form. */
static void test_fields(void)
{
    for (unsigned code = 0; code < TW_OP_CODES; code++) {
        const TwOpInfo *info = tw_op_info(code);
        bool fields[sizeof(TwOp)] = {false}, places[TW_OP_BYTES] = {false};
        unsigned flags = 0;
        for (TwFieldAt at = tw_fields(info); at.part; tw_fields_next(&at)) {
            const TwField *part = at.part;
            if (part->type == TW_FIELD_SWITCH) {
                g_assert_cmpuint(part->field, ==, offsetof(TwOp, flags));
                g_assert_false(flags & part->mask);
                flags |= part->mask;
                continue;
            }
            g_assert_false(fields[part->field]);
            fields[part->field] = true;
            /* An address takes 4 bytes, and so does an immediate. */
            unsigned place = part->width == 4 ? tw_form_immediate(info)
                                              : tw_form_place(part);
            g_assert_cmpuint(place, >=, TW_FORM_OBJ);
            g_assert_cmpuint(place + (part->width == 1 ? 1 : 4), <=,
                             TW_OP_BYTES);
            g_assert_false(places[place]);
            places[place] = true;
        }
        if (info->flags & TW_OP_CPU_ACCESS) {
            g_assert_false(places[TW_FORM_OUT]); /* `from` is there */
        } else if (info->flags & TW_OP_ACCESS) {
            g_assert_false(places[TW_FORM_OTHER]); /* `via` is there */
        }
    }
}

/* An operand has a row that says all that its types need. */
static void test_operands(void)
{
    for (unsigned arg = TW_ARG_END + 1; arg < TW_ARG_KINDS; arg++) {
        const TwField *parts = tw_args[arg].parts;
        g_assert_cmpuint(parts[0].type, !=, TW_FIELD_NONE);
        g_assert_cmpuint(parts[TW_MAX_PARTS].type, ==, TW_FIELD_NONE);
        for (unsigned i = 0; i < TW_MAX_PARTS; i++) {
            const TwField *part = &parts[i];
            unsigned before = i ? parts[i - 1].type : TW_FIELD_NONE;
            g_assert_cmpuint(part->field + part->width, <=, sizeof(TwOp));
            if (part->type == TW_FIELD_INDEX) {
                g_assert_cmpuint(before, ==, TW_FIELD_ID);
                g_assert_cmpuint(part->object, ==, parts[i - 1].object);
                g_assert_cmpuint(tw_objects[part->object].indexes, >, 0);
            } else if (part->type == TW_FIELD_END) {
                g_assert_cmpuint(before, ==, TW_FIELD_ADDRESS);
            } else if (part->type == TW_FIELD_SIZE) {
                g_assert_nonnull(part->expected);
            } else if (part->type == TW_FIELD_RIGHTS) {
                g_assert_cmpuint(part->mask, !=, 0);
            } else if (part->type == TW_FIELD_SWITCH) {
                g_assert_cmpuint(part->mask & (part->mask - 1), ==, 0);
                g_assert_nonnull(part->words[0]);
                g_assert_nonnull(part->words[1]);
            } else if (part->type == TW_FIELD_WORD) {
                g_assert_nonnull(part->name(part->count - 1u));
                g_assert_null(part->name(part->count));
                g_assert_cmpuint(64 % part->count, ==, 0); /* byte form */
                g_assert_nonnull(part->noun);
                g_assert_nonnull(part->expected);
            } else if (part->type == TW_FIELD_NUMBER) {
                g_assert_cmpuint(part->unit, >, 0);
            }
        }
    }
}

/* What tw_op_make() gives stands for itself in the text form. */
static void test_make(void)
{
    for (unsigned code = 0; code < TW_OP_CODES; code++) {
        bool par = code >= TW_OP_AND && code <= TW_OP_END_PAR;
        test_parse(&p, world);
        TwOp op = tw_op_make(code);
        g_assert_cmpint(op.code, ==, code);
        tw_op_round(&p, &op);
        p.n_script = 0;
        if (par) {
            p.script[p.n_script++] = tw_op_make(TW_OP_PAR);
        }
        p.script[p.n_script++] = op;
        if ((par && code != TW_OP_END_PAR) || code == TW_OP_PAR) {
            p.script[p.n_script++] = tw_op_make(TW_OP_END_PAR);
        }
        char why[200] = "";
        bool good = tw_program_check(&p, why, sizeof why);
        g_assert_cmpstr(why, ==, "");
        g_assert_true(good);
        g_autoptr(GString) text = g_string_new(NULL);
        tw_program_print(&p, NULL, text);
        TwProgram *again = g_new(TwProgram, 1);
        test_parse(again, text->str);
        g_assert_true(tw_program_equal(&p, again));
        g_free(again);
    }
}

/* A field that an operation does not take must be zero. */
static void test_unused_fields(void)
{
    for (unsigned code = 0; code < TW_OP_CODES; code++) {
        if (code >= TW_OP_PAR && code <= TW_OP_END_PAR) {
            continue; /* these stand in pairs */
        }
        test_parse(&p, world);
        p.n_script = 1;
        p.script[0] = tw_op_make(code);
        tw_op_round(&p, &p.script[0]);
        g_assert_true(tw_program_check(&p, NULL, 0));
        p.script[0].zero = 1;
        g_assert_false(tw_program_check(&p, NULL, 0));
        p.script[0].zero = 0;
        p.script[0].flags = 0x80;
        g_assert_false(tw_program_check(&p, NULL, 0));
    }
    p.script[0] = tw_op_make(TW_OP_NOP);
    uint8_t *bytes = (uint8_t *)&p.script[0];
    for (unsigned i = 2; i < sizeof(TwOp); i++) {
        bytes[i] = 1;
        g_assert_false(tw_program_check(&p, NULL, 0));
        bytes[i] = 0;
    }
    g_assert_true(tw_program_check(&p, NULL, 0));
}

static void test_names(void)
{
    for (unsigned i = 0; i < TW_REGION_KINDS; i++) {
        g_assert_nonnull(tw_region_kind_name(i));
    }
    for (unsigned i = 0; i < TW_IOMMU_KINDS; i++) {
        g_assert_nonnull(tw_iommu_kind_name(i));
    }
    g_assert_null(tw_region_kind_name(TW_REGION_KINDS));
    g_assert_null(tw_iommu_kind_name(TW_IOMMU_KINDS));
    g_assert_null(tw_select_name(TW_SELECTS));
    g_assert_null(tw_format_name(TW_FORMATS));
    g_assert_null(tw_scope_name(TW_SCOPES));
    for (unsigned i = 0; i < TW_COUNTERS; i++) {
        g_assert_nonnull(tw_counter_name(i));
    }
    for (unsigned i = 0; i < TW_PEAKS; i++) {
        g_assert_nonnull(tw_peak_name(i));
    }
    for (unsigned i = 0; i < TW_CLASSES; i++) {
        g_assert_nonnull(tw_class_name(i));
    }
    for (unsigned i = 0; i < TW_STATUSES; i++) {
        g_assert_nonnull(tw_status_name(i));
    }
    for (unsigned i = 0; i < TW_ENDS; i++) {
        g_assert_nonnull(tw_end_name(i));
    }
    g_assert_null(tw_counter_name(TW_COUNTERS));
    g_assert_null(tw_peak_name(TW_PEAKS));
    g_assert_null(tw_class_name(TW_CLASSES));
    g_assert_null(tw_status_name(TW_STATUSES));
    g_assert_null(tw_end_name(TW_ENDS));
}

/* Sets hold codes that one integer has no bit for. */
static void test_set(void)
{
    static const uint8_t codes[] = {0, 5, 63, 64, 127};
    TwOpSet some = tw_ops_of(codes, sizeof codes);
    TwOpSet none = {{0}}, all = none;
    for (unsigned code = 0; code < TW_OP_SET_MAX; code++) {
        bool named = memchr(codes, (int)code, sizeof codes) != NULL;
        g_assert_true(tw_ops_has(&some, code) == named);
        tw_ops_add(&all, code);
        g_assert_true(tw_ops_has(&all, code));
    }
    g_assert_false(tw_ops_has(&all, TW_OP_SET_MAX));
    TwOpSet rest = tw_ops_without(all, some);
    g_assert_false(tw_ops_has(&rest, 64) || tw_ops_has(&rest, 127));
    g_assert_true(tw_ops_has(&rest, 65));
    g_assert_true(tw_ops_equal(tw_ops_and(rest, some), none));
    g_assert_true(tw_ops_equal(tw_ops_or(rest, some), all));
    g_assert_false(tw_ops_equal(rest, all));
    tw_ops_remove(&some, 127);
    g_assert_false(tw_ops_has(&some, 127));
    g_assert_true(tw_ops_has(&some, 64));
    g_assert_true(
        tw_ops_equal(TW_OPS(TW_OP_NOP, TW_OP_RMW),
                     tw_ops_of((const uint8_t[]){TW_OP_RMW, TW_OP_NOP}, 2)));
    TwOpSet full = tw_ops_all();
    g_assert_true(tw_ops_has(&full, TW_OP_CODES - 1));
    g_assert_false(tw_ops_has(&full, TW_OP_CODES));
}

/* LANGUAGE.md has one row for each operation, as the table has. */
static void test_manual(void)
{
    g_autofree char *path =
        g_test_build_filename(G_TEST_DIST, "program", "LANGUAGE.md", NULL);
    g_autofree char *manual = NULL;
    g_autoptr(GError) error = NULL;
    g_file_get_contents(path, &manual, NULL, &error);
    g_assert_no_error(error);
    const char *table = strstr(manual, "\n## Operations\n");
    g_assert_nonnull(table);
    for (unsigned code = 0; code < TW_OP_CODES; code++) {
        const char *name = tw_op_info(code)->name;
        g_autofree char *bare = g_strdup_printf("\n| `%s` |", name);
        g_autofree char *with = g_strdup_printf("\n| `%s ", name);
        unsigned rows = 0;
        for (const char *c = table; (c = strstr(c, bare)) != NULL; c++) {
            rows++;
        }
        for (const char *c = table; (c = strstr(c, with)) != NULL; c++) {
            rows++;
        }
        if (rows != 1) {
            g_error("%u rows for %s in LANGUAGE.md", rows, name);
        }
    }
}

/*
 * NT-11: no operation registers or unregisters inside an access, where a
 * notifier's callback may be running: neither an actor offset nor `during`
 * does it.
 *
 *   r0: | r1 ram |     actor offset 0 of r3, device
 *
 * Seen to fail with TW_OP_ACTOR_OK for TW_OP_BOARD_ONLY in the row of `observe`
 * of ops.c.
 */
static void test_no_registration_inside(void)
{
    static const char *const registrations[] = {
        "observe o0 of i0.0 unmap 0x0..0x3f",
        "unobserve o0",
        "replay o0",
        "veto i0 on",
        "listen o0 of s0",
        "unlisten o0"};

    for (unsigned i = 0; i < G_N_ELEMENTS(registrations); i++) {
        g_autofree char *text = g_strconcat(world, "  read c0.0 0x40 1\n  ",
                                            registrations[i], "\n", NULL);
        char why[160];

        test_parse(&p, text);
        g_assert_true(tw_program_check(&p, why, sizeof(why)));
        p.script[1].flags |= TW_OPF_DURING;
        g_assert_false(tw_program_check(&p, why, sizeof(why)));
        g_assert_nonnull(strstr(why, "cannot be performed during"));
        p.script[1].flags &= (uint8_t)~TW_OPF_DURING;
        p.regions[3] = tw_region_make(TW_REGION_MMIO);
        p.regions[3].size = 0x40;
        p.n_regions = 4;
        p.n_actors = 1;
        p.actors[0] =
            (TwActor){.region = 3, .op = tw_op_make(TW_OP_NOTIFY_ALL)};
        g_assert_true(tw_program_check(&p, why, sizeof(why)));
        p.actors[0].op = p.script[1];
        g_assert_false(tw_program_check(&p, why, sizeof(why)));
        g_assert_nonnull(strstr(why, "an actor offset cannot perform"));
    }
}

/* Behind an access, or behind others that are behind one: four at most. */
static void test_may_be_during(void)
{
    g_autofree char *text = g_strconcat(world,
                                        "  read c0.0 0x40 1\n"
                                        "  nop\n  nop\n  nop\n  nop\n  nop\n",
                                        NULL);

    test_parse(&p, text);
    g_assert_false(tw_op_may_be_during(&p, 0));
    for (unsigned i = 1; i < 6; i++) {
        g_assert_cmpint(tw_op_may_be_during(&p, i), ==, i <= TW_MAX_DURING);
        p.script[i].flags |= TW_OPF_DURING;
    }
    p.script[2].flags = 0;
    g_assert_true(tw_op_may_be_during(&p, 1));
    g_assert_true(tw_op_may_be_during(&p, 2));
    g_assert_false(tw_op_may_be_during(&p, 3));
}

/* A DMA access too, if the access of a CPU and its instruction stay in one page
 * each; pages have 64 bytes. */
static void test_dma_during(void)
{
    static const struct {
        const char *before;
        bool may;
    } rows[] = {
        {"read c0.0 0x40 8", true},
        {"read c0.0 0x79 8", false},
        {"write c0.0 0x78 8 from 0x3c", true},
        {"write c0.0 0x78 8 from 0x3d", false},
        {"dma-write s0 0x79 8 none", true},
        {"nop", false},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = g_strconcat(world, "  ", rows[i].before,
                                            "\n  dma-write s0 0x0 8 none\n"
                                            "  dma-read s0 0x0 8 none\n",
                                            NULL);
        char why[160];

        test_parse(&p, text);
        p.script[1].flags |= TW_OPF_DURING;
        p.script[2].flags |= TW_OPF_DURING;
        g_assert_cmpint(tw_op_may_be_during(&p, 1), ==, rows[i].may);
        g_assert_cmpint(tw_op_may_be_during(&p, 2), ==, rows[i].may);
        g_assert_cmpint(tw_program_check(&p, why, sizeof(why)), ==,
                        rows[i].may);
        g_assert_true(rows[i].may || strstr(why, "inside a page"));
    }
}

/* The second of two adjacent reads or writes of one CPU and MMU index, of 4 or
 * 8 bytes each. */
static void test_may_be_paired(void)
{
    static const struct {
        const char *before, *op;
        bool may, may_be_inside;
    } rows[] = {
        {"read c0.0 0x40 8", "read c0.0 0x48 8", true, true},
        {"write c0.0 0x77 4", "write c0.0 0x7b 4", true, true},
        {"write c0.0 0x78 4", "write c0.0 0x7c 4", true, true},
        {"write c0.0 0x79 4", "write c0.0 0x7d 4", true, false},
        {"write c0.0 0x78 8", "write c0.0 0x80 8", true, false},
        {"read c0.0 0x40 8", "read c0.0 0x44 8", false, false},
        {"read c0.0 0x40 8", "read c0.0 0x48 4", false, false},
        {"read c0.0 0x40 2", "read c0.0 0x42 2", false, false},
        {"read c0.0 0x40 8", "write c0.0 0x48 8", false, false},
        {"exec c0.0 0x40 8", "exec c0.0 0x48 8", false, false},
        {"read c0.0 0x40 8 from 0x0", "read c0.0 0x48 8", false, false},
        {"read c0.0 0x40 8", "read c0.0 0x48 8 from 0x0", false, false},
        {"read c0.0 0xfffffffffffffff8 8", "read c0.0 0x0 8", false, false},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text =
            g_strconcat(world, "  ", rows[i].before, "\n  ", rows[i].op, "\n  ",
                        rows[i].op, "\n  dma-read s0 0x0 8 none\n", NULL);
        char why[160];

        test_parse(&p, text);
        g_assert_false(tw_op_may_be_paired(&p, 0));
        g_assert_cmpint(tw_op_may_be_paired(&p, 1), ==, rows[i].may);
        g_assert_false(tw_op_leads_pair(&p, 0));
        p.script[1].flags |= TW_OPF_PAIRED;
        g_assert_true(tw_op_leads_pair(&p, 0));
        g_assert_cmpint(tw_program_check(&p, why, sizeof(why)), ==,
                        rows[i].may);
        p.script[2].addr = p.script[1].addr + p.script[1].size;
        g_assert_false(tw_op_may_be_paired(&p, 2)); /* no third one */
        if (rows[i].may) { /* a DMA access during both, if in one page */
            p.script[2] = p.script[3];
            g_assert_cmpint(tw_op_may_be_during(&p, 2), ==,
                            rows[i].may_be_inside);
            p.script[0].index ^= 1;
            g_assert_false(tw_op_may_be_paired(&p, 1));
            p.script[0].index ^= 1;
            p.script[0].obj ^= 1;
            g_assert_false(tw_op_may_be_paired(&p, 1));
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ops/table", test_table);
    g_test_add_func("/ops/fields", test_fields);
    g_test_add_func("/ops/operands", test_operands);
    g_test_add_func("/ops/make", test_make);
    g_test_add_func("/ops/unused-fields", test_unused_fields);
    g_test_add_func("/ops/names", test_names);
    g_test_add_func("/ops/set", test_set);
    g_test_add_func("/ops/LA-47/may-be-during", test_may_be_during);
    g_test_add_func("/ops/LA-59/may-be-paired", test_may_be_paired);
    g_test_add_func("/ops/LA-47/dma-during", test_dma_during);
    g_test_add_func("/ops/manual", test_manual);
    g_test_add_func("/ops/NT-11/no-registration-inside",
                    test_no_registration_inside);
    return g_test_run();
}
