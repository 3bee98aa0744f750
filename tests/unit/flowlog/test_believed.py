#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""What nobody signs is not believed: test_believed.py BHLOG WRITE_LOG

Footers and catalogues are changed as somebody would who knows their form, with checksums that are right.
Search, export and report must answer as they do for the log as it was, and say that something is wrong.
"""
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../evidence"))
from segment import Segment, crc32c  # pylint: disable=wrong-import-position

BHLOG = WRITE = None
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
    def setUp(self):
        self.tmp = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.tmp)
        self.good, self.bad = os.path.join(self.tmp, "good"), os.path.join(self.tmp, "bad")
        subprocess.run([WRITE, self.good, "gw-a1", "-", "40", "100", "20000"], check=True)
        self.assertGreater(len(segments(self.good)), 3)

    def again(self):
        shutil.rmtree(self.bad, ignore_errors=True)
        shutil.copytree(self.good, self.bad)
        return self.bad


class Footers(Believed):
    def change(self, f):
        """f: what becomes of the items of each segment."""
        for path in segments(self.again()):
            s = Segment(path)
            put_items(s, f(items(s)))

    def same(self, noticed=True):
        for period in ([], ALL, LAST):
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


if __name__ == "__main__":
    WRITE = os.path.abspath(sys.argv.pop(2))
    BHLOG = os.path.abspath(sys.argv.pop(1))
    unittest.main()
