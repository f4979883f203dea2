/* SPDX-License-Identifier: MIT */
/* The parts of an emitted program that are the same in all; for emit.c. */
#ifndef TW_TARGETS_UNICORN_EMIT_TEXT_H
#define TW_TARGETS_UNICORN_EMIT_TEXT_H

static const char includes[] =
    "#include <inttypes.h>\n#include <stdbool.h>\n#include <stdint.h>\n"
    "#include <stdio.h>\n#include <stdlib.h>\n#include <sys/mman.h>\n\n"
    "#include <unicorn/unicorn.h>\n\n";

/* Of a case in which the library dies. */
static const char death[] =
    "#include <signal.h>\n#include <unistd.h>\n\n"
    "static void died(int number)\n{\n"
    "    static const char text[] = \"the defect is there\\n\";\n\n"
    "    (void)number;\n"
    "    _exit(write(1, text, sizeof(text) - 1) > 0 ? 1 : 2);\n}\n\n";

static const char frame[] =
    "#define CODE UINT64_C(0x1009b000)\n"
    "#define DOORBELL UINT64_C(0x100c5000)\n"
    "#define END (CODE + 0x800)\n\n"
    "static uc_engine *uc;\nstatic int wrong;\n\n"
    "static void check(uc_err err, const char *call)\n{\n"
    "    if (err != UC_ERR_OK) {\n"
    "        printf(\"%s: %s\\n\", call, uc_strerror(err));\n"
    "        exit(2);\n    }\n}\n"
    "#define DO(call) check(call, #call)\n\n";

/* Contents are those of the run: each byte tells where it comes from. */
static const char data_bytes[] =
    "/* What RAM starts with: every byte says where it is. */\n"
    "static uint8_t ram_byte(unsigned ram, uint64_t offset)\n{\n"
    "    uint64_t h = (offset + 1) * UINT64_C(0x9e3779b97f4a7c15) ^\n"
    "                 (ram + UINT64_C(1)) * UINT64_C(0xd1342543de82ef95);\n\n"
    "    h ^= h >> 29;\n    h *= UINT64_C(0xbf58476d1ce4e5b9);\n"
    "    return (uint8_t)(h >> 40 | 1);\n}\n\n";

/* A format: what is made of a number of 15 bits. */
static const char code_bytes[] =
    "/* RAM starts with them, and every number says where it is. */\n"
    "static uint8_t ram_byte(unsigned ram, uint64_t offset)\n{\n"
    "    uint64_t h = (offset / 8 + 1) * UINT64_C(0x9e3779b97f4a7c15) ^\n"
    "                 (ram + UINT64_C(1)) * UINT64_C(0xd1342543de82ef95);\n\n"
    "    h ^= h >> 29;\n    h *= UINT64_C(0xbf58476d1ce4e5b9);\n"
    "    h = h >> 40 & %s;\n"
    "    return word_byte(h ? h : %s, offset);\n}\n\n";

static const char ram_new[] =
    "static uint8_t *ram_new(unsigned ram, size_t size)\n{\n"
    "    uint8_t *at = mmap(NULL, size, PROT_READ | PROT_WRITE,\n"
    "                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);\n\n"
    "    if (at == MAP_FAILED) {\n        exit(2);\n    }\n"
    "    for (size_t i = 0; i < size; i++) {\n"
    "        at[i] = ram_byte(ram, i);\n    }\n    return at;\n}\n\n";

static const char log_code[] =
    "/* What devices were told since the log was emptied, byte by byte. */\n"
    "struct told {\n    char kind; /* 'w'rite, 'f'etch or 'r'ead */\n"
    "    int device;\n    uint64_t offset;\n    uint8_t byte;\n};\n"
    "static struct told told[256];\nstatic unsigned n_told;\n"
    "static bool fetching;\n\n"
    "struct device {\n    int id;\n"
    "    uint64_t offset; /* in the device, of the mapping's first byte */\n"
    "};\n\n"
    "static void tell(char kind, const struct device *d, uint64_t offset,\n"
    "                 unsigned size, uint64_t value)\n{\n"
    "    for (unsigned i = 0; i < size && n_told < 256; i++) {\n"
    "        told[n_told++] = (struct told){kind, d->id, d->offset + offset + "
    "i,"
    "\n                                       (uint8_t)(value >> 8 * i)};\n"
    "    }\n}\n\n";

static const char during_code[] =
    "/* What the access at hand makes a hook or a device do, once. */\n"
    "static void (*during)(void);\n"
    "enum { RING_DURING = 0x10000 };\n\n"
    "static void perform_during(void)\n{\n"
    "    void (*act)(void) = during;\n\n"
    "    during = NULL;\n    if (act) {\n        act();\n    }\n}\n\n";

/* A user's hook for refused accesses. */
static const char refused_code[] =
    "static uc_hook hook;\n\n"
    "/* Is the memory at an address mapped, with the right? */\n"
    "static bool grants(uint64_t address, uint32_t right)\n{\n"
    "    uc_mem_region *regions;\n    uint32_t n;\n    bool yes = false;\n\n"
    "    DO(uc_mem_regions(uc, &regions, &n));\n"
    "    for (uint32_t i = 0; i < n; i++) {\n"
    "        yes |= address >= regions[i].begin && address <= regions[i].end "
    "&&\n"
    "               regions[i].perms & right;\n    }\n"
    "    uc_free(regions);\n    return yes;\n}\n\n"
    "/* Called for an access that is refused: may make it possible, and says\n"
    " * whether it is to go on. */\n"
    "static bool refused(uc_engine *engine, uc_mem_type type, uint64_t "
    "address,\n"
    "                    int size, int64_t value, void *data)\n{\n"
    "    (void)engine, (void)size, (void)value, (void)data;\n"
    "    perform_during();\n"
    "    return grants(address,\n"
    "                  type == UC_MEM_WRITE_UNMAPPED || type == "
    "UC_MEM_WRITE_PROT\n"
    "                      ? UC_PROT_WRITE\n"
    "                  : type == UC_MEM_FETCH_UNMAPPED ||\n"
    "                          type == UC_MEM_FETCH_PROT\n"
    "                      ? UC_PROT_EXEC\n"
    "                      : UC_PROT_READ);\n}\n\n";

/* A format: what whole loads and whole stores do. */
static const char device_code[] =
    "/* What the next store of `whole` bytes to devices makes them do. */\n"
    "static void (*then)(void);\nstatic unsigned stored, whole%s;\n\n"
    "static uint8_t device_byte(int id, uint64_t offset)\n{\n"
    "    uint64_t h = (offset + 0x51) * UINT64_C(0xbf58476d1ce4e5b9) ^\n"
    "                 ((uint64_t)id + 0x101) * UINT64_C(0x94d049bb133111eb) ^\n"
    "                 ATTRIBUTES * UINT64_C(0x9e3779b97f4a7c15);\n\n"
    "    h ^= h >> 31;\n    h *= UINT64_C(0xd1342543de82ef95);\n"
    "    return (uint8_t)(h >> 41 | 2);\n}\n\n"
    "static uint64_t device_read(uc_engine *engine, uint64_t offset,\n"
    "                            unsigned size, void *data)\n{\n"
    "    const struct device *d = data;\n    uint64_t value = 0;\n\n"
    "    (void)engine;\n"
    "    for (unsigned i = 0; i < size; i++) {\n"
    "        uint64_t at = d->offset + offset + i;\n"
    "        /* Accesses stay away from the instructions that make them. */\n"
    "        bool fetch = fetching || (from && at %% 0x1000 >= 0xfc0);\n"
    "        uint8_t byte = fetch ? fetched_byte(d->id, at)\n"
    "                             : device_byte(d->id, at);\n"
    "        value |= (uint64_t)byte << 8 * i;\n    }\n"
    "    if (fetching ||\n"
    "        (from && (d->offset + offset) %% 0x1000 >= 0xfc0)) {\n        "
    "tell('f', d, offset, size, 0);\n    } else {\n"
    "        tell('r', d, offset, size, value);\n"
    "%s    }\n"
    "    return value;\n}\n\n"
    "static void device_write(uc_engine *engine, uint64_t offset,\n"
    "                         unsigned size, uint64_t value, void *data)\n{\n"
    "    (void)engine;\n"
    "    tell('w', data, offset, size, value);\n"
    "    stored += size;\n"
    "%s"
    "    if (then && stored == whole) { /* the last bytes of the access */\n"
    "        void (*act)(void) = then;\n\n"
    "        then = NULL;\n        act();\n    }\n}\n\n";

/* A format: two numbers of 16 bits. */
static const char fetched_code[] =
    "/* Executing a device gives functions, too, whose numbers say where. */\n"
    "static unsigned fetched_number(int id, uint64_t offset)\n{\n"
    "    return %s | (((unsigned)id << 9 ^ (unsigned)(offset / 8)) & %s);\n"
    "}\n\n"
    "static uint8_t fetched_byte(int id, uint64_t offset)\n{\n"
    "    return word_byte(fetched_number(id, offset), offset);\n}\n\n";

static const char doorbell_code[] =
    "static uint64_t doorbell_read(uc_engine *engine, uint64_t offset,\n"
    "                              unsigned size, void *data)\n{\n"
    "    (void)engine, (void)offset, (void)size, (void)data;\n"
    "    return 0;\n}\n\n"
    "/* Changes that the guest asks for, inside its run. */\n"
    "static void doorbell_write(uc_engine *engine, uint64_t offset,\n"
    "                           unsigned size, uint64_t value, void *data)\n"
    "{\n    (void)engine, (void)offset, (void)size, (void)data;\n"
    "    switch (value) {\n";

#endif
