#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""Blocks that are newer than the newest checkpoint, of which nobody says that they are genuine: both verifiers must
tell those of a gateway that is about to sign from those of somebody who put an old checkpoint back:
test_unsigned.py BHLOG BHCTL WRITE_LOG"""
import hashlib
import json
import os
import re
import shutil

import second
import test_tamper
from segment import Segment, root
from test_tamper import Case, must

setUpModule, tearDownModule = test_tamper.setUpModule, test_tamper.tearDownModule
NOTE = re.compile(rb"gw-a1\n.*?\n\n(?:\xe2\x80\x94[^\n]*\n)?", re.S)


class Unsigned(Case):
    def write_log(self, seconds, signer="gw-a1", blocks=40):
        """Blocks so many seconds apart, some in each segment, and a checkpoint behind each."""
        shutil.rmtree(self.dir)
        name = os.path.join(test_tamper.BASE, signer) if signer != "-" else "-"
        must(test_tamper.WRITE_LOG, self.dir, "gw-a1", name, blocks, 20, 4000, "every", seconds, 0)
        self.notes = NOTE.findall(self.read("checkpoints"))
        self.assertGreater(len(self.notes), 3)

    def put_back(self, n):
        """The n-th checkpoint as the newest, and none behind it."""
        self.write("checkpoint", self.notes[n])
        self.write("checkpoints", b"".join(self.notes[:n + 1] if n >= 0 else self.notes[:len(self.notes) + n + 1]))
        return int(self.notes[n].split(b"\n")[1])

    def open_last(self):
        s = Segment(self.segments()[-1])
        s.save(footer=False)
        os.rename(s.path, s.path + ".open")
        return s

    def test_old_checkpoint(self):
        self.write_log(10)
        size = self.put_back(0)
        x = self.check(3, integrity="unconfirmed", signer="good", completeness="good")
        self.assertEqual((x["checkpoint"], x["not_signed"]), (size, len(self.entries()) - size))
        records = sum(json.loads(e)["n"] for e in self.entries()[:size])
        self.assertIn(f"all {records} records in the {size} blocks of the checkpoint are as written; "
                      f"{x['not_signed']} newer blocks are not signed", x["integrity"]["text"])
        self.open_last()  # it claims to be live: what a gateway writes in minutes is not about to be signed
        self.check(3, integrity="unconfirmed")

    def test_closed_log(self):
        self.write_log(1)
        self.put_back(-2)
        x = self.check(3, integrity="unconfirmed")  # who closes a log signs it
        self.assertIn("nobody writes this log any more", x["integrity"]["text"])

    def test_live_log(self):
        self.write_log(1)
        size = self.put_back(-2)
        s = self.open_last()
        x = self.check(0, integrity="good")
        self.assertEqual(x["not_signed"], len(s.blocks))
        self.assertIn(f"{len(s.blocks)} newer blocks are not signed yet", x["integrity"]["text"])
        self.assertEqual(size, s.number(0))
        late = re.sub(r"flow-\d{8}", "flow-20270101", s.path)
        os.rename(s.path + ".open", late + ".open")  # begun after the gateway ought to have signed
        self.check(3, integrity="unconfirmed")

    def test_checkpoint_without_a_time(self):
        self.write_log(1, "-")
        self.put_back(-2)
        self.open_last()
        self.check(3, integrity="good", signer="unconfirmed")
        self.write("checkpoint", re.sub(rb"time \d+\n", b"", self.read("checkpoint")))
        self.check(3, integrity="unconfirmed", signer="unconfirmed")
        self.write("checkpoint", self.read("checkpoint").replace(b"=\n\n", b"=\ntime 1x\n\n"))
        self.check(3, integrity="unconfirmed", signer="unconfirmed")

    def test_no_checkpoint(self):
        self.write_log(1)
        os.unlink(self.path("checkpoint"))
        os.unlink(self.path("checkpoints"))
        x = self.check(3, integrity="unconfirmed", signer="unconfirmed")
        self.assertIn("there is no checkpoint", x["integrity"]["text"])

    def test_times_that_the_entry_does_not_tell(self):
        self.write_log(1)
        self.put_back(-2)
        s = self.open_last()
        s.path += ".open"
        i, lines = len(s.blocks) - 1, self.entries()
        text = re.sub(rb',"t1":\d+', b',"t1":1890000000000000', s.lines(i), count=1)
        entry = re.sub(rb'"root":"\w+"', b'"root":"%s"' % root(text[:-1].split(b"\n")).hex().encode(), s.entry(i))
        s.put(i, entry, text)
        s.save(footer=False)
        self.assertEqual(json.loads(entry)["prev"], hashlib.sha256(b"\0" + lines[-2]).hexdigest())
        self.write("entries", b"\n".join(lines[:-1] + [entry, b""]))
        self.check(1, block=s.number(i), integrity="tampered")


if __name__ == "__main__":
    second.main(test_tamper)
