/* SPDX-License-Identifier: MIT */
/*
 * The classes of stock QEMUs with a virtual IOMMU: opening them, what they can
 * express, and what the architectures promise.
 */
#define _GNU_SOURCE
#include "targets/qtest/class.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "targets/qemu-options.h"
#include "targets/qemu-version.h"
#include "targets/qtest/internal.h"
#include "targets/qtest/trigger.h"

#define ONLY_COMMANDS(families) \
    { \
        "only-commands", TW_TARGET_TEXT, TW_TARGET_FIELD(only_commands), \
            .value = "FAMILIES", \
            .help = "Programs have these commands alone, with commas " \
                    "between: " families \
    }

/* Without other GiB, where a `table` is not (program/path.h). */
static const TwTargetOption options_of_virtio[] = {
    TW_QEMU_OPTIONS_OF_BINARIES,
    ONLY_COMMANDS("domain, pages, contexts"),
    TW_QEMU_OPTION_DROP_FLUSHES,
    TW_QEMU_OPTION_TIMEOUT,
    {.name = NULL},
};

/* Likewise, and without families of commands (families.c). */
static const TwTargetOption options_of_rings[] = {
    TW_QEMU_OPTIONS_OF_BINARIES,
    TW_QEMU_OPTION_DROP_FLUSHES,
    TW_QEMU_OPTION_TIMEOUT,
    {.name = NULL},
};

static const TwTargetOption options_of_all[] = {
    TW_QEMU_OPTIONS_OF_BINARIES,
    ONLY_COMMANDS("global, domain, pages, contexts, second-global, "
                  "second-domain, second-pages"),
    {"wide", TW_TARGET_SWITCH, TW_TARGET_FIELD(wide),
     .help = "Devices access addresses of 64 bits, not of 32"},
    TW_QEMU_OPTION_DROP_FLUSHES,
    TW_QEMU_OPTION_TIMEOUT,
    {.name = NULL},
};

/* The IOMMUs may also be of kind `table`. */
static void add_tables(TwDialect *d)
{
    static const uint8_t codes[] = {TW_OP_MAP,        TW_OP_UNMAP,
                                    TW_OP_PROTECT,    TW_OP_NOTIFY,
                                    TW_OP_NOTIFY_ALL, TW_OP_BYPASS};

    for (unsigned i = 0; i < sizeof(codes); i++) {
        tw_ops_add(&d->ops, codes[i]);
    }
    d->op_flags = TW_OPF_NOTIFIED | TW_OPF_ON;
    d->iommu_kinds |= 1u << TW_IOMMU_TABLE;
}

/* Devices keep mappings of areas; some do nothing but store. */
static void add_mappings(TwDialect *d, const Keeper *keeper)
{
    if (!keeper->load) {
        tw_ops_remove(&d->ops, TW_OP_DMA_READ);
    }
    tw_ops_add(&d->ops, TW_OP_DMA_MAP);
    tw_ops_add(&d->ops, TW_OP_DMA_UNMAP);
    d->op_flags |= TW_OPF_VIA;
    d->dma_area_lg = keeper->area_lg;
    d->dma_area_at = keeper->area_at;
    d->dma_area_step = keeper->area_step;
    if (keeper->area_step) { /* stores are of no whole word (LA-44) */
        d->contents = 1u << TW_CONTENTS_DATA;
    }
}

/* All IOMMUs are of kind `table`. */
static void be_without_pokes(TwDialect *d)
{
    static const uint8_t codes[] = {TW_OP_POKE, TW_OP_CONTEXT,
                                    TW_OP_INVALIDATE};

    for (unsigned i = 0; i < sizeof(codes); i++) {
        tw_ops_remove(&d->ops, codes[i]);
    }
    d->iommu_kinds = 1u << TW_IOMMU_TABLE;
    d->table_bases = d->output_widths = false;
}

/* There are no tables in memory, and nothing is kept of a translation, which is
 * what an access at the end of a page would find. */
static void be_without_tables(TwDialect *d)
{
    be_without_pokes(d);
    d->op_flags = TW_OPF_ON;
    d->path_levels = 0;
    d->last_bytes = d->path_shared = true;
}

static TwDialect dialect_of(const Driver *driver)
{
    static const uint8_t codes[] = {
        TW_OP_NOP,  TW_OP_DMA_READ, TW_OP_DMA_WRITE,
        TW_OP_POKE, TW_OP_CONTEXT,  TW_OP_INVALIDATE,
    };
    TwDialect d = {
        .ops = tw_ops_of(codes, sizeof(codes)),
        .region_kinds = 1u << TW_REGION_CONTAINER | 1u << TW_REGION_RAM |
                        1u << TW_REGION_IOMMU,
        .iommu_kinds = 1u << TW_IOMMU_PAGETABLE,
        .selects = 1u << TW_SELECT_REQUESTER,
        .iotlbs = true,
        .table_bases = true,
        .output_widths = true,
        .nested_tables = driver->stages == 2,
        .reasons = true,
        .plain_devices = true,
        .plain_accesses = true,
        .contents = 1u << TW_CONTENTS_INERT,
        .min_page_lg = 12,
        .max_page_lg = 12,
        .min_granule_lg = 12,
        .max_granule_lg = 12,
        .max_regions = 4,
        .max_spaces = 3,
        .max_iommus = (uint8_t)driver->stages,
        .max_iommu_indexes = MOST_INDEXES,
        .max_setup = TW_MAX_SETUP,
        .max_script = TW_MAX_SCRIPT,
        .path_stages = (uint8_t)driver->stages,
        .path_formats = {driver->formats[0], driver->formats[1]},
        .path_levels = 3,
        .path_outputs = {driver->outputs[0], driver->outputs[1]},
        .path_far = driver->far,
        .dma_first = driver->ram + AT_PROGRAM,
        .dma_lg = PROGRAM_LG,
        .entry_bits = driver->entry_bits,
        .entry_ones = driver->entry_ones,
        .reason_coarse = true,
        .reason_lg = driver->reason_lg,
    };

    memcpy(d.reason_groups, driver->reason_groups, sizeof(d.reason_groups));
    add_tables(&d);
    if (driver->keeper) {
        add_mappings(&d, driver->keeper);
    }
    if (driver->no_pokes) {
        be_without_pokes(&d);
    }
    if (driver->tables_alone) {
        be_without_tables(&d);
    }
    return d;
}

/* What blocks a device may be a table without entries; then an address that is
 * too wide is refused as such. */
static void be_wide(TwDialect *d, const Driver *driver)
{
    d->dma_wide = driver->wide;
    if (d->reason_groups[TW_REASON_RANGE] == 0) {
        d->reason_groups[TW_REASON_RANGE] = d->reason_groups[TW_REASON_BLOCKED];
    }
}

static const TwDialect *dialect(TwTarget *target)
{
    return &((Machine *)target)->dialect;
}

static const TwContract *contract(TwTarget *target)
{
    return &((Machine *)target)->contract;
}

static const char *version(TwTarget *target)
{
    const Machine *m = (Machine *)target;

    return m->versions ? m->versions : m->version;
}

static TwTarget *other(TwTarget *target)
{
    return (TwTarget *)((Machine *)target)->other;
}

static void machine_close(TwTarget *target)
{
    Machine *m = (Machine *)target;

    tw_target_close((TwTarget *)m->other);
    tw_process_clear(&m->process, 0);
    if (m->ram != NULL) {
        munmap(m->ram, RAM_BYTES);
    }
    if (m->ram_fd >= 0) {
        close(m->ram_fd);
    }
    tw_qtest_memory_close(m);
    tw_observer_free(m->observer);
    if (m->out) {
        g_string_free(m->out, TRUE);
    }
    g_free(m->versions);
    g_free(m->command);
    g_free(m->binary);
    g_free(m->args);
    g_free(m->state);
    munmap(m, sizeof(*m));
}

static bool share_memory(Machine *m, GError **error)
{
    void *ram = MAP_FAILED;

    m->ram_fd = memfd_create("twinwalk-ram", MFD_CLOEXEC);
    if (m->ram_fd >= 0 && ftruncate(m->ram_fd, RAM_BYTES) == 0) {
        ram = mmap(NULL, RAM_BYTES, PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_NORESERVE, m->ram_fd, 0);
    }
    m->ram = ram != MAP_FAILED ? ram : NULL;
    if (m->ram == NULL || !tw_qtest_memory_open(m)) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT,
                    "qemu-%s: expected memory to share with QEMU: %s",
                    m->driver->name, g_strerror(errno));
        return false;
    }
    return true;
}

static bool observe(Machine *m, GError **error)
{
    if (!m->driver->observed) {
        return true;
    }
    m->observer = tw_observer_new(tw_vhost_firmware(m), m->drop_flushes,
                                  m->driver->hole_first, m->driver->hole_last);
    if (!m->observer) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT,
                    "qemu-%s: expected memory to share with QEMU: %s",
                    m->driver->name, g_strerror(errno));
    }
    return m->observer != NULL;
}

static unsigned major_version(const Machine *m)
{
    return (unsigned)g_ascii_strtoull(m->version, NULL, 10);
}

static const char *machine_of(const Machine *m)
{
    const Driver *driver = m->driver;

    return driver->since && major_version(m) >= driver->since
               ? driver->machine_since
               : driver->machine;
}

/* The command, with the devices that make DMA. */
static char *command_of(const Machine *m)
{
    g_autofree char *quoted = g_shell_quote(m->binary);
    GString *command = g_string_new(NULL);

    g_string_printf(
        command,
        "exec %s -nodefaults -no-user-config -display none %s "
        "-object memory-backend-file,id=m0,size=%u,"
        "mem-path=/proc/self/fd/$TW_RAM,share=on -m size=%u -monitor none "
        "-serial none -qtest stdio -qtest-log none %s",
        quoted, m->observer ? "-bios /proc/self/fd/$TW_BIOS" : "-S", RAM_BYTES,
        RAM_BYTES >> 20, m->machine);
    for (unsigned i = 0; i < MOST_INDEXES && m->observer; i++) {
        g_string_append_printf(command,
                               " -chardev socket,id=c%u,fd=$TW_VHOST%u "
                               "-device %s,chardev=c%u,tag=t%u",
                               i, i, tw_vhost_device(m, i), i, i);
    }
    for (unsigned i = 0; i < DEVICES && !m->observer; i++) {
        const char *device = tw_qtest_device(m, i);

        if (device) {
            g_string_append_printf(command, " -device %s", device);
        }
    }
    g_string_append_printf(command, " %s -accel tcg", m->args);
    return g_string_free(command, FALSE);
}

/* The other configuration, if there is one.  Commands are left out of the first
 * alone. */
static bool open_other(Machine *m, const TwTargetOptions *options,
                       GError **error)
{
    TwTargetOptions others = *options;

    if (!options->against_qemu && !options->against_qemu_args) {
        return true;
    }
    tw_target_options_other(&others);
    others.drop_flushes = false;
    others.in_flight = NULL;
    m->other = (Machine *)m->target.klass->open(&others, error);
    if (!m->other) {
        return false;
    }
    m->versions =
        g_strdup_printf("%s against %s", m->version, m->other->version);
    return true;
}

static TwTarget *machine_open(const TwTargetClass *klass, const Driver *driver,
                              const TwTargetOptions *options, GError **error)
{
    Machine *m = mmap(NULL, sizeof(*m), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    char why[160];

    if (m == MAP_FAILED) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT,
                    "qemu-%s: expected memory: %s", driver->name,
                    g_strerror(errno));
        return NULL;
    }
    m->target.klass = klass;
    m->driver = driver;
    m->ram_fd = -1;
    m->dialect = dialect_of(driver);
    m->wide = options->wide && !tw_qtest_is_direct(m); /* those reach so far */
    if (options->wide) {
        be_wide(&m->dialect, driver);
    }
    m->contract = driver->contract;
    m->contract.mapping_ends =
        driver->keeper ? TW_ENDS_UNMAP | TW_ENDS_RESET : 0; /* RU-9 */
    if (driver->uncached && options->qemu_args &&
        strstr(options->qemu_args, driver->uncached)) {
        m->contract.iotlb &= TW_IOTLB_CONTEXTS;
    }
    m->in_flight = options->in_flight;
    m->drop_flushes = options->drop_flushes;
    m->args = g_strdup(options->qemu_args ? options->qemu_args : "");
    m->timeout_ms = options->timeout_ms ? options->timeout_ms : TW_TIMEOUT_MS;
    m->binary = g_strdup(options->qemu ? options->qemu : driver->binary);
    m->state = g_malloc0(DRIVER_STATE);
    m->out = g_string_new(NULL);
    tw_process_init(&m->process);
    if (!share_memory(m, error) || !observe(m, error) ||
        !tw_qemu_version_of(m->binary, driver->name, m->version,
                            sizeof(m->version), error)) {
        machine_close(&m->target);
        return NULL;
    }
    if (major_version(m) < driver->oldest) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT,
                    "qemu-%s: expected QEMU %u or later, not %s", driver->name,
                    driver->oldest, m->version);
        machine_close(&m->target);
        return NULL;
    }
    if (major_version(m) < driver->tells_since) {
        memset(m->dialect.reason_groups, TW_REASON_UNTOLD,
               sizeof(m->dialect.reason_groups));
    }
    if (!tw_qtest_families(options->only_commands, driver->name, &m->dialect,
                           error)) {
        machine_close(&m->target);
        return NULL;
    }
    m->machine = machine_of(m);
    m->command = command_of(m);
    if (!tw_qtest_start(m, why, sizeof(why))) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT,
                    "qemu-%s: expected %s to start: %s", driver->name,
                    m->binary, why);
        machine_close(&m->target);
        return NULL;
    }
    if (!open_other(m, options, error)) {
        machine_close(&m->target);
        return NULL;
    }
    return &m->target;
}

/* Defines the class of a driver: its part of the name, as in C, its title, and
 * further members. */
#define CLASS_WITH(option_table, caller, of, slug, title, ...) \
    static TwTarget *of##_open(const TwTargetOptions *options, GError **error) \
    { \
        return machine_open(&tw_qtest_##of##_class, &tw_qtest_##of, options, \
                            error); \
    } \
    const TwTargetClass tw_qtest_##of##_class = {.name = "qemu-" slug, \
                                                 .summary = title, \
                                                 .options = option_table, \
                                                 .elsewhere = true, \
                                                 .open = of##_open, \
                                                 .dialect = dialect, \
                                                 .contract = contract, \
                                                 .version = version, \
                                                 .run = tw_qtest_run, \
                                                 .other = other, \
                                                 .emit = tw_qtest_emit, \
                                                 .emit_test = \
                                                     tw_qtest_emit_test, \
                                                 .ping = tw_qtest_ping, \
                                                 .close = machine_close, \
                                                 .call = caller, \
                                                 .readable = true, \
                                                 __VA_ARGS__}

#define CLASS(of, slug, title, ...) \
    CLASS_WITH(options_of_all, tw_qtest_call, of, slug, title, __VA_ARGS__)

#define TRIGGERS(kind) \
    .triggers = tw_qtest_##kind##_triggers, \
    .triggers_met = tw_qtest_##kind##_met, .avoid = tw_qtest_##kind##_avoid

CLASS(smmuv3, "smmuv3", "SMMUv3 of a stock QEMU, stage 1, under device DMA",
      TRIGGERS(smmuv3));
CLASS(smmuv3_nested, "smmuv3-nested",
      "SMMUv3 of a stock QEMU, stage 1 behind stage 2",
      .triggers = tw_qtest_smmuv3_nested_triggers,
      .triggers_met = tw_qtest_smmuv3_met, .avoid = tw_qtest_smmuv3_avoid);
CLASS(riscv_iommu, "riscv-iommu",
      "RISC-V IOMMU of a stock QEMU, first stage, under device DMA",
      TRIGGERS(riscv_iommu));
CLASS(riscv_iommu_nested, "riscv-iommu-nested",
      "RISC-V IOMMU of a stock QEMU, first stage behind second stage",
      TRIGGERS(riscv_iommu_nested));
CLASS(vtd, "vtd", "VT-d of a stock QEMU, legacy mode, under device DMA",
      TRIGGERS(vtd));
CLASS(vtd_scalable, "vtd-scalable",
      "VT-d of a stock QEMU, scalable mode, second-stage tables",
      TRIGGERS(vtd_scalable));
CLASS(vtd_first, "vtd-first",
      "VT-d of a stock QEMU, scalable mode, first-stage tables",
      TRIGGERS(vtd_first));
CLASS(vtd_vhost, "vtd-vhost",
      "VT-d of a stock QEMU, legacy mode: what it tells vhost-user devices",
      TRIGGERS(vtd_vhost));
CLASS(vtd_ats, "vtd-ats",
      "VT-d of a stock QEMU, legacy mode: the same with device IOTLBs (ATS)",
      TRIGGERS(vtd_vhost));
CLASS(vtd_ahci, "vtd-ahci",
      "VT-d of a stock QEMU, legacy mode, under AHCI, which keeps mappings",
      TRIGGERS(vtd_ahci));
CLASS_WITH(options_of_rings, tw_qtest_call, virtio_vtd, "virtio-vtd",
           "VT-d of a stock QEMU, legacy mode, under rings of virtio devices",
           TRIGGERS(virtio_vtd));
CLASS(smmuv3_vhost, "smmuv3-vhost",
      "SMMUv3 of a stock QEMU, stage 1: what it tells vhost-user devices",
      TRIGGERS(smmuv3_vhost));
CLASS(amdvi_vhost, "amdvi-vhost",
      "AMD-Vi of a stock QEMU: what it tells vhost-user devices",
      TRIGGERS(amdvi_vhost));
CLASS(amdvi, "amdvi", "AMD-Vi of a stock QEMU, under device DMA",
      TRIGGERS(amdvi));
CLASS_WITH(options_of_virtio, tw_qtest_call_request, virtio_iommu,
           "virtio-iommu", "virtio-iommu of a stock QEMU, under device DMA",
           TRIGGERS(virtio));
CLASS_WITH(options_of_virtio, tw_qtest_call_request, virtio_iommu_vhost,
           "virtio-iommu-vhost",
           "virtio-iommu of a stock QEMU: what it tells vhost-user devices",
           TRIGGERS(virtio_vhost));
