/* SPDX-License-Identifier: MIT */
/*
 * The classes "qemu-mpc", "qemu-mpc-smp" and "qemu-mpc-dma": opening them, what
 * they can express, and what the board promises.
 */
#define _GNU_SOURCE
#include "targets/mpc/class.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "targets/mpc/emit.h"
#include "targets/mpc/internal.h"
#include "targets/mpc/trigger.h"
#include "targets/qemu-options.h"
#include "targets/qemu-version.h"

/* Rows of the options that only two QEMUs have, at the start of the table. */
enum { PAIR_ROWS = 2 };

static const TwTargetOption options_of_class[] = {
    TW_QEMU_OPTIONS_OF_BINARIES,
    TW_QEMU_OPTION_DROP_FLUSHES,
    TW_QEMU_OPTION_TIMEOUT,
    {.name = NULL},
};

/* What a table says holds for the next access: the manual names no cache that
 * software must invalidate (SSE-200, 101104, 3.4.4 "AHB5 TrustZone Memory
 * Protection Controller"). */
static const TwContract contract_of_class = {
    .cpu_cache = true,
    .ends = TW_ENDS_UNMAP | TW_ENDS_CPU_FLUSH,
};

static TwDialect dialect_of_class(void)
{
    static const uint8_t codes[] = {
        TW_OP_NOP,  TW_OP_READ,     TW_OP_WRITE,     TW_OP_EXEC,
        TW_OP_PAGE, TW_OP_MPC_READ, TW_OP_MPC_WRITE, TW_OP_FLUSH_ALL};
    static const uint8_t setup_only[] = {TW_OP_PAGE};

    return (TwDialect){
        .ops = tw_ops_of(codes, sizeof(codes)),
        .setup_only = tw_ops_of(setup_only, sizeof(setup_only)),
        .region_kinds = 1u << TW_REGION_CONTAINER | 1u << TW_REGION_RAM |
                        1u << TW_REGION_IOMMU | 1u << TW_REGION_ALIAS,
        .iommu_kinds = 1u << TW_IOMMU_MPC,
        .selects = 1u << TW_SELECT_SECURE,
        .op_flags = TW_OPF_DURING,
        .plain_devices = true,
        .plain_accesses = true,
        .exec_needs_code = true,
        .contents = 1u << TW_CONTENTS_DATA | 1u << TW_CONTENTS_RUNS_THUMB,
        .min_page_lg = TW_MPC_BOARD_PAGE_LG,
        .max_page_lg = TW_MPC_BOARD_PAGE_LG,
        .min_granule_lg = TW_MPC_BOARD_PAGE_LG,
        .max_granule_lg = TW_MPC_BOARD_PAGE_LG,
        .max_regions = TW_MPC_BOARD_RAM + TW_MPC_BOARD_MPCS,
        .max_spaces = 1 + TW_MPC_BOARD_MPCS,
        .max_iommus = TW_MPC_BOARD_MPCS,
        .max_cpus = 1,
        .max_mmu_indexes = TW_MPC_BOARD_INDEXES,
        .max_iommu_indexes = 2,
        .max_tlb_lg = TW_MAX_TLB_LG,
        .max_setup = TW_MPC_BOARD_INDEXES,
        .max_script = TW_MAX_SCRIPT,
        .mpc_board = true,
    };
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
        munmap(m->ram, TW_MPC_RAM_SIZE);
    }
    tw_mpc_memory_close(m);
    if (m->ram_fd >= 0) {
        close(m->ram_fd);
    }
    if (m->file_fd >= 0) {
        close(m->file_fd);
    }
    g_free(m->versions);
    g_free(m->command);
    g_free(m->binary);
    g_free(m->args);
    g_free(m);
}

/* The guest's main RAM, and the agent as a file; both in memory. */
static bool share_memory(Machine *m, GError **error)
{
    size_t size = tw_mpc_agent_size;
    void *ram = MAP_FAILED;

    m->ram_fd = memfd_create("twinwalk-ram", MFD_CLOEXEC);
    m->file_fd = memfd_create("twinwalk-file", MFD_CLOEXEC);
    if (m->ram_fd >= 0 && ftruncate(m->ram_fd, TW_MPC_RAM_SIZE) == 0) {
        ram = mmap(NULL, TW_MPC_RAM_SIZE, PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_NORESERVE, m->ram_fd, 0);
    }
    m->ram = ram != MAP_FAILED ? ram : NULL;
    if (m->ram == NULL || m->file_fd < 0 ||
        write(m->file_fd, tw_mpc_agent, size) != (ssize_t)size) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT,
                    "qemu-mpc: expected memory to share with the guest: %s",
                    g_strerror(errno));
        return false;
    }
    return true;
}

static char *command_of(const Machine *m)
{
    g_autofree char *quoted = g_shell_quote(m->binary);

    return g_strdup_printf(
        "exec %s -nodefaults -no-user-config -display none "
        "-object memory-backend-file,id=m0,size=%u,"
        "mem-path=/proc/self/fd/$TW_RAM,share=on -m size=%u -monitor none "
        "-chardev stdio,id=s0,signal=off -serial chardev:s0 "
        "-M %s,memory-backend=m0 -kernel /proc/self/fd/$TW_FILE %s "
        "-accel tcg", /* of several, QEMU takes the first */
        quoted, TW_MPC_RAM_SIZE, TW_MPC_RAM_SIZE >> 20,
        m->n_cpus > 1 ? "mps2-an521" : "mps2-an505", m->args);
}

/* Two CPUs: what one of them changes ends answers of the other at its safe
 * point. */
static void share(Machine *m)
{
    tw_ops_add(&m->dialect.ops, TW_OP_SAFEPOINT);
    m->dialect.max_cpus = TW_MPC_BOARD_CPUS;
    m->dialect.max_setup = TW_MPC_BOARD_CPUS * TW_MPC_BOARD_INDEXES;
    m->dialect.explicit_safepoints = true;
}

/* The CPU is compared with DMA, which executes nothing and caches nothing. */
static void compare(Machine *m)
{
    m->dialect.contents = 1u << TW_CONTENTS_DATA;
    m->dialect.op_flags = 0;
    tw_ops_remove(&m->dialect.ops, TW_OP_EXEC);
    m->contract.cpu_cache = false; /* no answer is an older one */
}

/* The other configuration, if there is one.  Writes are left out of the first
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

static TwTarget *machine_open(const TwTargetClass *klass,
                              const TwTargetOptions *options, GError **error)
{
    Machine *m = g_new0(Machine, 1);
    char why[160];

    m->target.klass = klass;
    m->ram_fd = m->file_fd = -1;
    m->dialect = dialect_of_class();
    m->contract = contract_of_class;
    m->n_cpus = klass == &tw_mpc_smp_class ? TW_MPC_BOARD_CPUS : 1;
    if (m->n_cpus > 1) {
        share(m);
    }
    m->pairs = klass->run_reference != NULL;
    if (m->pairs) {
        compare(m);
    }
    m->in_flight = options->in_flight;
    m->drop_flushes = options->drop_flushes;
    m->args = g_strdup(options->qemu_args ? options->qemu_args : "");
    m->timeout_ms = options->timeout_ms ? options->timeout_ms : TW_TIMEOUT_MS;
    m->binary = g_strdup(options->qemu ? options->qemu : "qemu-system-arm");
    tw_process_init(&m->process);
    m->command = command_of(m);
    if (!share_memory(m, error) ||
        !tw_qemu_version_of(m->binary, "mpc", m->version, sizeof(m->version),
                            error)) {
        machine_close(&m->target);
        return NULL;
    }
    if (!tw_mpc_start(m, why, sizeof(why))) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT,
                    "qemu-mpc: expected %s to start: %s", m->binary, why);
        machine_close(&m->target);
        return NULL;
    }
    if (!open_other(m, options, error)) {
        machine_close(&m->target);
        return NULL;
    }
    return &m->target;
}

static TwTarget *cpu_open(const TwTargetOptions *options, GError **error)
{
    return machine_open(&tw_mpc_class, options, error);
}

static TwTarget *smp_open(const TwTargetOptions *options, GError **error)
{
    return machine_open(&tw_mpc_smp_class, options, error);
}

static TwTarget *dma_open(const TwTargetOptions *options, GError **error)
{
    return machine_open(&tw_mpc_dma_class, options, error);
}

const TwTargetClass tw_mpc_class = {
    .name = "qemu-mpc",
    .summary = "a Cortex-M33 of a stock qemu-system-arm behind TrustZone MPCs",
    .options = options_of_class,
    .elsewhere = true,
    .open = cpu_open,
    .dialect = dialect,
    .contract = contract,
    .version = version,
    .run = tw_mpc_run,
    .other = other,
    .emit = tw_mpc_emit,
    .ping = tw_mpc_ping,
    .close = machine_close,
    .triggers = tw_mpc_triggers,
    .triggers_met = tw_mpc_triggers_met,
    .avoid = tw_mpc_avoid,
};

const TwTargetClass tw_mpc_smp_class = {
    .name = "qemu-mpc-smp",
    .summary = "two such Cortex-M33, each of which changes what the other sees",
    .options = options_of_class,
    .elsewhere = true,
    .open = smp_open,
    .dialect = dialect,
    .contract = contract,
    .version = version,
    .run = tw_mpc_run,
    .other = other,
    .emit = tw_mpc_emit,
    .ping = tw_mpc_ping,
    .close = machine_close,
    .triggers = tw_mpc_smp_triggers,
    .triggers_met = tw_mpc_triggers_met,
    .avoid = tw_mpc_avoid,
};

const TwTargetClass tw_mpc_dma_class = {
    .name = "qemu-mpc-dma",
    .summary = "that Cortex-M33 compared with a DMA controller without a TLB",
    .options = options_of_class + PAIR_ROWS,
    .elsewhere = true,
    .open = dma_open,
    .dialect = dialect,
    .contract = contract,
    .version = version,
    .run = tw_mpc_run,
    .run_reference = tw_mpc_run_by_dma,
    .emit = tw_mpc_emit,
    .ping = tw_mpc_ping,
    .close = machine_close,
    .triggers = tw_mpc_data_triggers,
    .triggers_met = tw_mpc_triggers_met,
    .avoid = tw_mpc_avoid,
};
