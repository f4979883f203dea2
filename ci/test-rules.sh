#!/bin/sh
# SPDX-License-Identifier: MIT
# The check of the rules passes here, and fails on each planted mistake.
set -eu

check='check-rules'
. "$(dirname "$0")/test-check.sh"

# A tree in which every rule has a test, or a reason.
plant()
{
    rm -rf "$tree"
    mkdir -p "$tree/program" "$tree/corpus/corners" "$tree/cli/test"
    cat >"$tree/program/RULES.md" <<'END'
| id | rule |
|---|---|
| MR-5 | The newest wins. |
| MR-12 † | Something else. |
| TX-8 | It is queued. |
| AT-5 | Not in the language. |

## Rules without a test

| id | why |
|---|---|
| AT-5 | Not in the language. |
END
    echo '- **LA-3** *Safe points*.' >"$tree/program/LANGUAGE.md"
    echo 'g_test_add_func("/walk/MR-5,TX-8/later-added-wins", wins);' \
        >"$tree/program/test-walk.c"
    echo '# rules: MR-12, MR-5' >"$tree/corpus/corners/01-wins.tw"
    echo "check 'it ends at a safe point (LA-3)' true" >"$tree/cli/test/test-run.sh"
}

expect 0 'this tree' "$here/.."
plant
expect 0 'a good tree' "$tree" \
    '  MR-5: /walk/MR-5,TX-8/later-added-wins corpus/corners/01-wins.tw'
expect 0 'reasons are printed' "$tree" '  AT-5: Not in the language.'

plant
echo '{"TX-8/queue", run},' >"$tree/program/test-walk.c"
expect 0 'a name in a table' "$tree" '  TX-8: TX-8/queue'

plant
rm "$tree/corpus/corners/01-wins.tw"
expect 1 'a rule without test and reason' "$tree" \
    'MR-12: no test is named after it, and no reason says why'

plant
echo '/* about TX-8, "TX-8" and "the rule TX-8/queue" */' \
    >"$tree/program/test-walk.c"
expect 1 'a comment or a text is no name' "$tree" \
    'TX-8: no test is named after it, and no reason says why'

plant
echo 'g_test_add_func("/walk/TX-8/queue", queue);' >"$tree/program/walk.c"
echo >"$tree/program/test-walk.c"
expect 1 'a file that is no test has no tests' "$tree" \
    'TX-8: no test is named after it, and no reason says why'

plant
echo >"$tree/program/test-walk.c"
echo "# it is queued (TX-8)" >>"$tree/cli/test/test-run.sh"
expect 1 'a comment of a script is no name' "$tree" \
    'TX-8: no test is named after it, and no reason says why'

plant
echo '- **LA-4** A flush.' >>"$tree/program/LANGUAGE.md"
expect 1 'a ruling of the language without test' "$tree" \
    'LA-4: no test is named after it, and no reason says why'

plant
echo '"/walk/AT-5/debug"' >>"$tree/program/test-walk.c"
expect 1 'a rule with both' "$tree" 'AT-5: has a test, and a reason why not'

plant
echo '"/walk/MR-50/typo"' >>"$tree/program/test-walk.c"
expect 1 'a test of no rule' "$tree" \
    'MR-50: there is no such rule, but a test: /walk/MR-50/typo'

plant
echo '# rules: MR-5, XX-1' >>"$tree/corpus/corners/01-wins.tw"
expect 1 'a case of no rule' "$tree" \
    'XX-1: there is no such rule, but a test: corpus/corners/01-wins.tw'

plant
echo '| ZZ-9 | Nobody knows. |' >>"$tree/program/RULES.md"
expect 1 'a reason for no rule' "$tree" \
    'ZZ-9: has a reason, but there is no such rule'

plant
sed -i 's/| AT-5 | Not in the language. |$/| AT-5 | |/' \
    "$tree/program/RULES.md"
expect 1 'a reason that says nothing' "$tree" \
    'AT-5: has no test, and no reason says why'

plant
echo '- **MR-5** The same again.' >>"$tree/program/LANGUAGE.md"
expect 1 'a rule that is told twice' "$tree" 'MR-5: is told twice'
echo "1..$number"
[ "$failures" -eq 0 ]
