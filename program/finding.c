/* SPDX-License-Identifier: MIT */
/* Names, keys, and the line with which a harness names its finding. */
#include "program/finding.h"

#include <stdio.h>
#include <string.h>

enum { KEY_TARGET = 8, HASH_LINE = 80 };

const char *tw_verdict_name(unsigned verdict)
{
    static const char *const names[TW_VERDICTS] = {
        [TW_VERDICT_AGREE] = "agree",
        [TW_VERDICT_AGREE_STALE] = "agree-stale",
        [TW_VERDICT_CRASH] = "crash",
        [TW_VERDICT_HANG] = "hang",
        [TW_VERDICT_MALFORMED] = "malformed",
        [TW_VERDICT_SELF] = "self",
        [TW_VERDICT_STALE] = "stale",
        [TW_VERDICT_PERM] = "perm",
        [TW_VERDICT_CLASS] = "class",
        [TW_VERDICT_FAULT] = "fault",
        [TW_VERDICT_REASON] = "reason",
        [TW_VERDICT_WRONG] = "wrong",
        [TW_VERDICT_EFFECT] = "effect",
        [TW_VERDICT_EVENT] = "event",
        [TW_VERDICT_INVARIANT] = "invariant",
        [TW_VERDICT_INCONCLUSIVE] = "inconclusive",
        [TW_VERDICT_UNSUPPORTED] = "unsupported",
        [TW_VERDICT_FLAKY] = "flaky",
        [TW_VERDICT_KNOWN] = "known",
    };
    return verdict < TW_VERDICTS ? names[verdict] : NULL;
}

bool tw_verdict_is_finding(unsigned verdict)
{
    return verdict >= TW_VERDICT_CRASH && verdict <= TW_VERDICT_INVARIANT;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void append(char key[TW_KEY_SIZE], const char *part)
{
    size_t length = strlen(key), more = part ? strlen(part) : 0;
    if (length + more < TW_KEY_SIZE) {
        memcpy(key + length, part ? part : "", more + 1);
    }
}

/* One part of a key: its letters, and what they mean. */
typedef struct Part {
    const char *letters, *meaning;
} Part;

static const Part verdicts[TW_VERDICTS] = {
    [TW_VERDICT_CRASH] = {"Crs", "crash"},
    [TW_VERDICT_HANG] = {"Hng", "hang"},
    [TW_VERDICT_MALFORMED] = {"Mal", "malformed answer"},
    [TW_VERDICT_SELF] = {"Slf", "bug in twinwalk"},
    [TW_VERDICT_STALE] = {"Sta", "stale"},
    [TW_VERDICT_PERM] = {"Prm", "missing right"},
    [TW_VERDICT_CLASS] = {"Cls", "wrongly refused or dropped"},
    [TW_VERDICT_FAULT] = {"Flt", "refused in the wrong class"},
    [TW_VERDICT_REASON] = {"Rsn", "wrong reason of refusal"},
    [TW_VERDICT_WRONG] = {"Wrg", "wrong place or value"},
    [TW_VERDICT_EFFECT] = {"Eff", "wrong effect"},
    [TW_VERDICT_EVENT] = {"Evt", "wrong event"},
    [TW_VERDICT_INVARIANT] = {"Inv", "broken invariant"},
};

static const Part accesses[] = {
    [TW_OP_READ] = {"Rd", "read"},
    [TW_OP_WRITE] = {"Wr", "write"},
    [TW_OP_EXEC] = {"Ex", "execute"},
    [TW_OP_RMW] = {"Rm", "read-modify-write"},
    [TW_OP_DMA_READ] = {"Dr", "DMA read"},
    [TW_OP_DMA_WRITE] = {"Dw", "DMA write"},
};

static const Part leaves[TW_KEY_LEAVES] = {
    [TW_KEY_LEAF_HOLE] = {"Hol", "hole"},
    [TW_KEY_LEAF_RAM] = {"Ram", "RAM"},
    [TW_KEY_LEAF_ROM] = {"Rom", "ROM"},
    [TW_KEY_LEAF_ROMD] = {"Rmd", "ROM device"},
    [TW_KEY_LEAF_MMIO] = {"Mio", "MMIO"},
    [TW_KEY_LEAF_RESERVATION] = {"Rsv", "reservation"},
    [TW_KEY_LEAF_RAM_DEVICE] = {"Rdv", "RAM device"},
    [TW_KEY_LEAF_BLOCKED] = {"Blk", "blocked by an MPC"},
};

static const Part links[TW_KEY_LINKS] = {
    [TW_KEY_LINK_PAGE] = {"Pgm", "page map changed"},
    [TW_KEY_LINK_HOP] = {"Hop", "IOMMU entry changed"},
    [TW_KEY_LINK_TOPOLOGY] = {"Top", "topology changed"},
    [TW_KEY_LINK_CODE] = {"Cod", "code changed"},
    [TW_KEY_LINK_MARK] = {"Acd", "A or D bit wrong"},
};

static const Part events[TW_KEY_EVENTS] = {
    [TW_KEY_EVENT_FLUSH] = {"Flu", "flush missed"},
    [TW_KEY_EVENT_UNMAP] = {"Unm", "UNMAP missed"},
    [TW_KEY_EVENT_COMMIT] = {"Com", "commit missed"},
    [TW_KEY_EVENT_RESET] = {"Rst", "reset missed"},
    [TW_KEY_EVENT_NEWER] = {"New", "newer answer was seen"},
    [TW_KEY_EVENT_RESTORE] = {"Sav", "restore missed"},
    [TW_KEY_EVENT_STORE] = {"Sto", "own store missed"},
};

#define LETTERS(table, i) \
    ((unsigned)(i) < sizeof(table) / sizeof((table)[0]) ? (table)[i].letters \
                                                        : NULL)

void tw_key_write(char key[TW_KEY_SIZE], TwVerdict verdict, const char *target,
                  TwOpCode code, TwKeyLeaf leaf, TwKeyLink link,
                  TwKeyEvent event)
{
    char letters[KEY_TARGET + 1];
    unsigned n = 0;
    for (const char *c = target; *c && *c != ':' && n < KEY_TARGET; c++) {
        if (is_letter(*c)) {
            letters[n] = (char)(n == 0 ? *c & ~0x20 : *c | 0x20);
            n++;
        }
    }
    letters[n] = '\0';

    key[0] = '\0';
    append(key, LETTERS(verdicts, verdict));
    append(key, letters);
    append(key, LETTERS(accesses, code));
    append(key, LETTERS(leaves, leaf));
    append(key, LETTERS(links, link));
    append(key, LETTERS(events, event));
}

/* What follows the verdict and the target in a key. */
static const char *behind_target(const char *key)
{
    key += 3;
    do {
        key++;
    } while (*key >= 'a' && *key <= 'z');
    return key;
}

bool tw_key_same_thing(const char *a, const char *b)
{
    if (strlen(a) < 4 || strlen(b) < 4) {
        return strcmp(a, b) == 0;
    }
    return strncmp(a, b, 3) == 0 &&
           strcmp(behind_target(a), behind_target(b)) == 0;
}

/* The row of `part`, `length` letters, or NULL. */
static const Part *find_part(const Part *table, unsigned n, const char *part,
                             size_t length)
{
    for (unsigned i = 0; i < n; i++) {
        if (table[i].letters && strlen(table[i].letters) == length &&
            memcmp(table[i].letters, part, length) == 0) {
            return &table[i];
        }
    }
    return NULL;
}

bool tw_key_legend(const char *key, char *line, size_t line_size)
{
    static const struct {
        const Part *table;
        unsigned n;
    } tables[] = {
        {accesses, sizeof(accesses) / sizeof(accesses[0])},
        {leaves, TW_KEY_LEAVES},
        {links, TW_KEY_LINKS},
        {events, TW_KEY_EVENTS},
    };
    const Part *verdict =
        strlen(key) > 3 ? find_part(verdicts, TW_VERDICTS, key, 3) : NULL;
    const char *part = verdict ? behind_target(key) : key;
    unsigned t = 0;
    int used = 0;

    if (verdict) {
        used = snprintf(line, line_size, "%s %s, %.*s target", verdict->letters,
                        verdict->meaning, (int)(part - key - 3), key + 3);
    }
    while (verdict && *part && used >= 0 && (size_t)used < line_size) {
        size_t length = 1 + strspn(part + 1, "abcdefghijklmnopqrstuvwxyz");
        const Part *found = NULL;

        while (t < sizeof(tables) / sizeof(tables[0]) && !found) {
            found = find_part(tables[t].table, tables[t].n, part, length);
            t++;
        }
        if (!found) {
            return false;
        }
        used += snprintf(line + used, line_size - (size_t)used, ", %s %s",
                         found->letters, found->meaning);
        part += length;
    }
    return verdict && used >= 0 && (size_t)used < line_size;
}

void tw_finding_hash_line(const TwFinding *finding, const char *target,
                          char *line, size_t line_size)
{
    /* Digits would be normalised away by what reads the line: leave them. */
    char name[HASH_LINE];
    size_t n = 0;
    for (const char *c = target; *c && *c != ':' && n + 1 < sizeof name; c++) {
        if (is_letter(*c) || *c == '-') {
            name[n++] = *c;
        }
    }
    name[n] = '\0';
    const char *verdict = tw_verdict_name(finding->verdict);
    char whole[HASH_LINE + 1];
    int length =
        snprintf(whole, sizeof whole, "ASSERTION FAILED: TwFuzzerHash=%.*s %s ",
                 TW_KEY_SIZE - 1, finding->key, verdict ? verdict : "unknown");
    if (length >= 0 && (size_t)length < sizeof whole) {
        snprintf(whole + length, sizeof whole - (size_t)length, "%.*s",
                 (int)(sizeof whole - 1 - (size_t)length), name);
    }
    if (line_size > 0) {
        snprintf(line, line_size, "%s", whole);
    }
}

const TwOp *tw_finding_accused(const TwFinding *finding,
                               const TwProgram *program)
{
    if (finding->op >= program->n_script) {
        return NULL;
    }
    return finding->starter && finding->starter <= program->n_actors
               ? &program->actors[finding->starter - 1].op
               : &program->script[finding->op];
}
