#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""bhlog report, from outside: test_report.py BHLOG BHCTL WRITE_LOG"""
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest

import logs
from page import Page, number

BHLOG = BHCTL = WRITE = None
POLICY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../golden/demo-policy.json")
HOSTILE = "</td><script>alert(1)</script>\" onx='y'&amp;\u202e\u0007gpj.exe"
NUL = HOSTILE.replace("ex", "ex\0")
NAMES = {"US": "United States US", "XX": "Unknown XX", "TW": "Taiwan (China) TW"}


class Report(unittest.TestCase):
    def setUp(self):
        self.tmp = tempfile.TemporaryDirectory()
        self.dir = self.tmp.name
        self.path = os.path.join(self.dir, "lines.jsonl")

    def tearDown(self):
        self.tmp.cleanup()

    def write(self, text):
        with open(self.path, "w", encoding="utf-8") as f:
            f.write(text)

    def report(self, *args, source=None, status=0):
        r = subprocess.run([BHLOG, "report", source or self.path, *args], capture_output=True, timeout=60)
        self.assertEqual(r.returncode, status, r.stderr)
        return Page(r.stdout.decode("utf-8", "strict"))

    def fail(self, *args, source=None, env=None):
        r = subprocess.run([BHLOG, "report", source or self.path, *args], capture_output=True, text=True,
                           timeout=60, env=env)
        self.assertEqual((r.returncode, r.stdout), (2, ""))
        self.assertEqual(r.stderr.count("\n"), 1, r.stderr)
        return r.stderr

    def hold(self, page, want, names):
        """The numbers of the page against those of the model, row by row."""
        for section, kind in (("countries", "cc"), ("tenants", "tn"), ("applications", "app")):
            rows, _ = page.rows(section)
            keys = {k for (of, k), s in want.items() if of == kind and any(s.values())}
            self.assertEqual(len(rows), len(keys) + 1, section)
            for key in keys:
                heading = next(h for h in rows if h == names.get(key, key) or h.split()[-1] == key or
                               h.split()[0] == key)
                self.assert_row(rows[heading], want[kind, key])
            self.assert_row(rows["Total"], want["all", ""])
        all_sums = want["all", ""]
        rows, _ = page.rows("numbers")
        total = [number(c) for c in rows.pop("Total")]
        steps = [sum(number(r[i]) for r in rows.values()) for i in range(6)]
        self.assertEqual(total, [all_sums[k] for k in (
            "flows", "out_allow", "out_flag", "out_block", "in", "stopped")])
        self.assertEqual(steps, total)
        self.assertEqual(number(page.tables["pending"][-1][1]), all_sums["before"])
        rules = page.tables["rules"]
        self.assertEqual([number(c) for c in rules[-1][1:]],
                         [all_sums[k] for k in ("flows", "out", "stopped", "before")])
        self.assertEqual([sum(number(r[i]) for r in rules[1:-1]) for i in (5, 6, 7, 8)],
                         [number(c) for c in rules[-1][1:]])

    def assert_row(self, row, want):
        got = [number(row[i]) for i in (0, 1, 4, 5, 6, 7)]
        self.assertEqual(got, [want[k] for k in ("flows", "out", "out_flag", "out_block", "stopped", "in")])

    def test_numbers(self):
        log = logs.Log(1, 500)
        self.write(log.lines())
        self.hold(self.report(), log.expected(), NAMES)

    def test_periods_add_up(self):
        log = logs.Log(2, 300)
        self.write(log.lines())
        noon = logs.T + 12 * logs.HOUR
        first = self.report("--until", "2026-11-24T21:00:00Z")
        second = self.report("--since", "2026-11-24T21:00:00Z")
        self.hold(first, log.expected(until=noon), NAMES)
        self.hold(second, log.expected(since=noon), NAMES)
        whole = log.expected()["all", ""]
        both = [number(p.rows("countries")[0]["Total"][1]) for p in (first, second)]
        self.assertTrue(all(both))
        self.assertEqual(sum(both), whole["out"])

    def test_dates_are_of_the_offset(self):
        log = logs.Log(3, 100)
        self.write(log.lines())
        page = self.report("--since", "2026-11-24", "--until", "2026-11-24", "--offset", "+08:00")
        self.hold(page, log.expected(until=logs.T + 7 * logs.HOUR), NAMES)  # local midnight is 16:00 UTC
        self.assertIn("2026-11-24 00:00:00 to 2026-11-25 00:00:00", page.all_text())
        self.assertIn("UTC+08:00", page.all_text())

    def test_periods(self):
        log = logs.Log(16, 150)
        self.write(log.lines())
        day = log.expected(until=logs.T + 7 * logs.HOUR)  # up to local midnight
        for period in ("2026-11-24", "2026-11-24T00:00:00+08:00/2026-11-24T16:00:00Z", "2026-10/2026-11-24",
                       "2025/2026-11-24"):
            self.hold(self.report("--period", period, "--offset", "+08:00"), day, NAMES)
        for period in ("2026", "2026-11", "2026-11/2026-12", "2026-11-24/2026-11-25", "2024/2028"):
            self.hold(self.report("--period", period), log.expected(), NAMES)
        self.assertIn("2026-12-01 00:00:00 to 2027-01-01 00:00:00", self.report("--period", "2026-12").all_text())
        for bad in ("2026-13", "2026-00", "26", "2026-11-31", "2026-11-24T09:00:00Z", "2026-11/2026-10", "/", "2026/",
                    "2026-11-24/2026-11-25/2026-11-26", "2026-1", "2026-11 ", "x" * 100 + "/2026"):
            self.assertIn("expected a year, month, day", self.fail("--period", bad))
        self.assertIn("not both", self.fail("--period", "2026", "--since", "2026-11-24"))

    def test_top_and_others(self):
        log = logs.Log(4, 300)
        self.write(log.lines())
        page = self.report("--top", "3")
        want = log.expected()
        rows, _ = page.rows("countries")
        self.assertEqual(len(rows), 5)
        others = next(h for h in rows if h.startswith("others"))
        self.assertEqual(others, "others (%d)" % (len(logs.COUNTRIES) - 3))
        self.assertEqual(sum(number(rows[h][1]) for h in rows if h != "Total"), want["all", ""]["out"])
        for section, act in (("blocked", "block"), ("flagged", "flag")):
            table = page.tables[section]
            self.assertEqual(len(table), 5)
            self.assertEqual(table[-1], ["and %s more flows" % format(want["all", ""]["flows_" + act] - 3, ",")])

    def test_listed_flows_are_the_largest(self):
        log = logs.Log(5, 200)
        self.write(log.lines())
        weight = {f: f.seen["ob"] + f.seen["db"] for f in {e[1] for e in log.events}
                  if f.who["act"] == "block"}
        largest = sorted(weight, key=lambda f: -weight[f])[:5]
        table = self.report("--top", "5").tables["blocked"][1:6]
        for flow, row in zip(largest, table):
            self.assertIn(flow.who["host"], row[2])
            self.assertEqual([number(x) for x in re.findall(r"[\d,]+$", row[5], re.M)],
                             [flow.seen[k] for k in ("ob", "db", "pb")])

    def test_all_of_them(self):
        """The command below a table lists exactly what the table counts."""
        log = logs.Log(18, 400)
        self.path = os.path.join(self.dir, "it's a log.jsonl")
        self.write(log.lines())
        last = {}
        for period, since, until in (((), None, None), (("--since", "2026-11-24T12:00:00.5Z", "--until", "2026-11-24T20:00:00Z"),
                                                        logs.T + 3 * logs.HOUR + 500000, logs.T + 11 * logs.HOUR)):
            last = {}
            for t1, flow, _, _, record in log.events:
                if (since is None or t1 >= since) and (until is None or t1 < until):
                    last[flow] = record
            for lang in ("en", "zh"):
                page = self.report("--top", "5", "--lang", lang, "--offset", "+08:00", *period)
                for section, act in (("blocked", "block"), ("flagged", "flag")):
                    command = re.search("bhlog (report '.*? --flows %s)" % act, page.all_text())[1]
                    lines = subprocess.run([BHLOG, *shlex.split(command)], capture_output=True, check=True, timeout=60,
                                           text=True).stdout.splitlines()
                    self.assertEqual(len(lines), 5 + number(re.search("[0-9,]+", page.tables[section][-1][0])[0]))
                    self.assertEqual(sorted(json.loads(x)["seq"] for x in lines),
                                     sorted(r["seq"] for r in last.values() if r["act"] == act))
        self.assertIn("expected allow, flag or block", self.fail("--flows", "drop"))
        self.assertIn("not both", self.fail("--flows", "flag", "--pdf", "x"))

    def test_a_lost_end_counts_what_was_said(self):
        flow = {"v": 1, "gw": "gw-a1", "fid": "1" * 16, "t0": logs.T, "src": "10.0.0.1", "dst": "198.51.100.1",
                "proto": 17, "init": "inside", "cc": "US", "ccs": "db", "border": "cross", "act": "allow",
                "op": 1, "rb": 0, "rp": 0, "db": 0, "dp": 0, "pb": 0, "pp": 0}
        start = {"v": 1, "ev": "start", "gw": "gw-a1", "ver": "1", "mode": "inline", "dpi": "n"}
        out = []
        for ev, ob, minute in (("update", 10, 1), ("update", 7, 2), ("start", 0, 3), ("end", 100, 4)):
            r = dict(start if ev == "start" else flow, ev=ev, ob=ob, t1=logs.T + minute * 60000000)
            out.append(json.dumps(r, separators=(",", ":")) + "\n")
        self.write("".join(out))
        rows, _ = self.report().rows("countries")
        # After a start the same id is another flow.
        self.assertEqual(rows["Total"][:2], ["2", "117"])

    def test_hostile_names(self):
        log = logs.Log(6, 40)
        for e in log.events:
            for key in ("host", "app", "tn", "rule", "reason"):
                e[4][key] = (NUL if e[4]["seq"] % 2 else HOSTILE) + key
        self.write(log.lines())
        page = self.report("--policy", POLICY)
        tags = {t for t, _ in page.elements}
        self.assertFalse(tags & {"script", "img", "iframe", "link", "object", "base", "form"}, tags)
        for tag, attrs in page.elements:
            self.assertFalse([a for a in attrs if a.startswith("on") or a in ("src", "style")], (tag, attrs))
            self.assertTrue(attrs.get("href", "#").startswith("#"), attrs)
        text = page.all_text()
        self.assertIn("</td><script>alert(1)</script>\" onx='y'&amp;[U+202E][U+0007]gpj.exehost", text)
        self.assertNotIn("\u202e", text)
        self.assertNotIn("\a", text)
        self.assertIn("gpj.ex[U+0000]ehost", text)
        self.assertIn("gpj.ex[U+0000]ereason", text)
        self.assertIn("<b>unknown</b> key", text)

    def test_languages_say_the_same(self):
        log = logs.Log(7, 120)
        self.write(log.lines())
        en, zh = self.report("--policy", POLICY), self.report("--policy", POLICY, "--lang", "zh")
        self.assertEqual([e[0] for e in en.elements], [e[0] for e in zh.elements])
        self.assertEqual(dict(en.elements)["html"], {"lang": "en"})
        self.assertEqual(dict(zh.elements)["html"], {"lang": "zh-Hans"})
        figures = [[re.findall(r"\d[\d,.:]*", c) for t in p.tables.values() for r in t[1:] for c in r] for p in (en, zh)]
        self.assertEqual(*figures)
        for heading in ("概要", "目的国家和地区", "按规则的裁决", "被阻断的流", "完整性"):
            self.assertIn(heading, zh.all_text())
        # No sentence of the English page is left in the Chinese one.
        own = set(re.findall(r"[A-Z][a-z]+ [a-z]+ [a-z]+ [a-z]+[^\n]*", zh.all_text()))
        with open(POLICY, encoding="utf-8") as f:
            basis = json.load(f)["meta"]["basis"].values()
        self.assertEqual([s for s in own if not any(b.find(s[:15]) >= 0 for b in basis)], [])

    def test_accessible(self):
        self.write(logs.Log(8, 50).lines())
        page = self.report()
        self.assertEqual(page.cells_without_scope, 0)
        for tag, attrs in page.elements:
            if tag == "svg":
                self.assertTrue(attrs.get("aria-hidden") == "true" or attrs.get("aria-label"), attrs)
        ids = [a["id"] for _, a in page.elements if "id" in a]
        self.assertEqual(len(ids), len(set(ids)))
        links = {a["href"][1:] for t, a in page.elements if t == "a"}
        self.assertTrue(links and links <= set(ids), links - set(ids))

    def test_legal_basis_in_words(self):
        self.write(logs.Log(9, 200).lines())
        words = "Security assessment approval (example number)"
        self.assertIn("--policy FILE", self.report().all_text())
        page = self.report("--policy", POLICY)
        self.assertIn(words, page.all_text())
        rows = [r for r in page.tables["rules"] if "p2p-block" in r[1]]
        self.assertTrue(rows and all(words in r[4] and "prohibited application" in r[2] for r in rows), rows)
        self.assertIn("is that of no policy published in the period", page.all_text())

    def test_groups_of_countries(self):
        log = logs.Log(15, 200)
        self.write(log.lines())
        self.assertNotIn("groups", self.report().tables)
        rows, _ = self.report("--policy", POLICY, "--top", "2").rows("groups")
        want = log.expected()
        row = rows["cptpp as of 2026-11-24"]
        self.assertEqual(number(row[1]), sum(want["cc", c]["out"] for c in ("AU", "GB", "JP", "SG")))
        self.assertEqual(number(row[0]), sum(want["cc", c]["flows"] for c in ("AU", "GB", "JP", "SG")))

    def test_bars_are_of_the_column_beside_them(self):
        log = logs.Log(19, 200)
        for e in log.events:
            if e[4]["pb"] and e[4]["act"] == "flag":
                e[4]["ob"] = e[4]["pb"]  # all of it, of few bytes
        self.write(log.lines())
        table = re.search('(?s)<h2 id="pending">.*?</section>', self.report().source)[0]
        self.assertIn('<th scope="colgroup" colspan="2"', table)
        rows = re.findall('<td class="n">([0-9.< ]+) %</td><td><svg [^>]*>(?:<rect [^>]*width="([0-9.]+)"[^>]*/>)?</svg>', table)
        self.assertEqual(len(rows), 3)
        for percent, width in rows:
            want = 0.05 if percent[0] == "<" else float(percent)
            self.assertLess(abs(float(width or 0) - want), 0.6, rows)

    def test_policy_changes_and_gaps(self):
        self.write(logs.Log(10, 20).lines())
        page = self.report()
        policies = page.tables["policy"][1:]
        self.assertEqual([r[1:5] for r in policies], [["at the start", "the gateway", "in force", "demo-park-egress"],
                                                      ["pushed", "uid:1000", "refused", ""]])
        self.assertEqual(page.tables["gaps"][1][1:4], ["record ring full", "3", "4–6"])
        self.assertIn("Records that are known to be lost: 3.", page.all_text())

    def make_log(self):
        path, key = os.path.join(self.dir, "log"), os.path.join(self.dir, "key")
        subprocess.run([BHCTL, "keygen", "--name", "gw-a1", "--out", key], check=True, capture_output=True)
        subprocess.run([WRITE, path, "gw-a1", key, "4", "100", "1000000"], check=True)
        return path, key + ".pub"

    def test_integrity(self):
        path, key = self.make_log()
        page = self.report("--key", key, "--anchor", os.path.join(path, "checkpoint"), source=path)
        self.assertEqual([r[1] for r in page.tables["integrity"][1:6]], ["good"] * 5)
        with open(os.path.join(path, "checkpoint"), encoding="utf-8") as f:
            self.assertIn(f.read(), page.all_text())
        self.assertIn("whole, signed, and anchored", page.all_text())
        unanchored = self.report("--key", key, source=path).all_text()
        self.assertIn("not everything is confirmed", unanchored)
        self.assertNotIn("whole, signed", unanchored)

    def test_tampered(self):
        path, key = self.make_log()
        segment = next(os.path.join(path, n) for n in sorted(os.listdir(path)) if n.startswith("flow-"))
        with open(segment, "r+b") as f:
            f.seek(2000)
            byte = f.read(1)
            f.seek(2000)
            f.write(bytes([byte[0] ^ 1]))
        page = self.report("--key", key, source=path, status=1)
        self.assertEqual(page.tables["integrity"][1][1], "TAMPERED WITH")
        self.assertIn("The log: TAMPERED WITH: see", page.all_text())
        self.assertRegex(page.all_text(), "figures are of the records before that place only.*damaged or changed at byte")

    def test_bad_lines_are_told(self):
        self.write(logs.Log(11, 10).lines() + "{not a record\n" + '{"v":1,"ev":"end","gw":"gw-a1","fid":"zz","t1":5}\n')
        self.assertIn("2 lines are not records", self.report(status=1).all_text())

    def test_clocks_that_were_never_set(self):
        lines = logs.Log(17, 10).lines()
        for t in ("9223372036854775807", "-9223372036854775808"):
            lines += '{"v":1,"ev":"gap","gw":"gw-a1","seq":1,"t0":0,"t1":%s,"cause":"crash","lost":0}\n' % t
            lines += re.sub('"t1":\\d+', '"t1":' + t, lines.splitlines(keepends=True)[6])
        self.write(lines)
        page = self.report()
        steps, _ = page.rows("numbers")
        self.assertEqual(steps["Total"][0], page.rows("countries")[0]["Total"][0])

    def test_errors(self):
        self.write(logs.Log(12, 5).lines())
        self.assertIn("expected en or zh", self.fail("--lang", "de"))
        self.assertIn("expected 1 to 1000", self.fail("--top", "0"))
        self.assertIn("expected +HH:MM", self.fail("--offset", "Z"))
        self.assertIn("is not before", self.fail("--since", "2026-11-25", "--until", "2026-11-23"))
        self.assertIn("No such file", self.fail(source=self.path + "x"))
        self.assertIn("not a policy", self.fail("--policy", self.path_of("[]")))
        self.assertIn("needs Chromium", self.fail("--pdf", os.path.join(self.dir, "x.pdf"), env={"PATH": self.dir}))
        self.assertFalse(os.path.exists(os.path.join(self.dir, "x.pdf")))
        with open(self.path, "a", encoding="utf-8") as f:
            f.write(logs.Log(13, 1).lines().replace("gw-a1", "gw-b2"))
        self.assertIn("another gateway", self.fail())

    def path_of(self, text):
        path = os.path.join(self.dir, "file")
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def test_empty(self):
        self.write("")
        page = self.report()
        self.assertIn("no record lies in the period", page.all_text())

    @unittest.skipIf(shutil.which("chromium") is None, "no Chromium")
    def test_pdf(self):
        self.write(logs.Log(14, 20).lines())
        out = os.path.join(self.dir, "r.pdf")
        r = subprocess.run([BHLOG, "report", self.path, "--pdf", out], capture_output=True, timeout=120)
        self.assertEqual((r.returncode, r.stdout), (0, b""), r.stderr)
        with open(out, "rb") as f:
            data = f.read()
        self.assertTrue(data.startswith(b"%PDF-") and b"/Count" in data)
        self.assertEqual([n for n in os.listdir(self.dir) if n.endswith(".new")], [])


if __name__ == "__main__":
    BHLOG, BHCTL, WRITE = map(os.path.abspath, sys.argv[1:4])
    unittest.main(argv=sys.argv[:1])
