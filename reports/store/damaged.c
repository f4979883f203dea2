/* SPDX-License-Identifier: MIT */
/* Keys whose cases cannot be read; see damaged.h. */
#include "reports/store/damaged.h"

#include <string.h>

#include "program/text/text.h"

static void damaged_free(void *data)
{
    TwDamaged *damaged = data;

    g_free(damaged->key);
    g_free(damaged->cause);
    g_free(damaged->form);
    g_free(damaged->data);
    g_free(damaged->why);
    g_free(damaged);
}

GPtrArray *tw_damaged_new(void)
{
    return g_ptr_array_new_with_free_func(damaged_free);
}

bool tw_damaged_add(GPtrArray *list, const TwDamaged *damaged, const char *why)
{
    TwDamaged *own;

    for (unsigned i = 0; i < list->len; i++) {
        own = g_ptr_array_index(list, i);
        if (own->id == damaged->id) {
            return false;
        }
    }
    own = g_new0(TwDamaged, 1);
    own->id = damaged->id;
    own->size = damaged->size;
    own->key = g_strdup(damaged->key);
    own->cause = g_strdup(damaged->cause);
    own->form = g_strdup(damaged->form);
    own->data = g_memdup2(damaged->data, damaged->size);
    own->why = g_strdup(why);
    g_ptr_array_add(list, own);
    return true;
}

char *tw_damaged_text(const GPtrArray *list)
{
    const TwDamaged *last = g_ptr_array_index(list, list->len - 1);

    return g_strdup_printf(
        "finding %s: the case of its key %s is damaged, and set aside: %s",
        last->cause, last->key, last->why);
}

bool tw_damaged_has(const GPtrArray *list, const void *data, size_t size)
{
    for (unsigned i = 0; i < list->len; i++) {
        const TwDamaged *damaged = g_ptr_array_index(list, i);

        if (damaged->size == size && memcmp(damaged->data, data, size) == 0) {
            return true;
        }
    }
    return false;
}

typedef struct Search {
    GPtrArray *list;
    TwProgram *program;
    void (*warn)(const char *message, void *data);
    void *data;
} Search;

static bool look(const TwStoreKey *key, void *data)
{
    const Search *search = data;
    TwDamaged damaged = {.id = key->id, .size = key->size};
    g_autoptr(GError) error = NULL;

    if (strcmp(key->form, "text") != 0 || key->size == 0 ||
        tw_program_parse(search->program, key->data, key->size, "case",
                         TW_TEXT_STRICT, NULL, NULL, &error)) {
        return true;
    }
    damaged.key = (char *)key->key;
    damaged.cause = (char *)key->cause;
    damaged.form = (char *)key->form;
    damaged.data = (char *)key->data;
    if (tw_damaged_add(search->list, &damaged, error->message)) {
        g_autofree char *text = tw_damaged_text(search->list);

        search->warn(text, search->data);
    }
    return true;
}

bool tw_damaged_find(GPtrArray *list, TwStore *store,
                     void (*warn)(const char *message, void *data), void *data,
                     GError **error)
{
    g_autofree TwProgram *program = g_new(TwProgram, 1);
    Search search = {list, program, warn, data};

    return tw_store_keys(store, NULL, look, &search, error);
}

bool tw_damaged_drop(const GPtrArray *list, TwStore *store, GError **error)
{
    for (unsigned i = 0; i < list->len; i++) {
        const TwDamaged *damaged = g_ptr_array_index(list, i);

        if (!tw_store_drop_key(store, damaged->id, error)) {
            return false;
        }
    }
    return true;
}
