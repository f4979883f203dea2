/* SPDX-License-Identifier: MIT */
/*
 * The greeting as two tables, one of sets of names and one of numbers, so that
 * printing and parsing cannot drift apart.
 */
#include "targets/exec/greeting.h"

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
    SETS
};

enum {
    FEATURE_ACTORS = 1,
    FEATURE_SAFEPOINTS = 2,
    FEATURE_SHARED = 4,
    FEATURE_LATE = 8,
    FEATURE_LOCATIONS = 16,
    FEATURE_IDENTITY = 32,
    FEATURE_PLAIN = 64,
    FEATURE_EXEC_CODE = 128,
    FEATURE_CODE = 256,
    FEATURE_WHOLE = 512,
};

enum {
    CONTRACT_CACHE = 1,
    CONTRACT_ONE_ENTRY = 2,
    CONTRACT_QUEUED = 4,
    CONTRACT_CODE = 8,
};

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
    static const char *const names[] = {"during", "notified", "on", "from",
                                        "via"};
    return pick(names, G_N_ELEMENTS(names), bit);
}

static const char *feature_name(unsigned bit)
{
    static const char *const names[] = {
        "actors",    "explicit-safepoints", "shared-blocks", "late-spaces",
        "locations", "identity-pages",      "plain-devices", "exec-needs-code",
        "code",      "whole-pages"};
    return pick(names, G_N_ELEMENTS(names), bit);
}

static const char *contract_name(unsigned bit)
{
    static const char *const names[] = {"cpu-cache", "one-entry-per-page",
                                        "queued", "code-until-flush"};
    return pick(names, G_N_ELEMENTS(names), bit);
}

static const char *ends_name(unsigned bit)
{
    static const char *const names[] = {"commit", "unmap", "cpu-flush", "reset",
                                        "commit-tail"};
    return pick(names, G_N_ELEMENTS(names), bit);
}

static const struct {
    const char *key;
    const char *(*name)(unsigned bit); /* NULL from the last on */
} sets[SETS] = {
    [SET_OPS] = {"ops", op_name},
    [SET_OP_FLAGS] = {"op-flags", op_flag_name},
    [SET_REGION_KINDS] = {"region-kinds", tw_region_kind_name},
    [SET_IOMMU_KINDS] = {"iommu-kinds", tw_iommu_kind_name},
    [SET_SELECTS] = {"selects", tw_select_name},
    [SET_FEATURES] = {"features", feature_name},
    [SET_CONTRACT] = {"contract", contract_name},
    [SET_ENDS] = {"ends", ends_name},
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
    NUM_ADDRESS, /* from here on: not said if 0 */
    NUM_REGION,
    NUMS
};

static const struct {
    const char *key;
    unsigned least, most;
} nums[NUMS] = {
    [NUM_MIN_PAGE] = {"min-page-lg", TW_MIN_PAGE_LG, TW_MAX_PAGE_LG},
    [NUM_MAX_PAGE] = {"max-page-lg", TW_MIN_PAGE_LG, TW_MAX_PAGE_LG},
    [NUM_MIN_GRANULE] = {"min-granule-lg", TW_MIN_GRANULE_LG,
                         TW_MAX_GRANULE_LG},
    [NUM_MAX_GRANULE] = {"max-granule-lg", TW_MIN_GRANULE_LG,
                         TW_MAX_GRANULE_LG},
    [NUM_REGIONS] = {"max-regions", 1, TW_MAX_REGIONS},
    [NUM_SPACES] = {"max-spaces", 1, TW_MAX_SPACES},
    [NUM_IOMMUS] = {"max-iommus", 0, TW_MAX_IOMMUS},
    [NUM_CPUS] = {"max-cpus", 0, TW_MAX_CPUS},
    [NUM_MMU_INDEXES] = {"max-mmu-indexes", 0, TW_MAX_MMU_INDEXES},
    [NUM_IOMMU_INDEXES] = {"max-iommu-indexes", 0, TW_MAX_IOMMU_INDEXES},
    [NUM_TLB] = {"max-tlb-lg", 0, TW_MAX_TLB_LG},
    [NUM_VICTIMS] = {"max-victims", 0, TW_MAX_VICTIMS},
    [NUM_SETUP] = {"max-setup", 0, TW_MAX_SETUP},
    [NUM_SCRIPT] = {"max-script", 1, TW_MAX_SCRIPT},
    [NUM_ADDRESS] = {"address-lg", 0, 64},
    [NUM_REGION] = {"region-lg", 0, 63},
};

/* A name's bit is its number. */
typedef struct NameSet {
    uint64_t bits[TW_OP_SET_MAX / 64];
} NameSet;

typedef struct Fields {
    NameSet set[SETS];
    unsigned num[NUMS];
} Fields;

static void fields_from(Fields *f, const TwDialect *d, const TwContract *c)
{
    memcpy(f->set[SET_OPS].bits, d->ops.bits, sizeof(d->ops.bits));
    f->set[SET_OP_FLAGS].bits[0] = d->op_flags;
    f->set[SET_REGION_KINDS].bits[0] = d->region_kinds;
    f->set[SET_IOMMU_KINDS].bits[0] = d->iommu_kinds;
    f->set[SET_SELECTS].bits[0] = d->selects;
    f->set[SET_FEATURES].bits[0] =
        (d->actors ? FEATURE_ACTORS : 0) |
        (d->explicit_safepoints ? FEATURE_SAFEPOINTS : 0) |
        (d->shared_blocks ? FEATURE_SHARED : 0) |
        (d->late_spaces ? FEATURE_LATE : 0) |
        (d->locations ? FEATURE_LOCATIONS : 0) |
        (d->identity_pages ? FEATURE_IDENTITY : 0) |
        (d->whole_pages ? FEATURE_WHOLE : 0) |
        (d->plain_devices ? FEATURE_PLAIN : 0) |
        (d->exec_needs_code ? FEATURE_EXEC_CODE : 0) |
        (d->contents >> TW_CONTENTS_CODE & 1 ? FEATURE_CODE : 0);
    f->set[SET_CONTRACT].bits[0] =
        (c->cpu_cache ? CONTRACT_CACHE : 0) |
        (c->one_entry_per_page ? CONTRACT_ONE_ENTRY : 0) |
        (c->queued ? CONTRACT_QUEUED : 0) |
        (c->code == TW_CODE_UNTIL_FLUSH ? CONTRACT_CODE : 0);
    f->set[SET_ENDS].bits[0] = c->ends;
    f->num[NUM_MIN_PAGE] = d->min_page_lg;
    f->num[NUM_MAX_PAGE] = d->max_page_lg;
    f->num[NUM_MIN_GRANULE] = d->min_granule_lg;
    f->num[NUM_MAX_GRANULE] = d->max_granule_lg;
    f->num[NUM_REGIONS] = d->max_regions;
    f->num[NUM_SPACES] = d->max_spaces;
    f->num[NUM_IOMMUS] = d->max_iommus;
    f->num[NUM_CPUS] = d->max_cpus;
    f->num[NUM_MMU_INDEXES] = d->max_mmu_indexes;
    f->num[NUM_IOMMU_INDEXES] = d->max_iommu_indexes;
    f->num[NUM_TLB] = d->max_tlb_lg;
    f->num[NUM_VICTIMS] = d->max_victims;
    f->num[NUM_SETUP] = d->max_setup;
    f->num[NUM_SCRIPT] = d->max_script;
    f->num[NUM_ADDRESS] = d->address_lg;
    f->num[NUM_REGION] = d->region_lg;
}

static void fields_to(const Fields *f, TwDialect *d, TwContract *c)
{
    uint64_t features = f->set[SET_FEATURES].bits[0];
    uint64_t contract = f->set[SET_CONTRACT].bits[0];

    memset(d, 0, sizeof(*d));
    memset(c, 0, sizeof(*c));
    memcpy(d->ops.bits, f->set[SET_OPS].bits, sizeof(d->ops.bits));
    d->op_flags = (uint8_t)f->set[SET_OP_FLAGS].bits[0];
    d->region_kinds = (uint32_t)f->set[SET_REGION_KINDS].bits[0];
    d->iommu_kinds = (uint32_t)f->set[SET_IOMMU_KINDS].bits[0];
    d->selects = (uint32_t)f->set[SET_SELECTS].bits[0];
    d->actors = features & FEATURE_ACTORS;
    d->explicit_safepoints = features & FEATURE_SAFEPOINTS;
    d->shared_blocks = features & FEATURE_SHARED;
    d->late_spaces = features & FEATURE_LATE;
    d->locations = features & FEATURE_LOCATIONS;
    d->identity_pages = features & FEATURE_IDENTITY;
    d->whole_pages = features & FEATURE_WHOLE;
    d->plain_devices = features & FEATURE_PLAIN;
    d->exec_needs_code = features & FEATURE_EXEC_CODE;
    d->contents = 1u << TW_CONTENTS_DATA |
                  (features & FEATURE_CODE ? 1u << TW_CONTENTS_CODE : 0);
    d->min_page_lg = (uint8_t)f->num[NUM_MIN_PAGE];
    d->max_page_lg = (uint8_t)f->num[NUM_MAX_PAGE];
    d->min_granule_lg = (uint8_t)f->num[NUM_MIN_GRANULE];
    d->max_granule_lg = (uint8_t)f->num[NUM_MAX_GRANULE];
    d->max_regions = (uint8_t)f->num[NUM_REGIONS];
    d->max_spaces = (uint8_t)f->num[NUM_SPACES];
    d->max_iommus = (uint8_t)f->num[NUM_IOMMUS];
    d->max_cpus = (uint8_t)f->num[NUM_CPUS];
    d->max_mmu_indexes = (uint8_t)f->num[NUM_MMU_INDEXES];
    d->max_iommu_indexes = (uint8_t)f->num[NUM_IOMMU_INDEXES];
    d->max_tlb_lg = (uint8_t)f->num[NUM_TLB];
    d->max_victims = (uint8_t)f->num[NUM_VICTIMS];
    d->max_setup = (uint16_t)f->num[NUM_SETUP];
    d->max_script = (uint16_t)f->num[NUM_SCRIPT];
    d->address_lg = (uint8_t)f->num[NUM_ADDRESS];
    d->region_lg = (uint8_t)f->num[NUM_REGION];
    c->cpu_cache = contract & CONTRACT_CACHE;
    c->one_entry_per_page = contract & CONTRACT_ONE_ENTRY;
    c->queued = contract & CONTRACT_QUEUED;
    c->code = contract & CONTRACT_CODE ? TW_CODE_UNTIL_FLUSH : TW_CODE_FRESH;
    c->ends = (uint8_t)f->set[SET_ENDS].bits[0];
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
        g_string_append(out, sets[s].key);
        for (unsigned bit = 0; sets[s].name(bit); bit++) {
            if (f.set[s].bits[bit / 64] >> bit % 64 & 1) {
                g_string_append_printf(out, " %s", sets[s].name(bit));
            }
        }
        g_string_append_c(out, '\n');
    }
    for (unsigned n = 0; n < NUMS; n++) {
        if (n < NUM_ADDRESS || f.num[n] != 0) {
            g_string_append_printf(out, "%s %u\n", nums[n].key, f.num[n]);
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
        if (out->bits[bit / 64] >> bit % 64 & 1) {
            return fail(p, "\"%s\" once", word);
        }
        out->bits[bit / 64] |= UINT64_C(1) << bit % 64;
    }
    return true;
}

static bool parse_num(Parser *p, unsigned n, const char *word, unsigned *out)
{
    guint64 value;

    if (!g_ascii_string_to_unsigned(word, 10, nums[n].least, nums[n].most,
                                    &value, NULL)) {
        return fail(p, "\"%s\" and a number from %u to %u", nums[n].key,
                    nums[n].least, nums[n].most);
    }
    *out = (unsigned)value;
    return true;
}

/* One line "KEY REST" into the field it names; `seen` has a bit per field. */
static bool parse_field(Parser *p, char *line, Fields *f, uint32_t *seen,
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
    *seen |= 1u << field;
    return true;
}

G_STATIC_ASSERT(SETS + NUMS < 31);

bool tw_greeting_parse(const char *text, size_t length, TwDialect *dialect,
                       TwContract *contract, char version[TW_GREETING_VERSION],
                       GError **error)
{
    Parser p = {text, length, 0, 0, error};
    Fields f;
    char line[4096];
    /* What need not be said is as if said: 0. */
    uint32_t seen = 0,
             optional = 1u << (SETS + NUM_ADDRESS) | 1u << (SETS + NUM_REGION);

    f.num[NUM_ADDRESS] = f.num[NUM_REGION] = 0;

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
    return true;
}
