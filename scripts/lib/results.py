# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""Single results out of what tests print: TAP, cmocka, unittest; and the list of all of them."""
import json
import re

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"

TAP = re.compile(r"^(not )?ok\b\s*(\d+)?\s*-?\s*(.*?)(?:\s*#\s*(SKIP)\S*\s*(.*))?$", re.IGNORECASE)
TAP_PLAN = re.compile(r"^1\.\.(\d+)\s*(?:#\s*SKIP\S*\s*(.*))?$", re.IGNORECASE)
CMOCKA = re.compile(r"^\[\s*(OK|FAILED|SKIPPED|ERROR)\s*\] (\S+)$")
UNITTEST = re.compile(r"^Ran (\d+) tests? in ")
UNITTEST_END = re.compile(r"^(OK|FAILED)(?: \((.*)\))?$")


class Result:
    """text: why it failed or was skipped."""

    def __init__(self, name, outcome, text=""):
        self.name, self.outcome, self.text = name, outcome, text


def read_tap(name, out):
    """[Result] of TAP lines; [] where there are none. A plan that was not kept is a failure."""
    found, plan, why = [], None, []
    for line in out.splitlines():
        m = TAP_PLAN.match(line)
        if m:
            plan = int(m.group(1))
            if plan == 0:
                return [Result(name, SKIPPED, m.group(2) or "no reason given")]
            continue
        m = TAP.match(line)
        if not m:
            if line.startswith("#") and found and found[-1].outcome == FAILED:
                found[-1].text += line + "\n"
            continue
        bad, _, what, skip, reason = m.groups()
        full = f"{name}: {what}" if what else f"{name}: {len(found) + 1}"
        if skip and not bad:
            found.append(Result(full, SKIPPED, reason or "no reason given"))
        else:
            found.append(Result(full, FAILED if bad else PASSED, ""))
    if plan is not None and found and plan != len(found):
        found.append(Result(f"{name}: plan", FAILED, f"{plan} were planned, {len(found)} came\n"))
    return found


def read_cmocka(name, out):
    found, before = {}, ""
    for line in out.splitlines():
        m = CMOCKA.match(line)
        if m:
            word, test = m.groups()
            outcome = {"OK": PASSED, "SKIPPED": SKIPPED}.get(word, FAILED)
            text = "" if outcome == PASSED else before.removeprefix("SKIP: ") or "no reason given"
            found.setdefault(test, Result(f"{name}: {test}", outcome, text))
        # what a test said last before it skipped itself is the reason
        before = "" if line.startswith("[") else line
    return list(found.values())


def read_unittest(name, out):
    ran = None
    for line in out.splitlines():
        m = UNITTEST.match(line)
        if m:
            ran = int(m.group(1))
        m = UNITTEST_END.match(line)
        if m and ran is not None:
            counts = {k: int(v) for k, v in re.findall(r"(\w+)=(\d+)", m.group(2) or "")}
            bad = counts.get("failures", 0) + counts.get("errors", 0)
            skipped = counts.get("skipped", 0)
            reasons = re.findall(r"skipped ['\"](.*)['\"]$", out, re.MULTILINE)
            return ([Result(f"{name}: {i + 1}", PASSED) for i in range(ran - bad - skipped)] +
                    [Result(name, FAILED) for _ in range(bad)] +
                    [Result(name, SKIPPED, reasons[i] if i < len(reasons) else "see its output")
                     for i in range(skipped)])
    return []


def skip_reason(out):
    for line in out.splitlines():
        m = re.search(r"\bSKIP(?:PED)?\b:?\s*(.*)", line, re.IGNORECASE)
        if m and m.group(1):
            return m.group(1)
    return out.strip().splitlines()[-1] if out.strip() else "no reason given"


def judge(name, good, skipped, out, how):
    """The results of one program that ended well, badly, or by saying that it skips. how: its end in
    words. The single results are what it printed; where they are all good and its end is not, or the
    other way round, that is one failure more."""
    if skipped:
        return [Result(name, SKIPPED, skip_reason(out))]
    found = read_tap(name, out) or read_cmocka(name, out) or read_unittest(name, out)
    bad = [r for r in found if r.outcome == FAILED]
    if good and bad:
        found.append(Result(name, FAILED, "ended well although a part of it failed\n"))
    elif not good and not bad:
        found.append(Result(name, FAILED, how + "\n" + out))
    elif not good:
        bad[0].text = how + "\n" + (bad[0].text if "not ok" in out else out)
    return found or [Result(name, PASSED)]


def read_meson(path, label):
    """[(Result, ...)] of a testlog.json of meson."""
    found = []
    with open(path, encoding="utf-8") as f:
        for line in f:
            t = json.loads(line)
            name = t["name"].split(" / ")[-1]
            out = t.get("stdout", "") + ("\n" if t.get("stderr") else "") + t.get("stderr", "")
            how = f"{t['result']}, exit status {t['returncode']} after {t['duration']:.1f} s"
            found += judge(f"{label} {name}", t["result"] in ("OK", "EXPECTEDFAIL"), t["result"] == "SKIP", out, how)
    return found
