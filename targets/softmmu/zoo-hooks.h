/* SPDX-License-Identifier: MIT */
/*
 * What the bugs and mutants of the zoo do that is longer than an expression.
 * Each hook does nothing, answers no, or gives back what it is given, unless
 * the machine has one of the bugs that its definition names; in the normal
 * build it is such a constant, of which nothing is left.
 */
#ifndef TW_TARGETS_SOFTMMU_ZOO_HOOKS_H
#define TW_TARGETS_SOFTMMU_ZOO_HOOKS_H

#include "targets/softmmu/internal.h"

/* Views and the region graph (zoo-view.c) --------------------------------- */

/* Does the region show itself where no child does?  As a rule: `terminates`. */
PART bool zoo_terminates(const Machine *m, const Region *region,
                         bool terminates);
/* Where an alias puts the container of `target`; by the rules at `base`. */
PART Wide zoo_alias_base(const Machine *m, const Region *target, Wide base);
/* Does an alias show nothing of `target`? */
PART bool zoo_hides_target(const Machine *m, const Region *regions,
                           uint8_t target);
/* The view takes `visited` for all that it looked at. */
PART void zoo_forget_visits(const Machine *m, View *view,
                            const TwRegionSet *visited);
/* What lies beyond the end of the space is rendered at its start. */
PART void zoo_wrap_end(const Machine *m, View *view, uint8_t id,
                       const Region *region, uint8_t flags, Wide origin);
/* Is *leaf, not what was committed, the answer for `addr`? */
PART bool zoo_resolves(Machine *m, uint8_t space, uint64_t addr, Leaf *leaf);
/* What siblings are ordered by; as a rule: `rank`. */
PART int64_t zoo_child_rank(const Machine *m, const Region *region,
                            int64_t rank);
/* Is the CPU not told of a commit? */
PART bool zoo_sees_no_change(const Machine *m, uint8_t c);
/* A region that was moved where it is among its siblings is a change. */
PART void zoo_move_in_place(Machine *m, uint8_t id);
/* A region that was enabled becomes the newest of its siblings. */
PART void zoo_reorder_enabled(Machine *m, uint8_t id, bool on);

/* What commands miss (zoo-cells.c) ----------------------------------------- */

/* A command, a structure and a kind of record, as one number, not 0. */
#define TW_CELL(command, structure, kind) \
    (1 + (((command)*STRUCTURES + (structure)) * KINDS + (kind)))

enum {
    COMMAND_NONE, /* it misses nothing */
    COMMAND_NOTIFIED,
    COMMAND_UNMAP,
    COMMAND_UNMAP_ALL,
    COMMAND_SCOPE, /* of `invalidate`: the first of TW_SCOPES */
    COMMAND_LUT = COMMAND_SCOPE + TW_SCOPES,
    COMMAND_RESET,
    COMMAND_BYPASS,
    COMMAND_COMMIT,
    COMMAND_RESTORE,
};
enum {
    STRUCTURE_ENTRY,
    STRUCTURE_POINTER,
    STRUCTURE_CONTEXT,
    STRUCTURE_COMBINED,
    STRUCTURE_SECOND,
    STRUCTURE_MAPPING,
    STRUCTURE_CPU,
    STRUCTURES
};
enum {
    KIND_GRANT,
    KIND_REFUSAL,
    KIND_ABSENT,
    KIND_MARKED,
    KIND_BLOCKED,
    KIND_TABLES,
    KIND_PASS,
    KINDS
};

/* An operation begins, which may be such a command. */
PART void zoo_begins(Machine *m, const TwOp *op);
/* A block of an MPC has changed, and that is told. */
PART void zoo_begins_lut(Machine *m);
/* Does the command in flight miss this: a record; a pair, as one of its first
 * or of its second IOMMU; a mapping; a CPU, at an UNMAP or at a commit? */
PART bool zoo_misses_entry(Machine *m, uint8_t id, const IotlbRecord *record);
PART bool zoo_misses_pointer(Machine *m, uint8_t id,
                             const IotlbPointer *pointer);
PART bool zoo_misses_combined(Machine *m, uint8_t id, const IotlbPair *pair);
PART bool zoo_misses_second(Machine *m, uint8_t id, const IotlbPair *pair);
PART bool zoo_misses_mapping(Machine *m, const Mapping *map);
PART bool zoo_misses_cpu(Machine *m, const Notifier *notifier, uint64_t first);
PART bool zoo_misses_commit(Machine *m, uint8_t c);
/* The recorded contexts of an IOMMU that it misses, bit per index. */
PART uint8_t zoo_missed_contexts(Machine *m, uint8_t id);
/* Has it ended the records of an IOMMU, all but those that it misses? */
PART bool zoo_empties_the_rest(Machine *m, uint8_t id);

/* IOMMUs, notifiers and observers (zoo-iommu.c) ---------------------------- */

/* The kind and the level that a page table gives as the reason of a refusal
 * (LA-60). */
PART uint8_t zoo_reason_kind(const Machine *m, TwReasonKind kind);
PART uint8_t zoo_reason_level(const Machine *m, TwReasonKind kind,
                              unsigned level);
/* The level of the first entry for a table that took away a right of the access
 * at hand: `denied`, or if there was none and `perm` lacks one, `level`; and
 * this entry as the reason, whatever lies below it. */
PART uint8_t zoo_denied_at(const Machine *m, uint8_t denied, uint8_t perm,
                           unsigned level);
PART void zoo_deny_early(const Machine *m, uint8_t denied, Translation *what);
/* The part of an event that a notifier gets is shortened. */
PART void zoo_round_event(const Machine *m, Event *event);
/* Does the bug send the event of a change to a table (`had`: there was an
 * entry), or of everything, before the change?  Then there is no notification
 * after it. */
PART bool zoo_tells_early(Machine *m, const TwOp *op, bool had, uint8_t actor);
PART bool zoo_tells_all_early(Machine *m, uint8_t id, uint8_t actor);
/* Tells the observer each granule that has an entry, and nothing else? */
PART bool zoo_replays_granules(Machine *m, const Notifier *n);
/* An event of a replay comes twice. */
PART void zoo_repeat_replay(Machine *m, const Notifier *n, const Event *event);
/* An operation that an IOMMU refused has an effect. */
PART void zoo_observe_vetoed(Machine *m, const TwOp *op);
/* A registration that failed has an effect. */
PART void zoo_registers_half(Machine *m, const TwOp *op);
/* Is another notifier of the CPU taken for that at (iommu, index), which is not
 * registered? */
PART bool zoo_has_notifier(Machine *m, Cpu *cpu, uint8_t iommu, uint8_t index);
/* Does an IOTLB not end its records of that range?  Or of less than it. */
PART bool zoo_iotlb_keeps(Machine *m, uint8_t id, uint64_t *first,
                          uint64_t *last);
/* Is an entry of a nested root read where the root was at first? */
PART bool zoo_root_kept(Machine *m, uint8_t id, uint8_t domain, unsigned level,
                        uint64_t at, uint64_t *entry);
/* Before a write of a register through its region: it is not locked. */
PART void zoo_unlocks(Machine *m, uint8_t id);
/* Is UNMAP of a block of an MPC sent on this index? */
PART bool zoo_tells_index(const Machine *m, uint8_t id, unsigned index,
                          uint64_t first);
/* Is the notifier one that was freed while it was registered?  The list of its
 * IOMMU ends with it. */
PART bool zoo_list_ends(const Machine *m, const Notifier *n);
/* A flush or an UNMAP makes all notifiers of the CPU inactive, if `disarms`. */
PART void zoo_disarm_all(Machine *m, Cpu *cpu, bool disarms);

/* A MAP of a replay is told elsewhere. */
PART void zoo_move_replay(const Machine *m, const Notifier *n, Event *event);
/* A MAP event of what is not mapped is of another kind. */
PART void zoo_kind_by_rights(const Machine *m, Event *event);
/* Does a command of a `pagetable` notify nobody? */
PART bool zoo_tells_nobody(const Machine *m, const TwOp *op);
/* A command ends the records of another range. */
PART void zoo_change_range(const Machine *m, const TwOp *op, uint64_t *first,
                           uint64_t *last);
/* What records of an IOTLB are found by; as a rule: `key`.  Is a record of a
 * granule?  As a rule: `same`. */
PART uint64_t zoo_iotlb_key(const Machine *m, uint8_t whose, uint64_t granule,
                            uint64_t key);
PART bool zoo_same_record(const Machine *m, const IotlbRecord *record,
                          uint8_t whose, uint64_t granule, bool same);
/* The entry of a table that is used for an offset; as a rule: `span`. */
PART const Span *zoo_entry_for(const Machine *m, const SpanMap *table,
                               uint64_t offset, const Span *span);
/* Does an `unmap` leave all as it is? */
PART bool zoo_spares_cut(const Machine *m, const SpanMap *table,
                         const TwOp *op);

/* TLBs, queues and fills (zoo-cache.c) ------------------------------------- */

/* Before a fill: the TLB is flushed. */
PART void zoo_flush_first(Machine *m, Tlb *tlb);
/* Before a slot is filled, another entry is moved or dropped. */
PART void zoo_make_room(Machine *m, Tlb *tlb, const TlbEntry *slot);
/* A victim hit exchanges less than the entries. */
PART void zoo_swap_sides(const Machine *m, TlbEntry *slot, TlbEntry *victim);
/* After a flush of everything: victims that had stamp `before` are valid. */
PART void zoo_restamp_victims(const Machine *m, Tlb *tlb, uint64_t before);
/* Forgets the slot of a page, and not its victims? */
PART bool zoo_flushes_slot_only(const Machine *m, Tlb *tlb, uint64_t page);
PART bool zoo_misses_slot_only(const Machine *m, Tlb *tlb, uint64_t page);
/* Does what `actor` asks for not reach the CPU? */
PART bool zoo_is_not_asked(const Machine *m, uint8_t c, uint8_t actor);
/* *prot, which was `before` this hop and lost what is not in `rights`. */
PART void zoo_rights_left(const Machine *m, const TlbEntry *entry,
                          uint8_t granted, uint8_t before, uint8_t rights,
                          uint8_t *prot);
/* Rights that an entry gets besides `prot`. */
PART uint8_t zoo_other_rights(const Machine *m, uint8_t prot);
/* Where the range begins in which a dirty-clear arms entries; as a rule:
 * `first`. */
PART uint64_t zoo_arms_from(const Machine *m, uint64_t first, uint64_t last);
/* Is a denied page served from *entry, as what stands at `xlat`? */
PART bool zoo_fills_garbage(const Machine *m, uint8_t space, uint64_t xlat,
                            TlbEntry *entry);
/* Of hop `h` of the entry, something else is noted. */
PART void zoo_forget_visit(const Machine *m, TlbEntry *entry, unsigned h);
/* What is found in a page of several parts is taken for the page. */
PART void zoo_see_through(Machine *m, const Translation *at, TlbEntry *entry,
                          Leaf *leaf);
/* Is a leaf that cannot be cached made to fit? */
PART bool zoo_aligns(const Machine *m, Leaf *leaf);
/* The leaf where a walk ended is taken for another one. */
PART void zoo_mistake_leaf(Machine *m, uint8_t space, const TlbEntry *entry,
                           Leaf *leaf);
/* A page that is not filled has an entry. */
PART void zoo_insert_denied(Machine *m, Tlb *tlb, uint64_t page,
                            TlbEntry *entry, bool denied);
PART void zoo_cache_denial(Machine *m, Tlb *tlb, uint64_t page,
                           TlbEntry *entry);

/* Accesses (zoo-access.c) -------------------------------------------------- */

/* Refuses the access at the last hop of the path? */
PART bool zoo_refuses_hop(Machine *m, const Path *path);
/* After a piece of `length` bytes, from byte k of the run on: the device is
 * asked for the byte behind it. */
PART void zoo_device_read_on(Machine *m, const Run *run, unsigned k,
                             unsigned length);
/* Refuses an access whose page has an entry for other rights? */
PART bool zoo_refuses_upgrade(Machine *m, const Tlb *tlb, uint64_t page);
/* Has a region, to which an entry leads, no bytes? */
PART bool zoo_is_gone(const Machine *m, uint8_t region);
/* Where the first page of an access leads is looked up after the second. */
PART void zoo_look_up_late(Machine *m, uint8_t c, uint8_t index, uint64_t va);
/* What an access of a pair that is refused does, if not refused itself. */
PART void zoo_refused_half(Machine *m, uint8_t worst);
/* The second access of a pair of this class is resolved after the first. */
PART void zoo_resolve_again(Machine *m, const TwOp *op, uint8_t worst);
/* Where the accesses lead that the actor offsets of the access at hand start is
 * looked up before any of these is performed; the n-th of them, resolved so, or
 * as a rule NULL. */
PART void zoo_resolve_early(Machine *m);
PART const Access *zoo_resolved_early(const Machine *m, unsigned n);
/* Is a store to what is read-only an error, if that is in this region? */
PART bool zoo_refuses_readonly(const Machine *m, uint8_t region);
/* Does the entry that was just filled, for other rights than the access needs,
 * serve it? */
PART bool zoo_serves_refused(const Machine *m, const TlbEntry *entry);
/* The flags of a leaf that count for the access at hand. */
PART uint8_t zoo_leaf_flags(const Machine *m, const Leaf *leaf);
/* What an access that is refused does. */
PART void zoo_refused_effects(Machine *m, TwOutcome *outcome);

#endif
