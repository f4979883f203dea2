/* SPDX-License-Identifier: MIT */
/*
 * The classes "qemu-...": opening them, what they can express, and what the
 * architectures promise.
 */
#define _GNU_SOURCE
#include "targets/qemu/class.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "targets/qemu/dialect.h"
#include "targets/qemu/internal.h"
#include "targets/qemu/trigger.h"

/* An architecture may keep what it has read of page tables until software
 * invalidates it, in as many entries as it likes; it need not see that an
 * entry has changed. */
static const TwContract contract_of_all = {
    .cpu_cache = true,
    .ends = TW_ENDS_CPU_FLUSH,
};

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
    return ((Machine *)target)->version;
}

static void machine_close(TwTarget *target)
{
    Machine *m = (Machine *)target;

    tw_process_clear(&m->process, 0);
    if (m->ram != NULL) {
        munmap(m->ram, TW_AGENT_RAM_SIZE);
    }
    tw_qemu_memory_close(m);
    if (m->ram_fd >= 0) {
        close(m->ram_fd);
    }
    if (m->file_fd >= 0) {
        close(m->file_fd);
    }
    g_free(m->command);
    g_free(m->binary);
    g_free(m->args);
    munmap(m, sizeof(*m));
}

/* The guest's RAM, and the agent as a file; both in memory. */
static bool share_memory(Machine *m, GError **error)
{
    size_t size = *m->arch->file_size;
    void *ram = MAP_FAILED;

    m->ram_fd = memfd_create("twinwalk-ram", MFD_CLOEXEC);
    m->file_fd = memfd_create("twinwalk-file", MFD_CLOEXEC);
    if (m->ram_fd >= 0 && ftruncate(m->ram_fd, TW_AGENT_RAM_SIZE) == 0) {
        ram = mmap(NULL, TW_AGENT_RAM_SIZE, PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_NORESERVE, m->ram_fd, 0);
    }
    m->ram = ram != MAP_FAILED ? ram : NULL;
    if (m->ram == NULL || !tw_qemu_memory_open(m) || m->file_fd < 0 ||
        write(m->file_fd, m->arch->file, size) != (ssize_t)size) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT,
                    "qemu-%s: expected memory to share with the guest: %s",
                    m->arch->name, g_strerror(errno));
        return false;
    }
    return true;
}

static TwTarget *machine_open(const TwTargetClass *klass, const Arch *arch,
                              const TwTargetOptions *options, GError **error)
{
    Machine *m = mmap(NULL, sizeof(*m), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    g_autofree char *quoted = NULL;
    char why[160];

    if (m == MAP_FAILED) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT,
                    "qemu-%s: expected memory: %s", arch->name,
                    g_strerror(errno));
        return NULL;
    }
    m->target.klass = klass;
    m->arch = arch;
    m->ram_fd = m->file_fd = -1;
    m->dialect = tw_qemu_dialect(arch);
    m->contract = contract_of_all;
    m->contract.code = arch->code;
    m->in_flight = options->in_flight;
    m->drop_flushes = options->drop_flushes;
    m->small_tlb = options->tlb == TW_TLB_SMALL;
    m->args = g_strdup(options->qemu_args ? options->qemu_args : "");
    m->timeout_ms = options->timeout_ms ? options->timeout_ms : TW_TIMEOUT_MS;
    m->binary = g_strdup(options->qemu ? options->qemu : arch->binary);
    quoted = g_shell_quote(m->binary);
    tw_process_init(&m->process);
    m->command = g_strdup_printf(
        "exec %s -nodefaults -no-user-config -display none "
        "-object memory-backend-file,id=m0,size=%u,"
        "mem-path=/proc/self/fd/$TW_RAM,share=on -m size=%u -monitor none "
        "-chardev stdio,id=s0,signal=off -serial chardev:s0 %s %s "
        "-accel tcg", /* of several, QEMU takes the first */
        quoted, TW_AGENT_RAM_SIZE, TW_AGENT_RAM_SIZE >> 20, arch->machine,
        m->args);
    if (!share_memory(m, error) ||
        !tw_qemu_version_of(m->binary, m->arch->name, m->version,
                            sizeof(m->version), error)) {
        machine_close(&m->target);
        return NULL;
    }
    if (!tw_qemu_start(m, why, sizeof(why))) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT,
                    "qemu-%s: expected %s to start: %s", arch->name, m->binary,
                    why);
        machine_close(&m->target);
        return NULL;
    }
    return &m->target;
}

static TwTarget *aarch64_open(const TwTargetOptions *options, GError **error)
{
    return machine_open(&tw_qemu_aarch64_class, &tw_qemu_aarch64, options,
                        error);
}

static TwTarget *x86_64_open(const TwTargetOptions *options, GError **error)
{
    return machine_open(&tw_qemu_x86_64_class, &tw_qemu_x86_64, options, error);
}

static TwTarget *riscv64_open(const TwTargetOptions *options, GError **error)
{
    return machine_open(&tw_qemu_riscv64_class, &tw_qemu_riscv64, options,
                        error);
}

#define CLASS(of, text, opener, triggers_of, call_of) \
    { \
        .name = "qemu-" of, .summary = text, \
        .options = tw_qemu_ab_options + TW_QEMU_PAIR_ROWS, .elsewhere = true, \
        .open = opener, .dialect = dialect, .contract = contract, \
        .version = version, .run = tw_qemu_run, .emit = tw_qemu_emit, \
        .ping = tw_qemu_ping, .close = machine_close, .triggers = triggers_of, \
        .triggers_met = tw_qemu_triggers_met, .avoid = tw_qemu_avoid, \
        .call = call_of, .readable = true, .title = tw_qemu_title, \
    }

const TwTargetClass tw_qemu_aarch64_class =
    CLASS("aarch64", "AArch64 page tables of a stock qemu-system-aarch64",
          aarch64_open, tw_qemu_triggers_aarch64, tw_qemu_call_aarch64);
const TwTargetClass tw_qemu_x86_64_class =
    CLASS("x86-64", "x86-64 page tables of a stock qemu-system-x86_64",
          x86_64_open, tw_qemu_triggers_x86_64, tw_qemu_call_x86_64);
const TwTargetClass tw_qemu_riscv64_class =
    CLASS("riscv64", "RISC-V page tables of a stock qemu-system-riscv64",
          riscv64_open, tw_qemu_triggers, tw_qemu_call_riscv64);
