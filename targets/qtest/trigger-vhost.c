/* SPDX-License-Identifier: MIT */
/*
 * Triggers of what QEMU tells vhost-user devices: those of the IOMMU itself,
 * then circumstances in which it forgets to tell.
 */
#include <string.h>

#include "program/ops.h"
#include "targets/qtest/trigger.h"

/* Numbers of the triggers that all kinds have; those of the IOMMU come before
 * them. */
enum {
    WHOLE_COMMAND,
    CHANGED_CONTEXT,
    TO_PASS,
    OLD_DOMAIN,
    BYPASS_ON,
    GLOBAL_COMMAND,
    PAGE_COMMAND,
};

/* How many the IOMMUs have: VT-d those of tw_qtest_vtd_triggers, SMMUv3 that of
 * tw_qtest_smmuv3_triggers and one more, AMD-Vi those of
 * tw_qtest_amdvi_triggers. */
enum { OF_VTD = 3, OF_SMMUV3 = 2, OF_AMDVI = 8 };
enum { TABLE_RIGHTS, READ_ONLY };

#define BIT(trigger) (UINT64_C(1) << (trigger))
#define BITS_OF(n) (BIT(n) - 1)

/* In that order. */
#define INFOS_OF_ALL \
    {.name = "whole-command", \
     .meaning = "a command for a domain, or for everything"}, \
        {.name = "changed-context", \
         .meaning = "the script changes a context, or switches bypass"}, \
        {.name = "to-pass", \
         .meaning = "the script gives an index the context `pass`"}, \
        {.name = "old-domain", \
         .meaning = "a command for a domain that an index has had, and has " \
                    "no longer"}, \
        {.name = "bypass-on", .meaning = "the script switches bypass on"}, \
        {.name = "global-command", .meaning = "a command for everything"}, \
        {.name = "page-command", .meaning = "a command for pages"}, \
    { \
        .name = NULL \
    }

const TwTriggerInfo tw_qtest_vtd_vhost_triggers[] = {
    TW_QTEST_INFO_PART_RIGHT,
    TW_QTEST_INFO_ALL_ONES,
    TW_QTEST_INFO_INTERRUPT_LEAF,
    INFOS_OF_ALL,
};

const TwTriggerInfo tw_qtest_smmuv3_vhost_triggers[] = {
    [TABLE_RIGHTS] = {.name = "table-rights",
                      .meaning = "an entry for a table takes a right away"},
    [READ_ONLY] = TW_QTEST_INFO_PART_RIGHT,
    INFOS_OF_ALL,
};

const TwTriggerInfo tw_qtest_amdvi_vhost_triggers[] = {
    TW_QTEST_INFOS_OF_AMDVI,
    INFOS_OF_ALL,
};

/* Has it the objects of programs for the target?  Others meet nothing. */
static bool is_of_path(const TwProgram *program)
{
    return program->n_iommus == 1 && program->n_regions == 3 &&
           program->regions[2].kind == TW_REGION_RAM;
}

static bool is_global_command(const TwOp *op)
{
    return op->code == TW_OP_NOTIFY_ALL ||
           (op->code == TW_OP_INVALIDATE && op->scope == TW_SCOPE_GLOBAL);
}

/* A command that is for no pages. */
static bool is_whole_command(const TwOp *op)
{
    return op->code == TW_OP_NOTIFY_ALL ||
           (op->code == TW_OP_INVALIDATE &&
            (op->scope == TW_SCOPE_GLOBAL || op->scope == TW_SCOPE_DOMAIN));
}

static bool is_page_command(const TwOp *op)
{
    switch (op->code) {
    case TW_OP_NOTIFY:
        return true;
    case TW_OP_MAP:
    case TW_OP_UNMAP:
    case TW_OP_PROTECT:
        return op->flags & TW_OPF_NOTIFIED;
    case TW_OP_INVALIDATE:
        return op->scope == TW_SCOPE_RANGE || op->scope == TW_SCOPE_LEAF ||
               op->scope == TW_SCOPE_ANY_RANGE ||
               op->scope == TW_SCOPE_ANY_LEAF;
    default:
        return false;
    }
}

static bool is_changed_context(const TwOp *op)
{
    return op->code == TW_OP_CONTEXT || op->code == TW_OP_BYPASS;
}

static bool is_to_pass(const TwOp *op)
{
    return op->code == TW_OP_CONTEXT && op->mode == TW_CONTEXT_PASS;
}

static bool is_bypass_on(const TwOp *op)
{
    return op->code == TW_OP_BYPASS && op->flags & TW_OPF_ON;
}

/* The domains that the indexes have had, as bits, and which they have. */
enum { INDEXES = 2, DOMAINS = 256, NO_DOMAIN = DOMAINS };

typedef struct Domains {
    uint32_t had[INDEXES][DOMAINS / 32];
    unsigned now[INDEXES];
} Domains;

static void note_domain(const TwOp *op, Domains *domains)
{
    unsigned index = op->requester % INDEXES;

    if (op->code != TW_OP_CONTEXT) {
        return;
    }
    domains->now[index] = NO_DOMAIN;
    if (op->mode == TW_CONTEXT_TABLES || op->mode == TW_CONTEXT_PASS) {
        domains->now[index] = op->domain;
        domains->had[index][op->domain / 32] |= 1u << op->domain % 32;
    }
}

static void begin_domains(const TwProgram *program, Domains *domains)
{
    memset(domains, 0, sizeof(*domains));
    for (unsigned k = 0; k < INDEXES; k++) {
        domains->now[k] = NO_DOMAIN;
    }
    for (unsigned i = 0; i < program->n_setup; i++) {
        note_domain(&program->setup[i], domains);
    }
}

/* Has an index had this domain, and has it no longer?  NO_DOMAIN: any. */
static bool is_old_domain(const Domains *domains, unsigned domain)
{
    for (unsigned k = 0; k < INDEXES; k++) {
        for (unsigned d = 0; d < DOMAINS; d++) {
            if (domains->had[k][d / 32] >> d % 32 & 1 && d != domains->now[k] &&
                (d == domain || domain == NO_DOMAIN)) {
                return true;
            }
        }
    }
    return false;
}

static bool is_of_old_domain(const TwOp *op, const Domains *domains)
{
    if (op->code != TW_OP_INVALIDATE) {
        return false;
    }
    switch (op->scope) {
    case TW_SCOPE_DOMAIN:
    case TW_SCOPE_RANGE:
    case TW_SCOPE_LEAF:
        return is_old_domain(domains, op->whose);
    case TW_SCOPE_ANY_RANGE:
    case TW_SCOPE_ANY_LEAF:
        return is_old_domain(domains, NO_DOMAIN);
    default:
        return false;
    }
}

/* Of an operation of the script. */
static uint64_t met_by(const TwOp *op, Domains *domains)
{
    note_domain(op, domains);
    return (is_whole_command(op) ? BIT(WHOLE_COMMAND) : 0) |
           (is_changed_context(op) ? BIT(CHANGED_CONTEXT) : 0) |
           (is_to_pass(op) ? BIT(TO_PASS) : 0) |
           (is_bypass_on(op) ? BIT(BYPASS_ON) : 0) |
           (is_global_command(op) ? BIT(GLOBAL_COMMAND) : 0) |
           (is_page_command(op) ? BIT(PAGE_COMMAND) : 0) |
           (is_of_old_domain(op, domains) ? BIT(OLD_DOMAIN) : 0);
}

static uint64_t triggers_met(const TwProgram *program, const TwFinding *finding)
{
    unsigned n =
        finding->op < program->n_script ? finding->op + 1u : program->n_script;
    uint64_t met = 0;
    Domains domains;

    begin_domains(program, &domains);
    for (unsigned i = 0; i < n && is_of_path(program); i++) {
        met |= met_by(&program->script[i], &domains);
    }
    return met;
}

/* What is in the way goes: another command may be none of the dialect's. */
static void avoid_in(TwOp *op, uint64_t triggers, Domains *domains)
{
    if (is_to_pass(op) && triggers & BIT(TO_PASS)) {
        op->mode = TW_CONTEXT_TABLES;
    }
    if (op->flags & TW_OPF_NOTIFIED && triggers & BIT(PAGE_COMMAND)) {
        op->flags &= (uint8_t)~TW_OPF_NOTIFIED;
    }
    if ((is_whole_command(op) && triggers & BIT(WHOLE_COMMAND)) ||
        (is_changed_context(op) && triggers & BIT(CHANGED_CONTEXT)) ||
        (is_bypass_on(op) && triggers & BIT(BYPASS_ON)) ||
        (is_global_command(op) && triggers & BIT(GLOBAL_COMMAND)) ||
        (is_page_command(op) && triggers & BIT(PAGE_COMMAND)) ||
        (is_of_old_domain(op, domains) && triggers & BIT(OLD_DOMAIN))) {
        *op = (TwOp){.code = TW_OP_NOP, .actor = TW_BOARD};
    }
    note_domain(op, domains);
}

static void avoid(TwProgram *program, uint64_t triggers)
{
    Domains domains;

    begin_domains(program, &domains);
    for (unsigned i = 0; i < program->n_script && is_of_path(program); i++) {
        avoid_in(&program->script[i], triggers, &domains);
    }
}

/* VT-d --------------------------------------------------------------------- */

uint64_t tw_qtest_vtd_vhost_met(const TwProgram *program,
                                const TwFinding *finding)
{
    return tw_qtest_vtd_met(program, finding) | triggers_met(program, finding)
                                                    << OF_VTD;
}

void tw_qtest_vtd_vhost_avoid(TwProgram *program, uint64_t triggers)
{
    tw_qtest_vtd_avoid(program, triggers & BITS_OF(OF_VTD));
    avoid(program, triggers >> OF_VTD);
}

/* AMD-Vi ------------------------------------------------------------------- */

uint64_t tw_qtest_amdvi_vhost_met(const TwProgram *program,
                                  const TwFinding *finding)
{
    return tw_qtest_amdvi_met(program, finding) | triggers_met(program, finding)
                                                      << OF_AMDVI;
}

void tw_qtest_amdvi_vhost_avoid(TwProgram *program, uint64_t triggers)
{
    avoid(program, triggers >> OF_AMDVI); /* contexts say what levels are */
    tw_qtest_amdvi_avoid(program, triggers & BITS_OF(OF_AMDVI));
}

/* SMMUv3 ------------------------------------------------------------------- */

/* AP[2] of a leaf of stage 1 takes stores away (DDI 0487, VMSAv8-64). */
#define AP_READ_ONLY (UINT64_C(1) << 7)

static bool is_read_only(const TwOp *op)
{
    if (op->code == TW_OP_MAP || op->code == TW_OP_PROTECT) {
        return op->perm != (TW_R | TW_W);
    }
    return op->code == TW_OP_POKE && op->value & 1 && op->value & AP_READ_ONLY;
}

uint64_t tw_qtest_smmuv3_vhost_met(const TwProgram *program,
                                   const TwFinding *finding)
{
    unsigned n = program->n_setup + program->n_script;
    uint64_t met = tw_qtest_smmuv3_met(program, finding) & BIT(TABLE_RIGHTS);

    if (finding->op < program->n_script) {
        n = program->n_setup + finding->op + 1;
    }
    for (unsigned i = 0; i < n && is_of_path(program); i++) {
        met |= is_read_only(tw_op_at(program, i)) ? BIT(READ_ONLY) : 0;
    }
    return met | triggers_met(program, finding) << OF_SMMUV3;
}

static void give_both(TwOp *op)
{
    if (op->code == TW_OP_POKE) {
        op->value &= ~AP_READ_ONLY;
    } else {
        op->perm = TW_R | TW_W;
    }
}

void tw_qtest_smmuv3_vhost_avoid(TwProgram *program, uint64_t triggers)
{
    tw_qtest_smmuv3_avoid(program, triggers & BIT(TABLE_RIGHTS));
    for (unsigned i = 0; triggers & BIT(READ_ONLY) && i < program->n_setup;
         i++) {
        if (is_read_only(&program->setup[i])) {
            give_both(&program->setup[i]);
        }
    }
    for (unsigned i = 0; triggers & BIT(READ_ONLY) && i < program->n_script;
         i++) {
        if (is_read_only(&program->script[i])) {
            give_both(&program->script[i]);
        }
    }
    avoid(program, triggers >> OF_SMMUV3);
}
