#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""Proofs that single records are in a log, good and tampered with; both verifiers must agree:
test_proofs.py BHLOG BHCTL WRITE_LOG"""
import json
import os
import shutil
import struct
import subprocess
import sys

import second
import test_tamper as base
from segment import Segment, crc32c

setUpModule, tearDownModule = base.setUpModule, base.tearDownModule


class Proofs(base.Case):
    def both_proofs(self, path, *args):
        a, b = base.run(base.BHLOG, "verify", "--proof", path, *args), second.verify_proof(path, *args)
        self.assertEqual(a.returncode, b.returncode, (a.stdout, a.stderr, b.stdout, b.stderr))
        return a.returncode

    def test_proofs(self):
        proof = os.path.join(self.tmp.name, "proof")
        lines = subprocess.run(["zstd", "-dcq", *self.segments()], capture_output=True, check=True).stdout.splitlines()
        for line in lines[::23]:
            base.must(base.BHLOG, "prove", self.dir, json.loads(line)["seq"], "--out", proof)
            with open(proof, "rb") as f:
                text = f.read()
            self.assertEqual(text.split(b"\n")[1], line)
            self.assertEqual(self.both_proofs(proof, "--key", base.key("gw-a1")), 0)
        self.assertEqual(self.both_proofs(proof), 3)
        self.assertEqual(self.both_proofs(proof, "--key", base.key("other")), 3)
        self.assertEqual(self.both_proofs(proof, "--key", base.key("gw-a1"), "--witness", base.key("witness")), 3)
        # No byte of it can be another, but for bits in the last digit of the signature that stand for nothing.
        for at in range(0, len(text) - 3, 41):
            with open(proof, "wb") as f:
                f.write(text[:at] + bytes([text[at] ^ 1]) + text[at + 1:])
            with self.subTest(at=at):
                self.assertIn(self.both_proofs(proof, "--key", base.key("gw-a1")), (1, 2, 3))

    def test_program_of_proofs(self):
        """It reads a pipe, too, and that it is alone is no answer."""
        proof, alone = base.must(base.BHLOG, "prove", self.dir, 7), os.path.join(self.tmp.name, "verify-proof")
        p = base.run(sys.executable, second.VERIFY_PROOF, "-", "--json", "--key", base.key("gw-a1"), input=proof)
        self.assertEqual((p.returncode, p.stderr), (0, ""))
        self.assertEqual(json.loads(p.stdout), {"proof": "good", "block": 0, "exit": 0})
        p = base.run(sys.executable, second.VERIFY_PROOF, "/dev/null")
        self.assertEqual((p.returncode, p.stdout), (2, ""))
        shutil.copy(second.VERIFY_PROOF, alone)
        p = base.run(sys.executable, alone, "-", input=proof)
        self.assertEqual((p.returncode, p.stdout), (2, ""))
        self.assertIn("verify-log", p.stderr)

    def test_proof_under_a_later_key(self):
        keys = [os.path.join(base.BASE, "gw-a1"), *(os.path.join(self.tmp.name, f"key-{n}") for n in (1, 2))]
        for old, new in zip(keys, keys[1:]):
            base.must(base.BHCTL, "keygen", "--name", "gw-a1", "--out", new, "--replaces", old)
            for _ in range(2):
                base.must(base.WRITE_LOG, self.dir, "gw-a1", new, 1, 5)
        proof, rotations = os.path.join(self.tmp.name, "proof"), self.path("rotations")
        base.must(base.BHLOG, "prove", self.dir, 7, "--out", proof)
        first, text = ("--key", base.key("gw-a1")), self.read("rotations")
        self.assertEqual(self.both_proofs(proof, *first), 3)
        self.assertEqual(self.both_proofs(proof, *first, "--rotations", rotations), 0)
        self.assertEqual(self.both_proofs(proof, "--key", keys[1] + ".pub", "--rotations", rotations), 0)
        self.assertEqual(self.both_proofs(proof, "--key", base.key("other"), "--rotations", rotations), 3)
        self.assertEqual(self.both_proofs(proof, "--rotations", rotations), 3)
        self.assertEqual(self.both_proofs(proof, *first, "--rotations", "/nonexistent"), 2)
        later = text.index(b"bridgehead-rotation/1\n", 1)
        for changed, status in ((b"a note\n\n" + text, 0), (text[:later] + b"key\nkey\n\n" + text[later:], 0),
                                (text[later:], 3), (text[:later], 3), (text[later:] + text[:later], 3),
                                (text[:later] + bytes(9000), 3), (text.replace(b"/1\n", b"/2\n"), 3),
                                (text[:60] + (b"A" if text[60:61] != b"A" else b"B") + text[61:], 3), (b"nonsense", 3)):
            self.write("rotations", changed)
            with self.subTest(changed=changed):
                self.assertEqual(self.both_proofs(proof, *first, "--rotations", rotations), status)
                self.assertEqual(self.both(*first)["exit"], status)
        self.assertEqual(base.run(base.BHLOG, "verify", self.dir, "--rotations", rotations).returncode, 2)
        self.assertEqual(second.verify_log(self.dir, "--rotations", rotations).returncode, 2)

    def test_footers_are_not_believed(self):
        """A footer leads to the block; one that lies, or none, changes nothing."""
        seqs = [json.loads(line)["seq"] for line in subprocess.run(
            ["zstd", "-dcq", *self.segments()], capture_output=True, check=True).stdout.splitlines()][::37]
        want = [base.must(base.BHLOG, "prove", self.dir, s) for s in seqs]
        self.assertEqual(len(set(want)), len(want))
        for path in self.segments():
            s = Segment(path)
            n = struct.unpack_from("<I", s.footer, 12)[0]
            places = [struct.unpack_from("<Q", s.footer, 16 + 48 * i)[0] for i in range(n)]
            lie = bytearray(s.footer)
            for i in range(n):  # each block stands where another does
                struct.pack_into("<Q", lie, 16 + 48 * i, places[(i + 1) % n])
            struct.pack_into("<I", lie, len(lie) - 12, crc32c(lie[8:-12]))
            whole = s.footer
            for footer in (bytes(lie), b"", whole):
                s.footer = footer
                s.save()
                self.assertEqual([base.must(base.BHLOG, "prove", self.dir, x) for x in seqs], want)

    def test_search_by_a_footer_that_lies(self):
        """A search goes by footers: blocks that are not where one says are told of, not left out. None, or one whose
        order is not that of the blocks: all are read."""
        search = ("search", self.dir, "--scan", "--json", "--ev", "end")
        want = base.must(base.BHLOG, *search)
        s = Segment(max(self.segments(), key=lambda path: len(Segment(path).blocks)))
        whole, n = s.footer, len(s.blocks)
        places = [struct.unpack_from("<Q", whole, 16 + 48 * i)[0] for i in range(n)]
        self.assertGreater(n, 2)
        for i, place, status in ((0, places[1], 0), (1, places[0], 0), (1, places[2], 0), (1, places[1] + 1, 2),
                                 (n - 1, places[n - 2], 0), (n - 1, 2 ** 63, 0), (1, 2 ** 64 - 1, 0)):
            lie = bytearray(whole)
            struct.pack_into("<Q", lie, 16 + 48 * i, place)
            struct.pack_into("<I", lie, len(lie) - 12, crc32c(lie[8:-12]))
            s.footer = bytes(lie)
            s.save()
            with self.subTest(block=i, place=place):
                p = base.run(base.BHLOG, *search)
                self.assertEqual(p.returncode, status, p.stderr)
                if status == 0:
                    self.assertEqual(p.stdout, want)
                self.assertIn("damaged or changed at byte" if status else "its footer does not say", p.stderr)
        for footer in (b"", whole):
            s.footer = footer
            s.save()
            self.assertEqual(base.must(base.BHLOG, *search), want)

    def test_lines_that_are_not_the_blocks(self):
        """A block that is not the one of its entry proves nothing, wherever it stands."""
        s = Segment(self.segments()[0])
        lines = s.lines(0).splitlines(keepends=True)
        seq = json.loads(lines[5])["seq"]
        base.must(base.BHLOG, "prove", self.dir, seq)
        s.put(0, s.entry(0), b"".join(lines[:5] + [lines[5].replace(b'"v":1', b'"v":2')] + lines[6:]))
        s.save(footer=False)
        p = base.run(base.BHLOG, "prove", self.dir, seq)
        self.assertEqual((p.returncode, p.stdout), (2, ""))
        self.assertIn("not the one that its entry says", p.stderr)

    def test_no_proof(self):
        attempted = self.check(0)["attempted"]
        for seq in (attempted + 1, 10**15):
            p = base.run(base.BHLOG, "prove", self.dir, seq)
            self.assertEqual((p.returncode, p.stdout), (1, ""))
            self.assertIn("no block has", p.stderr)
        text = subprocess.run(["zstd", "-dcq", *self.segments()], capture_output=True, check=True).stdout
        there = {json.loads(line)["seq"] for line in text.splitlines()}
        lost = next(s for s in range(1, attempted) if s not in there)
        p = base.run(base.BHLOG, "prove", self.dir, lost)
        self.assertEqual((p.returncode, p.stdout), (1, ""))

    def test_not_covered_yet(self):
        attempted = self.check(0)["attempted"]
        early = os.path.join(base.BASE, "early")
        shutil.copy(os.path.join(early, "checkpoint"), self.path("checkpoint"))
        lines = self.entries()
        for entries in (lines, lines[:-1]):  # the last block's may still have to be written
            self.write("entries", b"\n".join(entries) + b"\n")
            self.assertEqual(base.run(base.BHLOG, "prove", self.dir, attempted + 1).returncode, 1)
            p = base.run(base.BHLOG, "prove", self.dir, attempted)
            self.assertEqual((p.returncode, p.stdout), (3, ""))
            self.assertIn("no checkpoint covers", p.stderr)
            last = Segment(self.segments()[-1])
            if not last.path.endswith(".open"):
                os.rename(last.path, last.path + ".open")


if __name__ == "__main__":
    second.main(base)
