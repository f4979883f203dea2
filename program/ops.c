/* SPDX-License-Identifier: MIT */
/* The tables behind ops.h.  Rows are in the order of TwOpCode. */
#include "program/ops.h"

#include <string.h>

#include "program/runs.h"

/* Operands ----------------------------------------------------------------- */

const char *tw_context_mode_name(unsigned mode)
{
    static const char *const names[TW_CONTEXT_MODES] = {"tables", "pass",
                                                        "blocked", "none"};
    return mode < TW_CONTEXT_MODES ? names[mode] : NULL;
}

#define PART(kind, place, ...) \
    { \
        .type = TW_FIELD_##kind, .field = offsetof(TwOp, place), \
        .width = sizeof(((TwOp *)NULL)->place), .member = #place, __VA_ARGS__ \
    }
#define ID(place, kind, ...) \
    PART(ID, place, .object = TW_OBJECT_##kind, __VA_ARGS__)
#define IN(kind) .region_kinds = 1u << TW_REGION_##kind
#define INDEX(kind) PART(INDEX, index, .object = TW_OBJECT_##kind)
#define ADDRESS(place, what, text) \
    PART(ADDRESS, place, .likely = TW_LIKELY_##what, .expected = (text))
#define END(what, granules) \
    PART(END, last, .likely = TW_LIKELY_##what, .whole = (granules))
#define NUMBER_32 .expected = "a number of 32 bits"
#define TW_ARG(name, word, ...) [TW_ARG_##name] = {(word), {__VA_ARGS__}},

const TwArgInfo tw_args[TW_ARG_KINDS] = {
#include "program/args.def"
};

const TwObjectInfo tw_objects[TW_OBJECTS] = {
    [TW_OBJECT_REGION] = {"region", 'r', TW_MAX_REGIONS, 0},
    [TW_OBJECT_SPACE] = {"space", 's', TW_MAX_SPACES, 0},
    [TW_OBJECT_IOMMU] = {"iommu", 'i', TW_MAX_IOMMUS, TW_MAX_IOMMU_INDEXES},
    [TW_OBJECT_CPU] = {"cpu", 'c', TW_MAX_CPUS, TW_MAX_MMU_INDEXES},
    [TW_OBJECT_OBSERVER] = {"observer", 'o', TW_MAX_OBSERVERS, 0},
    [TW_OBJECT_MAPPING] = {"mapping", 'm', TW_MAX_MAPPINGS, 0},
};

/* Operations --------------------------------------------------------------- */

#define A(x) TW_ARG_##x

/* clang-format off */
static const TwOpInfo infos[TW_OP_CODES] = {
    [TW_OP_NOP] = {"nop", "does nothing", 0, {A(END)}},

    [TW_OP_READ] = {"read", "CPU load of 1 to 8 bytes",
                    TW_OP_ACCESS | TW_OP_CPU_ACCESS,
                    {A(CPU_INDEX), A(ADDR), A(SIZE)}},
    [TW_OP_WRITE] = {"write", "CPU store of 1 to 8 tagged bytes",
                     TW_OP_ACCESS | TW_OP_CPU_ACCESS,
                     {A(CPU_INDEX), A(ADDR), A(SIZE)}},
    [TW_OP_EXEC] = {"exec", "CPU instruction fetch of 1 to 8 bytes",
                    TW_OP_ACCESS | TW_OP_CPU_ACCESS,
                    {A(CPU_INDEX), A(ADDR), A(SIZE)}},
    [TW_OP_RMW] = {"rmw", "CPU atomic exchange of 1, 2, 4 or 8 bytes",
                   TW_OP_ACCESS | TW_OP_CPU_ACCESS,
                   {A(CPU_INDEX), A(ADDR), A(RMW_SIZE)}},
    [TW_OP_DMA_READ] = {"dma-read", "device read of 1 to 8 bytes",
                        TW_OP_ACCESS | TW_OP_BOARD_ONLY,
                        {A(SPACE), A(BUS_ADDR), A(SIZE), A(ATTRS)}},
    [TW_OP_DMA_WRITE] = {"dma-write", "device write of 1 to 8 tagged bytes",
                         TW_OP_ACCESS | TW_OP_BOARD_ONLY,
                         {A(SPACE), A(BUS_ADDR), A(SIZE), A(ATTRS)}},

    [TW_OP_PAGE] = {"page", "sets a page-map entry; flushes nothing",
                    TW_OP_SETUP_OK | TW_OP_ACTOR_OK | TW_OP_CHANGE,
                    {A(CPU_INDEX), A(PAGE_ADDR), A(TO), A(OF_SIZE), A(PERM)}},
    [TW_OP_UNPAGE] = {"unpage", "removes page-map entries; flushes nothing",
                      TW_OP_ACTOR_OK | TW_OP_CHANGE,
                      {A(CPU_INDEX), A(ADDR), A(OF_SIZE)}},
    [TW_OP_FLUSH_PAGE] = {"flush-page", "TLB flush of one page",
                          TW_OP_ACTOR_OK | TW_OP_ENDING,
                          {A(ANY_CPU_INDEX), A(ADDR)}},
    [TW_OP_FLUSH_RANGE] = {"flush-range",
                           "TLB flush of a range under significant bits",
                           TW_OP_ACTOR_OK | TW_OP_ENDING,
                           {A(ANY_CPU_INDEX), A(ADDR), A(LENGTH), A(BITS)}},
    [TW_OP_FLUSH_INDEX] = {"flush-index", "TLB flush of one MMU index",
                           TW_OP_ACTOR_OK | TW_OP_ENDING,
                           {A(ANY_CPU_INDEX)}},
    [TW_OP_FLUSH_ALL] = {"flush-all", "TLB flush of everything",
                         TW_OP_ACTOR_OK | TW_OP_ENDING,
                         {A(CPU_OR_ALL)}},
    [TW_OP_SAFEPOINT] = {"safepoint", "the CPU does its queued work",
                         TW_OP_BOARD_ONLY, {A(CPU)}},
    [TW_OP_CLOCK] = {"clock", "virtual time passes (milliseconds)",
                     TW_OP_BOARD_ONLY, {A(MILLISECONDS)}},

    [TW_OP_MAP] = {"map", "assigns an IOMMU's entries for a range",
                   TW_OP_SETUP_OK | TW_OP_ACTOR_OK | TW_OP_CHANGE,
                   {A(IOMMU_INDEX), A(GRANULES), A(TO_SPACE), A(IOMMU_PERM),
                    A(NOTIFIED)}},
    [TW_OP_UNMAP] = {"unmap", "removes an IOMMU's entries for a range",
                     TW_OP_ACTOR_OK | TW_OP_CHANGE,
                     {A(IOMMU_INDEX), A(GRANULES), A(NOTIFIED)}},
    [TW_OP_PROTECT] = {"protect", "changes the rights of present entries",
                       TW_OP_ACTOR_OK | TW_OP_CHANGE,
                       {A(IOMMU_INDEX), A(GRANULES), A(IOMMU_PERM),
                        A(NOTIFIED)}},
    [TW_OP_NOTIFY] = {"notify", "sends an event for a range of one index",
                      TW_OP_ACTOR_OK | TW_OP_ENDING,
                      {A(IOMMU_INDEX), A(EVENT), A(RANGE)}},
    [TW_OP_NOTIFY_ALL] = {"notify-all", "UNMAP of everything, every index",
                          TW_OP_ACTOR_OK | TW_OP_ENDING, {A(IOMMU)}},
    [TW_OP_IOMMU_RESET] = {"iommu-reset", "empties all tables and says so",
                           TW_OP_ACTOR_OK | TW_OP_CHANGE | TW_OP_ENDING,
                           {A(IOMMU)}},
    [TW_OP_BYPASS] = {"bypass", "switches translation off or on",
                      TW_OP_ACTOR_OK | TW_OP_CHANGE | TW_OP_ENDING,
                      {A(IOMMU), A(ON)}},
    [TW_OP_IOMMU_DESTROY] = {"iommu-destroy", "ends a detached IOMMU region",
                             TW_OP_CHANGE | TW_OP_ENDING | TW_OP_BOARD_ONLY,
                             {A(IOMMU)}},
    [TW_OP_MPC_READ] = {"mpc-read", "reads an MPC register",
                        TW_OP_ACTOR_OK,
                        {A(IOMMU), A(REGISTER), A(SIZE), A(ATTRS)}},
    [TW_OP_MPC_WRITE] = {"mpc-write", "writes an MPC register",
                         TW_OP_ACTOR_OK | TW_OP_CHANGE,
                         {A(IOMMU), A(REGISTER), A(SIZE), A(VALUE), A(ATTRS)}},
    [TW_OP_POKE] = {"poke", "stores 8 bytes in RAM: a table write",
                    TW_OP_ACTOR_OK | TW_OP_CHANGE | TW_OP_SETUP_OK,
                    {A(RAM_REGION), A(RAM_OFFSET), A(VALUE)}},
    [TW_OP_CONTEXT] = {"context", "says how an index is translated",
                       TW_OP_ACTOR_OK | TW_OP_CHANGE | TW_OP_SETUP_OK,
                       {A(IOMMU), A(REQUESTER), A(CONTEXT_MODE), A(TO),
                        A(DOMAIN)}},
    [TW_OP_INVALIDATE] = {"invalidate", "an IOMMU's IOTLB command",
                          TW_OP_ACTOR_OK | TW_OP_ENDING,
                          {A(IOMMU), A(SCOPE), A(WHOSE), A(RANGE)}},

    [TW_OP_BEGIN] = {"begin", "opens a transaction", TW_OP_BOARD_ONLY,
                     {A(END)}},
    [TW_OP_COMMIT] = {"commit", "closes a transaction",
                      TW_OP_ENDING, {A(END)}},
    [TW_OP_ADD] = {"add", "puts a region into a container",
                   TW_OP_ACTOR_OK | TW_OP_CHANGE | TW_OP_TOPOLOGY,
                   {A(REGION), A(IN_REGION), A(AT), A(PRIO)}},
    [TW_OP_DEL] = {"del", "takes a region out of its container",
                   TW_OP_ACTOR_OK | TW_OP_CHANGE | TW_OP_TOPOLOGY,
                   {A(REGION)}},
    [TW_OP_MOVE] = {"move", "gives a region another offset",
                    TW_OP_ACTOR_OK | TW_OP_CHANGE | TW_OP_TOPOLOGY,
                    {A(REGION), A(AT)}},
    [TW_OP_RESIZE] = {"resize", "gives a region another size",
                      TW_OP_ACTOR_OK | TW_OP_CHANGE | TW_OP_TOPOLOGY,
                      {A(REGION), A(NEW_SIZE)}},
    [TW_OP_ENABLE] = {"enable", "enables or disables a region",
                      TW_OP_ACTOR_OK | TW_OP_CHANGE | TW_OP_TOPOLOGY,
                      {A(REGION), A(ON)}},
    [TW_OP_PRIORITY] = {"priority", "re-adds a region with a priority",
                        TW_OP_ACTOR_OK | TW_OP_CHANGE | TW_OP_TOPOLOGY,
                        {A(REGION), A(PRIO)}},
    [TW_OP_READONLY] = {"readonly", "makes a region read-only or not",
                        TW_OP_ACTOR_OK | TW_OP_CHANGE | TW_OP_TOPOLOGY,
                        {A(REGION), A(ON)}},
    [TW_OP_NONVOLATILE] = {"nonvolatile", "marks a region non-volatile or not",
                           TW_OP_ACTOR_OK | TW_OP_CHANGE | TW_OP_TOPOLOGY,
                           {A(REGION), A(ON)}},
    [TW_OP_UNMERGEABLE] = {"unmergeable", "forbids merging its ranges or not",
                           TW_OP_ACTOR_OK | TW_OP_CHANGE | TW_OP_TOPOLOGY,
                           {A(REGION), A(ON)}},
    [TW_OP_ROMD] = {"romd", "switches a ROM device's mode",
                    TW_OP_ACTOR_OK | TW_OP_CHANGE | TW_OP_TOPOLOGY,
                    {A(ROMD_REGION), A(ON)}},
    [TW_OP_ALIAS_OFFSET] = {"alias-offset", "moves an alias's window",
                            TW_OP_ACTOR_OK | TW_OP_CHANGE | TW_OP_TOPOLOGY,
                            {A(ALIAS_REGION), A(AT)}},
    [TW_OP_SPACE_NEW] = {"space-new", "creates an address space",
                         TW_OP_CHANGE | TW_OP_TOPOLOGY | TW_OP_BOARD_ONLY,
                         {A(SPACE)}},
    [TW_OP_SPACE_DEL] = {"space-del", "removes an address space",
                         TW_OP_CHANGE | TW_OP_TOPOLOGY | TW_OP_BOARD_ONLY,
                         {A(SPACE)}},
    [TW_OP_UNPLUG] = {"unplug", "removes a CPU for good", TW_OP_BOARD_ONLY,
                      {A(CPU)}},

    [TW_OP_OBSERVE] = {"observe", "registers an IOMMU notifier",
                       TW_OP_BOARD_ONLY,
                       {A(OBSERVER), A(OF_IOMMU), A(EVENTS), A(RANGE)}},
    [TW_OP_UNOBSERVE] = {"unobserve", "unregisters it", TW_OP_BOARD_ONLY,
                         {A(OBSERVER)}},
    [TW_OP_REPLAY] = {"replay", "replays present mappings to an observer",
                      TW_OP_BOARD_ONLY, {A(OBSERVER)}},
    [TW_OP_VETO] = {"veto", "the IOMMU refuses changes of notifier kinds",
                    TW_OP_BOARD_ONLY, {A(IOMMU), A(ON)}},
    [TW_OP_LISTEN] = {"listen", "registers a listener of a space",
                      TW_OP_BOARD_ONLY, {A(OBSERVER), A(OF_SPACE)}},
    [TW_OP_UNLISTEN] = {"unlisten", "unregisters it", TW_OP_BOARD_ONLY,
                        {A(OBSERVER)}},

    [TW_OP_DIRTY_LOG] = {"dirty-log", "starts or stops logging writes",
                         TW_OP_BOARD_ONLY, {A(RAM_REGION), A(ON)}},
    [TW_OP_DIRTY_CLEAR] = {"dirty-clear", "reports and re-arms a range",
                           TW_OP_BOARD_ONLY, {A(RAM_REGION), A(RAM_RANGE)}},
    [TW_OP_SNAPSHOT] = {"snapshot", "saves the world", TW_OP_BOARD_ONLY,
                        {A(END)}},
    [TW_OP_RESTORE] = {"restore", "goes back to the saved world",
                       TW_OP_CHANGE | TW_OP_ENDING | TW_OP_BOARD_ONLY,
                       {A(END)}},
    [TW_OP_DMA_MAP] = {"dma-map", "makes a cached DMA mapping",
                       TW_OP_BOARD_ONLY,
                       {A(MAPPING), A(OF_SPACE), A(BUS_ADDR), A(LENGTH),
                        A(DIRECTION), A(ATTRS)}},
    [TW_OP_DMA_UNMAP] = {"dma-unmap", "ends it", TW_OP_BOARD_ONLY,
                         {A(MAPPING)}},

    [TW_OP_PAR] = {"par", "opens the first of several parallel parts",
                   TW_OP_BOARD_ONLY, {A(END)}},
    [TW_OP_AND] = {"and", "opens the next part", TW_OP_BOARD_ONLY, {A(END)}},
    [TW_OP_BARRIER] = {"barrier", "waits for all parts", TW_OP_BOARD_ONLY,
                       {A(END)}},
    [TW_OP_END_PAR] = {"end-par", "closes the last part", TW_OP_BOARD_ONLY,
                       {A(END)}},
    [TW_OP_FAIL_ALLOC] = {"fail-alloc", "the n-th allocation from here fails",
                          TW_OP_BOARD_ONLY, {A(NTH)}},
};
/* clang-format on */

const TwOpInfo *tw_op_info(unsigned code)
{
    return code < TW_OP_CODES ? &infos[code] : NULL;
}

unsigned tw_op_find(const char *name, size_t length)
{
    for (unsigned code = 0; code < TW_OP_CODES; code++) {
        if (strlen(infos[code].name) == length &&
            memcmp(infos[code].name, name, length) == 0) {
            return code;
        }
    }
    return TW_OP_CODES;
}

const TwField *tw_op_indexed(const TwOpInfo *info, TwObject kind)
{
    for (TwFieldAt at = tw_fields(info); at.part; tw_fields_next(&at)) {
        if (at.part->type == TW_FIELD_INDEX && at.part->object == kind) {
            return at.part - 1;
        }
    }
    return NULL;
}

static const char *pick(const char *const *names, unsigned count, unsigned i)
{
    return i < count ? names[i] : NULL;
}

const char *tw_region_kind_name(unsigned kind)
{
    static const char *const names[TW_REGION_KINDS] = {
        "none", "container", "ram",   "rom",         "romd",
        "mmio", "alias",     "iommu", "reservation", "ram-device"};
    return pick(names, TW_REGION_KINDS, kind);
}

const char *tw_iommu_kind_name(unsigned kind)
{
    static const char *const names[TW_IOMMU_KINDS] = {"none", "table", "mpc",
                                                      "pagetable"};
    return pick(names, TW_IOMMU_KINDS, kind);
}

const char *tw_select_name(unsigned select)
{
    static const char *const names[TW_SELECTS] = {"zero", "secure", "user",
                                                  "requester", "secure-user"};
    return pick(names, TW_SELECTS, select);
}

const char *tw_contents_name(unsigned contents)
{
    static const char *const names[TW_CONTENTS_KINDS] = {
        "data",        "code",         "code-x86-64", "code-riscv64", "runs",
        "runs-x86-64", "runs-riscv64", "inert",       "runs-thumb"};
    return pick(names, TW_CONTENTS_KINDS, tw_contents_kind(contents));
}

const char *tw_format_name(unsigned format)
{
    static const char *const names[TW_FORMATS] = {
        "abstract", "sv39",   "x86-64", "arm64-s1",
        "arm64-s2", "vtd-sl", "vtd-fl", "amdvi"};
    return pick(names, TW_FORMATS, format);
}

const char *tw_scope_name(unsigned scope)
{
    static const char *const names[TW_SCOPES] = {
        "global", "domain",   "range",     "context",
        "leaf",   "contexts", "any-range", "any-leaf"};
    return pick(names, TW_SCOPES, scope);
}

unsigned tw_op_bytes(const TwProgram *p, const TwOp *op)
{
    return op->code == TW_OP_EXEC && tw_contents_are_runs(p->contents)
               ? 8 * tw_run_length(op->addr)
               : op->size;
}

bool tw_op_is_dma(const TwOp *op)
{
    return op->code == TW_OP_DMA_READ || op->code == TW_OP_DMA_WRITE;
}

/* Do `size` bytes from `addr` on stay in one page? */
static bool in_one_page(const TwProgram *p, uint64_t addr, unsigned size)
{
    return addr >> p->page_lg == (addr + size - 1) >> p->page_lg;
}

/* Do a CPU access, with the one that it is paired with, and its instruction
 * stay in one page each? */
static bool in_pages(const TwProgram *p, const TwOp *access)
{
    unsigned first = access->flags & TW_OPF_PAIRED ? access->size : 0;

    return in_one_page(p, access->addr - first, first + access->size) &&
           (!(access->flags & TW_OPF_FROM) || in_one_page(p, access->from, 4));
}

/* May a change of an MPC be made by the run before it (LA-52)? */
static bool may_be_of_run(const TwProgram *p, const TwOp *op, const TwOp *run)
{
    return tw_contents_kind(p->contents) == TW_CONTENTS_RUNS_THUMB &&
           op->code == TW_OP_MPC_WRITE && op->size == 4 && op->addr % 4 == 0 &&
           op->attrs == TW_ATTR_SECURE && op->actor == run->obj &&
           tw_run_length(run->addr) == TW_RUN_WORDS &&
           p->cpus[run->obj].mmu[run->index].attrs & TW_ATTR_SECURE;
}

bool tw_op_may_be_during(const TwProgram *p, unsigned n)
{
    const TwOp *op = &p->script[n];
    bool dma = tw_op_is_dma(op);

    for (unsigned between = 0; between < TW_MAX_DURING && n > 0; between++) {
        const TwOp *before = &p->script[--n];
        unsigned flags = tw_op_info(before->code)->flags;

        if (!(before->flags & TW_OPF_DURING)) {
            if (before->code == TW_OP_EXEC &&
                tw_contents_are_runs(p->contents)) {
                return between == 0 && may_be_of_run(p, op, before);
            }
            return flags & TW_OP_ACCESS &&
                   (!dma || !(flags & TW_OP_CPU_ACCESS) || in_pages(p, before));
        }
    }
    return false;
}

bool tw_op_may_be_paired(const TwProgram *p, unsigned n)
{
    const TwOp *op = &p->script[n], *before = op - 1;

    return n > 0 && (op->code == TW_OP_READ || op->code == TW_OP_WRITE) &&
           op->code == before->code && op->obj == before->obj &&
           op->index == before->index && op->size == before->size &&
           (op->size == 4 || op->size == 8) &&
           op->addr == before->addr + before->size && op->addr > before->addr &&
           !((op->flags | before->flags) & TW_OPF_FROM) &&
           !(before->flags & TW_OPF_PAIRED);
}
