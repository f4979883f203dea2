#!/bin/sh
# SPDX-License-Identifier: MIT
# ci/check-targets accepts a correct fuzz target, and refuses it if one property is
# wrong.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
for tool in clang clang++ zip unzip objdump objcopy; do
    command -v $tool >/dev/null || {
        echo "1..0 # SKIP there is no $tool"
        exit 0
    }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
echo 'int LLVMFuzzerTestOneInput(void *data, unsigned long size);
int LLVMFuzzerTestOneInput(void *data, unsigned long size)
{ return data == 0 || size == 0; }' >probe.c
if [ "$(uname -m)" != x86_64 ] || ! clang -c probe.c -o probe.o ||
    ! clang++ probe.o -fsanitize=address,undefined,fuzzer -static-libstdc++ \
        -o probe; then
    echo '1..0 # SKIP there is no libFuzzer for x86_64'
    exit 0
fi
number=0
failures=0

report()
{
    number=$((number + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $number - $2"
    else
        echo "not ok $number - $2"
        failures=$((failures + 1))
        sed 's/^/# /' check.out
    fi
}

# A target of 400 branches.
awk 'BEGIN {
    print "#include <stddef.h>\n#include <stdint.h>\n#include <stdio.h>"
    print "#include <stdlib.h>\n#include <string.h>\n#ifdef GLIB\n"
    print "#include <glib.h>\n#endif\nint seen[256];"
    print "int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n) {"
    print "if (n > 2 && !memcmp(d, \"die\", 3)) abort();"
    print "#ifdef WRITES\nfclose(fopen(WRITES, \"w\"));\n#endif"
    print "#ifdef GLIB\nseen[0] += g_random_int();\n#endif"
    print "#ifdef READS\nFILE *f = fopen(READS, \"r\"); if (f) fclose(f);\n#endif"
    for (i = 1; i <= 400; i++)
        printf "if (n > %d && d[%d] == %d) seen[d[%d]] += d[%d];\n", i, i,
            i % 256, i - 1, i
    print "return 0; }"
}' >target.c
mkdir seeds
echo one >seeds/1
echo two >seeds/2
echo tiny_fuzzer >manifest

# builds FLAG...: a new $work/out with the target.
builds()
{
    rm -rf out
    mkdir out
    clang -c target.c -o target.o "$@"
    # shellcheck disable=SC2086 # one word per option
    clang++ target.o -o out/tiny_fuzzer $link -static-libstdc++
    printf '[libfuzzer]\ndict = tiny_fuzzer.dict\nmax_len = 8192\n' \
        >out/tiny_fuzzer.options
    echo '"word"' >out/tiny_fuzzer.dict
    (cd seeds && zip -q -j ../out/tiny_fuzzer_seed_corpus.zip -- *)
}

looks()
{
    status=0
    "$top/ci/check-targets" --manifest manifest --root "$work" out libfuzzer \
        "$sanitizer" "$(uname -m)" >check.out 2>&1 || status=$?
}

takes()
{
    looks
    report "$status" "$1"
}

# refuses NAME PATTERN: with a line of this pattern.
refuses()
{
    looks
    grep -q "^ci/check-targets: $2" check.out || status=0
    [ "$status" -eq 1 ] && status=0 || status=1
    report $status "$1"
}

sanitizer=address
asan='-fsanitize=address'
counters='-fsanitize=fuzzer-no-link'
link="$asan -fsanitize=fuzzer"

builds $asan $counters
takes 'a target as it should be'

mv out/tiny_fuzzer target
refuses 'a target removed' 'tiny_fuzzer: is on the manifest, and was not built'
cp target out/tiny_fuzzer
cp target out/other_fuzzer
refuses 'another target' 'other_fuzzer: was built, and is not on the manifest'
rm out/other_fuzzer
rm out/tiny_fuzzer.dict
refuses 'its dictionary removed' 'tiny_fuzzer: crashes with its options'
echo '"half' >out/tiny_fuzzer.dict
refuses 'its dictionary is none' 'tiny_fuzzer: crashes with its options'
echo '"word"' >out/tiny_fuzzer.dict
sed -i '1d' out/tiny_fuzzer.options
refuses 'its options without a section' 'tiny_fuzzer: .options: expected'
builds $asan $counters
echo die >die
zip -q out/tiny_fuzzer_seed_corpus.zip die
refuses 'a seed that kills it' 'tiny_fuzzer: crashes with its options or its seeds'
rm out/tiny_fuzzer_seed_corpus.zip
zip -q out/tiny_fuzzer_seed_corpus.zip seeds/1
refuses 'seeds in a folder' 'tiny_fuzzer: seed corpus: expected files, and no'

builds $counters
refuses 'AddressSanitizer dropped' 'tiny_fuzzer: [0-9]* calls of AddressSan'
builds $asan
refuses 'counters dropped' 'tiny_fuzzer: .*\(run four times\|edges\)'
builds $asan $counters -DREADS="\"$work/data\""
refuses 'a path baked in' "tiny_fuzzer: names the folder $work/"
builds $asan $counters -DWRITES='"left"'
refuses 'a file left' 'tiny_fuzzer: leaves files in the folder'
builds $asan $counters -DWRITES="\"$work/out/left\""
refuses 'a file beside the target' 'a target has written to its own folder'
if pkg-config --exists glib-2.0; then
    link="$link $(pkg-config --libs glib-2.0)"
    # shellcheck disable=SC2046 # one word per option
    builds $asan $counters -DGLIB $(pkg-config --cflags glib-2.0)
    refuses 'a shared library' 'tiny_fuzzer: needs the shared library libglib'
fi

link="$asan,undefined -fsanitize=fuzzer"
builds "$asan,undefined" $counters
refuses 'two sanitizers' 'tiny_fuzzer: [0-9]* calls of UBSan, expected 200 at'
sanitizer=undefined
link='-fsanitize=undefined -fsanitize=fuzzer'
builds -fsanitize=undefined $counters
takes 'one for UBSan'
builds $counters
refuses 'UBSan dropped' 'tiny_fuzzer: [0-9]* calls of UBSan, expected 168 at'

echo "1..$number"
[ "$failures" -eq 0 ]
