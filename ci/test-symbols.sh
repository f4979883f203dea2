#!/bin/sh
# SPDX-License-Identifier: MIT
# The check of the symbols passes a tree where all is used, and fails on each
# planted name that nothing needs and on two types of one name.
set -eu

# shellcheck disable=SC2034 # test-check.sh uses it
check='check-symbols'
. "$(dirname "$0")/test-objects.sh"

put a/a.c 'int tw_a(void) { return 1; }'
put b/main.c 'int tw_a(void); int main(void) { return tw_a(); }'
put a/a.h 'typedef struct TwA {' '    int x;' '} TwA;' \
    'struct TwB;' 'typedef int (*TwCall)(void);'
put b/b.h 'typedef struct TwA TwA;' '/*' 'struct TwA {' '*/' 'struct TwB {' \
    '    int x;' '};'
try 0 'all is used'

put a/a.c 'int tw_a(void) { return 1; } int tw_dead(void) { return 1; }'
try 1 'nothing uses it' \
    'a/a.c: tw_dead is used nowhere else: make it static, or drop it'

put a/a.c 'int tw_own(void) { return 1; } int tw_a(void) { return tw_own(); }'
try 1 'its own file uses it' \
    'a/a.c: tw_own is used nowhere else: make it static, or drop it'

put a/a.c 'const int tw_table[] = {1}; int tw_a(void) { return *tw_table; }'
try 1 'a table' \
    'a/a.c: tw_table is used nowhere else: make it static, or drop it'

put a/a.c 'int tw_a(void) { return 1; } int tw_probe(void) { return 1; }'
put a/test-a.c 'int tw_probe(void); int main(void) { return tw_probe(); }'
try 1 'a test uses it' 'a/a.c: tw_probe is used by tests only: a/test-a.c'

put a/a.c 'int tw_a(void) { return 1; } void tw_store_set_now(void) {}'
put a/test-a.c \
    'void tw_store_set_now(void); int main(void) { tw_store_set_now(); }'
try 0 'a test uses it, and a row says why'

put a/a.c 'int tw_a(void) { return 1; } int afl_custom_x(void) { return 1; }'
try 0 'an engine uses it'

put b/b.h 'struct TwA {' '    int y;' '};'
try 1 'two types of one name' 'TwA: is a type in each of a/a.h b/b.h'
put b/b.h 'typedef int TwA;'
try 1 'a type and another name for a number' \
    'TwA: is a type in each of a/a.h b/b.h'
put b/b.h 'typedef void (*TwCall)(int);'
try 1 'two types of functions' 'TwCall: is a type in each of a/a.h b/b.h'
echo "1..$number"
[ "$failures" -eq 0 ]
