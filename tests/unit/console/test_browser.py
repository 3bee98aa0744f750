#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""bhlog serve, as a browser has it: test_browser.py BHLOG BHCTL WRITE_LOG"""
import hashlib
import http.server
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.parse

import chromium
import logs
from console import Console

BHLOG = BHCTL = WRITE = None


class Tampering(http.server.BaseHTTPRequestHandler):
    """Hands on what the console answers, but changes the proof or the page."""
    console, change, change_page = None, None, None

    def do_GET(self):
        r, body = self.console.get(self.path)
        if self.path.startswith("/proof"):
            body = self.change(body)
        if self.path.startswith("/record"):
            body = self.change_page(body)
        if body is None:
            self.send_error(404)
            return
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
        cls.console = Console(BHLOG, directory, "--key", key + ".pub")
        cls.addClassCleanup(cls.console.process.kill)  # whatever else fails
        cls.url = "http://127.0.0.1:%d" % cls.console.port
        cls.browser = chromium.Chromium()

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()
        status = cls.console.stop()
        cls.tmp.cleanup()
        assert status == 0, status

    def steps(self, change=lambda proof: proof, page=lambda page: page, console=None, host="127.0.0.1", lang="en"):
        """What the button says in the end: the class of the last step, and all of them."""
        handler = type("Handler", (Tampering,), {"console": console or self.console, "change": staticmethod(change),
                                                 "change_page": staticmethod(page)})
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            self.browser.go("http://%s:%d/record?seq=250&lang=%s#verify" % (host, server.server_address[1], lang))
            self.browser.wait_for("document.querySelector('#steps .state') !== null")
            return self.browser.evaluate("[document.querySelector('#steps .state').className, "
                                         "[...document.querySelectorAll('#steps li')].map((e) => e.textContent)]")
        finally:
            server.shutdown()
            server.server_close()

    def test_a_good_proof(self):
        for lang, end in (("en", ["The checkpoint is signed by gw-a1.",
                                  "In the log, whose checkpoint the gateway signed."]),
                          ("zh", ["检查点由 gw-a1 签名。", "在网关已签名检查点的日志中。"])):
            state, good = self.steps(lang=lang)
            self.assertEqual((state, len(good)), ("state good", 6), good)
            self.assertEqual(good[-2:], end)

    def test_over_plain_http_from_elsewhere(self):
        state, steps = self.steps(host="elsewhere.example")
        self.assertIs(self.browser.evaluate("crypto.subtle === undefined"), True)
        self.assertEqual((state, len(steps)), ("state unsure", 5), steps)
        self.assertRegex(steps[-1], "signature by gw-a1 was not checked here.*bhlog verify --proof FILE --key VKEY")
        state, steps = self.steps(lambda p: p.replace('"sport":', '"sport":1', 1), host="elsewhere.example")
        self.assertEqual((state, steps[-1][:10]), ("state bad", "NOT PROVEN"))
        # Many lengths, against the sums of somebody else.
        text = "".join(chr(33 + i % 90) for i in range(300))
        sums = self.browser.evaluate("[...Array(300).keys()].map((n) => "
                                     "hex(sha256(utf8.encode(%s.slice(0, n)))))" % json.dumps(text))
        self.assertEqual(sums, [hashlib.sha256(text[:n].encode()).hexdigest() for n in range(300)])

    def test_what_cannot_be_checked_is_not_wrong(self):
        state, steps = self.steps(lambda proof: None)
        self.assertEqual((state, len(steps)), ("state unsure", 1))
        self.assertRegex(steps[0], "^Could not be checked here: ")
        console = Console(BHLOG, os.path.join(self.tmp.name, "log"))
        try:
            state, steps = self.steps(console=console)
            self.assertEqual((state, len(steps)), ("state unsure", 5))
            self.assertRegex(steps[-1], "^In the log that the checkpoint is of. Who signed the checkpoint was not checked")
        finally:
            self.assertEqual(console.stop(), 0)

    def test_changed_pages(self):
        before = self.console.get("/record?seq=250&lang=en")[1]
        row = '<tr><th scope="row">Verdict</th><td class="x">allowed</td></tr>'
        hide = "198.51.100.255"

        def other_end(page):
            at = page.index('data-of="fields"')
            return page[:at] + page[at:].replace("198.51.100.", hide, 1)
        for change in (lambda p: p.replace(">gdl-auto<", ">some-other-rule<", 1),
                       lambda p: p.replace('data-field="act"><span class="va">allowed', 'data-field="act"><span class="vb">blocked'),
                       lambda p: p.replace('<th scope="row">Rule</th>', '<th scope="row">Rule</th><td>other</td>'),
                       lambda p: p.replace('data-of="receipt"><tbody>', 'data-of="receipt"><tbody>' + row),
                       lambda p: p.replace("Record 250", "Record 251"), other_end,
                       lambda p: re.sub("(SHA-256 of the databases.*?)([0-9a-f]{64})", lambda m: m[1] + "0" * 64, p),
                       lambda p: re.sub('<tr><th scope="row">Rule</th>.*', "", p),
                       lambda p: re.sub('(<pre id="record"[^>]*>)', r"\1x", p),
                       lambda p: p.replace("> <span class=\"dim\">2026-", "> <span class=\"dim\">2025-", 1)):
            self.assertTrue(change(before) != before)
            state, steps = self.steps(page=change)
            self.assertEqual(state, "state bad", steps)
            self.assertRegex(steps[-1], "NOT PROVEN: the page does not show what the line says: ")

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
            state, steps = self.steps(change)
            self.assertTrue(state == "state bad" and steps[-1].startswith("NOT PROVEN"), steps)
        self.assertEqual(self.steps(forge)[1][-1], "NOT PROVEN: The checkpoint has no good signature of gw-a1.")

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

    def test_a_period_by_keys(self):
        b, left, right, escape, enter = self.browser, ("ArrowLeft", 37), ("ArrowRight", 39), ("Escape", 27), ("Enter", 13)
        for lang, said in (("en", "Chosen: {} to {}. Enter shows it, Escape drops it."),
                           ("zh", "已选择：{} 至 {}。按 Enter 显示，按 Escape 取消。")):
            b.go(self.url + "/?lang=" + lang)
            state = ("[document.querySelector('#brush [role=status]').textContent, "
                     "document.activeElement.getAttribute('aria-valuetext')]")

            def chosen(a, z, said=said, state=state):
                text = said.format(*("2026-11-24T09:00:%02dZ" % s for s in (a, z)))
                self.assertEqual(b.evaluate(state), [text, text])
            b.evaluate("document.querySelector('#whole').focus()")
            for _ in range(2):  # past the link to the numbers
                b.key("Tab", 9)
            self.assertEqual(b.evaluate("['role', 'tabindex', 'aria-valuemin', 'aria-valuemax', 'aria-valuenow'].map((a) => "
                                        "document.activeElement.getAttribute(a))"), ["slider", "0", "0", "8", "0"])
            self.assertRegex(b.evaluate("document.activeElement.getAttribute('aria-label')"),
                             "^Allowed: bytes out: choose a period. Arrow keys" if lang == "en" else "^放行：出方向字节: 选择时间段")
            for key, shift, a, z in ((right, False, 0, 1), (left, False, 0, 1), (right, False, 1, 2), (right, True, 1, 3),
                                     (left, True, 1, 2), (left, True, 0, 2), (("End", 35), False, 8, 9),
                                     (right, False, 8, 9), (("Home", 36), True, 0, 9)):
                b.key(*key, shift=shift)
                chosen(a, z)
            b.key(*escape)
            self.assertEqual(b.evaluate(state), ["", "nothing chosen" if lang == "en" else "未选择"])
            self.assertIsNone(b.evaluate("document.querySelector('rect.brush')"))
            b.key(*left)
            chosen(8, 9)
            b.key(*left)
            b.key(*left, shift=True)
            chosen(6, 8)
            b.evaluate("globalThis.old = true")
            b.key(*enter)
            b.loaded()
            query = urllib.parse.parse_qs(urllib.parse.urlsplit(b.evaluate("location.href")).query)
            self.assertEqual(query, {"since": ["2026-11-24T09:00:06Z"], "until": ["2026-11-24T09:00:08Z"]})

    def test_times_in_the_zone_of_the_page(self):
        self.browser.go(self.url + "/")
        for offset, text in ((28800, "2026-11-24T17:00:00+08:00"), (0, "2026-11-24T09:00:00Z"),
                             (-12600, "2026-11-24T05:30:00-03:30")):
            self.assertEqual(self.browser.evaluate("stamp(1795510800, %d)" % offset), text)

    def test_an_answer_that_comes_later(self):
        b = self.browser
        b.go(self.url + "/search?lang=zh")
        b.evaluate("document.querySelector('p.log').textContent = '...', watch(document.querySelector('p.log'))")
        self.assertEqual(b.wait_for("(document.querySelector('p.log').textContent.match(/^未确认.*完整性$/) || [])[0]"),
                         "未确认：并非全部得到确认 完整性")
        self.assertEqual(b.evaluate("document.querySelectorAll('p.log').length"), 1)

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

    def test_long_names_on_paper(self):
        b, log = self.browser, logs.Log(31, 60)
        for number, event in enumerate(log.events):
            event[4].update(src="2001:db8:1234:5678:9abc:def0:1234:%x" % number, tn="tenant" * 20, app="App" * 40,
                            host="host" * 60, rule="rule" * 30, reason="REASON" * 20)
        source, html = os.path.join(self.tmp.name, "lines"), os.path.join(self.tmp.name, "report.html")
        with open(source, "w", encoding="utf-8") as f:
            f.write(log.lines())
        subprocess.run([BHLOG, "report", source, "--out", html], check=True)
        b.size(688, 1000)  # A4 less its margins
        b.ask("Emulation.setEmulatedMedia", media="print")
        try:
            b.go("file://" + html)
            self.assertEqual(b.evaluate("[...document.querySelectorAll('.scroll')].filter((e) => e.scrollWidth > e.clientWidth + 1)"
                                        ".map((e) => e.ariaLabel + ' ' + e.scrollWidth)"), [])
            # An address breaks between its groups, a port not at all.
            lines = "new Set([...e.getClientRects()].map((r) => r.y)).size"
            self.assertEqual(b.evaluate("[...document.querySelectorAll('.end .t')].filter((e) => %s !== 1).length" % lines), 0)
            self.assertGreater(b.evaluate("document.querySelectorAll('.end wbr').length"), 100)
        finally:
            b.ask("Emulation.setEmulatedMedia", media="")

    def test_narrow_and_dark(self):
        b = self.browser
        for scheme in ("light", "dark"):
            b.media(prefers_color_scheme=scheme)
            for path in ("/", "/search?act=allow", "/record?seq=9", "/policy", "/integrity?lang=en"):
                b.size(360, 700)
                b.go(self.url + path)
                self.assertLessEqual(b.evaluate("document.documentElement.scrollWidth"), 360, path)
                # Flows are read without scrolling sideways, and what is pressed is large enough (WCAG 2.5.8).
                self.assertEqual(b.evaluate("[...document.querySelectorAll('.scroll:has(table.flows)')]"
                                            ".filter((e) => e.scrollWidth > e.clientWidth).length"), 0, path)
                self.assertEqual(b.evaluate("[...document.querySelectorAll('nav a')].filter((e) => e.checkVisibility())"
                                            ".map((e) => e.getBoundingClientRect().height).filter((h) => h < 24)"), [], path)
                self.assertEqual(b.evaluate(CONTRAST), [], (scheme, path))


if __name__ == "__main__":
    BHLOG, BHCTL, WRITE = map(os.path.abspath, sys.argv[1:4])
    unittest.main(argv=sys.argv[:1])
