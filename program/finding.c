/* SPDX-License-Identifier: MIT */
/* Names, keys and the line by which a dying harness names its finding. */
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
        [TW_VERDICT_SELF] = "self",
        [TW_VERDICT_STALE] = "stale",
        [TW_VERDICT_PERM] = "perm",
        [TW_VERDICT_CLASS] = "class",
        [TW_VERDICT_FAULT] = "fault",
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

void tw_key_write(char key[TW_KEY_SIZE], TwVerdict verdict, const char *target,
                  TwOpCode code, TwKeyLeaf leaf, TwKeyLink link,
                  TwKeyEvent event)
{
    static const char *const verdicts[TW_VERDICTS] = {
        [TW_VERDICT_CRASH] = "Crs",     [TW_VERDICT_HANG] = "Hng",
        [TW_VERDICT_SELF] = "Slf",      [TW_VERDICT_STALE] = "Sta",
        [TW_VERDICT_PERM] = "Prm",      [TW_VERDICT_CLASS] = "Cls",
        [TW_VERDICT_FAULT] = "Flt",     [TW_VERDICT_WRONG] = "Wrg",
        [TW_VERDICT_EFFECT] = "Eff",    [TW_VERDICT_EVENT] = "Evt",
        [TW_VERDICT_INVARIANT] = "Inv",
    };
    static const char *const accesses[] = {
        [TW_OP_READ] = "Rd", [TW_OP_WRITE] = "Wr",    [TW_OP_EXEC] = "Ex",
        [TW_OP_RMW] = "Rm",  [TW_OP_DMA_READ] = "Dr", [TW_OP_DMA_WRITE] = "Dw",
    };
    static const char *const leaves[TW_KEY_LEAVES] = {
        [TW_KEY_LEAF_HOLE] = "Hol",       [TW_KEY_LEAF_RAM] = "Ram",
        [TW_KEY_LEAF_ROM] = "Rom",        [TW_KEY_LEAF_ROMD] = "Rmd",
        [TW_KEY_LEAF_MMIO] = "Mio",       [TW_KEY_LEAF_RESERVATION] = "Rsv",
        [TW_KEY_LEAF_RAM_DEVICE] = "Rdv",
    };
    static const char *const links[TW_KEY_LINKS] = {
        [TW_KEY_LINK_PAGE] = "Pgm",
        [TW_KEY_LINK_HOP] = "Hop",
        [TW_KEY_LINK_TOPOLOGY] = "Top",
        [TW_KEY_LINK_CODE] = "Cod",
    };
    static const char *const events[TW_KEY_EVENTS] = {
        [TW_KEY_EVENT_FLUSH] = "Flu",  [TW_KEY_EVENT_UNMAP] = "Unm",
        [TW_KEY_EVENT_COMMIT] = "Com", [TW_KEY_EVENT_RESET] = "Rst",
        [TW_KEY_EVENT_NEWER] = "New",  [TW_KEY_EVENT_RESTORE] = "Sav",
    };
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
    append(key, verdict < TW_VERDICTS ? verdicts[verdict] : NULL);
    append(key, letters);
    if (code < sizeof accesses / sizeof accesses[0]) {
        append(key, accesses[code]);
    }
    append(key, leaf < TW_KEY_LEAVES ? leaves[leaf] : NULL);
    append(key, link < TW_KEY_LINKS ? links[link] : NULL);
    append(key, event < TW_KEY_EVENTS ? events[event] : NULL);
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
