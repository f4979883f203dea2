/* SPDX-License-Identifier: MIT */
/*
 * How to test an emulator in its own process with libtwinwalk.  The emulator
 * is one CPU with a page map and a TLB of 8 entries in front of 64 KiB of RAM.
 * It runs random programs; the judge of libtwinwalk finds what it does wrong.
 *
 *     cc emulator.c $(pkg-config --cflags --libs twinwalk) -o emulator
 *     ./emulator           # a correct emulator: nothing is found
 *     ./emulator forget    # it forgets to flush a page: found, exit code 10
 */
#include <stdio.h>
#include <string.h>
#include <twinwalk.h>

enum { PAGE_LG = 12, PAGES = 16, RAM = PAGES << PAGE_LG, TLB = 8 };

/* The emulator ------------------------------------------------------------- */

typedef struct Page {
    bool present;
    uint64_t number; /* of the virtual page */
    uint64_t to;     /* physical address */
    uint8_t rights;  /* TW_R, TW_W, TW_X */
} Page;

static Page page_map[PAGES], tlb[TLB];
static uint8_t ram[RAM];
static bool forget; /* the bug */

/* The page of a virtual address, if it grants the right: of the TLB, or of the
 * page map.  A refusal is not cached (rule LA-28). */
static const Page *find_page(uint64_t addr, uint8_t right)
{
    uint64_t number = addr >> PAGE_LG;
    Page *slot = &tlb[number % TLB];

    if (slot->present && slot->number == number && slot->rights & right) {
        return slot;
    }
    if (number >= PAGES || !page_map[number].present ||
        !(page_map[number].rights & right)) {
        return NULL;
    }
    *slot = page_map[number];
    return slot;
}

/* All bytes are resolved before one takes effect (rule AC-6). */
static void do_access(const TwOp *op, unsigned number, TwOutcome *outcome)
{
    bool write = op->code == TW_OP_WRITE;
    uint64_t at[TW_MAX_ACCESS];

    for (unsigned k = 0; k < op->size; k++) {
        const Page *page = find_page(op->addr + k, write ? TW_W : TW_R);

        if (!page) {
            outcome->class_ = TW_CLASS_PAGE_FAULT;
            return;
        }
        at[k] = page->to + (op->addr + k) % (1 << PAGE_LG);
    }
    for (unsigned k = 0; k < op->size; k++) {
        if (write) { /* what operation `number` stores tells where it went */
            ram[at[k]] = tw_store_tag(number, k);
        } else {
            outcome->value |= (uint64_t)ram[at[k]] << 8 * k;
        }
    }
}

static void perform(const TwOp *op)
{
    uint64_t number = op->addr >> PAGE_LG;

    if (op->code == TW_OP_PAGE) {
        page_map[number] = (Page){true, number, op->out, op->perm};
    } else if (op->code == TW_OP_UNPAGE) {
        page_map[number].present = false;
    } else if (op->code == TW_OP_FLUSH_PAGE && !forget) {
        tlb[number % TLB].present = false;
    } else if (op->code == TW_OP_FLUSH_ALL) {
        memset(tlb, 0, sizeof(tlb));
    }
}

/* From a program to a trace ------------------------------------------------ */

static void run(const TwProgram *program, TwTrace *trace)
{
    memset(page_map, 0, sizeof(page_map));
    memset(tlb, 0, sizeof(tlb));
    for (unsigned i = 0; i < RAM; i++) {
        ram[i] = tw_ram_initial(0, i); /* of region 0 */
    }
    tw_trace_init(trace, program);
    trace->locations_hidden = true; /* it does not say where accesses went */
    for (unsigned i = 0; i < program->n_setup; i++) {
        perform(&program->setup[i]);
    }
    for (unsigned i = 0; i < program->n_script; i++) {
        const TwOp *op = &program->script[i];
        TwOutcome *outcome = &trace->outcomes[trace->n_ops++];

        *outcome = (TwOutcome){.status = TW_STATUS_DONE};
        if (op->code == TW_OP_READ || op->code == TW_OP_WRITE) {
            do_access(op, i, outcome);
        } else {
            perform(op);
        }
    }
    for (unsigned i = 0; i < RAM; i++) { /* what has changed (rule RU-2) */
        if (ram[i] != tw_ram_initial(0, i)) {
            trace->digests[0] += tw_ram_digest_term(i, ram[i]);
        }
    }
}

/* What the emulator can express, and what its TLB promises: an old answer may
 * be used until a flush. */
static const TwContract contract = {.cpu_cache = true,
                                    .ends = TW_ENDS_CPU_FLUSH};

static TwDialect make_dialect(void)
{
    static const uint8_t codes[] = {
        TW_OP_NOP,    TW_OP_READ,       TW_OP_WRITE,    TW_OP_PAGE,
        TW_OP_UNPAGE, TW_OP_FLUSH_PAGE, TW_OP_FLUSH_ALL};

    return (TwDialect){
        .ops = tw_ops_of(codes, sizeof(codes)),
        .region_kinds = 1u << TW_REGION_RAM,
        .address_lg = 16,
        .min_page_lg = PAGE_LG,
        .max_page_lg = PAGE_LG,
        .page_lgs = 1u << PAGE_LG,
        .whole_pages = true,
        .max_regions = 1,
        .max_spaces = 1,
        .max_cpus = 1,
        .max_mmu_indexes = 1,
        .max_setup = 16,
        .max_script = 64,
    };
}

int main(int argc, char **argv)
{
    static TwProgram program;
    static TwTrace trace;
    TwDialect dialect = make_dialect();
    TwOracle *oracle = tw_oracle_new();
    TwFinding finding = {.verdict = TW_VERDICT_AGREE};
    unsigned n = 0;

    forget = argc > 1 && strcmp(argv[1], "forget") == 0;
    while (n < 20000 && !tw_verdict_is_finding(finding.verdict)) {
        TwRng rng = tw_rng_for(1, n++); /* seed 1 */

        tw_generate(&program, TW_PROFILE_BALANCED, &dialect, &rng);
        run(&program, &trace);
        tw_judge(oracle, &program, &dialect, &contract, "emulator", &trace,
                 &finding, NULL);
    }
    if (tw_verdict_is_finding(finding.verdict)) {
        GString *text = g_string_new(NULL);

        tw_program_print(&program, NULL, text);
        printf("%s\n%s%s\n", finding.key, text->str, finding.text);
        g_string_free(text, TRUE);
    }
    printf("%u programs: %s\n", n, tw_verdict_name(finding.verdict));
    tw_oracle_free(oracle);
    return tw_verdict_is_finding(finding.verdict) ? 10 : 0;
}
