#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""Blocks that are not there: both verifiers must tell those that retention removed, as the log states, from those that
somebody else did: test_kept.py BHLOG BHCTL WRITE_LOG"""
import base64
import hashlib
import json
import os
import re
import shutil
import struct
import unittest.mock

import second
import test_tamper
from segment import Segment, crc32c, root
from test_tamper import BLOCKS, RECORDS, Case, must, run

setUpModule, tearDownModule = test_tamper.setUpModule, test_tamper.tearDownModule


class Kept(Case):
    def prune(self, *args):
        """A log of its own, of which retention removed some segments."""
        shutil.rmtree(self.dir)
        name = os.path.join(test_tamper.BASE, "gw-a1")
        must(test_tamper.WRITE_LOG, self.dir, "gw-a1", name, 2 * BLOCKS, RECORDS, 7000, "retain", 30000, *args)
        return self.kept()

    def segments(self):
        """By their numbers: the second run's begin at the same time as the first's."""
        return sorted(super().segments(), key=lambda path: os.path.basename(path).split("-")[2])

    def kept(self):
        return json.loads(self.entries()[-1])["kept"]

    def first(self):
        return Segment(self.segments()[0]).number(0)

    def footer(self, s):
        """The index of the segment anew, as the gateway would write it."""
        items, at = b"", 0
        for i, (frame, data) in enumerate(s.blocks):
            e = json.loads(s.entry(i))
            items += struct.pack("<4Q2q", at, *(e[k] for k in ("block", "first", "attempted", "t0", "t1")))
            at += len(frame) + len(data)
        n = len(items) + 20
        text = b"BHF1" + struct.pack("<I", len(s.blocks)) + items
        s.footer = struct.pack("<II", 0x184D2A5F, n) + text + struct.pack("<II", crc32c(text), n + 8) + b"BHX1"
        s.save()

    def cut(self, n, index=True):
        """The first n blocks of the first segment that is there."""
        s = Segment(self.segments()[0])
        self.assertGreater(len(s.blocks), n)
        del s.blocks[:n]
        if index:
            self.footer(s)
        else:
            s.save()
        return s

    # ---- nothing wrong

    def test_retention(self):
        kept = self.prune()
        self.assertGreater(kept, 0)
        x = self.check(0, redaction="pruned", integrity="good", completeness="good")
        self.assertEqual((x["kept"], x["pruned"]), (kept, kept))
        states = [json.loads(e)["kept"] for e in self.entries()]
        self.assertEqual(x["stated_in"], next(i for i, k in enumerate(states) if k >= kept))
        self.assertIn(f"removed by retention, stated in block {x['stated_in']} at 2026-11-24T09:00:", x["redaction"]["text"])

    def test_less_was_removed_than_stated(self):
        """As a crash between the signature and the removal leaves it."""
        shutil.rmtree(self.dir)
        name = os.path.join(test_tamper.BASE, "gw-a1")
        for n in (2, 1):
            must(test_tamper.WRITE_LOG, self.dir, "gw-a1", name, BLOCKS, RECORDS, 7000, "retain", 10**9)
            shutil.copytree(self.dir, os.path.join(self.tmp.name, f"all-{n}"))
        must(test_tamper.WRITE_LOG, self.dir, "gw-a1", name, 4, RECORDS, 7000, "retain", 30000)
        self.assertGreater(self.kept(), 0)
        old = os.path.join(self.tmp.name, "all-1")
        there = [os.path.basename(p) for p in self.segments()]
        gone = [n for n in sorted(os.listdir(old)) if n.endswith(".zst") and n not in there]
        self.assertGreater(len(gone), 1)
        for n in reversed(gone):
            shutil.copy(os.path.join(old, n), self.path(n))
            x = self.check(0, redaction="good" if n == gone[0] else "pruned", integrity="good")
            self.assertLess(x["pruned"], x["kept"])

    def test_nothing_removed(self):
        x = self.check(0, redaction="good")
        self.assertEqual((x["kept"], x["stated_in"], x["pruned"]), (0, None, 0))

    # ---- removed by hand

    def test_removed_segments(self):
        for prune in (False, True):
            kept = self.prune() if prune else self.kept()
            while len(self.segments()) > 1:
                os.unlink(self.segments()[0])
                x = self.check(1, block=kept, integrity="tampered", redaction="tampered")
                self.assertIn(f"up to block {self.first() - 1}, where {os.path.basename(self.segments()[0])} begins",
                              x["integrity"]["text"])

    def test_cut_blocks(self):
        for prune in (False, True):
            for index in (True, False):
                for n in (1, 2):
                    kept = self.prune() if prune else self.kept()
                    s = self.cut(n, index)
                    self.check(1, block=kept, segment="" if index else s.path, integrity="tampered")
                    self.tearDown()
                    self.setUp()

    def test_all_segments(self):
        for path in self.segments():
            os.unlink(path)
        self.check(1, block=0, integrity="tampered")

    def test_kept_is_edited(self):
        """The statement itself: the entry is not the one that was signed."""
        kept = self.prune()
        os.unlink(self.segments()[0])
        lines = self.entries()
        lines[-1] = lines[-1].replace(b'"kept":%d,' % kept, b'"kept":%d,' % self.first())
        self.write("entries", b"\n".join(lines) + b"\n")
        self.check(1, integrity="tampered")

    # ---- who states it must have signed it

    def follow(self, kept):
        """A block behind the newest checkpoint, as somebody without the key can write it, that states what is kept."""
        s = Segment(self.segments()[-1])
        e, line = self.entries()[-1], json.loads(self.entries()[-1])
        text = re.sub(rb'"seq":\d+', b'"seq":%d' % (line["attempted"] + 1), s.lines(len(s.blocks) - 1).split(b"\n")[-2])
        for key, value in (("block", line["block"] + 1), ("kept", kept), ("first", line["attempted"] + 1), ("n", 1),
                           ("attempted", line["attempted"] + 1)):
            e = re.sub(rb'"%s":\d+' % key.encode(), b'"%s":%d' % (key.encode(), value), e)
        e = e.replace(line["prev"].encode(), hashlib.sha256(b"\0" + self.entries()[-1]).hexdigest().encode())
        e = e.replace(line["root"].encode(), root([text]).hex().encode())
        s.blocks.append(None)
        s.put(len(s.blocks) - 1, e, text + b"\n")
        s.save(footer=False)
        os.rename(s.path, s.path + ".open")
        self.write("entries", self.read("entries") + e + b"\n")

    def test_unsigned_statement(self):
        self.follow(self.kept())
        x = self.check(0, integrity="good")
        self.assertEqual(x["not_signed"], 1)
        os.unlink(self.segments()[0])
        self.check(1, block=0)
        self.tearDown()
        self.setUp()
        os.unlink(self.segments()[0])
        self.follow(self.first())
        x = self.check(1, block=0, integrity="tampered", redaction="tampered")
        self.assertIsNone(x["stated_in"])

    def test_kept_that_cannot_be(self):
        kept, end = self.prune(), len(self.entries())
        for wrong in (kept - 1, end + 1):
            self.follow(wrong)
            self.check(1, block=end, integrity="tampered")
            self.prune()

    def test_no_checkpoint(self):
        for prune in (False, True):
            if prune:
                self.prune()
            else:
                os.unlink(self.segments()[0])
            os.unlink(self.path("checkpoint"))
            os.unlink(self.path("checkpoints"))
            if not prune:
                os.unlink(self.path("cosigned"))
            self.check(1, block=0, integrity="tampered")

    # ---- while it is verified

    def test_removed_meanwhile(self):
        """Retention comes between the checkpoint and the segments: what it states is in the next checkpoint."""
        self.prune()
        later = os.path.join(self.tmp.name, "later")
        shutil.copytree(self.dir, later)
        name = os.path.join(test_tamper.BASE, "gw-a1")
        must(test_tamper.WRITE_LOG, later, "gw-a1", name, BLOCKS, RECORDS, 7000, "retain", 30000)
        self.assertNotIn(os.path.basename(self.segments()[0]), os.listdir(later))
        calls = []

        def listed(folder, really=os.listdir):
            calls.append(folder)
            if len(calls) == 2:
                shutil.rmtree(self.dir)
                shutil.copytree(later, self.dir)
            return really(folder)

        with unittest.mock.patch("os.listdir", listed):
            p = second.verify_log(self.dir, "--json", "--key", test_tamper.key("gw-a1"))
        x = json.loads(p.stdout)
        self.assertEqual((x["exit"], x["redaction"]["status"]), (0, "pruned"), x)

    # ---- logs that state nothing

    def old(self, n=None):
        """The first n entries as they were before they stated anything, all chained and their checkpoint anew; nobody
        has signed it."""
        lines, before, where = self.entries(), bytes(32), {}
        for path in self.segments():
            s = Segment(path)
            where.update({s.number(i): (s, i) for i in range(len(s.blocks))})
        for i, line in enumerate(lines):
            line = line.replace(json.loads(line)["prev"].encode(), before.hex().encode())
            if n is None or i < n:
                line = re.sub(rb'^\{"v":2(.*),"kept":\d+', rb'{"v":1\1', line)
            if i in where:
                s, k = where[i]
                s.put(k, line, s.lines(k))
            lines[i], before = line, hashlib.sha256(b"\0" + line).digest()
        for s in {id(s): s for s, _ in where.values()}.values():
            self.footer(s)
        self.write("entries", b"\n".join(lines) + b"\n")
        head = self.read("checkpoint").split(b"\n\n")[0].split(b"\n")
        head[2] = base64.b64encode(root(lines))
        self.write("checkpoint", b"\n".join(head) + b"\n\n")
        for name in ("checkpoints", "cosigned", "tree"):
            if os.path.exists(self.path(name)):
                os.unlink(self.path(name))

    def test_old_format(self):
        self.old()
        x = self.check(3, integrity="good", redaction="good")
        self.assertIsNone(x["kept"])
        n = len(Segment(self.segments()[0]).blocks)
        os.unlink(self.segments()[0])
        x = self.check(3, integrity="good", completeness="good", redaction="pruned")
        self.assertEqual((x["kept"], x["stated_in"], x["pruned"]), (None, None, n))
        self.assertIn("of a format that does not say what retention removed", x["redaction"]["text"])

    def test_old_format_goes_on(self):
        """The first entry of a gateway that states what is kept states what there is."""
        for remove in (False, True):
            self.old()
            before = len(self.entries())
            if remove:
                os.unlink(self.segments()[0])
            there = self.first()
            must(test_tamper.WRITE_LOG, self.dir, "gw-a1", "-", 2, 20, 7000)
            x = self.check(3, integrity="good", redaction="pruned" if remove else "good")
            self.assertEqual((x["kept"], x["stated_in"]), (there, before if remove else None))
            self.assertEqual("before it are of a format that does not say" in x["redaction"]["text"], remove)
            os.unlink(self.segments()[0])
            self.check(1, block=there, integrity="tampered", redaction="tampered")
            self.tearDown()
            self.setUp()

    def test_format_goes_back(self):
        self.old()
        lines = self.entries()
        self.tearDown()
        self.setUp()
        self.old(3)
        self.check(3, integrity="good", redaction="good")
        self.write("entries", b"\n".join(self.entries()[:4] + lines[4:]) + b"\n")
        self.check(1, integrity="tampered")

    # ---- the other commands

    def test_prove(self):
        first = json.loads(self.entries()[0])["first"]
        os.unlink(self.segments()[0])
        p = run(test_tamper.BHLOG, "prove", self.dir, first)
        self.assertEqual((p.returncode, "see bhlog verify" in p.stderr), (2, True), p.stderr)
        self.prune()
        p = run(test_tamper.BHLOG, "prove", self.dir, first)
        self.assertEqual((p.returncode, "removed by retention" in p.stderr), (1, True), p.stderr)
        self.tearDown()
        self.setUp()
        self.old()
        os.unlink(self.segments()[0])
        p = run(test_tamper.BHLOG, "prove", self.dir, first)
        self.assertEqual((p.returncode, "or by hand" in p.stderr), (1, True), p.stderr)


if __name__ == "__main__":
    second.main(test_tamper)
