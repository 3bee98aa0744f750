#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""Tampers with a flow log in every way that the design names; both verifiers must notice, name the same
first bad block and agree in every answer: test_tamper.py BHLOG BHCTL WRITE_LOG"""
import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
import unittest.mock

import second
from segment import Segment, root

BHLOG = BHCTL = WRITE_LOG = BASE = None
BLOCKS, RECORDS = 12, 40
ANSWERS = ("integrity", "signer", "anchor", "completeness", "redaction")


def run(*args, **more):
    return subprocess.run([str(a) for a in args], capture_output=True, text=True, check=False, **more)


def must(*args, **more):
    p = run(*args, **more)
    assert p.returncode == 0, (args, p.stdout, p.stderr)
    return p.stdout


def setUpModule():
    """Once: keys, two gateways' logs with several segments, a witness that saw the log when it was shorter."""
    global BASE
    BASE = tempfile.mkdtemp(prefix="bh-tamper-")
    for name in ("gw-a1", "gw-b2", "other", "witness"):
        must(BHCTL, "keygen", "--name", name, "--out", os.path.join(BASE, name))
    log = os.path.join(BASE, "log")
    must(WRITE_LOG, log, "gw-a1", os.path.join(BASE, "gw-a1"), BLOCKS // 2, RECORDS, 7000)
    witness = ("witness", "--state", os.path.join(BASE, "state"), "--sign-with", os.path.join(BASE, "witness"))
    must(BHLOG, *witness, "--key", key("gw-a1"), "--out", os.path.join(log, "cosigned"), log)
    shutil.copytree(log, os.path.join(BASE, "early"))
    must(WRITE_LOG, log, "gw-a1", os.path.join(BASE, "gw-a1"), BLOCKS // 2, RECORDS, 7000)
    must(WRITE_LOG, os.path.join(BASE, "log-b"), "gw-b2", os.path.join(BASE, "gw-b2"), BLOCKS, RECORDS, 7000)


def tearDownModule():
    shutil.rmtree(BASE)


def key(name):
    return os.path.join(BASE, name + ".pub")


class Case(unittest.TestCase):
    """A copy of the log for each test, and what both verifiers say of it."""

    def setUp(self):
        self.tmp = tempfile.TemporaryDirectory(prefix="bh-tamper-")
        self.dir = os.path.join(self.tmp.name, "log")
        shutil.copytree(os.path.join(BASE, "log"), self.dir)

    def tearDown(self):
        self.tmp.cleanup()

    def path(self, name):
        return os.path.join(self.dir, name)

    def segments(self):
        return [self.path(n) for n in sorted(os.listdir(self.dir)) if n.endswith((".zst", ".open"))]

    def read(self, name):
        with open(self.path(name), "rb") as f:
            return f.read()

    def write(self, name, data):
        with open(self.path(name), "wb") as f:
            f.write(data)

    def entries(self):
        return self.read("entries").split(b"\n")[:-1]

    def both(self, *args):
        a = run(BHLOG, "verify", self.dir, "--json", *args)
        b = second.verify_log(self.dir, "--json", *args)
        self.assertEqual(a.stderr + b.stderr, "")
        x, y = json.loads(a.stdout), json.loads(b.stdout)
        self.assertEqual((a.returncode, b.returncode), (x["exit"], y["exit"]))
        for name in ANSWERS:
            self.assertEqual(x[name]["status"], y[name]["status"], (name, x, y))
            self.assertNotEqual(x[name]["text"], "")
        for name in ("bad_block", "bad_segment", "exit", "blocks", "records", "pruned", "gaps", "segments",
                     "torn_history", "not_signed", "no_index", "gateway", "checkpoint", "checkpoint_time",
                     "captures_gone", "kept", "stated_in"):
            self.assertEqual(x[name], y[name], (name, x, y))
        return x

    def check(self, status, *args, block=None, segment=None, **answers):
        x = self.both("--key", key("gw-a1"), *args)
        self.assertEqual(x["exit"], status, x)
        if block is not None:
            self.assertEqual(x["bad_block"], block, x)
        if segment is not None:
            self.assertEqual(x["bad_segment"], os.path.basename(segment), x)
        for name, expected in answers.items():
            self.assertEqual(x[name]["status"], expected, x)
        return x


class Tamper(Case):
    # ---- nothing wrong

    def test_good(self):
        x = self.check(0, integrity="good", signer="good", anchor="unasked", completeness="good", redaction="good")
        self.assertGreaterEqual(len(self.segments()), 4)
        self.assertGreater(x["lost"], 0)
        self.assertEqual(x["missed"], 14)
        self.assertIsNone(x["bad_block"])
        self.assertEqual(x["attempted"] - x["lost"], x["records"])
        self.assertEqual((x["checkpoint"], x["gateway"]), (len(self.entries()), "gw-a1"))
        self.assertRegex(x["checkpoint_time"], r"^2026-11-24T09:00:\d\dZ$")
        x = self.check(0, "--witness", key("witness"), anchor="good")
        self.assertIn("cosigned", x["anchor"]["text"])
        self.check(0, "--anchor", os.path.join(BASE, "state"), anchor="good")

    def test_checkpoint_reads_as_a_signed_note(self):
        body, _, signatures = self.read("checkpoint").decode().partition("\n\n")
        lines = body.split("\n")
        self.assertEqual((lines[0], int(lines[1])), ("gw-a1", len(self.entries())))
        self.assertEqual(len(base64.b64decode(lines[2])), 32)
        self.assertRegex(signatures, "^\u2014 gw-a1 [A-Za-z0-9+/]{91}=\n$")

    def test_zstdcat_gives_all_lines(self):
        text = subprocess.run(["zstd", "-dcq", *self.segments()], capture_output=True, check=True).stdout
        self.assertEqual(len(text.splitlines()), self.check(0)["records"])
        for line in text.splitlines():
            json.loads(line)

    def test_unconfirmed(self):
        x = self.both()
        self.assertEqual((x["exit"], x["integrity"]["status"], x["signer"]["status"]), (3, "good", "unconfirmed"))
        self.check(3, "--witness", key("other"), anchor="unconfirmed")

    def test_unreadable(self):
        for path in ("/nonexistent", self.tmp.name):
            a, b = run(BHLOG, "verify", path), second.verify_log(path)
            self.assertEqual((a.returncode, b.returncode), (2, 2))

    # ---- records

    def test_edited_byte_anywhere(self):
        for path in self.segments()[1:3]:
            size = os.path.getsize(path)
            for at in list(range(0, size, 661)) + [size - 1, size - 9]:
                with open(path, "r+b") as f:
                    f.seek(at)
                    was = f.read(1)[0]
                    f.seek(at)
                    f.write(bytes([was ^ 0x10]))
                with self.subTest(path=path, at=at):
                    self.check(1, segment=path, integrity="tampered")
                with open(path, "r+b") as f:
                    f.seek(at)
                    f.write(bytes([was]))

    def change(self, edit, entry=None):
        """The second block of the third segment, framed anew."""
        s = Segment(self.segments()[2])
        i = max(range(len(s.blocks)), key=lambda k: len(s.lines(k)))
        s.put(i, entry or s.entry(i), edit(s.lines(i)))
        s.save()
        self.check(1, block=s.number(i), segment=s.path, integrity="tampered")

    def test_edited_record(self):
        self.change(lambda t: t.replace(b'"act":"allow"', b'"act":"block"', 1))

    def test_deleted_record(self):
        self.change(lambda t: t.partition(b"\n")[2])

    def test_inserted_record(self):
        self.change(lambda t: t.partition(b"\n")[0] + b"\n" + t)

    def test_reordered_records(self):
        self.change(lambda t: b"\n".join(reversed(t[:-1].split(b"\n"))) + b"\n")

    def test_record_without_its_end(self):
        self.change(lambda t: t[:-1])

    def test_consistent_edit(self):
        # Data, entry in the segment and entry in the file fit one another; the chain does not.
        s = Segment(self.segments()[1])
        number, lines = s.number(0), self.entries()
        text = s.lines(0).replace(b'"act":"allow"', b'"act":"block"', 1)
        entry = json.loads(s.entry(0))
        new = s.entry(0).replace(entry["root"].encode(), root(text[:-1].split(b"\n")).hex().encode())
        s.put(0, new, text)
        s.save()
        lines[number] = new
        self.write("entries", b"\n".join(lines) + b"\n")
        self.check(1, block=number, integrity="tampered")

    # ---- blocks and segments

    def test_deleted_block(self):
        for path in self.segments()[1:]:
            s = Segment(path)
            number = s.number(0)
            if len(s.blocks) > 1:
                break
        del s.blocks[0]
        s.save()
        self.check(1, block=number, segment=s.path, integrity="tampered")

    def test_reordered_blocks(self):
        s = next(s for s in map(Segment, self.segments()) if len(s.blocks) > 2)
        number = s.number(1)
        s.blocks[1], s.blocks[2] = s.blocks[2], s.blocks[1]
        s.save()
        self.check(1, block=number, segment=s.path, integrity="tampered")

    def test_inserted_block(self):
        s = Segment(self.segments()[1])
        number = s.number(0) + 1
        s.blocks.insert(1, s.blocks[0])
        s.save()
        self.check(1, block=number, integrity="tampered")

    def test_deleted_segment(self):
        s = Segment(self.segments()[2])
        os.unlink(s.path)
        self.check(1, block=s.number(0), integrity="tampered")

    def test_truncated(self):
        s = Segment(self.segments()[-1])
        number, size = s.number(len(s.blocks) - 1), os.path.getsize(s.path)
        for cut in (len(s.footer) + 1, len(s.footer) + len(s.blocks[-1][1]) + 5):
            with open(s.path, "r+b") as f:
                f.truncate(size - cut)
            self.check(1, block=number, segment=s.path, integrity="tampered")
        s.blocks.pop()
        s.save(footer=False)
        self.check(1, block=number, integrity="tampered")
        os.rename(s.path, s.path + ".open")  # even where it claims to be unfinished
        self.check(1, block=number, integrity="tampered")

    def test_last_segment_removed(self):
        s = Segment(self.segments()[-1])
        os.unlink(s.path)
        self.check(1, block=s.number(0), integrity="tampered")
        lines = self.entries()[:s.number(0)]
        self.write("entries", b"\n".join(lines) + b"\n")
        self.check(1, block=s.number(0), integrity="tampered")

    def test_swapped_between_gateways(self):
        other = os.path.join(BASE, "log-b")
        name = [n for n in sorted(os.listdir(other)) if n.endswith(".zst")][1]
        mine = self.segments()[1]
        number = Segment(mine).number(0)
        shutil.copy(os.path.join(other, name), mine)
        self.check(1, block=number, segment=mine, integrity="tampered")

    def test_another_gateways_checkpoint(self):
        shutil.copy(os.path.join(BASE, "log-b", "checkpoint"), self.path("checkpoint"))
        self.check(1, integrity="tampered")

    # ---- entries

    def edit_entries(self, edit, block):
        lines = self.entries()
        edit(lines)
        self.write("entries", b"\n".join(lines) + b"\n")
        self.check(1, block=block)

    def test_edited_entry(self):
        self.edit_entries(lambda l: l.__setitem__(5, l[5].replace(b'"missed":', b'"missed":9')), 5)
        self.tearDown()
        self.setUp()
        self.edit_entries(lambda l: l.__setitem__(5, l[5].replace(b'"v":2', b'"v": 2')), 5)

    def test_deleted_entry(self):
        self.edit_entries(lambda l: l.pop(4), 4)

    def test_inserted_entry(self):
        self.edit_entries(lambda l: l.insert(4, l[3]), 4)

    def test_reordered_entries(self):
        self.edit_entries(lambda l: l.insert(3, l.pop(6)), 3)

    def test_entry_of_a_pruned_block_that_is_gone(self):
        for path in self.segments()[:-1]:
            os.unlink(path)
        self.write("entries", b"".join(line + b"\n" for line in self.entries()[:2]))
        self.check(1, block=2, redaction="unconfirmed")

    def test_edited_entry_of_a_pruned_block(self):
        os.unlink(self.segments()[0])
        self.edit_entries(lambda l: l.__setitem__(0, l[0].replace(b'"missed":', b'"missed":9')), 0)

    def test_counters_that_do_not_add_up(self):
        self.edit_entries(lambda l: l.__setitem__(0, l[0].replace(b'"ring_full":0', b'"ring_full":1')), 0)

    def test_torn_entry(self):
        self.write("entries", self.read("entries") + b'{"v":1,"gw":"gw-a1",')
        self.check(0)  # a writer is in the middle of it

    def test_no_entries(self):
        os.unlink(self.path("entries"))
        self.check(3, integrity="unconfirmed", signer="good")
        os.unlink(self.path("checkpoint"))
        os.unlink(self.path("checkpoints"))
        os.unlink(self.path("cosigned"))
        self.check(3, integrity="unconfirmed", signer="unconfirmed")

    def test_segment_closed_meanwhile(self):
        """A writer that closes a segment while the folder is being listed has written its entries before."""
        text, lines = self.read("entries"), self.read("entries").splitlines(keepends=True)
        self.write("entries", b"".join(lines[:Segment(self.segments()[-1]).number(0)]))
        self.check(3, integrity="unconfirmed", signer="good")  # closed, and nothing tells of it

        def listed(folder, really=os.listdir):
            self.write("entries", text)
            return really(folder)

        with unittest.mock.patch("os.listdir", listed):
            p = second.verify_log(self.dir, "--json", "--key", key("gw-a1"))
        x = json.loads(p.stdout)
        self.assertEqual((x["exit"], x["integrity"]["status"], x["blocks"]), (0, "good", len(lines)), x)

    # ---- checkpoints

    def test_stripped_signature(self):
        text = self.read("checkpoint")
        self.write("checkpoint", text[:text.index(b"\n\n") + 2])
        self.check(3, integrity="good", signer="unconfirmed")

    def test_not_utf8(self):
        text = self.read("checkpoint")  # the signer's name; both() reads the answers as JSON
        self.write("checkpoint", text.replace("\u2014 gw-a1".encode(), "\u2014 gw-".encode() + b"\xfe1"))
        x = self.check(3, integrity="good", signer="unconfirmed")
        self.assertIn("gw-\ufffd1", x["signer"]["text"])
        self.write("checkpoint", text)
        self.write("entries", self.read("entries").replace(b'"gw":"gw-a1"', b'"gw":"gw-\xc31"', 1))
        self.check(1, integrity="tampered")

    def test_other_key(self):
        x = self.both("--key", key("other"))
        self.assertEqual((x["exit"], x["signer"]["status"]), (3, "unconfirmed"))

    def test_rotated_key(self):
        new = os.path.join(self.tmp.name, "new")
        must(BHCTL, "keygen", "--name", "gw-a1", "--out", new, "--replaces", os.path.join(BASE, "gw-a1"))
        for _ in range(2):
            must(WRITE_LOG, self.dir, "gw-a1", new, 1, 5)
        x = self.check(0, signer="good")  # whoever has the old key
        self.assertIn("handed over", x["signer"]["text"])
        self.assertEqual(self.both("--key", new + ".pub")["exit"], 0)
        self.assertEqual(self.both("--key", key("other"))["exit"], 3)
        text = self.read("rotations")
        self.assertEqual(text.count(b"bridgehead-rotation/1\n"), 1)
        dash = "\u2014 ".encode()
        self.write("rotations", text[:text.rindex(dash)])  # the new one's signature
        self.check(3, signer="unconfirmed")
        self.write("rotations", text[:text.index(dash)] + text[text.rindex(dash):])  # the old one's
        self.check(3, signer="unconfirmed")

    def test_forged_signature(self):
        text = self.read("checkpoint")
        at = text.index("\u2014".encode()) + 30
        self.write("checkpoint", text[:at] + (b"A" if text[at:at + 1] != b"A" else b"B") + text[at + 1:])
        self.check(1, signer="tampered")

    def test_changed_checkpoint(self):
        text = self.read("checkpoint").replace(b"gw-a1\n", b"gw-a2\n", 1)
        self.write("checkpoint", text)
        self.check(1)
        self.write("checkpoint", b"nonsense\n")
        self.check(1, integrity="tampered")

    def roll_back(self):
        """The log as it was when the witness saw it, and less: cut as its own key's holder would."""
        early = os.path.join(BASE, "early")
        shutil.rmtree(self.dir)
        shutil.copytree(early, self.dir)

    def test_rolled_back_past_the_history(self):
        history = self.read("checkpoints")
        self.roll_back()
        self.check(0)  # whole in itself: that is why there are witnesses
        self.write("checkpoints", history)
        self.check(1, integrity="tampered")

    def test_rolled_back_past_the_anchor(self):
        anchor = os.path.join(self.tmp.name, "anchor")
        shutil.copy(self.path("checkpoint"), anchor)
        blocks = None
        self.roll_back()
        blocks = len(self.entries())
        self.check(1, "--anchor", anchor, block=blocks, anchor="tampered")

    def test_torn_history(self):
        history = self.read("checkpoints")
        self.assertEqual(self.check(0)["torn_history"], 0)
        last = history.rindex(b"gw-a1\n", 0, history.rindex(b"\n\n"))
        for n in range(last + 1, len(history), 41):
            self.write("checkpoints", history[:n])  # a writer was stopped in the middle of it
            x = self.check(0)
            self.assertEqual(x["torn_history"], 0 if history[:n].endswith(b"\n\n") else n - last, n)
            self.assertEqual("ends in a part of one" in x["integrity"]["text"], x["torn_history"] > 0)

    def test_unreadable_side_files(self):
        for name in ("checkpoints", "rotations"):
            if os.path.exists(self.path(name)):
                os.unlink(self.path(name))
            os.mkdir(self.path(name))  # root may read whatever has permissions only
            x = self.check(2, integrity="unreadable")
            self.assertIn(name, x["integrity"]["text"])
            os.rmdir(self.path(name))

    def test_damaged_history(self):
        history = self.read("checkpoints")
        first = history.index(b"\n\n")
        self.assertGreater(history.count(b"\n\n"), 1)
        last = history.rindex(b"\n\n")
        root = history.rindex(b"\n", 0, history.rindex(b"\n", 0, last))
        for damaged in (history[:root - 3] + b" " + history[root - 2:],  # in the last one, which is whole
                        history[:last + 20] + b"\n" + history[last + 21:], b"x" + history, history[:10] + history[11:], history[:first] + history[first + 1:],
                        history[:first - 1] + b"\0" + history[first:], history + bytes(9000),
                        history[:first + 2] + history[first + 5:]):
            self.write("checkpoints", damaged)
            x = self.check(1, integrity="tampered")
            self.assertIn("history", x["integrity"]["text"])

    def fork(self):
        """The key's holder writes another log of the same name."""
        shutil.rmtree(self.dir)
        must(WRITE_LOG, self.dir, "gw-a1", os.path.join(BASE, "gw-a1"), BLOCKS + 5, RECORDS + 1, 7000)

    def test_fork(self):
        self.fork()
        self.check(0)  # whole in itself
        self.check(3, "--witness", key("witness"), anchor="unconfirmed")
        self.check(1, "--witness", key("witness"), "--anchor", os.path.join(BASE, "state"), block=0, anchor="tampered")
        shutil.copy(os.path.join(BASE, "state"), self.path("cosigned"))
        self.check(1, block=0, anchor="tampered")

    # ---- the witness

    def witness(self, source, state):
        return run(BHLOG, "witness", "--state", state, "--sign-with", os.path.join(BASE, "witness"), "--key",
                   key("gw-a1"), source)

    def test_witness(self):
        state = os.path.join(self.tmp.name, "state")
        shutil.copy(os.path.join(BASE, "state"), state)
        size = must(BHLOG, "witness", "--state", state, "--size").strip()
        proof = os.path.join(self.tmp.name, "growth")
        must(BHLOG, "prove", self.dir, "--since", size, "--out", proof)
        p = self.witness(proof, state)  # a file
        self.assertEqual(p.returncode, 0, p.stderr)
        self.assertEqual(p.stdout.count("\u2014 "), 2)
        self.write("cosigned", p.stdout.encode())
        self.check(0, "--witness", key("witness"), anchor="good")
        self.assertEqual(self.witness(self.dir, state).returncode, 0)  # the directory
        p = self.witness(proof, state)
        self.assertEqual(p.returncode, 2, "the proof begins elsewhere")
        self.assertIn("bhlog prove DIR --since", p.stderr)
        self.roll_back()
        p = self.witness(self.dir, state)
        self.assertEqual(p.returncode, 1)
        self.assertIn("rolled back", p.stderr)
        self.fork()
        p = self.witness(self.dir, state)
        self.assertEqual(p.returncode, 1)
        self.assertIn("forked", p.stderr)
        p = run(BHLOG, "witness", "--state", state, "--sign-with", os.path.join(BASE, "witness"), "--key", key("gw-b2"),
                self.dir)
        self.assertEqual(p.returncode, 1)
        self.assertIn("not signed by the log's key", p.stderr)

    def test_witness_refuses_a_forged_proof(self):
        state = os.path.join(self.tmp.name, "state")
        shutil.copy(os.path.join(BASE, "state"), state)
        size = must(BHLOG, "witness", "--state", state, "--size").strip()
        lines = must(BHLOG, "prove", self.dir, "--since", size).split("\n")
        lines[1] = base64.b64encode(bytes(32)).decode()
        p = run(BHLOG, "witness", "--state", state, "--sign-with", os.path.join(BASE, "witness"), "-",
                input="\n".join(lines))
        self.assertEqual(p.returncode, 1, p.stderr)


if __name__ == "__main__":
    second.main(sys.modules["__main__"])
