#!/bin/sh
# SPDX-License-Identifier: MIT
# ci/check-zoo accepts this tree, and refuses each planted bug that needs too much
# code in softmmu.
set -eu

# shellcheck disable=SC2034 # test-check.sh uses it
check='check-zoo'
. "$(dirname "$0")/test-check.sh"

mkdir -p "$tree/targets/softmmu" "$tree/targets/zoo"
part=targets/softmmu/a.c
printf '#include "targets/softmmu/%s"\n' a.c zoo-a.c \
    >"$tree/targets/softmmu/parts.h"

# part LINE...: a part with a function of these lines; all else is good.
part()
{
    { printf '%s\n' 'static int f(const M *m, int a)' '{'
      printf '    %s\n' "$@"
      echo '}'; } >"$tree/$part"
    printf '%s\n' 'static void zoo_f(M *m)' '{' '    if (TW_BUG(m, ONE)) {' \
        '        m->a = TW_BUG(m, ONE) + TW_BUG(m, ONE) + TW_BUG(m, ONE);' \
        '    }' '}' >"$tree/targets/softmmu/zoo-a.c"
    echo 'TW_ZOO_BUG("one", ONE, "a bug of the zoo")' \
        >"$tree/targets/zoo/bugs.def"
}

expect 0 'this tree' "$here/.."

part 'if (a && !TW_BUG(m, ONE)) {' '}' \
    'if (a || (TW_BUG(m, ONE) && m->a)) {' '}' \
    'return TW_BUG(m, ONE) ? a : m->a;'
expect 0 'pieces of expressions' "$tree"
part 'while (a + TW_BUG(m, ONE) == m->a) {' '}' \
    'for (int i = 0; i < a && !TW_BUG(m, ONE); i++) {' '}'
expect 0 'pieces of other expressions' "$tree"

part 'if (TW_BUG(m, ONE)) {' '    a = 0;' '}' 'return a;'
expect 1 'a block for a bug' "$tree" \
    "$part:3: only a bug gets into this \`if\`: make it a hook in zoo-*.c"
part 'if (a > 0 && (a < 9 && TW_BUG(m, ONE)) &&' '    m->a) {' '}'
expect 1 'a block for a bug, with conditions' "$tree" \
    "$part:3: only a bug gets into this \`if\`: make it a hook in zoo-*.c"
part 'return 0;' 'if (a && !(m->a || !TW_BUG(m, ONE))) {' '}'
expect 1 'a block for a bug, turned round' "$tree" \
    "$part:4: only a bug gets into this \`if\`: make it a hook in zoo-*.c"
part 'for (int i = 0; TW_BUG(m, ONE) && i < a; i++) {' '}'
expect 1 'a loop for a bug' "$tree" \
    "$part:3: only a bug gets into this \`for\`: make it a hook in zoo-*.c"

part 'a += TW_BUG(m, ONE) + TW_BUG(m, ONE);' \
    'return a + TW_BUG(m, ONE) + TW_BUG(m, ONE);'
expect 1 'a function of bugs' "$tree" \
    "$part:2: f() has 4 TW_BUG, more than 3: make hooks of them"

part '/* For the zoo: nothing. */'
expect 1 'a comment about the zoo' "$tree" \
    "$part:3: speaks of the zoo: that belongs into zoo-*.c"

part 'return a; /* TW_BUG(m, TWO) */'
echo 'TW_ZOO_MUTANT("two", TWO, "LA-1", "a mutant")' \
    >"$tree/targets/zoo/mutants.def"
expect 1 'a mutant without effect' "$tree" \
    'targets/zoo/mutants.def: no TW_BUG(m, TWO) decides by it'
echo "1..$number"
[ "$failures" -eq 0 ]
