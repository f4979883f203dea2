/* SPDX-License-Identifier: MIT */
/*
 * The classes "unicorn", "unicorn-vtlb" and "unicorn-snapshot": opening them,
 * and what the library promises.
 */
#include <string.h>
#include <sys/mman.h>

#include "targets/unicorn/agent.h"
#include "targets/unicorn/class.h"
#include "targets/unicorn/clock.h"
#include "targets/unicorn/dialect.h"
#include "targets/unicorn/record.h"
#include "targets/unicorn/run.h"
#include "targets/unicorn/trigger.h"

/* Changes of mappings count for data at once.  Code that was translated may run
 * until the caller drops it (uc_ctl_remove_cache), unless the guest itself
 * stored to that address. */
static const TwContract unicorn_contract = {
    .cpu_cache = false,
    .device_reads = true,
    .device_rmw = true,
    .during_refusals = true,
    .ends = TW_ENDS_COMMIT | TW_ENDS_UNMAP | TW_ENDS_CPU_FLUSH | TW_ENDS_RESET,
    .code = TW_CODE_OTHER_STORES,
};

/* Where the page map is the caller's, the TLB may keep what it said until it is
 * flushed; memory that was unmapped is gone. */
static const TwContract vtlb_contract = {
    .cpu_cache = true,
    .one_entry_per_page = true,
    .device_reads = true,
    .ends = TW_ENDS_COMMIT_TAIL | TW_ENDS_CPU_FLUSH,
    .code = 0,
};

/* More than is promised: what users who never drop code rely on. */
static const TwContract strict_contract = {
    .cpu_cache = false,
    .device_reads = true,
    .device_rmw = true,
    .during_refusals = true,
    .ends = TW_ENDS_COMMIT | TW_ENDS_UNMAP | TW_ENDS_CPU_FLUSH | TW_ENDS_RESET,
    .code = 0,
};

/* The guests by what targets are called, with the size of their pages: the
 * first is the default. */
typedef struct NamedGuest {
    const char *name;
    const Guest *guest;
    unsigned page_lg;
} NamedGuest;

static const NamedGuest guests[] = {{"arm64", &tw_uc_arm64, MAX_PAGE_LG},
                                    {"arm64-1k", &tw_uc_arm64, MIN_PAGE_LG},
                                    {"x86-64", &tw_uc_x86_64, MAX_PAGE_LG},
                                    {"riscv64", &tw_uc_riscv64, MAX_PAGE_LG}};

static const char *const places[PLACES] = {"low", "high", "last"};

/* Is it the first `n` bytes of `text`, and all of `word`? */
static bool is_word(const char *word, const char *text, size_t n)
{
    return strlen(word) == n && strncmp(word, text, n) == 0;
}

/* The guest that "unicorn", "unicorn:GUEST" or "unicorn:GUEST@PLACE" names;
 * NULL: there is none.  In *place where programs are. */
static const NamedGuest *guest_named(const char *target, Place *place,
                                     GError **error)
{
    const char *name = strchr(target, ':');
    const char *at;
    size_t length;

    *place = PLACE_LOW;
    if (name == NULL) {
        return &guests[0];
    }
    name++;
    length = strcspn(name, "@");
    at = name[length] == '@' ? name + length + 1 : places[PLACE_LOW];
    while (*place < PLACES && strcmp(at, places[*place]) != 0) {
        (*place)++;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(guests) && *place < PLACES; i++) {
        if (is_word(guests[i].name, name, length)) {
            return &guests[i];
        }
    }
    g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE,
                "unicorn: unknown guest '%s': expected arm64, arm64-1k, x86-64 "
                "or riscv64, and behind it nothing, @low, @high or @last",
                name);
    return NULL;
}

static const TwDialect *dialect(TwTarget *target)
{
    return &((Machine *)target)->dialect;
}

static const TwContract *contract(TwTarget *target)
{
    const Machine *m = (Machine *)target;

    return m->vtlb != NULL ? &vtlb_contract
           : m->strict     ? &strict_contract
                           : &unicorn_contract;
}

static const char *version(TwTarget *target)
{
    return ((Machine *)target)->version;
}

static void machine_close(TwTarget *target)
{
    Machine *m = (Machine *)target;

    tw_uc_engine_close(m);
    tw_uc_memory_close(&m->memory);
    if (m->records != NULL) {
        munmap(m->records, MAX_PAGE);
    }
    g_free(m->vtlb);
    g_free(m);
}

/* `vtlb_page_lg`: of the page map that is a hook's; 0: it is not. */
static TwTarget *machine_open(const TwTargetClass *klass, const Library *lib,
                              const NamedGuest *named, Place place,
                              unsigned vtlb_page_lg,
                              const TwTargetOptions *options, GError **error)
{
    Machine *m = g_new0(Machine, 1);
    const Guest *guest = named->guest;
    bool ready;
    void *records = mmap(NULL, MAX_PAGE, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    m->target.klass = klass;
    m->guest = guest;
    m->place = place;
    m->flat.page_lg = named->page_lg; /* before any run, for emit */
    m->page_lg = vtlb_page_lg ? vtlb_page_lg : named->page_lg;
    m->dialect =
        tw_uc_dialect(1u << guest->words | 1u << tw_contents_runs(guest->words),
                      vtlb_page_lg != 0, m->page_lg);
    m->snapshots = klass == &tw_unicorn_snapshot_class;
    if (m->snapshots) {
        m->dialect = tw_uc_snapshot_dialect(m->page_lg);
    }
    m->dialect.wide_rmw = guest->wide_exchange;
    if (vtlb_page_lg == 0 && guest->handlers[RECORD_PAIR_READ].size > 0) {
        m->dialect.op_flags |= TW_OPF_PAIRED;
    }
    m->in_flight = options->in_flight;
    m->teller = options->teller;
    m->strict = options->strict;
    m->vtlb = vtlb_page_lg != 0 ? g_new0(Vtlb, 1) : NULL;
    m->lib = *lib;
    tw_uc_library_version(lib, m->version, sizeof(m->version));
    m->records = records != MAP_FAILED ? records : NULL;
    tw_uc_clock_stop();
    ready = m->records != NULL &&
            tw_uc_memory_open(&m->memory, named->page_lg) &&
            (!m->snapshots || tw_uc_memory_open_saved(&m->memory)) &&
            tw_uc_engine_prepare(m);
    tw_uc_clock_go();
    if (!ready) {
        machine_close(&m->target);
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT,
                    "%s: libunicorn cannot be started", klass->name);
        return NULL;
    }
    return &m->target;
}

static TwTarget *unicorn_open(const TwTargetOptions *options, GError **error)
{
    Place place;
    const NamedGuest *guest = guest_named(options->name, &place, error);
    Library lib;

    return guest != NULL &&
                   tw_uc_library_open(&lib, "unicorn", options->library, error)
               ? machine_open(&tw_unicorn_class, &lib, guest, place, 0, options,
                              error)
               : NULL;
}

/* A class that needs what 2.1 has. */
static void tell_too_old(const char *target, const Library *lib, GError **error)
{
    char version[32];

    tw_uc_library_version(lib, version, sizeof(version));
    g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT,
                "%s: expected libunicorn 2.1 or newer; this is %s", target,
                version);
}

static TwTarget *vtlb_open(const TwTargetOptions *options, GError **error)
{
    unsigned page_lg;
    Library lib;

    if (strcmp(options->name, "unicorn-vtlb") != 0) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE,
                    "unicorn-vtlb: takes no argument");
        return NULL;
    }
    if (!tw_uc_library_open(&lib, "unicorn-vtlb", options->library, error)) {
        return NULL;
    }
    page_lg = tw_uc_vtlb_page_lg(&lib, guests[0].guest);
    if (page_lg == 0) {
        tell_too_old("unicorn-vtlb", &lib, error);
        return NULL;
    }
    return machine_open(&tw_unicorn_vtlb_class, &lib, &guests[0], PLACE_LOW,
                        page_lg, options, error);
}

static TwTarget *snapshot_open(const TwTargetOptions *options, GError **error)
{
    Place place;
    const NamedGuest *guest = guest_named(options->name, &place, error);

    Library lib;

    if (guest == NULL || !tw_uc_library_open(&lib, "unicorn-snapshot",
                                             options->library, error)) {
        return NULL;
    }
    if (!tw_uc_snapshot_possible(&lib, guest->guest)) {
        tell_too_old("unicorn-snapshot", &lib, error);
        return NULL;
    }
    return machine_open(&tw_unicorn_snapshot_class, &lib, guest, place, 0,
                        options, error);
}

/* 2.0.1 leaks when stores hit translated code; that is not what is looked for,
 * and a leak in this process says nothing of ours.  Read by LeakSanitizer,
 * where there is one. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libunicorn\n"
           "leak:tb_invalidate_phys_page_fast\n"; /* linked statically */
}

static const char *const contract_words[] = {"documented", "strict", NULL};

/* The library that runs, of all these classes. */
#define OPTION_LIBRARY \
    { \
        "library", TW_TARGET_TEXT, TW_TARGET_FIELD(library), \
            .value = "PATH", \
            .help = \
                "The libunicorn to run: a libunicorn.so, for instance one " \
                "that you have just built (default: the installed one)" \
    }

const TwTargetOption tw_unicorn_options[] = {
    OPTION_LIBRARY,
    {"contract", TW_TARGET_CHOICE, TW_TARGET_FIELD(strict), contract_words,
     "NAME",
     "What the target must guarantee: documented (the default): what the "
     "library's documentation promises; strict: more, see the man page"},
    {.name = NULL},
};

static const TwTargetOption snapshot_options[] = {
    OPTION_LIBRARY,
    {.name = NULL},
};

const TwTargetClass tw_unicorn_class = {
    .name = "unicorn",
    .forms = "unicorn, unicorn:GUEST, unicorn:GUEST@PLACE",
    .options = tw_unicorn_options,
    .summary = "libunicorn in this process; unicorn:GUEST: arm64 (the "
               "default), arm64-1k (pages of 1 KiB), x86-64, riscv64; PLACE of "
               "its addresses: low (the "
               "default), high (above 2^48), last (up to 2^64 - 1)",
    .tells = true,
    .open = unicorn_open,
    .dialect = dialect,
    .contract = contract,
    .version = version,
    .run = tw_uc_run,
    .emit = tw_uc_emit,
    .emits_hangs = true,
    .readable = true,
    .close = machine_close,
    .triggers = tw_uc_triggers,
    .triggers_met = tw_uc_triggers_met,
    .avoid = tw_uc_avoid,
    .call = tw_uc_call,
    .when = tw_uc_when,
    .title = tw_uc_title,
};

const TwTargetClass tw_unicorn_vtlb_class = {
    .name = "unicorn-vtlb",
    .options = tw_unicorn_options,
    .summary = "libunicorn's virtual TLB (2.1 and later): the page map is a "
               "hook's",
    .tells = true,
    .open = vtlb_open,
    .dialect = dialect,
    .contract = contract,
    .version = version,
    .run = tw_uc_run,
    .emit = tw_uc_emit,
    .emits_hangs = true,
    .readable = true,
    .close = machine_close,
    .triggers = tw_uc_vtlb_triggers,
    .triggers_met = tw_uc_vtlb_triggers_met,
    .avoid = tw_uc_vtlb_avoid,
    .call = tw_uc_vtlb_call,
};

const TwTargetClass tw_unicorn_snapshot_class = {
    .name = "unicorn-snapshot",
    .forms = "unicorn-snapshot, unicorn-snapshot:GUEST, "
             "unicorn-snapshot:GUEST@PLACE",
    .options = snapshot_options,
    .summary = "libunicorn's snapshots of memory (2.1 and later); GUEST and "
               "PLACE as with unicorn",
    .tells = true,
    .open = snapshot_open,
    .dialect = dialect,
    .contract = contract,
    .version = version,
    .run = tw_uc_run,
    .emit = tw_uc_emit,
    .emits_hangs = true,
    .readable = true,
    .close = machine_close,
    .triggers = tw_uc_snapshot_triggers,
    .triggers_met = tw_uc_snapshot_triggers_met,
    .avoid = tw_uc_snapshot_avoid,
    .call = tw_uc_call,
    .when = tw_uc_snapshot_when,
    .title = tw_uc_title,
};
