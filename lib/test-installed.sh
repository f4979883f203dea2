#!/bin/sh
# SPDX-License-Identifier: MIT
# What "ninja install" puts into a folder: the command, libtwinwalk with its headers
# and pkg-config file, the cases, the documents.  Builds the example from there.
# $1: the build folder.
set -eu

build=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TWINWALK_CONFIG= # no configuration file of the user counts here
number=0
failures=0

# check NAME COMMAND...: the command succeeds.
check()
{
    name=$1
    shift
    number=$((number + 1))
    if "$@" >"$work/out" 2>&1; then
        echo "ok $number - $name"
    else
        echo "not ok $number - $name"
        sed 's/^/# /' "$work/out" | head -n 20
        failures=$((failures + 1))
    fi
}

# exits CODE COMMAND...
exits()
{
    expected=$1
    shift
    code=0
    "$@" || code=$?
    [ "$code" -eq "$expected" ]
}

check 'ninja install' env DESTDIR="$work/root" meson install -C "$build" --no-rebuild --quiet
prefix=$work/root$(meson introspect "$build" --buildoptions |
    python3 -c 'import json, sys
print(next(o["value"] for o in json.load(sys.stdin) if o["name"] == "prefix"))')
twinwalk=$prefix/bin/twinwalk
data=$prefix/share
library=$(dirname "$(find "$prefix" -name 'libtwinwalk.so.0')")

# The command finds its libraries where it stands; no path of the build is needed.
check 'the command runs' env -u LD_LIBRARY_PATH "$twinwalk" version
check 'it judges an installed case' exits 10 env -u LD_LIBRARY_PATH "$twinwalk" replay \
    --target zoo:tie-oldest-wins "$data/twinwalk/corpus/zoo/tie-oldest-wins.tw"
for file in man/man1/twinwalk.1 bash-completion/completions/twinwalk \
    zsh/site-functions/_twinwalk doc/twinwalk/README.md doc/twinwalk/LICENSE; do
    check "$file is there" test -s "$data/$file"
done

# Each link of the documents to a file leads to one.
check 'links of documents hold' python3 - "$data/doc/twinwalk" <<'END'
import pathlib
import re
import sys
top = pathlib.Path(sys.argv[1])
bad = []
count = 0
for page in sorted(top.rglob("*.md")):
    for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
        count += 1
        if not (page.parent / link).exists():
            bad.append(f"{page.relative_to(top)}: {link}")
print(*bad, sep="\n")
sys.exit(bool(bad) or count < 40)
END

# The library: it exports what its headers declare, and nothing else.
nm -D --defined-only "$library/libtwinwalk.so" | sed -n 's/.* [TDRB] \([^@]*\).*/\1/p' |
    grep -v '^TWINWALK_' | sort -u >"$work/exported"
check 'it exports what its headers declare' python3 - "$prefix/include/twinwalk" \
    "$work/exported" <<'END'
import pathlib
import re
import sys
declared = set()
for header in pathlib.Path(sys.argv[1]).rglob("*"):
    if header.is_file():
        text = re.sub(r"/\*.*?\*/", "", header.read_text(), flags=re.DOTALL)
        inline = re.findall(r"static inline[^;{]*?\b(tw_\w+)\(", text)
        macros = re.findall(r"#define (tw_\w+)", text)
        declared |= set(re.findall(r"^(?!static)\w[\w ]*[ *](tw_\w+)\(", text,
                                   re.MULTILINE)) - set(inline) - set(macros)
        declared |= set(re.findall(r"^extern [^;]*?\b(tw_\w+)(?:\[[^;]*)?;", text,
                                   re.MULTILINE))
exported = set(open(sys.argv[2]).read().split())
missing, more = declared - exported, exported - declared
print("not exported:", *sorted(missing))
print("exported, not declared:", *sorted(more))
sys.exit(bool(missing or more) or len(declared) < 50)
END

PKG_CONFIG_PATH=$library/pkgconfig
export PKG_CONFIG_PATH
# shellcheck disable=SC2086,SC2046 # words
compile()
{
    $CC $LINK -Wall -Wextra -Werror -O1 "$@" $(pkg-config --cflags --libs twinwalk) \
        -o "$work/example"
}
check 'pkg-config knows it' pkg-config --exists twinwalk
check 'the example is built from what is installed' \
    compile "$data/doc/twinwalk/lib/example/emulator.c"
LD_LIBRARY_PATH=$library
export LD_LIBRARY_PATH
check 'a correct emulator has no finding' exits 0 "$work/example"
check 'one that forgets a flush has' exits 10 "$work/example" forget
cp "$work/out" "$work/said"
check 'which is a stale answer' grep -q '^StaEmulator.*Flu$' "$work/said"
# Each header by itself.
for header in "$prefix"/include/twinwalk/*.h "$prefix"/include/twinwalk/*/*.h \
    "$prefix"/include/twinwalk/*/*/*.h; do
    name=${header#"$prefix/include/twinwalk/"}
    echo "#include <$name>" >"$work/one.c"
    echo 'int main(void) { return 0; }' >>"$work/one.c"
    check "$name stands alone" compile "$work/one.c"
done
echo "1..$number"
[ "$failures" -eq 0 ]
