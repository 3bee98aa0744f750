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
import unittest
import urllib.parse

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
        cls.signed = Console(os.path.join(cls.dir, "signed"), "--key", key + ".pub", "--policy", POLICY,
                             "--policy", cls.other_policy())

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

    def fail(self, *args):
        r = subprocess.run([BHLOG, "serve", *args], capture_output=True, text=True, timeout=60)
        self.assertEqual((r.returncode, r.stdout, r.stderr.count("\n")), (2, "", 1), r)
        return r.stderr

    def test_errors(self):
        made = os.path.join(self.dir, "made")
        self.assertIn("can be reached from other hosts", self.fail(made, "--listen", "0.0.0.0:0"))
        self.assertIn("can be reached from other hosts", self.fail(made, "--listen", "[::]:0"))
        self.assertIn("expected ADDR:PORT", self.fail(made, "--listen", "8080"))
        self.assertIn("in use", self.fail(made, "--listen", "127.0.0.1:%d" % self.made.port))
        self.assertIn("No such file", self.fail(made + "x"))
        self.assertIn("not a log's directory", self.fail(POLICY))
        short = os.path.join(self.dir, "short")
        with open(short, "w", encoding="utf-8") as f:
            f.write("0123456789\n")
        self.assertIn("16 to 256", self.fail(made, "--token", short))

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


@unittest.skipIf(shutil.which("chromium") is None, "no Chromium")
class Browser(unittest.TestCase):
    """The button that verifies a proof, in the browser itself."""

    def setUp(self):
        self.tmp = tempfile.TemporaryDirectory()
        directory, key = os.path.join(self.tmp.name, "log"), os.path.join(self.tmp.name, "key")
        subprocess.run([BHCTL, "keygen", "--name", "gw-a1", "--out", key], check=True, capture_output=True)
        subprocess.run([WRITE, directory, "gw-a1", key, "5", "90", "1000000"], check=True)
        self.console = Console(directory, "--key", key + ".pub")

    def tearDown(self):
        self.assertEqual(self.console.stop(), 0)
        self.tmp.cleanup()

    def steps(self, change):
        handler = type("Handler", (Tampering,), {"console": self.console, "change": staticmethod(change)})
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            r = subprocess.run(
                ["chromium", "--headless", "--disable-gpu", "--user-data-dir=" + self.tmp.name + "/profile",
                 *(["--no-sandbox"] if os.geteuid() == 0 else []), "--virtual-time-budget=5000", "--dump-dom",
                 "http://127.0.0.1:%d/record?seq=250#verify" % server.server_address[1]],
                capture_output=True, text=True, timeout=120)
        finally:
            server.shutdown()
            server.server_close()
        found = re.search(r'<ol id="steps"[^>]*>(.*?)</ol>', r.stdout, re.S)
        self.assertIsNotNone(found, r)
        return re.findall(r"<li[^>]*>(.*?)</li>", found[1])

    def test_good_and_changed(self):
        good = self.steps(lambda proof: proof)
        self.assertEqual(len(good), 5, good)
        self.assertEqual(good[-2:], ["The checkpoint is signed by gw-a1.",
                                     "In the log, whose checkpoint the gateway signed."])

        def swap_path(proof):  # the first hash of the path in the block
            lines = proof.split("\n")
            lines[3] = lines[4]
            return "\n".join(lines)
        forged = self.steps(lambda proof: re.sub("A|B", lambda m: "BA"["AB".index(m[0])], proof[-60:])
                            .join((proof[:-60], "")))
        self.assertEqual(forged[-1], "NOT PROVEN: The checkpoint has no good signature of gw-a1.")
        bad = self.steps(swap_path)
        self.assertTrue(bad[-1].startswith("NOT PROVEN"), bad)


if __name__ == "__main__":
    BHLOG, BHCTL, WRITE, MAKE = map(os.path.abspath, sys.argv[1:5])
    unittest.main(argv=sys.argv[:1])
