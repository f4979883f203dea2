/* SPDX-License-Identifier: MIT */
/*
 * The greeting as two tables, one of sets of names and one of numbers, so that
 * printing and parsing cannot drift apart.
 */
#include "targets/exec/greeting.h"

#include <inttypes.h>
#include <string.h>

#include "program/ops.h"
#include "targets/target.h"

/* Sets: a line "KEY NAME NAME ...". */

enum {
    SET_OPS,
    SET_OP_FLAGS,
    SET_REGION_KINDS,
    SET_IOMMU_KINDS,
    SET_SELECTS,
    SET_FEATURES,
    SET_CONTRACT,
    SET_ENDS,
    SET_COMMANDS, /* not said if they are plain */
    SETS
};

/* Where a value stands: in the dialect or in the contract. */
typedef struct Place {
    bool contract;
    size_t offset, size; /* bytes: 1, 2, 4 or 8 */
} Place;

#define OF_DIALECT(member) \
    { \
        false, offsetof(TwDialect, member), \
            sizeof(((TwDialect *)NULL)->member) \
    }
#define OF_CONTRACT(member) \
    { \
        true, offsetof(TwContract, member), \
            sizeof(((TwContract *)NULL)->member) \
    }

/* A name of a set that stands for bits of a value of its own: said if they are
 * set. */
typedef struct Flag {
    const char *name;
    Place place;
    uint32_t bits;
} Flag;

static const Flag features[] = {
    {"actors", OF_DIALECT(actors), 1},
    {"explicit-safepoints", OF_DIALECT(explicit_safepoints), 1},
    {"shared-blocks", OF_DIALECT(shared_blocks), 1},
    {"late-spaces", OF_DIALECT(late_spaces), 1},
    {"locations", OF_DIALECT(locations), 1},
    {"reasons", OF_DIALECT(reasons), 1},
    {"identity-pages", OF_DIALECT(identity_pages), 1},
    {"plain-devices", OF_DIALECT(plain_devices), 1},
    {"exec-needs-code", OF_DIALECT(exec_needs_code), 1},
    {"code", OF_DIALECT(contents), 1u << TW_CONTENTS_CODE},
    {"code-x86-64", OF_DIALECT(contents), 1u << TW_CONTENTS_CODE_X86_64},
    {"code-riscv64", OF_DIALECT(contents), 1u << TW_CONTENTS_CODE_RISCV64},
    {"runs", OF_DIALECT(contents), 1u << TW_CONTENTS_RUNS},
    {"runs-x86-64", OF_DIALECT(contents), 1u << TW_CONTENTS_RUNS_X86_64},
    {"runs-riscv64", OF_DIALECT(contents), 1u << TW_CONTENTS_RUNS_RISCV64},
    {"runs-thumb", OF_DIALECT(contents), 1u << TW_CONTENTS_RUNS_THUMB},
    {"whole-pages", OF_DIALECT(whole_pages), 1},
    {"implemented-sizes", OF_DIALECT(implemented_sizes), 1},
    {"full-ram", OF_DIALECT(full_ram), 1},
    {"plain-accesses", OF_DIALECT(plain_accesses), 1},
    {"wide-rmw", OF_DIALECT(wide_rmw), 1},
    {"during-dma", OF_DIALECT(during_dma), 1},
    {"started", OF_DIALECT(started), 1},
    {"widths", OF_DIALECT(widths), 1},
    {"iotlbs", OF_DIALECT(iotlbs), 1},
    {"last-bytes", OF_DIALECT(last_bytes), 1},
    {"path-shared", OF_DIALECT(path_shared), 1},
    {"aligned-rmw", OF_DIALECT(aligned_rmw), 1},
    {"exclusives-of-ram", OF_DIALECT(exclusives_of_ram), 1},
    {"nested-tables", OF_DIALECT(nested_tables), 1},
    {"pairs-of-ram", OF_DIALECT(pairs_of_ram), 1},
    {"mpc-registers", OF_DIALECT(mpc_registers), 1},
    {"updates-ad", OF_DIALECT(updates_ad), 1},
    {"table-bases", OF_DIALECT(table_bases), 1},
    {"output-widths", OF_DIALECT(output_widths), 1},
    {"inert", OF_DIALECT(contents), 1u << TW_CONTENTS_INERT},
    {"coarse-reasons", OF_DIALECT(reason_coarse), 1},
    {"mpc-board", OF_DIALECT(mpc_board), 1},
};

static const Flag promises[] = {
    {"cpu-cache", OF_CONTRACT(cpu_cache), 1},
    {"one-entry-per-page", OF_CONTRACT(one_entry_per_page), 1},
    {"queued", OF_CONTRACT(queued), 1},
    {"device-reads", OF_CONTRACT(device_reads), 1},
    {"device-pieces", OF_CONTRACT(device_pieces), 1},
    {"during-refusals", OF_CONTRACT(during_refusals), 1},
    {"code-until-flush", OF_CONTRACT(code), TW_CODE_OTHER_STORES},
    {"own-code-until-flush", OF_CONTRACT(code), TW_CODE_OWN_STORES},
    {"device-words", OF_CONTRACT(device_words), 1},
    {"iotlb-entries", OF_CONTRACT(iotlb), TW_IOTLB_ENTRIES},
    {"iotlb-refusals", OF_CONTRACT(iotlb), TW_IOTLB_REFUSALS},
    {"iotlb-absent", OF_CONTRACT(iotlb), TW_IOTLB_ABSENT},
    {"device-rmw", OF_CONTRACT(device_rmw), 1},
    {"commit-ends-mappings", OF_CONTRACT(mapping_ends), TW_ENDS_COMMIT},
    {"unmap-ends-mappings", OF_CONTRACT(mapping_ends), TW_ENDS_UNMAP},
    {"reset-ends-mappings", OF_CONTRACT(mapping_ends), TW_ENDS_RESET},
    {"mapped-lengths", OF_CONTRACT(mapped_lengths), 1},
    {"iotlb-contexts", OF_CONTRACT(iotlb), TW_IOTLB_CONTEXTS},
    {"iotlb-pointers", OF_CONTRACT(iotlb), TW_IOTLB_POINTERS},
    {"iotlb-by-index", OF_CONTRACT(iotlb), TW_IOTLB_BY_INDEX},
    {"iotlb-combined", OF_CONTRACT(iotlb), TW_IOTLB_COMBINED},
};

/* What an `invalidate` ends: a name for each kind of record. */
#define COMMAND(name, scope) \
    {name "-entries", OF_CONTRACT(commands[scope]), TW_RECORD_ENTRY}, \
        {name "-pointers", OF_CONTRACT(commands[scope]), TW_RECORD_POINTER}, \
        {name "-contexts", OF_CONTRACT(commands[scope]), TW_RECORD_CONTEXT}, \
    { \
        name "-combined", OF_CONTRACT(commands[scope]), TW_RECORD_COMBINED \
    }

static const Flag commands[] = {
    COMMAND("global", TW_SCOPE_GLOBAL),
    COMMAND("domain", TW_SCOPE_DOMAIN),
    COMMAND("range", TW_SCOPE_RANGE),
    COMMAND("leaf", TW_SCOPE_LEAF),
    COMMAND("any-range", TW_SCOPE_ANY_RANGE),
    COMMAND("any-leaf", TW_SCOPE_ANY_LEAF),
    COMMAND("context", TW_SCOPE_CONTEXT),
    COMMAND("contexts", TW_SCOPE_CONTEXTS),
};

G_STATIC_ASSERT(G_N_ELEMENTS(commands) == 4 * TW_SCOPES);

static const uint8_t plain_commands[TW_SCOPES] = TW_COMMANDS_PLAIN;

static const char *op_name(unsigned code)
{
    const TwOpInfo *info = tw_op_info(code);

    return info ? info->name : NULL;
}

static const char *pick(const char *const *names, unsigned count, unsigned i)
{
    return i < count ? names[i] : NULL;
}

static const char *op_flag_name(unsigned bit)
{
    static const char *const names[] = {"during", "notified",  "on",    "from",
                                        "via",    "exclusive", "paired"};
    return pick(names, G_N_ELEMENTS(names), bit);
}

static const char *feature_name(unsigned bit)
{
    return bit < G_N_ELEMENTS(features) ? features[bit].name : NULL;
}

static const char *promise_name(unsigned bit)
{
    return bit < G_N_ELEMENTS(promises) ? promises[bit].name : NULL;
}

static const char *command_name(unsigned bit)
{
    return bit < G_N_ELEMENTS(commands) ? commands[bit].name : NULL;
}

static const char *ends_name(unsigned bit)
{
    static const char *const names[] = {"commit", "unmap", "cpu-flush", "reset",
                                        "commit-tail"};
    return pick(names, G_N_ELEMENTS(names), bit);
}

/* The bits of a set are those of a value, or each has a row of `flags`. */
static const struct {
    const char *key;
    const char *(*name)(unsigned bit); /* NULL from the last on */
    Place place;
    const Flag *flags;
} sets[SETS] = {
    [SET_OPS] = {"ops", op_name, .flags = NULL}, /* too many for a word */
    [SET_OP_FLAGS] = {"op-flags", op_flag_name, OF_DIALECT(op_flags), NULL},
    [SET_REGION_KINDS] = {"region-kinds", tw_region_kind_name,
                          OF_DIALECT(region_kinds), NULL},
    [SET_IOMMU_KINDS] = {"iommu-kinds", tw_iommu_kind_name,
                         OF_DIALECT(iommu_kinds), NULL},
    [SET_SELECTS] = {"selects", tw_select_name, OF_DIALECT(selects), NULL},
    [SET_FEATURES] = {"features", feature_name, .flags = features},
    [SET_CONTRACT] = {"contract", promise_name, .flags = promises},
    [SET_ENDS] = {"ends", ends_name, OF_CONTRACT(ends), NULL},
    [SET_COMMANDS] = {"commands", command_name, .flags = commands},
};

/* Numbers: a line "KEY VALUE". */

enum {
    NUM_MIN_PAGE,
    NUM_MAX_PAGE,
    NUM_MIN_GRANULE,
    NUM_MAX_GRANULE,
    NUM_REGIONS,
    NUM_SPACES,
    NUM_IOMMUS,
    NUM_CPUS,
    NUM_MMU_INDEXES,
    NUM_IOMMU_INDEXES,
    NUM_TLB,
    NUM_VICTIMS,
    NUM_SETUP,
    NUM_SCRIPT,
    NUM_ADDRESS, /* from here on: not said if 0, */
    NUM_REGION,
    NUM_PHYSICAL,
    NUM_PAGE_RIGHTS, /* these two not if all bits are set, either */
    NUM_PAGE_SIZES,
    NUM_PATH_STAGES,
    NUM_PATH_FORMAT,
    NUM_PATH_FORMAT_2,
    NUM_PATH_LEVELS,
    NUM_PATH_SCOPES,
    NUM_PATH_SCOPES_2,
    NUM_PATH_OUTPUT,
    NUM_PATH_OUTPUT_2,
    NUM_PATH_FAR,
    NUM_DMA_LG,
    NUM_DMA_FIRST,
    NUM_DMA_WIDE,
    NUM_ENTRY_BITS,
    NUM_ENTRY_ONES,
    NUM_AREA_LG,
    NUM_AREA_AT,
    NUM_AREA_STEP,
    NUM_REASON_LG,
    NUM_REASON_GROUPS, /* one for each kind but NONE */
    NUMS = NUM_REASON_GROUPS + TW_REASONS - 1
};

static const struct {
    const char *key;
    uint64_t least, most;
    Place place;
} nums[NUMS] = {
    [NUM_MIN_PAGE] = {"min-page-lg", TW_MIN_PAGE_LG, TW_MAX_PAGE_LG,
                      OF_DIALECT(min_page_lg)},
    [NUM_MAX_PAGE] = {"max-page-lg", TW_MIN_PAGE_LG, TW_MAX_PAGE_LG,
                      OF_DIALECT(max_page_lg)},
    [NUM_MIN_GRANULE] = {"min-granule-lg", TW_MIN_GRANULE_LG, TW_MAX_GRANULE_LG,
                         OF_DIALECT(min_granule_lg)},
    [NUM_MAX_GRANULE] = {"max-granule-lg", TW_MIN_GRANULE_LG, TW_MAX_GRANULE_LG,
                         OF_DIALECT(max_granule_lg)},
    [NUM_REGIONS] = {"max-regions", 1, TW_MAX_REGIONS, OF_DIALECT(max_regions)},
    [NUM_SPACES] = {"max-spaces", 1, TW_MAX_SPACES, OF_DIALECT(max_spaces)},
    [NUM_IOMMUS] = {"max-iommus", 0, TW_MAX_IOMMUS, OF_DIALECT(max_iommus)},
    [NUM_CPUS] = {"max-cpus", 0, TW_MAX_CPUS, OF_DIALECT(max_cpus)},
    [NUM_MMU_INDEXES] = {"max-mmu-indexes", 0, TW_MAX_MMU_INDEXES,
                         OF_DIALECT(max_mmu_indexes)},
    [NUM_IOMMU_INDEXES] = {"max-iommu-indexes", 0, TW_MAX_IOMMU_INDEXES,
                           OF_DIALECT(max_iommu_indexes)},
    [NUM_TLB] = {"max-tlb-lg", 0, TW_MAX_TLB_LG, OF_DIALECT(max_tlb_lg)},
    [NUM_VICTIMS] = {"max-victims", 0, TW_MAX_VICTIMS, OF_DIALECT(max_victims)},
    [NUM_SETUP] = {"max-setup", 0, TW_MAX_SETUP, OF_DIALECT(max_setup)},
    [NUM_SCRIPT] = {"max-script", 1, TW_MAX_SCRIPT, OF_DIALECT(max_script)},
    [NUM_ADDRESS] = {"address-lg", 0, 64, OF_DIALECT(address_lg)},
    [NUM_REGION] = {"region-lg", 0, 63, OF_DIALECT(region_lg)},
    [NUM_PHYSICAL] = {"physical-lg", 0, 64, OF_DIALECT(physical_lg)},
    [NUM_PAGE_RIGHTS] = {"page-rights", 0, 255, OF_DIALECT(page_rights)},
    [NUM_PAGE_SIZES] = {"page-sizes", 0, UINT32_MAX, OF_DIALECT(page_lgs)},
    [NUM_PATH_STAGES] = {"path-stages", 0, 2, OF_DIALECT(path_stages)},
    [NUM_PATH_FORMAT] = {"path-format", 0, TW_FORMATS - 1,
                         OF_DIALECT(path_formats[0])},
    [NUM_PATH_FORMAT_2] = {"path-format-2", 0, TW_FORMATS - 1,
                           OF_DIALECT(path_formats[1])},
    [NUM_PATH_LEVELS] = {"path-levels", 0, TW_MAX_LEVELS,
                         OF_DIALECT(path_levels)},
    [NUM_PATH_SCOPES] = {"path-scopes", 0, 255, OF_DIALECT(path_scopes[0])},
    [NUM_PATH_SCOPES_2] = {"path-scopes-2", 0, 255, OF_DIALECT(path_scopes[1])},
    [NUM_PATH_OUTPUT] = {"path-output", 0, 63, OF_DIALECT(path_outputs[0])},
    [NUM_PATH_OUTPUT_2] = {"path-output-2", 0, 63, OF_DIALECT(path_outputs[1])},
    [NUM_PATH_FAR] = {"path-far", 0, UINT64_MAX, OF_DIALECT(path_far)},
    [NUM_DMA_LG] = {"dma-lg", 0, 40, OF_DIALECT(dma_lg)},
    [NUM_DMA_FIRST] = {"dma-first", 0, UINT64_MAX, OF_DIALECT(dma_first)},
    [NUM_DMA_WIDE] = {"dma-wide", 0, UINT64_MAX, OF_DIALECT(dma_wide)},
    [NUM_ENTRY_BITS] = {"entry-bits", 0, UINT64_MAX, OF_DIALECT(entry_bits)},
    [NUM_ENTRY_ONES] = {"entry-ones", 0, UINT64_MAX, OF_DIALECT(entry_ones)},
    [NUM_AREA_LG] = {"dma-area-lg", 0, 12, OF_DIALECT(dma_area_lg)},
    [NUM_AREA_AT] = {"dma-area-at", 0, 248, OF_DIALECT(dma_area_at)},
    [NUM_AREA_STEP] = {"dma-area-step", 0, 128, OF_DIALECT(dma_area_step)},
    [NUM_REASON_LG] = {"reason-lg", 0, 64, OF_DIALECT(reason_lg)},
#define GROUP(n, kind) \
    [NUM_REASON_GROUPS + n] = { \
        "reason-" kind, \
        0, \
        TW_REASON_UNTOLD, \
        OF_DIALECT(reason_groups[n + 1]), \
    }
    GROUP(0, "no-context"),
    GROUP(1, "blocked"),
    GROUP(2, "range"),
    GROUP(3, "unreadable"),
    GROUP(4, "absent"),
    GROUP(5, "reserved"),
    GROUP(6, "rights"),
    GROUP(7, "hops"),
#undef GROUP
};

/* A name's bit is its number. */
typedef struct NameSet {
    uint64_t bits[TW_OP_SET_MAX / 64];
} NameSet;

typedef struct Fields {
    NameSet set[SETS];
    uint64_t num[NUMS];
} Fields;

static uint64_t get(const Place *place, const TwDialect *d, const TwContract *c)
{
    const char *at =
        (place->contract ? (const char *)c : (const char *)d) + place->offset;

    switch (place->size) {
    case 1:
        return *(const uint8_t *)at;
    case 2:
        return *(const uint16_t *)at;
    case 4:
        return *(const uint32_t *)at;
    default:
        return *(const uint64_t *)at;
    }
}

static void put(const Place *place, uint64_t value, TwDialect *d, TwContract *c)
{
    char *at = (place->contract ? (char *)c : (char *)d) + place->offset;

    switch (place->size) {
    case 1:
        *(uint8_t *)at = (uint8_t)value;
        break;
    case 2:
        *(uint16_t *)at = (uint16_t)value;
        break;
    case 4:
        *(uint32_t *)at = (uint32_t)value;
        break;
    default:
        *(uint64_t *)at = value;
    }
}

static bool has(const NameSet *set, unsigned bit)
{
    return set->bits[bit / 64] >> bit % 64 & 1;
}

static void add(NameSet *set, unsigned bit)
{
    set->bits[bit / 64] |= UINT64_C(1) << bit % 64;
}

static void fields_from(Fields *f, const TwDialect *d, const TwContract *c)
{
    memset(f, 0, sizeof(*f));
    for (unsigned s = 0; s < SETS; s++) {
        const Flag *flags = sets[s].flags;

        if (s == SET_OPS) {
            memcpy(f->set[s].bits, d->ops.bits, sizeof(d->ops.bits));
        } else if (!flags) {
            f->set[s].bits[0] = get(&sets[s].place, d, c);
        }
        for (unsigned bit = 0; flags && sets[s].name(bit); bit++) {
            if (get(&flags[bit].place, d, c) & flags[bit].bits) {
                add(&f->set[s], bit);
            }
        }
    }
    for (unsigned n = 0; n < NUMS; n++) {
        f->num[n] = get(&nums[n].place, d, c);
    }
}

static void fields_to(const Fields *f, TwDialect *d, TwContract *c)
{
    memset(d, 0, sizeof(*d));
    memset(c, 0, sizeof(*c));
    d->contents = 1u << TW_CONTENTS_DATA; /* all have it */
    for (unsigned s = 0; s < SETS; s++) {
        const Flag *flags = sets[s].flags;

        if (s == SET_OPS) {
            memcpy(d->ops.bits, f->set[s].bits, sizeof(d->ops.bits));
        } else if (!flags) {
            put(&sets[s].place, f->set[s].bits[0], d, c);
        }
        for (unsigned bit = 0; flags && sets[s].name(bit); bit++) {
            if (has(&f->set[s], bit)) {
                put(&flags[bit].place,
                    get(&flags[bit].place, d, c) | flags[bit].bits, d, c);
            }
        }
    }
    for (unsigned n = 0; n < NUMS; n++) {
        put(&nums[n].place, f->num[n], d, c);
    }
}

void tw_greeting_print(const TwDialect *dialect, const TwContract *contract,
                       const char *version, GString *out)
{
    Fields f;

    fields_from(&f, dialect, contract);
    g_string_append(out, "twinwalk-target 1\n");
    g_string_append_printf(out, "version %.*s\n", TW_GREETING_VERSION - 1,
                           version);
    for (unsigned s = 0; s < SETS; s++) {
        if (s == SET_COMMANDS && memcmp(contract->commands, plain_commands,
                                        sizeof(plain_commands)) == 0) {
            continue;
        }
        g_string_append(out, sets[s].key);
        for (unsigned bit = 0; sets[s].name(bit); bit++) {
            if (has(&f.set[s], bit)) {
                g_string_append_printf(out, " %s", sets[s].name(bit));
            }
        }
        g_string_append_c(out, '\n');
    }
    for (unsigned n = 0; n < NUMS; n++) {
        bool any = (n == NUM_PAGE_RIGHTS || n == NUM_PAGE_SIZES) &&
                   f.num[n] == nums[n].most;

        if (n < NUM_ADDRESS || (f.num[n] != 0 && !any)) {
            g_string_append_printf(out, "%s %" PRIu64 "\n", nums[n].key,
                                   f.num[n]);
        }
    }
    g_string_append(out, "ready\n");
}

/* Parsing ---------------------------------------------------------------- */

typedef struct Parser {
    const char *text;
    size_t length, at;
    unsigned line;
    GError **error;
} Parser;

static bool fail(Parser *p, const char *format, ...) G_GNUC_PRINTF(2, 3);

static bool fail(Parser *p, const char *format, ...)
{
    g_autofree char *what = NULL;
    va_list ap;

    va_start(ap, format);
    what = g_strdup_vprintf(format, ap);
    va_end(ap);
    g_set_error(p->error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT,
                "greeting:%u: expected %s", p->line, what);
    return false;
}

/* The next line, copied without its newline into `line`. */
static bool next_line(Parser *p, char *line, size_t size)
{
    const char *start = p->text + p->at;
    const char *end = memchr(start, '\n', p->length - p->at);
    size_t n;

    p->line++;
    if (!end) {
        return fail(p, "a line that ends the greeting: ready");
    }
    n = (size_t)(end - start);
    if (n >= size) {
        return fail(p, "a line of less than %zu bytes", size);
    }
    for (size_t i = 0; i < n; i++) {
        if (start[i] < ' ' || start[i] > '~') {
            return fail(p, "printable ASCII");
        }
    }
    memcpy(line, start, n);
    line[n] = '\0';
    p->at += n + 1;
    return true;
}

static bool parse_set(Parser *p, unsigned s, char *words, NameSet *out)
{
    char *save = NULL;

    *out = (NameSet){{0}};
    for (char *word = strtok_r(words, " ", &save); word;
         word = strtok_r(NULL, " ", &save)) {
        unsigned bit = 0;

        while (sets[s].name(bit) && strcmp(sets[s].name(bit), word) != 0) {
            bit++;
        }
        if (!sets[s].name(bit)) {
            return fail(p, "a name of \"%s\", not \"%.40s\"", sets[s].key,
                        word);
        }
        if (has(out, bit)) {
            return fail(p, "\"%s\" once", word);
        }
        add(out, bit);
    }
    return true;
}

static bool parse_num(Parser *p, unsigned n, const char *word, uint64_t *out)
{
    guint64 value;

    if (!g_ascii_string_to_unsigned(word, 10, nums[n].least, nums[n].most,
                                    &value, NULL)) {
        return fail(p, "\"%s\" and a number from %" PRIu64 " to %" PRIu64,
                    nums[n].key, nums[n].least, nums[n].most);
    }
    *out = value;
    return true;
}

/* One line "KEY REST" into the field it names; `seen` has a bit per field. */
static bool parse_field(Parser *p, char *line, Fields *f, uint64_t *seen,
                        char *version)
{
    char *rest = strchr(line, ' ');
    unsigned field = 0;

    if (rest) {
        *rest++ = '\0';
    } else {
        rest = line + strlen(line);
    }
    if (strcmp(line, "version") == 0) {
        field = SETS + NUMS;
        if (strlen(rest) >= TW_GREETING_VERSION || *rest == '\0') {
            return fail(p, "a version of 1 to %d bytes",
                        TW_GREETING_VERSION - 1);
        }
        strcpy(version, rest);
    } else {
        while (field < SETS && strcmp(sets[field].key, line) != 0) {
            field++;
        }
        while (field >= SETS && field < SETS + NUMS &&
               strcmp(nums[field - SETS].key, line) != 0) {
            field++;
        }
        if (field == SETS + NUMS) {
            return fail(p, "a field of the greeting, not \"%.40s\"", line);
        }
        if (field < SETS
                ? !parse_set(p, field, rest, &f->set[field])
                : !parse_num(p, field - SETS, rest, &f->num[field - SETS])) {
            return false;
        }
    }
    if (*seen >> field & 1) {
        return fail(p, "\"%s\" once", line);
    }
    *seen |= UINT64_C(1) << field;
    return true;
}

G_STATIC_ASSERT(SETS + NUMS < 63);

bool tw_greeting_parse(const char *text, size_t length, TwDialect *dialect,
                       TwContract *contract, char version[TW_GREETING_VERSION],
                       GError **error)
{
    Parser p = {text, length, 0, 0, error};
    Fields f;
    char line[4096];
    /* What need not be said is as if said: 0; or plain commands. */
    uint64_t seen = 0, optional = ((UINT64_C(1) << (NUMS - NUM_ADDRESS)) - 1)
                                      << (SETS + NUM_ADDRESS) |
                                  UINT64_C(1) << SET_COMMANDS;

    f.set[SET_COMMANDS] = (NameSet){{0}};
    memset(&f.num[NUM_ADDRESS], 0, (NUMS - NUM_ADDRESS) * sizeof(f.num[0]));

    if (!next_line(&p, line, sizeof(line))) {
        return false;
    }
    if (strcmp(line, "twinwalk-target 1") != 0) {
        return fail(&p, "\"twinwalk-target 1\", not \"%.40s\"", line);
    }
    for (;;) {
        if (!next_line(&p, line, sizeof(line))) {
            return false;
        }
        if (strcmp(line, "ready") == 0) {
            break;
        }
        if (!parse_field(&p, line, &f, &seen, version)) {
            return false;
        }
    }
    for (unsigned field = 0; field <= SETS + NUMS; field++) {
        if (!((seen | optional) >> field & 1)) {
            return fail(&p, "a line \"%s ...\" before \"ready\"",
                        field < SETS          ? sets[field].key
                        : field < SETS + NUMS ? nums[field - SETS].key
                                              : "version");
        }
    }
    if (p.at != length) {
        p.line++;
        return fail(&p, "nothing after \"ready\"");
    }
    if (f.num[NUM_MIN_PAGE] > f.num[NUM_MAX_PAGE] ||
        f.num[NUM_MIN_GRANULE] > f.num[NUM_MAX_GRANULE]) {
        return fail(&p, "each least size at most its greatest");
    }
    fields_to(&f, dialect, contract);
    if (!(seen >> SET_COMMANDS & 1)) {
        memcpy(contract->commands, plain_commands, sizeof(plain_commands));
    }
    if (dialect->implemented_sizes &&
        !(contract->device_reads && contract->device_pieces)) {
        return fail(&p, "\"device-reads\" and \"device-pieces\" with "
                        "\"implemented-sizes\"");
    }
    return true;
}
