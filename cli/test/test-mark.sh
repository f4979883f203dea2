#!/bin/sh
# SPDX-License-Identifier: MIT
# twinwalk mark: what is decided about a finding is kept, shown by triage, report,
# JUnit and SARIF, and decides what is new.
# shellcheck source=cli/test/test-lib.sh
. "$(dirname "$0")/test-lib.sh"

bug=zoo:second-hop-unregistered
cause=missed-unmap-later-hop
"$TWINWALK" run --target "$bug" --programs 40 --seed 5 --out found >/dev/null 2>&1 ||
    true
key=$(sed -n 's/^# key: //p' "$(find found -name '*-1.tw' | sort | sed -n 1p)")
# triage_of NAME CODE NAME-OF-TEST OPTION...
triage_of()
{
    name=$1
    code=$2
    test=$3
    shift 3
    exits "$code" "$test" "$TWINWALK" triage --target "$bug" --as "$name" \
        --store f.db --no-min --junit j.xml --sarif s.json "$@"
}
mark()
{
    "$TWINWALK" mark --store f.db "$@"
}
triage_of one 10 'new' found
triage_of two 10 'of two targets' found

refuses 'no name' 'mark: expected one cause' mark
refuses 'two names' 'mark: expected one cause' mark a b
refuses 'a name that nothing has' 'f.db: expected a finding with the cause or the key "x"' \
    mark x --wont-fix
refuses 'a name that two have' "f.db: expected a name of one finding, .* one $cause, two $cause" \
    mark "$cause" --wont-fix
refuses 'a target that is none' 'f.db: expected a finding of three with' \
    mark "$cause" --as three
refuses 'two decisions' '--wont-fix, --duplicate-of: expected one' \
    mark "$cause" --as one --wont-fix --duplicate-of x
refuses 'an issue that is no address' '--issue: expected an address' \
    mark "$cause" --as one --issue 'javascript:alert(1)'
refuses 'a comment of two lines' '--comment: expected one line' \
    mark "$cause" --as one --comment "$(printf 'a\nb')"
refuses '--clear with more' '--clear: expected no other' \
    mark "$cause" --as one --clear --wont-fix
refuses 'a duplicate of itself' 'f.db: expected another finding for --duplicate-of' \
    mark "$cause" --as one --duplicate-of "$cause"
refuses 'a duplicate of nothing' 'f.db: expected another finding for --duplicate-of' \
    mark "$cause" --as one --duplicate-of none
refuses 'no store' 'none.db: expected a store' "$TWINWALK" mark --store none.db x
exits 0 'nothing is decided yet' mark "$cause" --as one
check 'it says so' grep -qx "one $cause: open" out.txt

# A finding that will not be fixed is not news, although it comes back.
exits 0 'by its key' mark "$key" --as one --wont-fix --comment 'so <b>it</b> is'
check 'it is said' grep -qx "one $cause: won't fix; so <b>it</b> is" out.txt
exits 0 'an issue too' mark "$cause" --as one --issue https://x.example/1
check 'the rest stays' grep -qx \
    "one $cause: won't fix; issue https://x.example/1; so <b>it</b> is" out.txt
exits 0 'fixed' "$TWINWALK" triage --target softmmu --as one --store f.db --retest
triage_of one 0 'it returns, and is no news' found
check 'it is known' grep -q '^  known  ' out.txt
check 'in no line it returned' sh -c '! grep -q "^  returned" out.txt'
check 'triage shows the decision' grep -q \
    "^      won't fix; issue https://x.example/1; so <b>it</b> is" out.txt
check 'JUnit skips it, and says why' python3 -c '
import xml.etree.ElementTree as e
case = e.parse("j.xml").getroot()[0][0]
assert case.find("failure") is None
assert "won\x27t fix; issue https://x.example/1; so <b>" in case.find("skipped").get("message")'
check 'SARIF suppresses it' python3 -c '
import json
result = json.load(open("s.json"))["runs"][0]["results"][0]
assert result["baselineState"] == "unchanged"
(s,) = result["suppressions"]
assert s["kind"] == "external" and s["status"] == "accepted"
assert result["workItemUris"] == ["https://x.example/1"]'
exits 0 'a retest does not wait for it' "$TWINWALK" triage --target "$bug" --as one \
    --store f.db --retest
exits 0 'since the first run' "$TWINWALK" report --store f.db --since 1 --out page
check 'the other target has news' grep -q '^1 new, 0 returned, 0 fixed, 1 known' out.txt
check 'the page shows the decision' python3 -c '
import json
page = open("page/index.html").read()
assert "<dd>won\x27t fix</dd>" in page and "so &lt;b&gt;it" in page
assert "href=\"https://x.example/1\"" in page
(f,) = [f for f in json.load(open("page/report.json"))["findings"] if f["target"] == "one"]
assert f["state"] == "wont-fix" and f["issue_link"] == "https://x.example/1"'

# A duplicate of the other target'"'"'s; and all is taken back.
exits 0 'a duplicate' mark "$cause" --as two --duplicate-of "one/$cause"
check 'it is said' grep -qx "two $cause: duplicate of one/$cause" out.txt
triage_of two 0 'is no news since the first run' --since 1 found
check 'triage shows it' grep -q "^      duplicate of one/$cause" out.txt
exits 0 'taken back' mark "$cause" --as two --clear
triage_of two 10 'is news since the first run' --since 1 found

# What a hostile store says is text.
python3 - <<'END'
import sqlite3
db = sqlite3.connect("f.db")
db.execute("UPDATE decisions SET issue = 'javascript:alert(1)', comment = ?",
           ("\x1b[2J<script>",))
db.commit()
END
exits 0 'a hostile decision' "$TWINWALK" report --store f.db --out page
check 'is no link' sh -c '! grep -q "href=\"javascript" page/index.html'
exits 0 'nor for a terminal' mark "$cause" --as one
check 'an escape' sh -c "! LC_ALL=C grep -q \"\$(printf '\\033')\" out.txt"
finish
