#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""bhlog serve, from outside: test_serve.py BHLOG BHCTL WRITE_LOG MAKE_SEGMENT"""
import http.client
import os
import re
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.parse

import logs
from console import Console
from page import number

BHLOG = BHCTL = WRITE = MAKE = None
POLICY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../golden/demo-policy.json")
HOSTILE = "</td><script>alert(1)</script>\" onx='y'&amp;\u202e.example"


PATHS = [("/", 200), ("/search", 200), ("/record?seq=3", 200), ("/policy", 200), ("/record?seq=x", 400),
         ("/nowhere", 404)]


def state_of(console, path, status=200, lang="en"):
    """What a page says of the log, as soon as that is known: its role and its text."""
    for _ in range(100):
        r, body = console.get(path, {"Cookie": "lang=" + lang})
        assert r.status == status, (path, r.status)
        found = re.search('<p class="state[^"]* log" role="([a-z]+)"( data-running)?>(.*?)</p>', body)
        assert 'href="/integrity"' in found[3], found[0]
        if "Not checked yet" not in found[3]:
            return found[1] + ": " + re.sub("<[^>]*>", "", found[3])
        time.sleep(0.05)
    raise AssertionError("never known: " + found[0])


class Serve(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.tmp = tempfile.TemporaryDirectory()
        cls.dir = cls.tmp.name
        cls.log = logs.Log(21, 300)
        cls.log.events[40][4]["host"] = HOSTILE
        os.mkdir(os.path.join(cls.dir, "made"))
        subprocess.run([MAKE, os.path.join(cls.dir, "made", "flow-20261124T090000Z-000001.jsonl.zst")],
                       input=cls.log.lines().encode(), check=True)
        key = os.path.join(cls.dir, "key")
        subprocess.run([BHCTL, "keygen", "--name", "gw-a1", "--out", key], check=True, capture_output=True)
        subprocess.run([WRITE, os.path.join(cls.dir, "signed"), "gw-a1", key, "5", "90", "1000000"], check=True)
        cls.made = Console(BHLOG, os.path.join(cls.dir, "made"))
        cls.addClassCleanup(cls.made.process.kill)  # whatever else fails
        cls.signed = Console(BHLOG, os.path.join(cls.dir, "signed"), "--key", key + ".pub", "--policy", POLICY,
                             "--policy", cls.other_policy())
        cls.addClassCleanup(cls.signed.process.kill)

    @classmethod
    def other_policy(cls):
        with open(POLICY, encoding="utf-8") as f:
            text = f.read().replace('"version": 7', '"version": 8')
        path = os.path.join(cls.dir, "p8.json")
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    @classmethod
    def tearDownClass(cls):
        statuses = cls.made.stop(), cls.signed.stop()
        cls.tmp.cleanup()
        assert statuses == (0, 0), statuses

    def test_overview_is_the_report(self):
        want = self.log.expected()
        rows, _ = self.made.page("/").rows("countries")
        self.assertEqual(number(rows["Total"][1]), want["all", ""]["out"])
        until = logs.T + 12 * logs.HOUR
        rows, _ = self.made.page("/?until=2026-11-24T21:00:00Z").rows("countries")
        self.assertEqual(number(rows["Total"][1]), self.log.expected(until=until)["all", ""]["out"])
        self.assertIn("2026-11-24T09:00:00Z", self.made.page("/?since=yesterday", 400).all_text())

    def test_names_lead_to_their_records(self):
        page = self.made.page("/?since=2026-11-24")
        link = next(a["href"] for t, a in page.elements if t == "a" and "country=US" in a["href"])
        self.assertIn("since=2026-11-24", link)
        shown = [r for r in self.made.page(link).tables["main"][1:]]
        self.assertTrue(shown and all(r[3] == "United States" for r in shown), shown[:3])

    def test_paging_finds_each_record_once(self):
        path, seen = "/search?act=block&ev=end", []
        while path:
            page = self.made.page(path)
            rows = page.tables["main"][1:]
            self.assertLessEqual(len(rows), 50)
            seen += [int(re.search(r"#(\d+)", r[0])[1]) for r in rows]
            path = next((a["href"] for t, a in page.elements if t == "a" and "after=" in a["href"] and
                         "after=0" not in a["href"]), None)
        want = [e[4]["seq"] for e in self.log.events if e[4]["act"] == "block" and e[4]["ev"] == "end"]
        self.assertEqual(seen, want)
        blocks = self.made.page("/search?" + urllib.parse.urlencode({"host": "*.nowhere.example"}))
        self.assertIn("No record matches.", blocks.all_text())

    def test_bad_questions(self):
        for path in ("/search?country=xx", "/search?addr=1.2.3", "/search?min_bytes=-1", "/search?after=a",
                     "/search?since=2026-11-25&until=2026-11-24", "/record?seq=x", "/record"):
            self.made.page(path, 400)
        english = re.compile("[A-Za-z]{3,} [A-Za-z]{2,}")
        for path, said in (("/search?country=xx", "“xx”不适用于“国家或地区（DE、XX）”：应为两个大写字母"), ("/search?addr=1.2.3", "应为地址或前缀"),
                           ("/search?min_bytes=-1", "应为整数"), ("/search?after=a", "应为整数"), ("/search?act=x", "应为allow, flag"),
                           ("/search?tenant=" + 300 * "x", "个字符"), ("/search?since=2026-11-25&until=2026-11-24", "晚于“自”"),
                           ("/?until=x", "“x”不适用于“至”：应为2026-11-24 或 2026-11-24T09:00:00Z")):
            text = self.made.page(path, 400, {"Cookie": "lang=zh"}).all_text()
            self.assertIn(said, text)
            self.assertNotRegex(text.split("不能说明")[0].replace("decision, update", ""), english)
        for path in ("/search?foo=bar", "/search?country=US&country=DE", "/search?Country=US", "/search?tenant=a%00b",
                     "/search?host=%00", "/?country=US", "/policy?x", "/integrity?since=2026-11-24", "/record?seq=7&x=",
                     "/?offset=1"):
            self.assertRegex(self.made.page(path, 400).all_text(), "is not known here, or was given twice. What can be")
        self.assertIn("“foo”", self.made.page("/search?foo=bar", 400).all_text())
        self.assertIn(": tenant, country, app, host, addr, act, rule, reason, ev, min_bytes, since, until, after, lang, token.",
                      self.made.page("/search?foo=bar", 400).all_text())
        self.assertIn("可用名称：since", self.made.page("/?foo=1&lang=zh", 400).all_text())
        self.made.page("/search?tenant=&host=&after=3&lang=en&token=x")
        for path in ("/record?seq=99999999", "/nowhere", "/../etc/passwd"):
            self.made.page(path, 404)
        self.assertEqual(self.made.get("/proof?seq=x")[0].status, 400)
        self.assertEqual(self.made.get("/proof?seq=7")[0].status, 404)
        for body in (None, b"hello", b"x" * 20000):
            self.assertEqual(self.made.get("/", method="POST", body=body)[0].status, 405)

    def test_hostile_names(self):
        seq = self.log.events[40][4]["seq"]
        for path in ("/search?" + urllib.parse.urlencode({"host": HOSTILE}), "/record?seq=%d" % seq,
                     "/search?" + urllib.parse.urlencode({"rule": HOSTILE})):
            page = self.made.page(path)
            scripts = [a for t, a in page.elements if t == "script"]
            self.assertEqual(scripts, [{"src": "/console.js", "defer": None}])
            for tag, attrs in page.elements:
                self.assertFalse([a for a in attrs if a.startswith("on") or a == "style"], (tag, attrs))
        self.assertIn("[U+202E].example", self.made.page("/record?seq=%d" % seq).all_text())

    def test_headers(self):
        for path in ("/", "/console.js", "/style.css", "/proof?seq=x", "/nowhere"):
            r, _ = self.made.get(path)
            policy = r.getheader("Content-Security-Policy")
            self.assertIn("default-src 'none'", policy)
            self.assertNotIn("unsafe", policy)
            self.assertEqual(r.getheader("X-Content-Type-Options"), "nosniff")
            self.assertEqual(r.getheader("Cache-Control"), "no-store")

    def test_host(self):
        for host, status in (("localhost:1", 200), ("127.0.0.1", 200), ("[::1]:80", 200), ("evil.example", 403),
                             ("127.0.0.1.evil.example", 403), ("", 403)):
            self.assertEqual(self.made.get("/style.css", {"Host": host})[0].status, status, host)

    def test_token(self):
        path = os.path.join(self.dir, "token")
        with open(path, "w", encoding="utf-8") as f:
            f.write("0123456789abcdef-._~\n")
        console = Console(BHLOG, os.path.join(self.dir, "made"), "--token", path)
        try:
            token = "0123456789abcdef-._~"
            for headers, query, status in (
                    ({}, "", 401), ({}, "?token=" + token[:-1], 401), ({}, "?token=" + token + "x", 401),
                    ({}, "?token=" + token, 303), ({"Authorization": "Bearer " + token}, "", 200),
                    ({"Authorization": "bearer " + token}, "", 200), ({"Authorization": "Basic " + token}, "", 401),
                    ({"Authorization": "Bearer x"}, "?token=" + token, 401),
                    ({"Cookie": "token=" + token}, "", 200), ({"Cookie": "token="}, "", 401),
                    ({"Cookie": "token=" + token}, "?token=x", 303)):
                r, _ = console.get("/policy" + query, headers)
                self.assertEqual(r.status, status, (headers, query))
                cookie = r.getheader("Set-Cookie")
                self.assertEqual(cookie is not None, status == 303 and token in query, cookie)
                self.assertEqual(r.getheader("WWW-Authenticate") is not None, status == 401)
            # The token stays in no history.
            for path, to in (("/?token=" + token, "/"), ("/search?act=flag&token=" + token + "&host=%3Cb%3E%26&ev=",
                             "/search?act=flag&host=%3Cb%3E%26&ev="), ("//evil.example/?token=" + token, "/evil.example%2F")):
                r, body = console.get(path)
                self.assertEqual((r.status, r.getheader("Location"), body), (303, to, ""))
                self.assertIn("token=" + token + "; HttpOnly; SameSite=Strict", r.getheader("Set-Cookie"))
            self.assertEqual(console.get("/style.css")[0].status, 200)
            page = console.page("/search?act=flag&host=%22%3E", 401)
            self.assertRegex(page.all_text(), "A token is needed.*需要令牌")
            self.assertEqual(self.fields(page)["host"]["value"], '">')
            self.assertNotIn("not the token", page.all_text())
            self.assertRegex(console.page("/?token=x", 401).all_text(), "(?s)That is not the token.*令牌不正确")
        finally:
            self.assertEqual(console.stop(), 0)

    @unittest.skipUnless(subprocess.run(["unshare", "-n", "true"], stderr=subprocess.DEVNULL, check=False).returncode == 0,
                         "no network namespaces")
    def test_the_printed_address(self):
        path = os.path.join(self.dir, "token")
        with open(path, "w", encoding="utf-8") as f:
            f.write("0123456789abcdef-._~\n")
        for listen in ("0.0.0.0:0", "[::]:0"):
            # In a network of its own, where nobody reaches it.
            with subprocess.Popen(["unshare", "-n", BHLOG, "serve", os.path.join(self.dir, "made"), "--listen", listen,
                                   "--token", path], stdout=subprocess.PIPE, text=True) as process:
                line = process.stdout.readline()
                process.terminate()
            self.assertRegex(line, r"^http://<this host>:\d+/\?token=\.\.\.$")

    def test_a_long_log_is_told(self):
        path = os.path.join(self.dir, "long")
        shutil.copytree(os.path.join(self.dir, "signed"), path)
        self.assertEqual(self.said(path), "")
        with open(os.path.join(path, "flow-20261125T090000Z-000002.jsonl.zst"), "wb") as f:
            f.truncate(20000000)
        self.assertRegex(self.said(path), r'^bhlog: \S+/long: 2\d MB and no catalogue: .*"bhlog reindex \S+/long" makes that fast\n$')
        os.unlink(f.name)
        subprocess.run([BHLOG, "reindex", path], check=True, capture_output=True)
        with open(f.name, "wb") as f:
            f.truncate(20000000)
        self.assertRegex(self.said(path), r"^bhlog: \S+/long: 2\d MB; verified in the background")

    @staticmethod
    def said(path):
        with subprocess.Popen([BHLOG, "serve", path, "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True) as process:
            process.stdout.readline()
            time.sleep(0.5)
            process.terminate()
            return process.stderr.read()

    def test_dripping_requests(self):
        console = Console(BHLOG, os.path.join(self.dir, "made"))
        try:
            def drip():
                s = socket.create_connection(("127.0.0.1", console.port), timeout=30)
                s.send(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n")
                return s
            many = [drip() for _ in range(300)]
            begin = time.monotonic()
            self.assertEqual(console.get("/style.css")[0].status, 200)
            self.assertLess(time.monotonic() - begin, 5)
            end = time.monotonic() + 20  # those that had to go have gone, so that there is room
            while len(select.select(many, [], [], 0)[0]) < 250 and time.monotonic() < end:
                time.sleep(0.05)
            one = drip()  # nobody needs its room
            begin = time.monotonic()
            while time.monotonic() - begin < 25:
                try:
                    one.send(b"X: y\r\n")
                    if select.select([one], [], [], 0.5)[0] and one.recv(100) == b"":
                        break
                except OSError:
                    break
            self.assertTrue(8 < time.monotonic() - begin < 15, time.monotonic() - begin)
            for s in [*many, one]:
                s.close()
            keep = http.client.HTTPConnection("127.0.0.1", console.port, timeout=60)
            for _ in range(3):  # one connection for all
                keep.request("GET", "/style.css")
                self.assertEqual(keep.getresponse().read()[:5], b":root")
            keep.close()
        finally:
            self.assertEqual(console.stop(), 0)

    def refused(self, *args):
        r = subprocess.run([BHLOG, "serve", *args], capture_output=True, text=True, timeout=60)
        self.assertEqual((r.returncode, r.stdout, r.stderr.count("\n")), (2, "", 1), r)
        return r.stderr

    def test_errors(self):
        made = os.path.join(self.dir, "made")
        self.assertIn("can be reached from other hosts", self.refused(made, "--listen", "0.0.0.0:0"))
        self.assertIn("can be reached from other hosts", self.refused(made, "--listen", "[::]:0"))
        self.assertIn("expected ADDR:PORT", self.refused(made, "--listen", "8080"))
        self.assertIn("in use", self.refused(made, "--listen", "127.0.0.1:%d" % self.made.port))
        self.assertIn("No such file", self.refused(made + "x"))
        self.assertIn("not a log's directory", self.refused(POLICY))
        short = os.path.join(self.dir, "short")
        with open(short, "w", encoding="utf-8") as f:
            f.write("0123456789\n")
        self.assertIn("16 to 256", self.refused(made, "--token", short))

    def test_receipt(self):
        text = self.signed.page("/record?seq=5").all_text()
        self.assertIn("/usr/share/tor/geoip sha256:00", text)  # of the start record
        self.assertIn("gdl-auto", text)
        self.assertIn("General data list, connected vehicles", text)
        self.assertRegex(text, "SHA-256 of the databases' list[0-9a-f]{64}")
        r, proof = self.signed.get("/proof?seq=5")
        path = os.path.join(self.dir, "proof")
        with open(path, "w", encoding="utf-8") as f:
            f.write(proof)
        r = subprocess.run([BHLOG, "verify", "--proof", path, "--key", os.path.join(self.dir, "key.pub")],
                           capture_output=True, timeout=60)
        self.assertEqual(r.returncode, 0, r)

    def test_a_flow_s_records(self):
        event = next(e for e in self.log.events if e[4]["ev"] == "update")
        want = [e[4]["seq"] for e in self.log.events if e[1] is event[1]]
        rows = self.made.page("/record?seq=%d" % event[4]["seq"]).tables["flow"][1:]
        self.assertGreater(len(want), 1)
        self.assertEqual([int(r[1][1:]) for r in rows], want)

    def test_a_flow_s_id_in_other_runs(self):
        os.mkdir(os.path.join(self.dir, "runs"))
        start, seq, lines, runs = logs.Log(1, 0).lines().split("\n")[0] + "\n", 0, "", []
        for updates in (150, 3, 150):  # ids begin anew with each run
            flow, runs = logs.Flow(logs.random.Random(1), 1, "flag"), runs + [[]]
            lines, seq = lines + start.replace('"seq":1,', f'"seq":{seq + 1},'), seq + 1
            for _ in range(updates):
                seq += 1
                record = {**flow.record("update", flow.who["t0"] + seq), "seq": seq}
                lines, runs[-1] = lines + logs.line(record), runs[-1] + [seq]
        subprocess.run([MAKE, os.path.join(self.dir, "runs", "flow-20261124T090000Z-000001.jsonl.zst")],
                       input=lines.encode(), check=True)
        console = Console(BHLOG, os.path.join(self.dir, "runs"))
        try:
            for run in runs:
                for i in (0, len(run) // 2, len(run) - 1):
                    rows = console.page(f"/record?seq={run[i]}").tables["flow"][1:]
                    end = min(len(run), max(100, i + 51))
                    self.assertEqual([int(r[1][1:]) for r in rows], run[max(0, end - 100):end])
        finally:
            self.assertEqual(console.stop(), 0)

    def test_records_without_a_rule(self):
        """A reason makes a verdict, with a rule or without; a record that has neither has none."""
        kinds = [("block", "stop", "PROHIBITED_APP"), ("block", None, "POLICY_EXPIRED"), ("allow", None, None)]
        rows = [{"v": 1, "ev": "end", "gw": "gw-a1", "seq": i, "fid": f"{i:016x}", "t0": 1795510800000000,
                 "t1": 1795510800000000, "src": "10.20.0.1", "dst": "198.51.100.7", "proto": 6, "init": "inside", "cc": "US", "act": act,
                 "rule": rule, "reason": reason, "ob": 1, "rb": 1} for i, (act, rule, reason) in enumerate(kinds, 1)]
        os.mkdir(os.path.join(self.dir, "ruleless"))
        subprocess.run([MAKE, os.path.join(self.dir, "ruleless", "flow-20261124T090000Z-000001.jsonl.zst"), "9"],
                       input="".join(logs.line({k: v for k, v in r.items() if v is not None}) for r in rows).encode(),
                       check=True)
        console = Console(BHLOG, os.path.join(self.dir, "ruleless"))
        try:
            overview = console.get("/?lang=en")[1]
            rules = re.search(r'id="rules".*?</table>', overview, re.S)[0]
            self.assertEqual(re.findall(r'<th scope="row" class="x">(no [a-z]+)</th><td class="x">(.*?)</td>', rules),
                             [("no rule", re.search("the policy had expired.*?(?=</td>)", rules)[0]), ("no verdict", "")])
            self.assertEqual(re.findall("Rule: (no [a-z]+)<br>", console.get("/search?lang=en")[1]),
                             ["no rule", "no verdict"])
            self.assertEqual(re.findall("规则：(无[^<]*)<br>", console.get("/search?lang=zh")[1]), ["无规则", "无裁决"])
            says = [[t for t in ("No rule decided this", "A record without a reason has no verdict")
                     if t in console.get(f"/record?lang=en&seq={seq}")[1]] for seq in (1, 2, 3)]
            self.assertEqual(says, [[], ["No rule decided this"], ["A record without a reason has no verdict"]])
        finally:
            console.stop()

    def test_the_zone_of_times(self):
        until = "2026-11-25T05:00:00%2B08:00"
        console = Console(BHLOG, os.path.join(self.dir, "made"), "--offset", "+08:00")
        try:
            for path, status in PATHS + [("/integrity", 200)]:
                text = console.page(path, status).all_text()
                self.assertIn("Log: " + os.path.join(self.dir, "made") + " · Times: UTC+08:00", text)
                text = console.page(path, status, {"Cookie": "lang=zh"}).all_text()
                self.assertIn(" · 时间：UTC+08:00", text)
            text = console.page("/?since=2026-11-24&until=" + until).all_text()
            self.assertIn("Period2026-11-24 00:00:00 to 2026-11-25 05:00:00Gatewaygw-a1", text)
            # The same moment in any zone stands there in that of the page.
            for path in ("/", "/search"):
                for time_text in (until, "2026-11-24T21:00:00Z", "2026-11-24T23:00:00%2B02:00"):
                    self.assertEqual(self.fields(console.page(path + "?until=" + time_text))["until"]["value"],
                                     "2026-11-25T05:00:00+08:00")
                fields = self.fields(console.page(path + "?since=2026-11-24&until=2026-11-25T05:00:00.5Z"))
                self.assertEqual([fields[n]["value"] for n in ("since", "until")],
                                 ["2026-11-24", "2026-11-25T05:00:00.5Z"])
                self.assertEqual(fields["since"]["placeholder"], "2026-11-24T09:00:00+08:00")
            self.assertIn("or 2026-11-24T09:00:00+08:00", console.page("/?since=x", 400).all_text())
        finally:
            self.assertEqual(console.stop(), 0)
        self.assertIn("Times: UTC", self.made.page("/").all_text())

    @staticmethod
    def fields(page):
        return {a["name"]: a for t, a in page.elements if t == "input"}

    def test_headings_and_titles(self):
        for path, status in PATHS + [("/integrity", 200), ("/search?x=1", 400), ("/?until=x", 400), ("/search?country=x", 400)]:
            page = self.signed.page(path, status)
            levels = [int(t[1]) for t, _ in page.elements if re.fullmatch("h[1-6]", t)]
            self.assertEqual((levels[0], levels.count(1)), (1, 1), path)
            self.assertFalse([1 for a, b in zip(levels, levels[1:]) if b > a + 1], (path, levels))
            for tag, attrs in page.elements:
                self.assertFalse(attrs.get("role") == "status" and tag == "ol", attrs)
        titles = [re.search("<title>(.*?)</title>", self.signed.page(p, s).source)[1]
                  for p, s in (("/record?seq=5", 200), ("/search", 200), ("/nowhere", 404))]
        self.assertEqual(titles, ["Record 5 · Bridgehead", "Flows · Bridgehead", "There is no such page · Bridgehead"])
        r, body = self.signed.get("/favicon.ico")
        self.assertEqual((r.status, body), (204, ""))

    def test_policy_and_integrity(self):
        text = self.signed.page("/policy").all_text()
        self.assertIn('-     "id": "demo-park-egress", "version": 7', text)
        self.assertIn('+     "id": "demo-park-egress", "version": 8', text)
        table = self.signed.page("/integrity").tables["main"]
        self.assertEqual([r[1] for r in table[1:]], ["good", "good", "not asked", "good", "good"])

    def test_language_is_kept(self):
        r, body = self.made.get("/integrity?lang=zh")
        self.assertIn('<html lang="zh-Hans">', body)
        cookie = r.getheader("Set-Cookie").split(";")[0]
        for path in ("/", "/search?act=flag", "/policy", "/record?seq=9"):
            page = self.made.page(path, headers={"Cookie": cookie})
            self.assertEqual(dict(page.elements)["html"], {"lang": "zh-Hans"})
            self.assertIn("流检索", page.all_text())
        self.assertIn('<html lang="en">', self.made.get("/integrity?lang=xx")[1])
        page = self.made.page("/search?act=flag&host=%3Cb%3E&lang=en")
        links = [a["href"] for t, a in page.elements if t == "a" and "lang=zh" in a["href"]]
        self.assertEqual(links, ["/search?lang=zh&act=flag&host=%3Cb%3E"])

    def test_a_damaged_log_shows_what_was_before(self):
        path = os.path.join(self.dir, "damaged")
        shutil.copytree(os.path.join(self.dir, "signed"), path)
        name = next(os.path.join(path, n) for n in os.listdir(path) if n.startswith("flow-"))
        with open(name, "r+b") as f:
            f.seek(os.path.getsize(name) // 2)
            f.write(b"damage")
        console = Console(BHLOG, path)
        try:
            self.assertIn("figures are of the records before", console.page("/").all_text())
            self.assertEqual(console.page("/integrity").tables["main"][1][1], "TAMPERED WITH")
            for path, status in PATHS:
                self.assertRegex(state_of(console, path, status), r"^alert: TAMPERED WITH: First bad block: \d+, "
                                 r"segment flow-.* Do not rely on what is shown here\. Integrity$")
                self.assertRegex(state_of(console, path, status, "zh"), "^alert: 已被篡改：首个有问题的区块：.*完整性$")
        finally:
            self.assertEqual(console.stop(), 0)

    def test_each_page_says_whether_the_log_is_whole(self):
        for path, status in PATHS:
            self.assertEqual(state_of(self.signed, path, status),
                             "status: unconfirmed: not everything is confirmed Integrity")
        self.assertNotIn("log", [a.get("class", "").split()[-1:] for _, a in self.signed.page("/integrity").elements])
        path = os.path.join(self.dir, "changing")
        shutil.copytree(os.path.join(self.dir, "signed"), path)
        console = Console(BHLOG, path, "--key", os.path.join(self.dir, "key.pub"), "--anchor", os.path.join(path, "checkpoint"))
        try:
            self.assertEqual(state_of(console, "/policy"), "status: whole, signed, and anchored Integrity")
            name = next(os.path.join(path, n) for n in os.listdir(path) if n.startswith("flow-"))
            with open(name, "r+b") as f:
                f.seek(os.path.getsize(name) // 2)
                f.write(b"damage")
            for _ in range(100):  # a check is not followed by another at once
                text = state_of(console, "/policy")
                if "TAMPERED" in text:
                    break
                self.assertRegex(text, r"whole, signed, and anchored\. That was at 20[^;]*; the log has changed since\.")
                time.sleep(0.1)
            self.assertIn("TAMPERED WITH", text)
        finally:
            self.assertEqual(console.stop(), 0)

    def test_chinese_pages_are_chinese(self):
        cookie = {"Cookie": "lang=zh"}
        text = self.made.page("/search", headers=cookie).all_text()
        for words in ("版本 0.1.0 · 方式 串接 · 分类引擎 nDPI 4.2.0 · 数据库 /usr/share/tor/geoip sha256:00 构建于 2026-11-24 08:00:00/usr/share/tor/geoip6",
                      "方式 启动时 · 结果 已生效 · 策略 demo-park-egress", "原因 记录环已满 · 丢失记录数 3 · 起始序号 4 · 结束序号 6"):
            self.assertIn(words, text)
        for word in ("decision", "update", "end", "start", "gap", "policy", "mode", "cause"):
            self.assertNotRegex(text, r"(?<![\w:/.-])%s(?![\w.:-])" % word)
        text = self.made.page("/record?seq=9", headers=cookie).all_text()
        self.assertIn("sha256:00 构建于 2026-11-24 08:00:00", text)
        self.assertRegex(self.made.page("/record?seq=9", headers=cookie).source, "</div><div><bdi>/usr/share/tor/geoip6 ")
        text = self.made.page("/policy", headers=cookie).all_text()
        self.assertIn("版本 0.1.0 · 分类引擎 nDPI 4.2.0 · 数据库", text)
        self.assertNotIn('lang="en">',
                         self.made.page("/integrity", headers=cookie).source.replace('lang="en">English', ""))
        page = self.signed.page("/integrity", headers=cookie)
        self.assertNotIn('lang="en">', page.source.replace('lang="en">English', ""))
        self.assertRegex(page.all_text(), "其中 time 为 2026-11-24 09:[0-9:]{5}。")
        self.assertRegex(self.signed.page("/integrity").all_text(), "Its “time” is 2026-11-24 09:[0-9:]{5}\\.")

    def test_questions_at_once(self):
        results = []

        def ask(i):
            results.append(self.made.get("/?since=2026-11-24T%02d:00:00Z" % (9 + i % 5))[0].status)
        threads = [threading.Thread(target=ask, args=(i,)) for i in range(12)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(results, [200] * 12)


if __name__ == "__main__":
    BHLOG, BHCTL, WRITE, MAKE = map(os.path.abspath, sys.argv[1:5])
    unittest.main(argv=sys.argv[:1])
