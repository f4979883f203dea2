/* SPDX-License-Identifier: MIT */
/*
 * The contents of RAM.  A world is a chain of stores, newest first, back to the
 * start of the program.  Two worlds share the stores before they split, and no
 * store is ever undone.  Usually there is one world.  If a target does not say
 * which of several allowed places a store went to, there is a world for each
 * (FRESHNESS.md, "The oracle follows the target").
 *
 * Only RAM can differ between worlds: the trace has each access to a device,
 * and walks do not depend on contents.
 */
#include "oracle/memory/content.h"

#include <glib.h>

#include "program/content.h"

void tw_contents_init(TwContents *contents)
{
    *contents = (TwContents){
        .stored = g_new(TwStored, TW_MAX_STORED),
        .seen = g_new0(TwWordSeen, (size_t)1 << TW_WORDS_SEEN_LG),
    };
}

void tw_contents_clear(TwContents *contents)
{
    g_free(contents->stored);
    g_free(contents->seen);
}

void tw_contents_start(TwContents *contents, const TwProgram *program,
                       bool hashed, bool ordered, bool noted)
{
    contents->program = program;
    contents->starts++;
    contents->n_worlds = 1;
    contents->most = 1;
    contents->n_stored = contents->in_line = 0;
    contents->hashed = hashed;
    contents->ordered = ordered || noted;
    contents->noted = noted;
    contents->worlds[0] = (TwContent){.newest = TW_NIL, .saved_newest = TW_NIL};
}

bool tw_contents_same(const TwContent *a, const TwContent *b)
{
    return (a->newest == b->newest || a->hash == b->hash) &&
           (a->saved_newest == b->saved_newest ||
            a->saved_hash == b->saved_hash);
}

/* Room for one more store; of those that were taken back, none is in line. */
static TwStored *next_stored(TwContents *contents)
{
    if (contents->in_line > contents->n_stored) {
        contents->in_line = contents->n_stored;
    }
    return &contents->stored[contents->n_stored];
}

/* Stores that are passed at once. */
enum { JUMP = 16 };

/* The bit of the aligned word of 8 bytes that a byte is in. */
static uint64_t word_bit(uint8_t block, uint64_t offset)
{
    uint64_t key = ((offset >> 3) + block) * 0x9e3779b97f4a7c15u;

    return UINT64_C(1) << (key >> 58);
}

/* Puts a store, whose other fields are set, into its chain. */
static int32_t link_stored(TwContents *contents)
{
    TwStored *stored = &contents->stored[contents->n_stored];
    const TwStored *older =
        stored->older == TW_NIL ? NULL : &contents->stored[stored->older];

    stored->words = 0;
    if (stored->length > 0) {
        stored->words =
            word_bit(stored->block, stored->offset) |
            word_bit(stored->block, stored->offset + stored->length - 1);
    }
    stored->depth = older ? older->depth + 1 : 0;
    if (stored->depth % JUMP == 0) {
        stored->jump = stored->older;
    } else {
        stored->jump = older->jump;
        stored->words |= older->words;
    }
    return (int32_t)contents->n_stored++;
}

/* The newest store that covers the byte, from number i of a chain on; TW_NIL:
 * there is none. */
static int32_t find_stored(const TwContents *contents, int32_t i, uint8_t block,
                           uint64_t offset)
{
    uint64_t bit = word_bit(block, offset);

    while (i != TW_NIL) {
        const TwStored *stored = &contents->stored[i];

        if (!(stored->words & bit)) {
            i = stored->jump;
        } else if (stored->block == block &&
                   offset - stored->offset < stored->length) {
            break;
        } else {
            i = stored->older;
        }
    }
    return i;
}

/* The world as it was saved, in which no store is forgotten (LA-39). */
static void restore_noted(TwContents *contents, TwContent *world, uint16_t op,
                          uint32_t tick)
{
    *next_stored(contents) = (TwStored){
        .older = world->saved_newest,
        .tick = tick,
        .op = op,
        .past = world->newest,
    };
    world->newest = link_stored(contents);
    world->hash = tw_mix64(world->hash ^ tw_mix64(world->saved_hash));
}

/* Each world goes back to what it was itself; those that had the same bytes
 * then are one now. */
static void restore(TwContents *contents, uint16_t op, uint32_t tick)
{
    uint32_t n = 0;

    for (uint32_t w = 0; w < contents->n_worlds; w++) {
        TwContent world = contents->worlds[w];
        bool there = false;

        if (contents->noted) {
            restore_noted(contents, &world, op, tick);
        } else {
            world.newest = world.saved_newest;
            world.hash = world.saved_hash;
        }
        for (uint32_t i = 0; i < n && !there; i++) {
            there = tw_contents_same(&contents->worlds[i], &world);
        }
        if (!there) {
            contents->worlds[n++] = world;
        }
    }
    contents->n_worlds = n;
}

void tw_contents_perform(TwContents *contents, const TwOp *op, uint16_t number,
                         uint32_t tick)
{
    if (op->code == TW_OP_RESTORE) {
        restore(contents, number, tick);
        return;
    }
    for (uint32_t w = 0; w < contents->n_worlds; w++) {
        contents->worlds[w].saved_newest = contents->worlds[w].newest;
        contents->worlds[w].saved_hash = contents->worlds[w].hash;
    }
}

uint8_t tw_contents_byte(const TwContents *contents, const TwContent *world,
                         uint8_t block, uint64_t offset)
{
    int32_t i = find_stored(contents, world->newest, block, offset);

    if (i == TW_NIL) {
        return tw_content_initial(contents->program->contents, block, offset);
    }
    return contents->stored[i].bytes[offset - contents->stored[i].offset];
}

/* The first world as at time t, as the chain of its stores. */
static TwContent world_at(const TwContents *contents, uint32_t t)
{
    TwContent world = contents->worlds[0];

    if (world.newest == TW_NIL || contents->stored[world.newest].tick <= t) {
        return world;
    }
    if (world.newest < (int32_t)contents->in_line) { /* by halves */
        int32_t low = TW_NIL, high = world.newest;

        while (low < high) {
            int32_t middle = high - (high - low) / 2;

            if (contents->stored[middle].tick > t) {
                high = middle - 1;
            } else {
                low = middle;
            }
        }
        world.newest = low;
        return world;
    }

    while (world.newest != TW_NIL && contents->stored[world.newest].tick > t) {
        const TwStored *stored = &contents->stored[world.newest];

        world.newest = stored->length ? stored->older : stored->past;
    }
    return world;
}

/* Where what is known of these bytes is kept, of the world whose newest store
 * is number `newest`. */
static TwWordSeen *seen_at(const TwContents *contents, uint8_t block,
                           uint64_t offset, int32_t newest, uint8_t marks)
{
    uint64_t key = (offset << 24) + ((uint64_t)block << 16) +
                   ((uint64_t)marks << 12) + (uint32_t)newest;

    return &contents
                ->seen[(key * 0x9e3779b97f4a7c15u) >> (64 - TW_WORDS_SEEN_LG)];
}

/* Is that known? */
static bool is_seen(const TwContents *contents, const TwWordSeen *seen,
                    uint8_t block, uint64_t offset, int32_t newest,
                    uint8_t marks)
{
    return seen->start == contents->starts && seen->newest == newest &&
           seen->block == block && seen->offset == offset &&
           seen->marks == marks;
}

/*
 * A chain of stores never changes, so what the bytes were in a world stays
 * known: walks of tables read the same entries as at many times.
 */
uint64_t tw_contents_word_at(const void *data, uint8_t block, uint64_t offset,
                             uint32_t t, uint8_t marks, uint32_t *changed,
                             uint16_t *op)
{
    const TwContents *contents = data;
    int32_t newest = world_at(contents, t).newest, i = newest;
    TwWordSeen *seen = seen_at(contents, block, offset, newest, marks);
    uint64_t left = UINT64_MAX; /* bits that no store has given yet */
    bool marked = false;        /* what was stored below a mark is looked for */
    TwWordSeen word = {.offset = offset,
                       .newest = newest,
                       .start = contents->starts,
                       .op = *op,
                       .block = block,
                       .marks = marks};

    if (is_seen(contents, seen, block, offset, newest, marks)) {
        *changed = seen->changed;
        *op = seen->op;
        return seen->word;
    }
    for (; i != TW_NIL && (left || (marked && !word.changed));
         i = contents->stored[i].older) {
        const TwWordSeen *known = seen_at(contents, block, offset, i, marks);
        const TwStored *stored = &contents->stored[i];
        bool meets = stored->block == block && stored->length &&
                     (stored->offset - offset < 8 ||
                      offset - stored->offset < stored->length);
        bool mark = marks && stored->mark == marks && stored->offset == offset;

        if (is_seen(contents, known, block, offset, i, marks)) {
            word.word |= known->word & left;
            if (!word.changed) {
                word.changed = known->changed;
                word.op = known->op;
            }
            break;
        }
        if ((stored->length == 0 || (meets && !mark)) && !word.changed) {
            word.changed = stored->tick;
            word.op = stored->op;
        }
        marked |= meets && mark;
        for (unsigned k = 0; meets && k < 8; k++) {
            uint64_t at = offset + k - stored->offset;
            uint64_t bits = left & (uint64_t)0xff << 8 * k;

            if (bits && at < stored->length) {
                word.word |= (uint64_t)stored->bytes[at] << 8 * k;
                left &= ~bits;
            }
        }
    }
    for (unsigned k = 0; i == TW_NIL && k < 8; k++) {
        if (left >> 8 * k & 1) {
            word.word |= (uint64_t)tw_content_initial(
                             contents->program->contents, block, offset + k)
                         << 8 * k;
        }
    }
    *seen = word;
    *changed = word.changed;
    *op = word.op;
    return word.word;
}

uint8_t tw_contents_byte_at(const void *data, uint8_t block, uint64_t offset,
                            uint32_t t)
{
    unsigned k = offset & 7;
    uint32_t changed;
    uint16_t op = TW_NO_OP;

    return (uint8_t)(tw_contents_word_at(data, block, offset - k, t, 0,
                                         &changed, &op) >>
                     8 * k);
}

/* What a byte adds to the hash of a world: nothing if it is as it began. */
static uint64_t hash_term(const TwContents *contents, uint8_t block,
                          uint64_t offset, uint8_t byte)
{
    return byte == tw_content_initial(contents->program->contents, block,
                                      offset)
               ? 0
               : tw_mix64(tw_ram_digest_term(offset, byte) + block);
}

/* The world after operation `op` stored a run of bytes, those from `first` on
 * of its access, at time `tick`. */
static TwContent store_run(TwContents *contents, TwContent world, uint8_t block,
                           uint64_t offset, const uint8_t *bytes,
                           unsigned first, uint8_t length, uint16_t op,
                           uint32_t tick)
{
    TwStored *stored = next_stored(contents);

    stored->block = block;
    stored->offset = offset;
    stored->first = (uint8_t)first;
    stored->mark = 0;
    stored->length = length;
    stored->older = world.newest;
    stored->op = op;
    stored->tick = tick;
    for (unsigned k = 0; k < length; k++) {
        stored->bytes[k] = bytes[k];
        if (contents->ordered) {
            world.hash = tw_mix64(world.hash ^
                                  tw_ram_digest_term(offset + k, bytes[k])) +
                         block;
        } else if (contents->hashed) {
            world.hash += hash_term(contents, block, offset + k, bytes[k]) -
                          hash_term(contents, block, offset + k,
                                    tw_contents_byte(contents, &world, block,
                                                     offset + k));
        }
    }
    if (contents->in_line == contents->n_stored &&
        stored->older == (int32_t)contents->n_stored - 1) {
        contents->in_line++;
    }
    world.newest = link_stored(contents);
    return world;
}

void tw_contents_store(void *data, uint8_t block, uint64_t offset,
                       uint64_t last, uint64_t value, uint32_t tick,
                       uint16_t op)
{
    TwContents *contents = data;
    uint8_t bytes[8];
    unsigned length = 0;

    for (; length < 8 && offset <= last && length <= last - offset; length++) {
        bytes[length] = (uint8_t)(value >> 8 * length);
    }
    for (uint32_t w = 0; w < contents->n_worlds && length > 0; w++) {
        contents->worlds[w] =
            store_run(contents, contents->worlds[w], block, offset, bytes, 0,
                      (uint8_t)length, op, tick);
    }
}

void tw_contents_mark(TwContents *contents, uint8_t block, uint64_t offset,
                      uint64_t value, uint8_t format, uint32_t tick,
                      uint16_t op)
{
    uint32_t n = contents->n_stored;

    tw_contents_store(contents, block, offset, UINT64_MAX, value, tick, op);
    for (; n < contents->n_stored; n++) {
        contents->stored[n].mark = (uint8_t)(format + 1);
    }
}

uint64_t tw_contents_value(const TwContents *contents, const TwContent *world,
                           const TwAccess *access, const TwByte *bytes,
                           const TwEffect *effect)
{
    uint64_t value = 0;

    for (unsigned k = 0; k < access->size; k++) {
        uint8_t region = bytes[k].region;
        uint64_t byte = 0;

        if (effect->acts[k] == TW_ACT_BYTES) {
            byte = tw_contents_byte(contents, world,
                                    contents->program->regions[region].block,
                                    bytes[k].offset);
        } else if (effect->acts[k] == TW_ACT_DEVICE) {
            byte = access->code == TW_OP_EXEC
                       ? tw_content_fetched(contents->program->contents, region,
                                            bytes[k].offset, access->attrs)
                       : tw_device_byte(region, bytes[k].offset, access->attrs);
        } else if (effect->acts[k] == TW_ACT_REGISTER) {
            byte = effect->given >> 8 * k & 0xff;
        }
        value |= byte << (8 * k);
    }
    return access->code == TW_OP_EXEC &&
                   tw_contents_are_runs(contents->program->contents)
               ? tw_run_value(contents->program->contents, access->addr, value)
               : value;
}

TwContent tw_contents_apply(TwContents *contents, TwContent world,
                            const TwAccess *access, const TwByte *bytes,
                            const TwEffect *effect, uint32_t tick)
{
    unsigned kind = contents->program->contents;
    bool stores = access->code == TW_OP_WRITE ||
                  access->code == TW_OP_DMA_WRITE || access->code == TW_OP_RMW;

    if (!stores || effect->class_ > TW_CLASS_DEVICE_ERROR) {
        return world;
    }
    for (unsigned k = 0, length; k < access->size; k += length) {
        uint8_t tags[TW_MAX_ACCESS];

        length = 1;
        if (effect->acts[k] != TW_ACT_BYTES ||
            bytes[k].flags & TW_LOC_READONLY) {
            continue;
        }
        tags[0] = tw_content_tag(kind, tw_access_tag(access), access->addr, k);
        while (k + length < access->size &&
               effect->acts[k + length] == TW_ACT_BYTES &&
               !(bytes[k + length].flags & TW_LOC_READONLY) &&
               bytes[k + length].region == bytes[k].region &&
               bytes[k + length].offset == bytes[k].offset + length) {
            tags[length] = tw_content_tag(kind, tw_access_tag(access),
                                          access->addr, k + length);
            length++;
        }
        world = store_run(contents, world,
                          contents->program->regions[bytes[k].region].block,
                          bytes[k].offset, tags, k, length, access->op, tick);
    }
    return world;
}

const TwStored *tw_contents_before(const TwContents *contents,
                                   const TwContent *world,
                                   const TwAccess *access, const TwByte *bytes,
                                   const TwEffect *effect, TwContent *before)
{
    for (int32_t i = world->newest; i != TW_NIL;
         i = contents->stored[i].older) {
        const TwStored *stored = &contents->stored[i];

        if (stored->op == TW_NO_OP) {
            break; /* what is there before the setup, nothing ever sees */
        }
        for (unsigned k = 0; k < access->size; k++) {
            if (effect->acts[k] == TW_ACT_BYTES &&
                contents->program->regions[bytes[k].region].block ==
                    stored->block &&
                bytes[k].offset - stored->offset < stored->length) {
                *before = (TwContent){.newest = stored->older};
                return stored;
            }
        }
    }
    return NULL;
}

void tw_contents_digests(const TwContents *contents, const TwContent *world,
                         uint64_t *digests)
{
    for (unsigned r = 0; r < contents->program->n_regions; r++) {
        digests[r] = 0;
    }
    for (int32_t i = world->newest; i != TW_NIL;
         i = contents->stored[i].older) {
        const TwStored *stored = &contents->stored[i];

        for (unsigned k = 0; k < stored->length; k++) {
            uint64_t offset = stored->offset + k;

            /* Not hidden by a newer store, and not what was there at first: */
            if (find_stored(contents, world->newest, stored->block, offset) ==
                    i &&
                stored->bytes[k] !=
                    tw_content_initial(contents->program->contents,
                                       stored->block, offset)) {
                digests[stored->block] +=
                    tw_ram_digest_term(offset, stored->bytes[k]);
            }
        }
    }
}
