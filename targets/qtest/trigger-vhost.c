/* SPDX-License-Identifier: MIT */
/*
 * Triggers of what QEMU tells vhost-user devices: those of the IOMMU itself,
 * then circumstances in which it forgets to tell.
 */
#include <string.h>

#include "program/ops.h"
#include "targets/qtest/trigger.h"

/* Of VT-d: the number of its own triggers; then ours. */
enum {
    OF_VTD = 3,
    WHOLE_COMMAND = OF_VTD,
    CHANGED_CONTEXT,
    TO_PASS,
    OLD_DOMAIN,
    BYPASS_ON,
};

#define BIT(trigger) (UINT64_C(1) << (trigger))
#define BITS_OF_VTD (BIT(OF_VTD) - 1)

const TwTriggerInfo tw_qtest_vtd_vhost_triggers[] = {
    TW_QTEST_INFO_PART_RIGHT,
    TW_QTEST_INFO_ALL_ONES,
    TW_QTEST_INFO_INTERRUPT_LEAF,
    [WHOLE_COMMAND] = {.name = "whole-command",
                       .meaning = "a command for a domain, or for everything"},
    [CHANGED_CONTEXT] = {.name = "changed-context",
                         .meaning = "the script changes a context, or "
                                    "switches bypass"},
    [TO_PASS] = {.name = "to-pass",
                 .meaning = "the script gives an index the context `pass`"},
    [OLD_DOMAIN] = {.name = "old-domain",
                    .meaning = "a command for a domain that an index has had, "
                               "and has no longer"},
    [BYPASS_ON] = {.name = "bypass-on",
                   .meaning = "the script switches bypass on"},
    {.name = NULL},
};

/* Has it the objects of programs for the target?  Others meet nothing. */
static bool is_of_path(const TwProgram *program)
{
    return program->n_iommus == 1 && program->n_regions == 3 &&
           program->regions[2].kind == TW_REGION_RAM;
}

/* A command that is for no pages. */
static bool is_whole_command(const TwOp *op)
{
    return op->code == TW_OP_NOTIFY_ALL ||
           (op->code == TW_OP_INVALIDATE &&
            (op->scope == TW_SCOPE_GLOBAL || op->scope == TW_SCOPE_DOMAIN));
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
           (is_of_old_domain(op, domains) ? BIT(OLD_DOMAIN) : 0);
}

uint64_t tw_qtest_vtd_vhost_met(const TwProgram *program,
                                const TwFinding *finding)
{
    uint64_t met = tw_qtest_vtd_met(program, finding);
    unsigned n =
        finding->op < program->n_script ? finding->op + 1u : program->n_script;
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
    if ((is_whole_command(op) && triggers & BIT(WHOLE_COMMAND)) ||
        (is_changed_context(op) && triggers & BIT(CHANGED_CONTEXT)) ||
        (is_bypass_on(op) && triggers & BIT(BYPASS_ON)) ||
        (is_of_old_domain(op, domains) && triggers & BIT(OLD_DOMAIN))) {
        *op = (TwOp){.code = TW_OP_NOP, .actor = TW_BOARD};
    }
    note_domain(op, domains);
}

void tw_qtest_vtd_vhost_avoid(TwProgram *program, uint64_t triggers)
{
    Domains domains;

    tw_qtest_vtd_avoid(program, triggers & BITS_OF_VTD);
    begin_domains(program, &domains);
    for (unsigned i = 0; i < program->n_script && is_of_path(program); i++) {
        avoid_in(&program->script[i], triggers, &domains);
    }
}
