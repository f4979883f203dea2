/* SPDX-License-Identifier: MIT */
/*
 * my-target: a target of twinwalk, in C.
 *
 * It is a CPU with a page map and a TLB in front of RAM.  Replace the part
 * "The memory system" by your own, and say in the greeting what it can express.
 * PROTOCOL.md of twinwalk (targets/exec) explains every line of the dialogue.
 *
 *     cc -Wall -Wextra -O2 target.c -o target
 *
 * With BUG=1 in the environment, flush-page forgets to drop the TLB's entry.
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char greeting[] =
    "twinwalk-target 1\nversion my-target 0.1\n"
    "ops nop read write exec rmw page unpage flush-page flush-all\n"
    "op-flags\nregion-kinds ram\n"
    "iommu-kinds\nselects\n"
    "features locations whole-pages plain-accesses aligned-rmw\n"
    "contract cpu-cache\n"
    "ends cpu-flush\n"
    "min-page-lg 12\nmax-page-lg 12\n"
    "min-granule-lg 12\nmax-granule-lg 12\n"
    "max-regions 1\nmax-spaces 1\n"
    "max-iommus 0\nmax-cpus 1\n"
    "max-mmu-indexes 1\nmax-iommu-indexes 0\n"
    "max-tlb-lg 0\nmax-victims 0\n"
    "max-setup 16\nmax-script 64\n"
    "address-lg 16\npage-sizes 4096\n"
    "ready\n";

enum { PAGE = 4096, PAGES = 16, RAM = PAGES * PAGE, SLOTS = 8, WORDS = 16 };
enum { R = 1, W = 2, X = 4 };

/* What bytes are made of (PROTOCOL.md) ------------------------ */

static uint8_t initial(unsigned block, uint64_t offset)
{
    uint64_t h = (offset + 1) * 0x9e3779b97f4a7c15u ^
                 ((uint64_t)block + 1) * 0xd1342543de82ef95u;

    h ^= h >> 29;
    return (uint8_t)(h * 0xbf58476d1ce4e5b9u >> 40 | 1);
}

static uint8_t tag(unsigned op, unsigned k)
{
    return (uint8_t)(((uint64_t)op * 8 + k + 1) * 0x9e3779b97f4a7c15u >> 37 |
                     4);
}

static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

static uint64_t term(uint64_t offset, uint8_t byte)
{
    return mix((offset << 8 | byte) + 0x9e3779b97f4a7c15u) ^ mix(offset >> 56);
}

/* The memory system ------------------------------------------- */

typedef struct Entry {
    bool present;
    uint64_t number; /* page of the CPU */
    uint64_t to;     /* page of RAM */
    unsigned rights;
} Entry;

static Entry pages[PAGES], tlb[SLOTS];
static uint8_t ram[RAM];
static unsigned block; /* number of the region */
static uint64_t size;  /* of it, in bytes */
static bool readonly, disabled;
static bool bug;

static void reset(void)
{
    memset(pages, 0, sizeof(pages));
    memset(tlb, 0, sizeof(tlb));
    size = 0;
    readonly = disabled = false;
}

/* Where in RAM an address leads; false: a page fault. */
static bool translate(uint64_t address, unsigned rights, uint64_t *place)
{
    uint64_t number = address / PAGE;
    Entry *slot = &tlb[number % SLOTS];

    if (!slot->present || slot->number != number ||
        (slot->rights & rights) != rights) {
        if (number >= PAGES || !pages[number].present ||
            (pages[number].rights & rights) != rights) {
            return false; /* a refusal is not cached */
        }
        *slot = pages[number];
    }
    *place = slot->to * PAGE + address % PAGE;
    return true;
}

/* Appends the answer to an access of `n` bytes: class, value and locations. */
static void do_access(unsigned op, unsigned rights, uint64_t address,
                      unsigned n, FILE *out)
{
    bool stores = rights & W;
    uint64_t at[8], value = 0;

    /* All bytes are resolved before one has an effect. */
    for (unsigned k = 0; k < n; k++) {
        if (!translate(address + k, rights, &at[k])) {
            fprintf(out, "%u page-fault 0x0\n", op);
            return;
        }
    }
    for (unsigned k = 0; k < n; k++) {
        if (disabled || at[k] >= size) {
            fprintf(out, "%u decode-error 0x0\n", op);
            return;
        }
    }
    for (unsigned k = 0; k < n; k++) {
        if (rights != W) {
            value |= (uint64_t)ram[at[k]] << 8 * k;
        }
        if (stores && !readonly) {
            ram[at[k]] = tag(op, k);
        }
    }
    fprintf(out, "%u %s 0x%" PRIx64, op, stores && readonly ? "discard" : "ok",
            value);
    for (unsigned first = 0, k = 1; k <= n; k++) { /* one for each run */
        if (k == n || at[k] != at[k - 1] + 1) {
            fprintf(out, " at %u+%u r%u 0x%" PRIx64 "%s", first, k - first,
                    block, at[first], readonly ? " readonly" : "");
            first = k;
        }
    }
    fprintf(out, "\n");
}

/* Reading programs -------------------------------------------- */

typedef struct Line {
    char *words[WORDS + 1]; /* the last is NULL */
    unsigned n;
} Line;

static Line split(char *text)
{
    Line line = {.n = 0};
    char *save = NULL;

    for (char *word = strtok_r(text, " \n", &save); word && line.n < WORDS;
         word = strtok_r(NULL, " \n", &save)) {
        line.words[line.n++] = word;
    }
    return line;
}

static bool is(const char *word, const char *name)
{
    return word && strcmp(word, name) == 0;
}

static uint64_t number(const char *word)
{
    return word ? strtoull(word, NULL, 0) : 0;
}

static unsigned rights_of(const char *word)
{
    return is(word, "none") || !word
               ? 0
               : (strchr(word, 'r') ? R : 0) | (strchr(word, 'w') ? W : 0) |
                     (strchr(word, 'x') ? X : 0);
}

/* The rights that an operation needs; 0: it is no access. */
static unsigned needs(const char *name)
{
    return is(name, "read")    ? R
           : is(name, "write") ? W
           : is(name, "exec")  ? X
           : is(name, "rmw")   ? R | W
                               : 0;
}

/* region rN ram size SIZE root s0 ...; false: not in this dialect. */
static bool do_region(const Line *line)
{
    block = (unsigned)strtoul(line->words[1] + 1, NULL, 10);
    for (unsigned i = 3; i < line->n; i++) {
        const char *option = line->words[i];

        if (is(option, "size")) {
            size = number(line->words[++i]);
        } else if (is(option, "root") || is(option, "prio")) {
            i++; /* there is one region, and nothing beside it */
        } else if (is(option, "readonly")) {
            readonly = true;
        } else if (is(option, "disabled")) {
            disabled = true;
        } else if (!is(option, "nonvolatile") && !is(option, "unmergeable")) {
            return false;
        }
    }
    for (uint64_t i = 0; i < size && i < RAM; i++) {
        ram[i] = initial(block, i);
    }
    return is(line->words[2], "ram") && size <= RAM;
}

/* An operation that is no access; false: not in this dialect. */
static bool do_change(char **words)
{
    uint64_t page = number(words[1] ? words[2] : NULL) / PAGE;

    if (is(words[0], "flush-all")) {
        memset(tlb, 0, sizeof(tlb));
    } else if (page >= PAGES) {
        return false;
    } else if (is(words[0], "page")) { /* page c0.0 VA -> PA size SIZE RIGHTS */
        pages[page] =
            (Entry){true, page, number(words[4]) / PAGE, rights_of(words[7])};
    } else if (is(words[0], "unpage")) {
        pages[page].present = false;
    } else if (is(words[0], "flush-page")) {
        if (tlb[page % SLOTS].number == page && !bug) {
            tlb[page % SLOTS].present = false;
        }
    } else {
        return is(words[0], "nop");
    }
    return true;
}

/* The dialogue ------------------------------------------------ */

static int inflight = -1;

/* Which operation runs, if it crashes or hangs. */
static void report(uint32_t op)
{
    if (inflight >= 0 && pwrite(inflight, &op, sizeof(op), 0) < 0) {
        inflight = -1;
    }
}

/* Performs a line; appends the answer of an operation of the script.  False:
 * it is not in this dialect. */
static bool perform(const Line *line, bool script, unsigned *op, FILE *out)
{
    char **words = (char **)line->words;

    if (words[0][strlen(words[0]) - 1] == ':') {
        words++; /* c0: the CPU itself does it */
    }
    if (script) {
        report(*op);
    }
    if (needs(words[0])) {
        uint64_t n = number(words[1] && words[2] ? words[3] : NULL);

        if (!script || n < 1 || n > 8) {
            return false;
        }
        do_access(*op, needs(words[0]), number(words[2]), (unsigned)n, out);
    } else if (!do_change(words)) {
        return false;
    } else if (script) {
        fprintf(out, "%u done\n", *op);
    }
    *op += script;
    return true;
}

static void say_digest(FILE *out)
{
    uint64_t sum = 0;

    for (uint64_t i = 0; i < size; i++) {
        sum += ram[i] != initial(block, i) ? term(i, ram[i]) : 0;
    }
    if (sum) {
        fprintf(out, "digest r%u 0x%" PRIx64 "\n", block, sum);
    }
}

/* Reads a program up to its dot and answers; false: the input has ended. */
static bool answer(void)
{
    enum { TOP, SETUP, SCRIPT } part = TOP;
    bool ok = true, dot = false;
    char text[4200], *outcomes = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&outcomes, &length);
    unsigned op = 0;

    reset();
    while (out && !dot && fgets(text, sizeof(text), stdin)) {
        Line line = split(text);

        dot = is(line.words[0], ".");
        if (is(line.words[0], "setup") || is(line.words[0], "script")) {
            part = is(line.words[0], "setup") ? SETUP : SCRIPT;
        } else if (ok && part == TOP && is(line.words[0], "region")) {
            ok = line.n > 2 && do_region(&line);
        } else if (ok && !dot && part != TOP && line.n > 0) {
            ok = perform(&line, part == SCRIPT, &op, out);
        }
    }
    if (dot) {
        say_digest(out);
    }
    if (!out || fclose(out) != 0 || !dot) {
        free(outcomes);
        return false;
    }
    printf("twinwalk-trace 1\nend %s\n%send\n",
           ok ? "done" : "unsupported op 0", ok ? outcomes : "");
    fflush(stdout);
    free(outcomes);
    return true;
}

int main(void)
{
    const char *fd = getenv("TWINWALK_INFLIGHT_FD");

    bug = is(getenv("BUG"), "1");
    inflight = fd ? atoi(fd) : -1;
    printf("%s", greeting);
    fflush(stdout);
    while (answer()) {
    }
    return 0;
}
