#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""What nobody signs is not believed: test_believed.py BHLOG WRITE_LOG MAKE_LOG

Footers and catalogues are changed as somebody would who knows their form, with checksums that are right.
Search, export and report must answer as they do for the log as it was, and say that something is wrong.
"""
import os
import re
import shutil
import sqlite3
import struct
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../evidence"))
from segment import Segment, crc32c  # pylint: disable=wrong-import-position

BHLOG = WRITE = MAKE = None
ALL = ["--since", "2026-01-01", "--until", "2027-12-31"]
LAST = ["--since", "2026-11-24T09:01:00Z", "--until", "2027-12-31"]


def segments(directory):
    return [os.path.join(directory, n) for n in sorted(os.listdir(directory)) if n.startswith("flow-")]


def run(*argv, fine=(0,)):
    p = subprocess.run([BHLOG, *argv], capture_output=True, timeout=60, check=False)
    if p.returncode not in fine:
        raise AssertionError(f"{argv}: {p.returncode}: {p.stderr.decode()}")
    return p.stdout, p.stderr.decode()


def items(segment):
    n = struct.unpack_from("<I", segment.footer, 12)[0]
    return [list(struct.unpack_from("<QQQQqq", segment.footer, 16 + 48 * i)) for i in range(n)]


def put_items(segment, rows):
    payload = b"BHF1" + struct.pack("<I", len(rows)) + b"".join(struct.pack("<QQQQqq", *r) for r in rows)
    payload += struct.pack("<I", crc32c(payload))
    payload += struct.pack("<I", len(payload) + 16) + b"BHX1"
    segment.footer = struct.pack("<II", 0x184D2A5F, len(payload)) + payload
    segment.save()


class Believed(unittest.TestCase):
    """Two logs, of which one is changed."""

    def setUp(self):
        self.tmp = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.tmp)
        self.good, self.bad = os.path.join(self.tmp, "good"), os.path.join(self.tmp, "bad")
        self.make(self.good)
        self.assertGreater(len(segments(self.good)), 2)

    def again(self):
        shutil.rmtree(self.bad, ignore_errors=True)
        shutil.copytree(self.good, self.bad)
        return self.bad


class Footers(Believed):
    def make(self, directory):
        subprocess.run([WRITE, directory, "gw-a1", "-", "40", "100", "20000"], check=True)

    def change(self, f):
        """f: what becomes of the items of each segment."""
        for path in segments(self.again()):
            s = Segment(path)
            put_items(s, f(items(s)))

    def same(self, noticed=True):
        for period in (ALL, LAST):
            want, _ = run("search", self.good, *period, "--json")
            self.assertGreater(len(want), 0)
            for how in (["--scan"], []):
                have, said = run("search", self.bad, *period, "--json", *how)
                self.assertTrue(have == want, f"{period} {how}: {len(have)} bytes of {len(want)}: {said}")
                if noticed:
                    self.assertIn("its footer does not say what the log's entries say", said)
        want, have = (run("export", d, "--format", "csv", *LAST)[0] for d in (self.good, self.bad))
        self.assertTrue(have == want)

    def test_times(self):
        self.change(lambda rows: [r[:4] + [0, 1] for r in rows])
        self.same()
        run("reindex", self.bad)
        self.same()
        self.change(lambda rows: [r[:4] + [r[4] + 10**15, r[5] + 10**15] for r in rows])
        self.same()

    def test_blocks_that_are_left_out(self):
        for f in (lambda rows: rows[:-1] or rows, lambda rows: rows[1:] or rows, lambda rows: rows[:1],
                  lambda rows: rows[:1] + rows[2:]):
            self.change(f)
            self.same()

    def test_numbers(self):
        self.change(lambda rows: [[r[0], r[1] + 1] + r[2:] for r in rows])
        self.same()
        self.change(lambda rows: [r[:2] + [r[2] + 5, r[3] + 5] + r[4:] for r in rows])
        self.same()

    def test_entry_before_the_lines_too(self):
        """The footer says what the segment's own entries say, and neither what was signed."""
        for strip in (False, True):
            for path in segments(self.again()):
                s = Segment(path)
                at, rows = 0, items(s)
                for i, row in enumerate(rows):
                    entry = re.sub(rb'"t0":\d+,"t1":\d+', b'"t0":0,"t1":1', s.entry(i))
                    s.put(i, entry, s.lines(i))
                    row[0], row[4], row[5] = at, 0, 1
                    at += sum(map(len, s.blocks[i]))
                put_items(s, rows)
            if strip:  # as if it were still being written
                s.path = path + ".open"
                s.save(footer=False)
                os.unlink(path)
            self.same()

    def test_without_entries(self):
        self.change(lambda rows: [r[:4] + [0, 1] for r in rows])
        os.unlink(os.path.join(self.bad, "entries"))
        self.same()
        shutil.rmtree(self.bad)
        shutil.copytree(self.good, self.bad)
        os.unlink(os.path.join(self.bad, "entries"))
        self.same(noticed=False)
        self.assertNotIn("footer", run("search", self.bad, *ALL)[1])

    def test_good_footers_are_used(self):
        _, said = run("search", self.good, *LAST)
        self.assertIn("blocks passed over", said)
        self.assertNotIn("footer", said)


class Catalogues(Believed):
    """Copies of lines in a catalogue that are not the log's lines."""

    def make(self, directory):
        subprocess.run([MAKE, directory, "20000", "3"], check=True, capture_output=True)

    def forge(self, change):
        """Changes the copies; every checksum is right. How many rows there are."""
        run("reindex", self.again())
        db = sqlite3.connect(os.path.join(self.bad, "catalogue.sqlite"))
        footers = dict(db.execute("SELECT id, footer FROM segment"))
        n = 0
        for row, kept in db.execute("SELECT id, kept FROM block WHERE kept_raw > 0").fetchall():
            was = subprocess.run(["zstd", "-dcq"], input=kept, capture_output=True, check=True).stdout
            raw = change(was)
            n += raw != was
            packed = subprocess.run(["zstd", "-cq", "-3"], input=raw, capture_output=True, check=True).stdout
            crc = crc32c(struct.pack("<6Q", 3, row, footers[row >> 24], len(raw), len(packed), crc32c(packed)))
            db.execute("UPDATE block SET kept = ?, kept_raw = ?, kept_crc = ? WHERE id = ?",
                       (packed, len(raw), crc, row))
        db.commit()
        db.close()
        self.assertGreater(n, 0)

    def page(self, directory, *args):
        out = os.path.join(self.tmp, "report.html")
        _, said = run("report", directory, "--out", out, *args, fine=(0, 3))
        with open(out, encoding="utf-8") as f:
            return re.sub(r"<dd>[^<]*bhlog 0[^<]*</dd>", "", f.read()).replace(directory, "DIR"), said

    def test_forged_lines(self):
        questions = (["--act", "block"], ["--act", "block", "--act", "flag", *ALL], ["--ev", "start", "--ev", "stop"],
                     ["--act", "flag", "--remote", "111.0.0.0/8"])
        want = [run("search", self.good, *q, "--json", fine=(0, 1))[0] for q in questions]
        self.assertEqual([len(w) > 0 for w in want], [True, True, True, False])
        page = self.page(self.good)[0]
        for change in (lambda t: re.sub(rb'"dst":"[^"]*"', b'"dst":"111.1.1.1"', t),
                       lambda t: t.replace(b'"rule":"', b'"rule":"not-'),
                       lambda t: t + t.replace(b'"dst":"', b'"dst":"1')):
            self.forge(change)
            for q, w in zip(questions, want):
                have, said = run("search", self.bad, *q, "--json", fine=(0, 1))
                self.assertTrue(have == w, f"{q}: {have[:600]} {said}")
            have, said = run("export", self.bad, "--format", "csv", "--act", "block")
            self.assertTrue(have == run("export", self.good, "--format", "csv", "--act", "block")[0])
            self.assertTrue(self.page(self.bad) == (page, ""))  # it is not even looked at
            have, said = self.page(self.bad, "--quick")
            self.assertTrue(have == page)
            self.assertIn("a line in it is not the log's", said)
            self.assertIn("made anew", said)
            self.assertNotIn("catalogue", self.page(self.bad, "--quick")[1])

    def test_good_copies_save_reading(self):
        run("reindex", self.again())
        have, said = run("search", self.bad, "--act", "block", "--host", "h1.oem.example", fine=(0, 1))
        self.assertEqual(have, run("search", self.bad, "--act", "block", "--host", "h1.oem.example", "--scan",
                                   fine=(0, 1))[0])
        self.assertIn("blocks passed over", said)
        _, said = self.page(self.bad, "--quick")
        self.assertNotIn("catalogue", said)


class NoFiles(Believed):
    """Where a file of the log should be there is a pipe or a directory: nobody waits, and it is named."""

    def make(self, directory):
        subprocess.run([WRITE, directory, "gw-a1", "-", "20", "20", "4000"], check=True)

    def put(self, kind, path):
        if os.path.exists(path):
            os.unlink(path)
        {"pipe": os.mkfifo, "directory": os.mkdir}[kind](path)

    def refused(self, name, *argv):
        _, said = run(*argv, fine=(2,))
        self.assertIn(name, said)
        self.assertIn("not a regular file", said)

    def test_segment(self):
        for kind in ("pipe", "directory"):
            for suffix in ("", ".open"):
                path = segments(self.again())[1] + suffix
                if suffix:
                    os.unlink(path[:-len(suffix)])
                self.put(kind, path)
                self.refused(path, "search", self.bad)
                if kind == "pipe":  # a directory that is named is looked into
                    self.refused(path, "search", path)
                self.refused(path, "export", self.bad, "--format", "csv")
                run("reindex", self.bad, fine=(0, 1))
                self.refused(path, "search", self.bad, "--act", "allow")

    def test_catalogue(self):
        for kind in ("pipe", "directory"):
            for behind in ("", "-journal"):
                run("reindex", self.again())
                path = os.path.join(self.bad, "catalogue.sqlite")
                self.put(kind, path + behind)
                self.refused(path, "search", self.bad)
                self.refused(path, "report", self.bad, "--quick", "--out", "/dev/null")
                run("report", self.bad, "--out", "/dev/null")
                self.refused(path, "reindex", self.bad)
                self.refused(path, "reindex", self.bad, "--anew")
                self.refused(path, "search", self.bad, "--catalogue", path)
                self.assertEqual(run("search", self.bad, "--scan")[0], run("search", self.good)[0])

    def test_entries(self):
        self.again()
        self.put("pipe", os.path.join(self.bad, "entries"))
        self.assertEqual(run("search", self.bad, *ALL)[0], run("search", self.good, *ALL)[0])

    def test_lines_of_a_pipe(self):
        path = os.path.join(self.tmp, "lines")
        os.mkfifo(path)
        lines = b"".join(run("search", self.good, "--json")[0].splitlines(keepends=True)[:20])
        argv = [BHLOG, "search", path, "--json"]
        with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as p:
            with open(path, "wb") as f:
                f.write(lines)
            self.assertEqual(p.communicate(timeout=60)[0], lines)


if __name__ == "__main__":
    MAKE = os.path.abspath(sys.argv.pop(3))
    WRITE = os.path.abspath(sys.argv.pop(2))
    BHLOG = os.path.abspath(sys.argv.pop(1))
    unittest.main()
