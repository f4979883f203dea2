/* SPDX-License-Identifier: MIT */
/* Edits of programs by structure: dropping, flattening, renumbering. */
#include "program/edit/edit.h"

#include <string.h>

#include "program/fields.h"
#include "program/ops.h"

unsigned tw_edit_refs(TwOp *op, TwObject kind, uint8_t *refs[EDIT_REFS])
{
    const TwOpInfo *info = tw_op_info(op->code);
    unsigned n = 0;

    if (kind == TW_OBJECT_CPU && op->actor != TW_BOARD) {
        refs[n++] = &op->actor;
    }
    if (kind == TW_OBJECT_MAPPING && (op->flags & TW_OPF_VIA)) {
        refs[n++] = &op->other;
    }
    for (TwFieldAt at = tw_fields(info); at.part; tw_fields_next(&at)) {
        uint8_t *ref = tw_field_byte(at.part, op);

        if (at.part->type == TW_FIELD_ID && at.part->object == kind &&
            !(at.part->all && *ref == TW_ALL) && n < EDIT_REFS) {
            refs[n++] = ref;
        }
    }
    return n;
}

void tw_edit_cut_script(TwProgram *program, unsigned first, unsigned count)
{
    memmove(&program->script[first], &program->script[first + count],
            (program->n_script - first - count) * sizeof(TwOp));
    program->n_script = (uint16_t)(program->n_script - count);
}

void tw_edit_cut_setup(TwProgram *program, unsigned first, unsigned count)
{
    memmove(&program->setup[first], &program->setup[first + count],
            (program->n_setup - first - count) * sizeof(TwOp));
    program->n_setup = (uint16_t)(program->n_setup - count);
}

void tw_edit_tidy(TwProgram *program)
{
    for (unsigned i = 0; i < program->n_script; i++) {
        TwOp *op = &program->script[i];
        if ((op->flags & TW_OPF_DURING) && !tw_op_may_be_during(program, i)) {
            op->flags = (uint8_t)(op->flags & ~TW_OPF_DURING);
        }
        if ((op->flags & TW_OPF_PAIRED) && !tw_op_may_be_paired(program, i)) {
            op->flags = (uint8_t)(op->flags & ~TW_OPF_PAIRED);
        }
    }
}

/* Does an operation name object `id`?  The actor alone is no such use. */
static bool names(const TwOp *op, TwObject kind, uint8_t id)
{
    TwOp copy = *op;
    uint8_t *refs[EDIT_REFS];
    unsigned n = tw_edit_refs(&copy, kind, refs);

    for (unsigned i = 0; i < n; i++) {
        if (refs[i] != &copy.actor && *refs[i] == id) {
            return true;
        }
    }
    return false;
}

typedef bool (*Uses)(const TwOp *op, unsigned a, unsigned b);

static unsigned keep_ops(TwOp *ops, unsigned n, Uses uses, unsigned a,
                         unsigned b)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < n; i++) {
        if (!uses(&ops[i], a, b)) {
            ops[kept++] = ops[i];
        }
    }
    return kept;
}

/* Drops the operations, entries and actors for which `uses` is true. */
static void drop_users(TwProgram *program, Uses uses, unsigned a, unsigned b)
{
    program->n_setup =
        (uint16_t)keep_ops(program->setup, program->n_setup, uses, a, b);
    program->n_script =
        (uint16_t)keep_ops(program->script, program->n_script, uses, a, b);
    for (unsigned i = 0; i < program->n_actors; i++) {
        TwActor *actor = &program->actors[i];
        if (actor->region != TW_NONE && uses(&actor->op, a, b)) {
            actor->region = TW_NONE;
        }
    }
    tw_edit_tidy(program);
}

static bool uses_object(const TwOp *op, unsigned kind, unsigned id)
{
    return names(op, (TwObject)kind, (uint8_t)id);
}

static bool uses_mmu(const TwOp *op, unsigned cpu, unsigned index)
{
    return tw_op_indexed(tw_op_info(op->code), TW_OBJECT_CPU) != NULL &&
           op->obj == cpu && op->index == index;
}

static void drop_one_region(TwProgram *program, uint8_t id)
{
    TwRegion *region = &program->regions[id];

    region->kind = TW_REGION_NONE;
    drop_users(program, uses_object, TW_OBJECT_REGION, id);
    for (unsigned i = 0; i < program->n_actors; i++) {
        if (program->actors[i].region == id) {
            program->actors[i].region = TW_NONE;
        }
    }
    for (unsigned i = 0; i < program->n_iommus; i++) {
        TwIommu *iommu = &program->iommus[i];
        if (iommu->kind == TW_IOMMU_PAGETABLE &&
            iommu->pagetable.tables == id) {
            tw_edit_drop_iommu(program, (uint8_t)i);
        }
    }
    for (unsigned i = 0; i < program->n_regions; i++) {
        TwRegion *other = &program->regions[i];
        if (other->kind != TW_REGION_NONE && other->block == id && i != id) {
            other->block = (uint8_t)i;
        }
    }
}

void tw_edit_drop_region(TwProgram *program, uint8_t id)
{
    TwRegion region = program->regions[id];

    if (region.kind == TW_REGION_NONE) {
        return;
    }
    drop_one_region(program, id);
    if (region.kind == TW_REGION_IOMMU) {
        tw_edit_drop_iommu(program, region.iommu);
    }
    for (unsigned i = 0; i < program->n_regions; i++) {
        const TwRegion *other = &program->regions[i];
        if (other->kind != TW_REGION_NONE &&
            (other->container == id ||
             (other->kind == TW_REGION_ALIAS && other->target == id))) {
            tw_edit_drop_region(program, (uint8_t)i);
        }
    }
    for (unsigned i = 0; i < program->n_spaces; i++) {
        if (program->spaces[i].present && program->spaces[i].root == id) {
            tw_edit_drop_space(program, (uint8_t)i);
        }
    }
}

/* Where an object names space `id` it names `other`. */
static void replace_space(const TwProperty *table, void *object, unsigned kind,
                          uint8_t id, uint8_t other)
{
    TW_EACH_PROPERTY(property, table, kind)
    {
        const TwField *f = &property->parts[0];
        if (f->type == TW_FIELD_ID && f->object == TW_OBJECT_SPACE &&
            *tw_field_byte(f, object) == id) {
            *tw_field_byte(f, object) = other;
        }
    }
}

void tw_edit_drop_space(TwProgram *program, uint8_t id)
{
    uint8_t other = TW_NONE;

    if (!program->spaces[id].present) {
        return;
    }
    program->spaces[id].present = false;
    for (unsigned i = 0; i < program->n_spaces && other == TW_NONE; i++) {
        if (program->spaces[i].present && !program->spaces[i].late) {
            other = (uint8_t)i;
        }
    }
    drop_users(program, uses_object, TW_OBJECT_SPACE, id);
    for (unsigned i = 0; i < program->n_iommus; i++) {
        TwIommu *iommu = &program->iommus[i];
        replace_space(tw_iommu_properties, iommu, iommu->kind, id, other);
    }
    for (unsigned c = 0; c < program->n_cpus; c++) {
        for (unsigned m = 0; m < TW_MAX_MMU_INDEXES; m++) {
            TwMmuIndex *mmu = &program->cpus[c].mmu[m];
            if (program->cpus[c].present && mmu->present) {
                replace_space(tw_mmu_properties, mmu, 0, id, other);
            }
        }
    }
    /* What only this space showed goes as well. */
    uint8_t root = program->spaces[id].root;
    for (unsigned i = 0; i < program->n_spaces; i++) {
        if (program->spaces[i].present && program->spaces[i].root == root) {
            return;
        }
    }
    tw_edit_drop_region(program, root);
}

void tw_edit_drop_iommu(TwProgram *program, uint8_t id)
{
    uint8_t region = tw_program_iommu_region(program, id);

    if (program->iommus[id].kind == TW_IOMMU_NONE) {
        return;
    }
    program->iommus[id].kind = TW_IOMMU_NONE;
    drop_users(program, uses_object, TW_OBJECT_IOMMU, id);
    for (unsigned i = 0; i < program->n_regions; i++) {
        if (program->regions[i].registers == id) {
            program->regions[i].registers = TW_NONE;
        }
    }
    if (region != TW_NONE) {
        tw_edit_drop_region(program, region);
    }
}

static void actor_to_board(TwOp *ops, unsigned n, uint8_t cpu)
{
    for (unsigned i = 0; i < n; i++) {
        if (ops[i].actor == cpu) {
            ops[i].actor = TW_BOARD;
        }
    }
}

void tw_edit_drop_cpu(TwProgram *program, uint8_t id)
{
    program->cpus[id].present = false;
    drop_users(program, uses_object, TW_OBJECT_CPU, id);
    actor_to_board(program->script, program->n_script, id);
}

void tw_edit_drop_mmu(TwProgram *program, uint8_t cpu, uint8_t index)
{
    program->cpus[cpu].mmu[index].present = false;
    drop_users(program, uses_mmu, cpu, index);
}

void tw_edit_drop_actor(TwProgram *program, uint8_t slot)
{
    program->actors[slot].region = TW_NONE;
}

void tw_edit_flatten(TwProgram *program, uint8_t id)
{
    TwRegion *box = &program->regions[id];
    uint8_t outer = box->container;

    if (outer == TW_NONE) {
        return;
    }
    for (unsigned i = 0; i < program->n_regions; i++) {
        TwRegion *child = &program->regions[i];
        if (child->kind != TW_REGION_NONE && child->container == id) {
            child->container = outer;
            child->addr += box->addr;
            child->readonly |= box->readonly;
        }
    }
    for (unsigned i = 0; i < program->n_script; i++) {
        TwOp *op = &program->script[i];
        if (op->code == TW_OP_ADD && op->other == id) {
            op->other = outer;
            op->addr += box->addr;
        }
    }
    tw_edit_drop_region(program, id);
}

/* Renumbering ------------------------------------------------------------- */

typedef struct Numbers {
    uint8_t to[TW_OBJECTS][256];
} Numbers;

static void rename_op(TwOp *op, const Numbers *numbers)
{
    uint8_t *refs[EDIT_REFS];

    for (unsigned kind = 0; kind < TW_OBJECTS; kind++) {
        unsigned n = tw_edit_refs(op, (TwObject)kind, refs);
        for (unsigned i = 0; i < n; i++) {
            *refs[i] = numbers->to[kind][*refs[i]];
        }
    }
}

/* The ids that one object holds. */
static void rename_ids(const TwProperty *table, void *object, unsigned kind,
                       const Numbers *numbers)
{
    TW_EACH_PROPERTY(property, table, kind)
    {
        const TwField *f = &property->parts[0];
        if (f->type == TW_FIELD_ID) {
            uint8_t *id = tw_field_byte(f, object);
            *id = numbers->to[f->object][*id];
        }
    }
}

static void rename_cpu(TwCpu *cpu, const Numbers *numbers)
{
    for (unsigned m = 0; m < TW_MAX_MMU_INDEXES; m++) {
        if (cpu->mmu[m].present) {
            rename_ids(tw_mmu_properties, &cpu->mmu[m], 0, numbers);
        }
    }
}

/* Closes the holes, too. */
static void rename_objects(TwProgram *program, const Numbers *numbers)
{
#define RENAME(array, count, there, rename) \
    do { \
        unsigned n = 0; \
        for (unsigned i = 0; i < program->count; i++) { \
            if (program->array[i].there) { \
                program->array[n] = program->array[i]; \
                rename; \
                n++; \
            } \
        } \
        program->count = (uint8_t)n; \
    } while (0)
    RENAME(regions, n_regions, kind != TW_REGION_NONE,
           rename_ids(tw_region_properties, &program->regions[n],
                      program->regions[n].kind, numbers));
    RENAME(spaces, n_spaces, present,
           rename_ids(tw_space_properties, &program->spaces[n], 0, numbers));
    RENAME(iommus, n_iommus, kind != TW_IOMMU_NONE,
           rename_ids(tw_iommu_properties, &program->iommus[n],
                      program->iommus[n].kind, numbers));
    RENAME(cpus, n_cpus, present, rename_cpu(&program->cpus[n], numbers));
    RENAME(actors, n_actors, region != TW_NONE,
           program->actors[n].region =
               numbers->to[TW_OBJECT_REGION][program->actors[n].region]);
#undef RENAME
}

/* Observers and mappings exist by being named. */
static void number_named(TwProgram *program, TwObject kind, Numbers *numbers)
{
    uint8_t *refs[EDIT_REFS];
    uint8_t next = 0;

    for (unsigned i = 0; i < program->n_script; i++) {
        unsigned n = tw_edit_refs(&program->script[i], kind, refs);
        for (unsigned k = 0; k < n; k++) {
            if (numbers->to[kind][*refs[k]] == TW_NONE) {
                numbers->to[kind][*refs[k]] = next++;
            }
        }
    }
}

void tw_edit_renumber(TwProgram *program)
{
    Numbers numbers;
    uint8_t next[TW_OBJECTS] = {0};

    memset(&numbers, TW_NONE, sizeof(numbers));
    for (unsigned i = 0; i < program->n_regions; i++) {
        if (program->regions[i].kind != TW_REGION_NONE) {
            numbers.to[TW_OBJECT_REGION][i] = next[TW_OBJECT_REGION]++;
        }
    }
    for (unsigned i = 0; i < program->n_spaces; i++) {
        if (program->spaces[i].present) {
            numbers.to[TW_OBJECT_SPACE][i] = next[TW_OBJECT_SPACE]++;
        }
    }
    for (unsigned i = 0; i < program->n_iommus; i++) {
        if (program->iommus[i].kind != TW_IOMMU_NONE) {
            numbers.to[TW_OBJECT_IOMMU][i] = next[TW_OBJECT_IOMMU]++;
        }
    }
    for (unsigned i = 0; i < program->n_cpus; i++) {
        if (program->cpus[i].present) {
            numbers.to[TW_OBJECT_CPU][i] = next[TW_OBJECT_CPU]++;
        }
    }
    number_named(program, TW_OBJECT_OBSERVER, &numbers);
    number_named(program, TW_OBJECT_MAPPING, &numbers);
    rename_objects(program, &numbers);
    for (unsigned i = 0; i < program->n_setup; i++) {
        rename_op(&program->setup[i], &numbers);
    }
    for (unsigned i = 0; i < program->n_script; i++) {
        rename_op(&program->script[i], &numbers);
    }
    for (unsigned i = 0; i < program->n_actors; i++) {
        rename_op(&program->actors[i].op, &numbers);
    }
}

unsigned tw_edit_count_ops(const TwProgram *program)
{
    return program->n_setup + program->n_script;
}

unsigned tw_edit_count_objects(const TwProgram *program)
{
    unsigned n = 0;

    for (unsigned i = 0; i < program->n_regions; i++) {
        n += program->regions[i].kind != TW_REGION_NONE;
    }
    for (unsigned i = 0; i < program->n_spaces; i++) {
        n += program->spaces[i].present;
    }
    for (unsigned i = 0; i < program->n_iommus; i++) {
        n += program->iommus[i].kind != TW_IOMMU_NONE;
    }
    for (unsigned i = 0; i < program->n_cpus; i++) {
        const TwCpu *cpu = &program->cpus[i];
        n += cpu->present;
        for (unsigned m = 0; m < TW_MAX_MMU_INDEXES; m++) {
            n += cpu->present && cpu->mmu[m].present;
        }
    }
    for (unsigned i = 0; i < program->n_actors; i++) {
        n += program->actors[i].region != TW_NONE;
    }
    return n;
}
