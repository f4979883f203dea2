/* SPDX-License-Identifier: MIT */
/*
 * Keys of a store whose cases cannot be read: they are named, set aside, and
 * may be removed.
 */
#ifndef TW_REPORTS_STORE_DAMAGED_H
#define TW_REPORTS_STORE_DAMAGED_H

#include "reports/store/store.h"

typedef struct TwDamaged {
    int64_t id; /* of the key */
    char *key, *cause, *form, *data, *why;
    size_t size;
} TwDamaged;

/* An empty list of TwDamaged, which owns them. */
GPtrArray *tw_damaged_new(void);

/* Appends a copy of `damaged`, with another `why`.  False: the key is in the
 * list already. */
bool tw_damaged_add(GPtrArray *list, const TwDamaged *damaged, const char *why);

/* One line that names the last one of the list; free it. */
char *tw_damaged_text(const GPtrArray *list);

/* Has the list a case with this content? */
bool tw_damaged_has(const GPtrArray *list, const void *data, size_t size);

/* Appends each key of the store whose case is text that cannot be read, and
 * names it to `warn`.  False with `error` if the store cannot be read. */
bool tw_damaged_find(GPtrArray *list, TwStore *store,
                     void (*warn)(const char *message, void *data), void *data,
                     GError **error);

/* Removes the keys of the list from the store, with their cases. */
bool tw_damaged_drop(const GPtrArray *list, TwStore *store, GError **error);

#endif
