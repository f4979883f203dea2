#!/bin/sh
# SPDX-License-Identifier: MIT
# What ci/mutate makes of code, and what it refuses: TAP.  (It builds nothing.)
set -u

cd "$(dirname "$0")/.." || exit 99
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
number=0

# result STATUS NAME
result()
{
    number=$((number + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $number - $2"
    else
        echo "not ok $number - $2"
        cat "$work/out.txt"
    fi
}

# refuses NAME TEXT ARGUMENT...: exit code 2 and one line.
refuses()
{
    name=$1
    text=$2
    shift 2
    status=0
    ci/mutate "$@" >"$work/out.txt" 2>&1 || status=$?
    [ "$status" -eq 2 ] && [ "$(wc -l <"$work/out.txt")" -eq 1 ] &&
        grep -q "^ci/mutate: .*$text" "$work/out.txt"
    result $? "$name"
}

# with_mutate [ARGUMENT]: runs the Python of standard input, which has ci/mutate as
# the module `mutate`.
with_mutate()
{
    {
        cat <<'END'
import importlib.machinery
import importlib.util
import sys
sys.path.insert(0, "ci")
loader = importlib.machinery.SourceFileLoader("mutate", "ci/mutate")
spec = importlib.util.spec_from_loader("mutate", loader)
mutate = importlib.util.module_from_spec(spec)
sys.modules["mutate"] = mutate
loader.exec_module(mutate)
END
        cat
    } | PYTHONDONTWRITEBYTECODE=1 python3 - "$@" >"$work/out.txt" 2>&1
}

# mutants NAME SOURCE LINE...: the mutants of a file are these lines, in any order.
mutants()
{
    name=$1
    printf '%s\n' "$2" >"$work/part.c"
    shift 2
    printf '%s\n' "$@" | sort >"$work/expected.txt"
    with_mutate "$work/part.c" <<'END'
with open(sys.argv[1], encoding="utf-8") as file:
    print("\n".join(sorted(site.key for site in mutate.sites_of(
        "part.c", file.read()))))
END
    LC_ALL=C sort "$work/out.txt" >"$work/seen.txt"
    LC_ALL=C sort "$work/expected.txt" | cmp -s - "$work/seen.txt"
    result $? "$name"
}

echo '1..16'
ci/mutate --help >"$work/out.txt" 2>&1 && grep -q '^negate ' "$work/out.txt"
result $? 'help'
refuses 'an unknown option' 'expected --sites, .* not "--site"' --site 3
refuses 'no value' 'expected a value after --sites' --sites
refuses 'no number' '--sites: a number of at least 1, not "0"' --sites 0
refuses 'no such table' 'nowhere.tsv: No such file' --survivors "$work/nowhere.tsv"
printf 'gap\tone mutant\twhy\nslow\tanother\twhy\n' >"$work/rows.tsv"
refuses 'a class that there is not' 'rows.tsv:2: class' --survivors "$work/rows.tsv"
printf 'gap\tone mutant\n' >"$work/rows.tsv"
refuses 'a row without a reason' 'rows.tsv:1: class' --survivors "$work/rows.tsv"
refuses 'no such list' 'nowhere: No such file' --list "$work/nowhere"
printf '# mutants\nanother file\n' >"$work/list"
refuses 'a list of what is no mutant' 'list:2: a mutant of the sources, not "another file"' \
    --list "$work/list"
mutants 'conditions' 'static int f(int a)
{
    /* a < 2 */
    if (a < 2 && g("a < b")) {
        return a + a;
    }
}' 'part.c f: negate: if (!(a < 2 && g("a < b"))) {' \
    'part.c f: relation: if (a <= 2 && g("a < b")) {' \
    'part.c f: number: if (a < 3 && g("a < b")) {' \
    'part.c f: logic: if (a < 2 || g("a < b")) {' \
    'part.c f: plus: return a - a;'
mutants 'calls' 'static void f(int *a, int b)
{
    g(a, b, b);
    a = &h(-1);
}' 'part.c f: drop: g(a, b, b)' 'part.c f: swap: g(b, a, b);' \
    'part.c f: number: a = &h(-2);'
mutants 'the same line twice has a number' 'static void f(void)
{
    g();
    g();
}' 'part.c f: drop: g()' 'part.c f: drop: g() #2'
mutants 'what only makes text is left out' 'static void work_name(int a)
{
    g(a + 1);
}

static void f(int a)
{
    TELL(m, "words", "%d", a + 1);
    g_assert(a > 0);
    g();
}' 'part.c f: drop: g()'
# Each row names a mutant that the sources have.
with_mutate <<'END'
keys = {site.key for site in mutate.all_sites(1)[0]}
rows = mutate.rows_of("ci/survivors.tsv")
print("\n".join(row for row in rows if row not in keys))
sys.exit(not rows or not set(rows) <= keys)
END
result $? 'each row names a mutant of the sources'
# A row of a mutant that was killed is wrong; one of a mutant that did not run, if
# all of the sample ran.
with_mutate <<'END'
rows = {"a": "equivalent", "b": "gap", "d": "equivalent", "e": "performance"}
some = ["gap: b", "survives, and has no row: c", "has a row, and does not survive: d"]
assert list(mutate.complaints_of(["a", "b", "c"], {"d", "f"}, rows, False)) == some
assert list(mutate.complaints_of(["a", "b", "c"], {"d", "f"}, rows, True)) == \
    some + ["has a row, and is not drawn: e"]
END
result $? 'complaints'
# What a new run takes from an old one.
with_mutate <<'END'
def holds(killer, programs, tests):
    return mutate.still_holds({"killer": killer, "programs": 20, "tests": "old"},
                              programs, tests)


assert holds("random programs, --flush page", 30, "new")
assert holds("a case", 30, "old") and not holds("a case", 10, "new")
assert holds("", 10, "old") and not holds("", 30, "old") and not holds("", 10, "new")
END
result $? 'what is known'
