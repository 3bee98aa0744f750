#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""The index at a segment's end, by which searches pass over blocks: where it tells another thing than the blocks, both
verifiers name the first block of which it does: test_index.py BHLOG BHCTL WRITE_LOG"""
import os
import struct

import second
import test_tamper
from segment import Segment, crc32c
from test_tamper import Case, run

setUpModule, tearDownModule = test_tamper.setUpModule, test_tamper.tearDownModule
ITEM = struct.Struct("<4Q2q")  # offset, block, first, last, t0, t1


class Index(Case):
    def setUp(self):
        super().setUp()
        self.segment = next(s for s in map(Segment, self.segments()) if s.number(0) > 0 and len(s.blocks) > 1)

    def items(self):
        return list(ITEM.iter_unpack(self.segment.footer[16:-12]))

    def put(self, items):
        payload = b"BHF1" + struct.pack("<I", len(items)) + b"".join(ITEM.pack(*i) for i in items)
        payload += struct.pack("<I", crc32c(payload))
        payload += struct.pack("<I4s", len(payload) + 16, b"BHX1")
        self.segment.footer = struct.pack("<II", 0x184D2A5F, len(payload)) + payload
        self.segment.save()

    def test_each_field(self):
        items = self.items()
        self.put(items)
        self.check(0)
        for i in (0, len(items) - 1):
            for field in range(6):
                changed = [list(item) for item in items]
                changed[i][field] += 1
                self.put(changed)
                with self.subTest(item=i, field=field):
                    x = self.check(1, block=self.segment.number(i), segment=self.segment.path, integrity="tampered")
                    self.assertIn("index", x["integrity"]["text"])

    def test_number_of_items(self):
        items, last = self.items(), len(self.segment.blocks) - 1
        for changed, block in ((items[:-1], last), (items[1:], 0), (items + items[-1:], last), ([], 0)):
            self.put(changed)
            self.check(1, block=self.segment.number(block), segment=self.segment.path, integrity="tampered")

    def test_hidden_records(self):
        """What it is about: an index says of its blocks that they are of another time. No search goes by that."""
        t1 = self.items()[0][5]
        search = ("search", self.dir, "--json", "--since", "2026-11-24T00:00:00Z")
        seen = run(test_tamper.BHLOG, *search).stdout
        self.put([item[:4] + (0, 1) for item in self.items()])
        self.assertGreater(t1, 1)
        p = run(test_tamper.BHLOG, *search)
        self.assertEqual(p.stdout, seen)
        self.assertIn(self.segment.path, p.stderr)
        self.check(1, block=self.segment.number(0), integrity="tampered")

    def test_none(self):
        """A gateway without room for it leaves it out; a search then reads all blocks, so that none is hidden."""
        seen = run(test_tamper.BHLOG, "search", self.dir, "--json").stdout
        self.segment.save(footer=False)
        x = self.check(0, integrity="good")
        self.assertEqual(x["no_index"], 1)
        self.assertIn("1 closed segments have no index", x["integrity"]["text"])
        self.assertEqual(run(test_tamper.BHLOG, "search", self.dir, "--json").stdout, seen)

    def test_segment_without_blocks(self):
        for footer in (False, True):
            self.segment.blocks = []
            self.segment.save(footer)
            x = self.check(1, integrity="tampered")
            self.assertEqual(x["bad_segment"], os.path.basename(self.segment.path))
        self.tearDown()
        self.setUp()
        self.write("flow-20270101T000000Z-000099.jsonl.zst", b"")  # one more, behind all that is signed
        x = self.check(1, integrity="tampered")
        self.assertIsNone(x["bad_block"])


if __name__ == "__main__":
    second.main(test_tamper)
