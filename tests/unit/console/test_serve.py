#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""bhlog serve, from outside: test_serve.py BHLOG BHCTL WRITE_LOG MAKE_SEGMENT"""
import http.client
import http.server
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.parse

import chromium
import logs
from page import Page, number

BHLOG = BHCTL = WRITE = MAKE = None
POLICY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../golden/demo-policy.json")
HOSTILE = "</td><script>alert(1)</script>\" onx='y'&amp;\u202e.example"


class Console:
    def __init__(self, directory, *args):
        self.process = subprocess.Popen([BHLOG, "serve", directory, "--listen", "127.0.0.1:0", *args],
                                        stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        self.port = int(re.fullmatch(r"http://127\.0\.0\.1:(\d+)/.*\n", line)[1])

    def get(self, path, headers=None, method="GET"):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        c.request(method, path, headers=headers or {})
        r = c.getresponse()
        body = r.read().decode("utf-8", "strict")
        c.close()
        return r, body

    def page(self, path, status=200, headers=None):
        r, body = self.get(path, headers)
        assert r.status == status, (path, r.status, body)
        return Page(body)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(30)
        self.process.stdout.close()
        return status


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
        cls.made = Console(os.path.join(cls.dir, "made"))
        cls.addClassCleanup(cls.made.process.kill)  # whatever else fails
        cls.signed = Console(os.path.join(cls.dir, "signed"), "--key", key + ".pub", "--policy", POLICY,
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
        for path in ("/record?seq=99999999", "/nowhere", "/../etc/passwd"):
            self.made.page(path, 404)
        self.assertEqual(self.made.get("/proof?seq=x")[0].status, 400)
        self.assertEqual(self.made.get("/proof?seq=7")[0].status, 404)
        self.assertEqual(self.made.get("/", method="POST")[0].status, 405)

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
        console = Console(os.path.join(self.dir, "made"), "--token", path)
        try:
            token = "0123456789abcdef-._~"
            for headers, query, status in (
                    ({}, "", 401), ({}, "?token=" + token[:-1], 401), ({}, "?token=" + token + "x", 401),
                    ({}, "?token=" + token, 200), ({"Authorization": "Bearer " + token}, "", 200),
                    ({"Authorization": "Bearer x"}, "?token=" + token, 401),
                    ({"Cookie": "token=" + token}, "", 200), ({"Cookie": "token="}, "", 401)):
                r, _ = console.get("/style.css" + query, headers)
                self.assertEqual(r.status, status, (headers, query))
                cookie = r.getheader("Set-Cookie")
                self.assertEqual(cookie is not None, status == 200 and query != "", cookie)
            self.assertIn("HttpOnly; SameSite=Strict", console.get("/style.css?token=" + token)[0].getheader("Set-Cookie"))
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

    def test_the_zone_of_times(self):
        until = "2026-11-25T05:00:00%2B08:00"
        console = Console(os.path.join(self.dir, "made"), "--offset", "+08:00")
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
        console = Console(path)
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
        console = Console(path, "--key", os.path.join(self.dir, "key.pub"), "--anchor", os.path.join(path, "checkpoint"))
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


class Tampering(http.server.BaseHTTPRequestHandler):
    """Hands on what the console answers, but changes the proof."""
    console, change = None, None

    def do_GET(self):
        r, body = self.console.get(self.path)
        if self.path.startswith("/proof"):
            body = self.change(body)
        body = body.encode()
        self.send_response(r.status)
        for name in ("Content-Type", "Content-Security-Policy"):
            self.send_header(name, r.getheader(name))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


CONTRAST = """(() => {
  const part = (c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const light = (rgb) => { const [r, g, b] = rgb.match(/[\\d.]+/g).map((c) => part(c / 255));
                           return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const ground = (e) => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
                          if (!/, 0\\)$/.test(c)) return c; } return "rgb(255, 255, 255)"; };
  const low = [];
  for (const e of document.querySelectorAll("body *")) {
    if (![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) || e.closest("option, svg")) continue;
    const [a, b] = [light(getComputedStyle(e).color), light(ground(e))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) low.push(e.outerHTML.slice(0, 100));
  }
  return low;
})()"""


@unittest.skipUnless(chromium.is_there(), "no Chromium")
class Browser(unittest.TestCase):
    """The pages as a browser has them: one browser for all."""

    @classmethod
    def setUpClass(cls):
        cls.tmp = tempfile.TemporaryDirectory()
        directory, key = os.path.join(cls.tmp.name, "log"), os.path.join(cls.tmp.name, "key")
        subprocess.run([BHCTL, "keygen", "--name", "gw-a1", "--out", key], check=True, capture_output=True)
        subprocess.run([WRITE, directory, "gw-a1", key, "5", "90", "1000000"], check=True)
        cls.console = Console(directory, "--key", key + ".pub")
        cls.addClassCleanup(cls.console.process.kill)  # whatever else fails
        cls.url = "http://127.0.0.1:%d" % cls.console.port
        cls.browser = chromium.Chromium()

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()
        status = cls.console.stop()
        cls.tmp.cleanup()
        assert status == 0, status

    def steps(self, change):
        handler = type("Handler", (Tampering,), {"console": self.console, "change": staticmethod(change)})
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            self.browser.go("http://127.0.0.1:%d/record?seq=250#verify" % server.server_address[1])
            self.browser.wait_for("document.querySelector('#steps .state') !== null")
            return self.browser.evaluate("[...document.querySelectorAll('#steps li')].map((e) => e.textContent)")
        finally:
            server.shutdown()
            server.server_close()

    def test_a_good_proof(self):
        good = self.steps(lambda proof: proof)
        self.assertEqual(len(good), 5, good)
        self.assertEqual(good[-2:], ["The checkpoint is signed by gw-a1.",
                                     "In the log, whose checkpoint the gateway signed."])

    def test_changed_proofs(self):
        def swap_path(proof):  # the first hash of the path in the block
            lines = proof.split("\n")
            lines[3] = lines[4]
            return "\n".join(lines)

        def other_root(proof):  # of the entry: then the entry is another leaf
            return re.sub('"root":"(.)', lambda m: '"root":"' + "01"[m[1] == "0"], proof)

        def other_size(proof):
            lines = proof.split("\n")
            at = lines.index("") + 2
            lines[at] = str(int(lines[at]) + 100)
            return "\n".join(lines)

        def forge(proof):
            return proof[:-40] + "AB"[proof[-40] == "A"] + proof[-39:]
        for change in (swap_path, other_root, other_size, forge, lambda p: p.replace('"sport":', '"sport":1', 1),
                       lambda p: p.replace("leaf ", "leaf 9", 1), lambda p: "", lambda p: p[:len(p) // 2]):
            steps = self.steps(change)
            self.assertTrue(steps[-1].startswith("NOT PROVEN"), steps)
        self.assertEqual(self.steps(forge)[-1], "NOT PROVEN: The checkpoint has no good signature of gw-a1.")

    def test_a_period_by_dragging(self):
        b = self.browser
        b.size(1100, 900)
        b.go(self.url + "/")
        b.evaluate("document.querySelector('svg.bars').scrollIntoView({block: 'center', behavior: 'instant'})")
        left, top, width, height = b.evaluate(
            "(({left, top, width, height}) => [left, top, width, height])"
            "(document.querySelector('svg.bars').getBoundingClientRect())")
        n = int(b.evaluate("document.getElementById('brush').dataset.n"))
        self.assertGreater(n, 4)
        b.evaluate("globalThis.old = true")
        b.mouse("mousePressed", left + 1.5 * width / n, top + height / 2)
        b.mouse("mouseMoved", left + 2.5 * width / n, top + height / 2)
        b.mouse("mouseReleased", left + 2.5 * width / n, top + height / 2)
        b.loaded()
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(b.evaluate("location.href")).query)
        self.assertEqual(query, {"since": ["2026-11-24T09:00:01Z"], "until": ["2026-11-24T09:00:03Z"]})
        self.assertIn("90", b.evaluate("document.querySelector('.cards').textContent"))

    def test_keyboard(self):
        b = self.browser
        b.go(self.url + "/search")
        b.key("Tab", 9)
        self.assertEqual(b.evaluate("document.activeElement.className"), "skip")
        b.evaluate("document.querySelector('[name=act]').value = 'allow'")
        b.evaluate("globalThis.old = true; document.querySelector('[name=tenant]').focus()")
        b.ask("Input.dispatchKeyEvent", type="keyDown", key="Enter", code="Enter", windowsVirtualKeyCode=13, text="\r")
        b.loaded()
        self.assertEqual(b.evaluate("location.search"), "?act=allow")

    def test_narrow_and_dark(self):
        b = self.browser
        for scheme in ("light", "dark"):
            b.media(prefers_color_scheme=scheme)
            for path in ("/", "/search?act=allow", "/record?seq=9", "/policy", "/integrity?lang=en"):
                b.size(360, 700)
                b.go(self.url + path)
                self.assertLessEqual(b.evaluate("document.documentElement.scrollWidth"), 360, path)
                self.assertEqual(b.evaluate(CONTRAST), [], (scheme, path))


if __name__ == "__main__":
    BHLOG, BHCTL, WRITE, MAKE = map(os.path.abspath, sys.argv[1:5])
    unittest.main(argv=sys.argv[:1])
