/* SPDX-License-Identifier: MIT */
/*
 * The limit of ways through the region graph (LA-49): counted rightly, refused
 * in text, skipped in a script, mended in bytes.
 */
#include "program/test-program.h"
#include "program/ways.h"

static TwProgram p;

/*
 * Two ways a level and a hole at the bottom:
 *
 *   r0 ── r1 ── r3 ── r5 …      containers, each in the one before it
 *     └─► r1  └─► r3            r2, r4 …: aliases of them, beside them
 *
 * A container with n levels below it leads to 3 * 2^n - 2 regions: 766
 * with eight levels, 1534 with nine.
 */
static char *diamond_text(unsigned levels)
{
    GString *text = g_string_new("twinwalk 1\n"
                                 "region r0 container size 2^20 root s0\n");
    for (unsigned i = 0; i < levels; i++) {
        unsigned above = i == 0 ? 0 : 2 * i - 1;
        g_string_append_printf(
            text,
            "region r%u container size 2^20 in r%u at 0x0\n"
            "region r%u alias size 2^20 of r%u in r%u at 0x0 prio 1\n",
            2 * i + 1, above, 2 * i + 2, 2 * i + 1, above);
    }
    g_string_append(text, "mmu c0.0 space s0\n"
                          "setup\n"
                          "  page c0.0 0x0 -> 0x0 size 0x1000 rw\n"
                          "script\n"
                          "  read c0.0 0x10 4\n");
    return g_string_free(text, FALSE);
}

static void test_text(void)
{
    g_autofree char *most = diamond_text(8), *more = diamond_text(9);
    g_autoptr(GError) error = NULL;
    test_parse(&p, most);
    g_assert_cmpuint(tw_ways_too_many_at_start(&p), ==, TW_NONE);
    tw_program_parse(&p, more, strlen(more), "test", TW_TEXT_STRICT, NULL, NULL,
                     &error);
    g_assert_error(error, TW_TEXT_ERROR, TW_TEXT_ERROR_SYNTAX);
    g_assert_cmpstr(error->message, ==,
                    "test:2:1: expected a well-formed program: region r0: it "
                    "leads to more than 1024 regions, "
                    "each counted once for each way (LA-49)");
}

/* The highest region of two that lead to too many is named. */
static void test_named(void)
{
    g_autofree char *text = diamond_text(8);
    test_parse(&p, text);
    p.regions[21] = tw_region_make(TW_REGION_CONTAINER);
    p.regions[21].size = 1;
    p.regions[22] = p.regions[21];
    p.regions[0].container = 21;
    p.regions[23] = tw_region_make(TW_REGION_ALIAS);
    p.regions[23].size = 1;
    p.regions[23].target = 0;
    p.regions[23].container = 21;
    p.regions[21].container = 22;
    p.n_regions = 24;
    g_assert_cmpuint(tw_ways_too_many_at_start(&p), ==, 22);
}

/* Operations -------------------------------------------------------------- */

static void test_add(void)
{
    g_autofree char *text = diamond_text(8);
    TwLegality l;
    /* An alias of r0 beside r0 would double what leads to r0. */
    g_autofree char *more =
        g_strconcat("twinwalk 1\n"
                    "region r21 container size 2^20 root s1\n"
                    "region r22 alias size 2^20 of r0\n"
                    "region r23 alias size 2^20 of r1\n"
                    "region r24 alias size 2^20 of r0\n",
                    strchr(text, '\n') + 1,
                    "  add r22 in r21 at 0x0 prio 0\n"
                    "  add r24 in r21 at 0x0 prio 0\n"
                    "  add r23 in r21 at 0x0 prio 0\n"
                    "  del r22\n"
                    "  add r24 in r21 at 0x0 prio 0\n",
                    NULL);
    static const TwIllegal expected[] = {TW_LEGAL,        TW_LEGAL,
                                         TW_ILLEGAL_WAYS, TW_ILLEGAL_WAYS,
                                         TW_LEGAL,        TW_LEGAL};
    test_parse(&p, more);
    tw_legality_init(&l, &p);
    g_assert_cmpuint(p.n_script, ==, G_N_ELEMENTS(expected));
    for (unsigned i = 0; i < p.n_script; i++) {
        TwLegality before = l;
        TwIllegal got = tw_legality_step(&l, &p.script[i]);
        g_assert_cmpint(got, ==, expected[i]);
        if (got != TW_LEGAL) {
            g_assert_true(memcmp(&l, &before, sizeof l) == 0);
        }
    }
}

/* Bytes ------------------------------------------------------------------- */

/* A diamond with too many levels comes out of its bytes with as many aliases
 * as are allowed. */
static void test_bytes(void)
{
    static uint8_t bytes[TW_BYTES_MAX];
    static TwProgram wide, q;
    TwDialect d = tw_dialect_full();
    g_autofree char *text = diamond_text(8);
    test_parse(&wide, text);
    for (unsigned i = 8; i < 24; i++) {
        wide.regions[2 * i + 1] = wide.regions[1];
        wide.regions[2 * i + 1].container = (uint8_t)(2 * i - 1);
        wide.regions[2 * i + 2] = wide.regions[2];
        wide.regions[2 * i + 2].container = (uint8_t)(2 * i - 1);
        wide.regions[2 * i + 2].target = (uint8_t)(2 * i + 1);
    }
    wide.n_regions = 49;
    g_assert_cmpuint(tw_ways_too_many_at_start(&wide), !=, TW_NONE);
    size_t size = tw_program_encode(&wide, bytes, sizeof bytes, &d);
    tw_program_decode(&q, bytes, size, &d);
    g_assert_true(tw_program_check(&q, NULL, 0));
    g_assert_cmpuint(q.n_regions, ==, 49);
    /* One alias more would be too many. */
    unsigned dropped = 2;
    while (q.regions[dropped].kind == TW_REGION_ALIAS) {
        dropped += 2;
    }
    g_assert_cmpuint(dropped, >, 2);
    g_assert_cmpuint(dropped, <, 48);
    q.regions[dropped] = wide.regions[dropped];
    g_assert_false(tw_program_check(&q, NULL, 0));
}

/* The count ---------------------------------------------------------------- */

/* Visits what region `id` leads to, way by way, until `left` visits are made.
 */
static void visit(unsigned id, unsigned *left)
{
    if (*left == 0) {
        return;
    }
    --*left;
    for (unsigned i = 0; i < p.n_regions; i++) {
        if (p.regions[i].container == id) {
            visit(i, left);
        }
    }
    if (p.regions[id].kind == TW_REGION_ALIAS) {
        visit(p.regions[id].target, left);
    }
}

static bool leads_to_too_many(unsigned id)
{
    unsigned left = tw_ways_limit(&p) + 1;
    visit(id, &left);
    return left == 0;
}

static void test_random(void)
{
    unsigned many = 0;
    for (unsigned n = 0; n < 5000; n++) {
        TwRng rng = tw_rng_for(49, n);
        memset(&p, 0, sizeof p);
        p.hops = TW_MAX_HOPS;
        p.n_regions = (uint8_t)(2 + tw_rng_below(&rng, 62));
        for (unsigned i = 0; i < p.n_regions; i++) {
            bool alias = i > 0 && tw_rng_chance(&rng, 50);
            p.regions[i] =
                tw_region_make(alias ? TW_REGION_ALIAS : TW_REGION_CONTAINER);
            /* Aliases lead to lower ids, containers stand in higher ones, but
             * not in aliases: no cycle. */
            if (alias) {
                p.regions[i].target =
                    (uint8_t)(i - 1 - tw_rng_below(&rng, MIN(i, 2)));
            }
        }
        for (unsigned i = 0; i < p.n_regions; i++) {
            unsigned c = i + 1 + (unsigned)tw_rng_below(&rng, 2);
            while (c < p.n_regions &&
                   p.regions[c].kind != TW_REGION_CONTAINER) {
                c++;
            }
            if (c < p.n_regions) {
                p.regions[i].container = (uint8_t)c;
            }
        }
        unsigned worst = TW_NONE;
        for (unsigned i = 0; i < p.n_regions; i++) {
            worst = leads_to_too_many(i) ? i : worst;
        }
        g_assert_cmpuint(tw_ways_too_many_at_start(&p), ==, worst);
        many += worst != TW_NONE;
    }
    g_assert_cmpuint(many, >, 1000);
    g_assert_cmpuint(many, <, 4000);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ways/LA-49/text", test_text);
    g_test_add_func("/ways/LA-49/named", test_named);
    g_test_add_func("/ways/LA-49/add", test_add);
    g_test_add_func("/ways/LA-49/bytes", test_bytes);
    g_test_add_func("/ways/LA-49/random", test_random);
    return g_test_run();
}
