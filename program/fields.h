/* SPDX-License-Identifier: MIT */
/*
 * The fields of regions, spaces, IOMMUs, CPUs and MMU indexes as tables: the
 * word of a field in the text form, its type, the kinds of objects that have
 * it, and its default.  Text form, comparing and hashing, check, renaming,
 * minimiser and emit follow the tables.  So a field is added in one place
 * (fields.c), in the byte form, and in the code that gives it a meaning.  Must
 * not know what fields mean.
 */
#ifndef TW_PROGRAM_FIELDS_H
#define TW_PROGRAM_FIELDS_H

#include "program/ops.h"

enum {
    TW_PROPERTY_NEEDED = 1, /* must be said */
    TW_PROPERTY_SHOWN = 2,  /* is written whatever it is */
    TW_PROPERTY_WITH = 4,   /* is written if the one before it is */
    TW_PROPERTY_OWN = 8,    /* is plain if it names its own object */
    TW_PROPERTY_PAGE = 16,  /* is plain if it is the page size */
    TW_PROPERTY_ADDED = 32, /* its default is 0 in comparing and hashing, as
                             * before there was such a property */
};

typedef struct TwProperty {
    const char *word; /* before it, or of a setting; NULL ends the table */
    TwField parts[TW_MAX_PARTS + 1]; /* as of an operand */
    uint8_t flags;                   /* TW_PROPERTY_... */
    uint16_t kinds;    /* bits of the kinds of object that have it */
    uint8_t word_at;   /* where comparing and hashing keep it: which word, */
    uint8_t bit;       /* and from which bit on; its second part follows */
    uint8_t turn;      /* minimiser: n-th to be made plain; 0: not so */
    uint64_t plain;    /* its default */
    const char *wrong; /* what is said of values that cannot be */
} TwProperty;

/* Each in the order of its words in the text form. */
extern const TwProperty tw_region_properties[]; /* kinds: TwRegionKind */
extern const TwProperty tw_space_properties[];  /* kinds: 0 */
extern const TwProperty tw_iommu_properties[];  /* kinds: TwIommuKind */
extern const TwProperty tw_cpu_properties[];    /* kinds: 0 */
extern const TwProperty tw_mmu_properties[];    /* kinds: 0 */

static inline bool tw_property_fits(const TwProperty *property, unsigned kind)
{
    return property->kinds >> kind & 1 &&
           property->parts[0].type != TW_FIELD_ELSEWHERE;
}

/* The next property of this kind from `property` on, or NULL. */
static inline const TwProperty *tw_property_of(const TwProperty *property,
                                               unsigned kind)
{
    while (property->word && !tw_property_fits(property, kind)) {
        property++;
    }
    return property->word ? property : NULL;
}

/* Goes through the properties of one kind of object. */
#define TW_EACH_PROPERTY(name, table, kind) \
    for (const TwProperty *name = tw_property_of((table), (kind)); name; \
         name = tw_property_of(name + 1, (kind)))

/*
 * Does it have its default?  `own` is the id of the object, `page_lg`
 * that of its program.  All empty ranges are plain.
 */
bool tw_property_is_plain(const TwProperty *property, const void *object,
                          unsigned own, unsigned page_lg);

/* Makes it so; of an object whose id is not known, `own` is TW_NONE. */
void tw_property_set_plain(const TwProperty *property, void *object,
                           unsigned own, unsigned page_lg);

/* Makes all that its kind has plain. */
void tw_properties_set_plain(const TwProperty *table, void *object,
                             unsigned kind, unsigned own, unsigned page_lg);

/* Adds what has a meaning to words that are zero. */
void tw_properties_words(const TwProperty *table, const void *object,
                         unsigned kind, uint64_t *words);

/* An IOMMU with the defaults of its kind; `granule_lg` is not changed. */
TwIommu tw_iommu_make(TwIommuKind kind, unsigned granule_lg);

#endif
