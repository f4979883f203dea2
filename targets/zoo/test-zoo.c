/* SPDX-License-Identifier: MIT */
/*
 * Each bug of the zoo shows on a program made for it (and not on a plain one),
 * or else on its case in the corpus: the trace differs from softmmu's.
 */
#include "program/text/text.h"
#include "targets/softmmu/test-kit.h"
#include "targets/zoo/zoo.h"

/*
 *   space 0:  0 ram low ... 0x4000      0x100000 iommu i0 ... 0x110000
 *   space 1:  0 ram a ... 0x40000   0x80000 device   0x100000 iommu i1
 *   space 2:  0 ram b ... 0x40000
 *
 * Both IOMMUs choose index 0 if secure, else 1; c0.0 is not secure.
 */
typedef struct Board {
    uint8_t low, a, b, device, i0, i1;
} Board;

static Board board(Kit *k)
{
    Board t;
    uint8_t root = new_space(k), one = new_space(k), two = new_space(k);

    t.low = region(k, TW_REGION_RAM, root, 0, 0x4000);
    t.a = region(k, TW_REGION_RAM, one, 0, 0x40000);
    t.b = region(k, TW_REGION_RAM, two, 0, 0x40000);
    t.device = region(k, TW_REGION_MMIO, one, 0x80000, 0x1000);
    t.i0 = iommu(k, root, 0x100000, 0x10000, 2, TW_SELECT_SECURE);
    t.i1 = iommu(k, one, 0x100000, 0x10000, 2, TW_SELECT_SECURE);
    cpu(k, 1, 4);
    pages(k, 0, 0, 0, 4);
    pages(k, 0, 0, 0x100000, 16);
    return t;
}

/* Index 1 of `i`: page n leads to page `to` of space `in`. */
static TwOp map_page(uint8_t i, unsigned n, uint8_t in, unsigned to,
                     uint8_t perm, bool notified)
{
    return map_op(i, 1, n * (uint64_t)P, n * (uint64_t)P + P - 1, in,
                  to * (uint64_t)P, perm, notified);
}

/* No bug shows here: no second hop, no change, no overlap, no denial. */
static void plain(Kit *k)
{
    board(k);
    setup(k, map_page(0, 0, 1, 5, RW, false));
    wr(k, 0x100000);
    rd(k, 0x100000);
    wr(k, 0x1000);
    rd(k, 0x3ffe);
    dma(k, 1, 0x5000, 4);
}

static void wrong_as_section(Kit *k)
{
    board(k);
    setup(k, map_page(0, 0, 1, 0x80, RW, false));
    wr(k, 0x100000);
}

static void garbage_xlat_on_deny(Kit *k)
{
    board(k);
    rd(k, 0x102000);
    rd(k, 0x103000);
}

static void victim_survives_page_flush(Kit *k)
{
    board(k);
    rd(k, 0); /* pages 0 and 2 share a slot: 0 becomes a victim */
    rd(k, 0x2000);
    add_op(k, page_op(0, 0, 0, 0x1000, 12, RWX));
    add_op(k, flush_page_op(0, 0, 0));
    rd(k, 0);
}

static void large_page_sibling(Kit *k)
{
    board(k);
    setup(k, page_op(0, 0, 0, 0, 13, RWX));
    rd(k, 0);
    rd(k, 0x1000);
    add_op(k, page_op(0, 0, 0, 0x2000, 13, RWX));
    add_op(k, flush_page_op(0, 0, 0));
    rd(k, 0x1000);
}

static void active_never_rearmed(Kit *k)
{
    board(k);
    setup(k, map_page(0, 0, 1, 0, RW, false));
    for (unsigned i = 1; i < 4; i++) {
        rd(k, 0x100000);
        add_op(k, map_page(0, 0, 1, i, RW, true));
    }
    rd(k, 0x100000);
}

static void notify_idx0_only(Kit *k)
{
    board(k);
    setup(k, map_page(0, 0, 1, 0, RW, false));
    rd(k, 0x100000);
    add_op(k, map_page(0, 0, 1, 1, RW, true));
    rd(k, 0x100000);
}

static void second_hop_unregistered(Kit *k)
{
    board(k);
    setup(k, map_page(0, 0, 1, 0x100, RW, false));
    setup(k, map_page(1, 0, 2, 0, RW, false));
    rd(k, 0x100000);
    add_op(k, map_page(1, 0, 2, 1, RW, true));
    rd(k, 0x100000);
}

static void guest_address_is_input(Kit *k)
{
    Board t = board(k);

    k->p.iommus[t.i0].iotlb = k->p.iommus[t.i1].iotlb = true;
    setup(k, map_page(0, 3, 1, 0x100, RW, false));
    setup(k, map_page(1, 0, 2, 0, RW, false));
    rd(k, 0x103000);
    add_op(k, map_page(1, 0, 2, 1, RW, true));
    rd(k, 0x103000);
}

/* i0 gets a page table with A and D. */
static void dirty_not_set_on_hit(Kit *k)
{
    Board t = board(k);
    TwIommu *m = &k->p.iommus[t.i0];
    uint8_t space = k->p.regions[t.b].container;
    uint8_t tables = region(k, TW_REGION_RAM, space, 0x80000, 0x1000);
    TwOp op = tw_op_make(TW_OP_CONTEXT);

    m->kind = TW_IOMMU_PAGETABLE;
    m->granule_lg = 12;
    m->bypass_space = 1;
    m->iotlb = true;
    m->pagetable.tables = tables;
    m->pagetable.levels = 1;
    m->pagetable.updates_ad = true;
    op.obj = t.i0;
    op.requester = 1;
    setup(k, op);
    op = tw_op_make(TW_OP_POKE);
    op.obj = tables;
    op.value = 7;
    setup(k, op);
    rd(k, 0x100000);
    wr(k, 0x100000);
}

static void rights_not_anded(Kit *k)
{
    board(k);
    setup(k, map_page(0, 0, 1, 0x100, TW_R, false));
    setup(k, map_page(1, 0, 2, 0, RW, false));
    wr(k, 0x100000);
}

static void translated_low_bits_added(Kit *k)
{
    board(k);
    setup(k, map_op(0, 1, 0, P - 1, 1, 0x5040, RW, false));
    rd(k, 0x100010);
}

static void tie_oldest_wins(Kit *k)
{
    Board t = board(k);

    region(k, TW_REGION_ROM, k->p.regions[t.low].container, 0, P);
    rd(k, 0);
}

static void commit_flush_own_as_only(Kit *k)
{
    Board t = board(k);

    setup(k, map_page(0, 0, 1, 0, RW, false));
    rd(k, 0x100000);
    add_op(k, switch_op(TW_OP_ENABLE, t.a, false));
    rd(k, 0x100000);
}

/* At the top no right to write, and nothing below. */
static void table_rights_first(Kit *k)
{
    Board t = board(k);
    TwIommu *i0 = &k->p.iommus[t.i0];
    TwOp op = tw_op_make(TW_OP_CONTEXT);

    i0->kind = TW_IOMMU_PAGETABLE;
    i0->bypass_space = 1;
    i0->pagetable.format = TW_FORMAT_ABSTRACT;
    i0->pagetable.tables = t.low;
    i0->pagetable.levels = 2;
    op.obj = t.i0;
    op.requester = 1;
    setup(k, op);
    for (unsigned level = 1; level <= 2; level++) {
        op = tw_op_make(TW_OP_POKE);
        op.obj = t.low;
        op.addr = level == 1 ? P : 0;
        op.value = level == 1 ? 0 : P | 1 | 2; /* there, R */
        setup(k, op);
    }
    wr(k, 0x100000);
}

static void add_dma_actor(Kit *k, uint8_t region, uint8_t code, uint8_t space,
                          uint64_t addr)
{
    TwOp op = tw_op_make(code);

    op.obj = space;
    op.addr = addr;
    op.size = 4;
    k->p.actors[k->p.n_actors++] = (TwActor){.region = region, .op = op};
}

/* The device starts a store to itself. */
static void device_reenters_itself(Kit *k)
{
    Board t = board(k);

    setup(k, map_page(0, 0, 1, 0x80, RW, false));
    add_dma_actor(k, t.device, TW_OP_DMA_WRITE, 1, 0x80010);
    wr(k, 0x100000);
}

/* It starts two loads. */
static void started_takes_over(Kit *k)
{
    Board t = board(k);

    setup(k, map_page(0, 0, 1, 0x80, RW, false));
    add_dma_actor(k, t.device, TW_OP_DMA_READ, 1, 0x10);
    add_dma_actor(k, t.device, TW_OP_DMA_READ, 1, 0x20);
    wr(k, 0x100000);
}

/* It changes an entry, and starts a load there. */
static void started_early(Kit *k)
{
    Board t = board(k);

    setup(k, map_page(0, 0, 1, 0x80, RW, false));
    setup(k, map_page(0, 1, 1, 0, RW, false));
    k->p.actors[k->p.n_actors++] =
        (TwActor){.region = t.device, .op = map_page(0, 1, 1, 1, RW, true)};
    add_dma_actor(k, t.device, TW_OP_DMA_READ, 0, 0x101000);
    wr(k, 0x100000);
}

enum { LEAST_BUGS = 97 };

typedef struct Trigger {
    const char *slug;
    void (*build)(Kit *k);
} Trigger;

/* The programs made here; all other bugs have their cases. */
static const Trigger triggers[] = {
    {"wrong-as-section", wrong_as_section},
    {"garbage-xlat-on-deny", garbage_xlat_on_deny},
    {"victim-survives-page-flush", victim_survives_page_flush},
    {"large-page-sibling", large_page_sibling},
    {"active-never-rearmed", active_never_rearmed},
    {"notify-idx0-only", notify_idx0_only},
    {"second-hop-unregistered", second_hop_unregistered},
    {"map-over-map-no-unmap", notify_idx0_only}, /* the same remap */
    {"rights-not-anded", rights_not_anded},
    {"translated-low-bits-added", translated_low_bits_added},
    {"tie-oldest-wins", tie_oldest_wins},
    {"commit-flush-own-as-only", commit_flush_own_as_only},
    {"guest-address-is-input", guest_address_is_input},
    {"table-rights-first", table_rights_first},
    {"dirty-not-set-on-hit", dirty_not_set_on_hit},
    {"device-reenters-itself", device_reenters_itself},
    {"started-takes-over", started_takes_over},
    {"started-early", started_early},
};

static const Trigger *find_trigger(const char *slug)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(triggers); i++) {
        if (strcmp(triggers[i].slug, slug) == 0) {
            return &triggers[i];
        }
    }
    return NULL;
}

/* The program that shows the bug. */
static void build_trigger(Kit *k, const char *slug)
{
    const Trigger *trigger = find_trigger(slug);
    g_autofree char *path =
        g_strdup_printf("%s/zoo/%s.tw", g_getenv("TWINWALK_CORPUS"), slug);
    g_autoptr(GError) error = NULL;

    if (trigger != NULL) {
        trigger->build(k);
        return;
    }
    tw_program_load(&k->p, path, TW_TEXT_STRICT, NULL, &error);
    g_assert_no_error(error);
}

/* Does zoo:slug say the same as softmmu of what `build` makes, or if that is
 * NULL, of what shows the bug? */
static bool same(const char *slug, void (*build)(Kit *k))
{
    g_autofree char *name = g_strconcat("zoo:", slug, NULL);
    g_autoptr(Kit) good = kit_new("softmmu");
    g_autoptr(Kit) bad = kit_new(name);
    Kit *kits[] = {good, bad};

    for (unsigned i = 0; i < G_N_ELEMENTS(kits); i++) {
        if (build != NULL) {
            build(kits[i]);
        } else {
            build_trigger(kits[i], slug);
        }
        run_kit(kits[i]);
    }
    return traces_equal(&good->trace, &bad->trace, good->p.n_regions);
}

static void test_bug(gconstpointer data)
{
    const TwZooBug *bug = data;

    g_assert_true(find_trigger(bug->slug) == NULL || same(bug->slug, plain));
    g_assert_false(same(bug->slug, NULL));
}

/* Every bug has a layer, next to others of the same, a provenance, and verdicts
 * by their names; every program is for a bug. */
static void test_rows(void)
{
    unsigned n, made = 0;
    g_autoptr(GHashTable) layers = g_hash_table_new(g_str_hash, g_str_equal);
    const TwZooBug *bugs = tw_zoo_bugs(&n);

    g_assert_cmpuint(n, >=, LEAST_BUGS);
    for (unsigned i = 0; i < n; i++) {
        g_auto(GStrv) verdicts = g_strsplit(bugs[i].verdicts, ",", 0);

        made += find_trigger(bugs[i].slug) != NULL;
        g_assert_cmpuint(strlen(bugs[i].layer), >, 0);
        if (i == 0 || strcmp(bugs[i].layer, bugs[i - 1].layer) != 0) {
            g_assert_true(g_hash_table_add(layers, (gpointer)bugs[i].layer));
        }
        g_assert_cmpuint(strlen(bugs[i].summary), >, 10);
        g_assert_cmpuint(strlen(bugs[i].provenance), >, 10);
        g_assert_nonnull(verdicts[0]);
        /* What something should have ended is stale. */
        g_assert_true(bugs[i].endings[0] == '\0' ||
                      strcmp(verdicts[0], "stale") == 0);
        g_assert_cmpint(bugs[i].endings[0] != '\0', ==,
                        bugs[i].rules[0] != '\0');
        for (unsigned v = 0; verdicts[v] != NULL; v++) {
            unsigned known = 0;
            for (unsigned k = 0; k < TW_VERDICTS; k++) {
                known += strcmp(verdicts[v], tw_verdict_name(k)) == 0 &&
                         tw_verdict_is_finding(k);
            }
            g_assert_cmpuint(known, ==, 1);
        }
    }
    g_assert_cmpuint(made, ==, G_N_ELEMENTS(triggers));
}

/* Every mutant says what it breaks, and no slug is there twice. */
static void test_mutants(void)
{
    g_autoptr(GHashTable) slugs = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GRegex) rules = g_regex_new(
        "^[A-Z]{2}-[1-9][0-9]*(,[A-Z]{2}-[1-9][0-9]*)*$", 0, 0, NULL);
    static const char *const shown[] = {"", "page", "check", "never", NULL};
    unsigned n;
    const TwZooBug *bugs = tw_zoo_bugs(&n);

    for (unsigned i = 0; i < n; i++) {
        g_assert_true(g_hash_table_add(slugs, (gpointer)bugs[i].slug));
    }
    bugs = tw_zoo_mutants(&n);
    for (unsigned i = 0; i < n; i++) {
        g_autofree char *name = g_strconcat("zoo:", bugs[i].slug, NULL);
        TwTargetOptions options = {.name = name};
        g_autoptr(GError) error = NULL;
        TwTarget *target = tw_target_open(&options, &error);

        g_assert_no_error(error);
        g_assert_nonnull(target);
        tw_target_close(target);
        g_assert_true(g_hash_table_add(slugs, (gpointer)bugs[i].slug));
        g_assert_cmpuint(strlen(bugs[i].slug), <=, 28);
        g_assert_cmpuint(strlen(bugs[i].summary), >, 10);
        g_assert_true(g_regex_match(rules, bugs[i].rules, 0, NULL));
        g_assert_true(g_strv_contains(shown, bugs[i].shown));
    }
}

static void test_unknown(void)
{
    static const char *const names[] = {"zoo", "zoo:", "zoo:no-such-bug"};

    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        TwTargetOptions options = {.name = names[i]};
        g_autoptr(GError) error = NULL;

        g_assert_null(tw_target_open(&options, &error));
        g_assert_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE);
        g_assert_nonnull(strstr(error->message, "expected zoo:SLUG"));
    }
}

int main(int argc, char **argv)
{
    unsigned n;
    const TwZooBug *bugs = tw_zoo_bugs(&n);

    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < n; i++) {
        g_autofree char *path = g_strdup_printf("/zoo/%s/shows", bugs[i].slug);
        g_test_add_data_func(path, &bugs[i], test_bug);
    }
    g_test_add_func("/zoo/rows", test_rows);
    g_test_add_func("/zoo/mutants", test_mutants);
    g_test_add_func("/zoo/unknown-slug", test_unknown);
    return g_test_run();
}
