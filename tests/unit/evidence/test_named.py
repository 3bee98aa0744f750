#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""Which segment is named with a bad block: the one that holds it or held it, or none:
test_named.py BHLOG BHCTL WRITE_LOG"""
import base64
import os

import second
import test_tamper
from segment import Segment
from test_tamper import Case, key

setUpModule, tearDownModule = test_tamper.setUpModule, test_tamper.tearDownModule


class Named(Case):
    def named(self, status, block, segment, *args):
        x = self.both("--key", key("gw-a1"), *args)
        self.assertEqual((x["exit"], x["bad_block"], x["bad_segment"]), (status, block, segment), x)

    def test_fork(self):
        first = os.path.basename(self.segments()[0])
        name = os.path.join(self.tmp.name, "other")
        test_tamper.must(test_tamper.WRITE_LOG, name, "gw-a1", os.path.join(test_tamper.BASE, "gw-a1"), 8, 33, 7000)
        os.unlink(self.path("cosigned"))
        self.named(1, 0, first, "--anchor", os.path.join(name, "checkpoint"))

    def test_chain(self):
        """The last block of a segment, which is found when the segment's checkpoint is, or its next block."""
        s = Segment(self.segments()[1])
        i, lines = len(s.blocks) - 1, self.entries()
        number = s.number(i)
        lines[number] = lines[number].replace(b'"missed":', b'"missed":9')
        s.put(i, lines[number], s.lines(i))
        s.save()
        self.write("entries", b"\n".join(lines) + b"\n")
        self.named(1, s.number(0), os.path.basename(s.path))
        for name in ("checkpoints", "cosigned"):
            os.unlink(self.path(name))
        self.named(1, number, os.path.basename(s.path))

    def test_changed_checkpoint(self):
        """No block is wrong."""
        text = self.read("checkpoint")
        self.write("checkpoint", text.replace(text.split(b"\n")[2], base64.b64encode(bytes(32))))
        x = self.check(1)
        self.assertIsNone(x["bad_block"])
        self.write("checkpoint", text)
        self.write("checkpoints", self.read("checkpoints") + b"\n\n")
        self.assertIsNone(self.check(1, integrity="tampered")["bad_block"])

    def test_emptied_segment(self):
        s = Segment(self.segments()[1])
        self.write(os.path.basename(s.path), b"")
        self.named(1, s.number(0), os.path.basename(s.path))

    def test_segment_that_is_gone(self):
        for i in (1, -1):
            s = Segment(self.segments()[i])
            os.rename(s.path, os.path.join(self.tmp.name, "kept"))
            self.named(1, s.number(0), "")
            os.rename(os.path.join(self.tmp.name, "kept"), s.path)
        self.check(0)

    def test_first_block_of_a_segment(self):
        s = Segment(self.segments()[2])
        number = s.number(0)
        del s.blocks[0]
        s.save(footer=False)  # no segment's number is missing, so that it was in this one
        self.named(1, number, os.path.basename(s.path))


if __name__ == "__main__":
    second.main(test_tamper)
