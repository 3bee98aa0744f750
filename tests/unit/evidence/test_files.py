#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""Files of a log that are not what they should be: both verifiers answer at once and alike:
test_files.py BHLOG BHCTL WRITE_LOG"""
import os
import shutil
import struct
import subprocess
import sys

import second
import test_tamper
from segment import Segment, crc32c
from test_tamper import Case, run

setUpModule, tearDownModule = test_tamper.setUpModule, test_tamper.tearDownModule
SIDE = ("checkpoint", "checkpoints", "cosigned", "rotations", "entries")


class Files(Case):
    def replace(self, name, make):
        path = self.path(name)
        if os.path.exists(path):
            os.rename(path, path + "-kept")
        make(path)

    def restore(self, name):
        path = self.path(name)
        os.rmdir(path) if os.path.isdir(path) and not os.path.islink(path) else os.unlink(path)
        if os.path.exists(path + "-kept"):
            os.rename(path + "-kept", path)

    def test_no_regular_file(self):
        names = [os.path.basename(self.segments()[i]) for i in (0, 2, -1)]
        for name in (*SIDE, *names, names[0][:24].replace("-000001", "-000099") + "999999.jsonl.zst.open"):
            for make in (os.mkfifo, os.mkdir, lambda p: os.symlink("/dev/null", p),
                         lambda p: os.symlink("/nonexistent/x", p)):
                self.replace(name, make)
                with self.subTest(name=name, make=make):
                    x = self.check(2)
                    self.assertIn("unreadable", (x["integrity"]["status"], x["anchor"]["status"]))
                    self.assertIn(name, x["integrity"]["text"] + x["anchor"]["text"])
                self.restore(name)
        self.check(0)

    def test_empty(self):
        names = {"checkpoint": 1, "checkpoints": 0, "cosigned": 2, "rotations": 0, "entries": 3}
        for name, status in names.items():
            self.replace(name, lambda p: open(p, "wb").close())
            with self.subTest(name=name):
                self.check(status)
            self.restore(name)

    def test_too_large(self):
        def large(path):
            with open(path, "wb") as f:
                f.write(b"x\n" * (10 << 20))

        for name, status in (("checkpoint", 1), ("cosigned", 2), ("rotations", 2)):
            self.replace(name, large)
            with self.subTest(name=name):
                self.check(status)
            self.restore(name)

    def test_more_behind_what_is_read(self):
        for name, more, status in (("cosigned", bytes(9000), 2), ("checkpoint", bytes(9000), 1),
                                   ("entries", bytes(300), 0), ("entries", bytes(9000), 0)):  # as a power cut leaves it
            self.replace(name, lambda p: shutil.copy(p + "-kept", p))
            with open(self.path(name), "ab") as f:
                f.write(more)
            with self.subTest(name=name, more=len(more)):
                self.check(status)
            self.restore(name)

    def test_names_that_look_like_a_segments(self):
        name = os.path.basename(self.segments()[1])
        for other in (name + "\n", name.replace("2", "\u0662"), name.replace("0", "\uff10"), name + "~", "x" + name):
            shutil.copy(self.path(name), self.path(other))
            with self.subTest(other=other):
                self.check(0)
            os.unlink(self.path(name))
            with self.subTest(other=other, alone=True):
                self.check(1, integrity="tampered")
            os.rename(self.path(other), self.path(name))

    def test_long_history(self):
        text = self.read("checkpoints")
        last = text[text.rindex(b"gw-a1\n", 0, text.rindex(b"\n\n")):]
        history = text + last * 5000  # of a gateway that had nothing to write: more than is read at a time
        self.write("checkpoints", history)
        self.check(0)
        self.write("checkpoints", history + last[:40])
        self.assertEqual(self.check(0)["torn_history"], 40)
        for at in (len(text) + 4321 * len(last) + 8, len(history) - len(last) + 8):  # a digit of the root
            self.write("checkpoints", history[:at] + bytes([history[at] ^ 1]) + history[at + 1:])
            self.check(1, integrity="tampered")

    def test_history_of_another_log(self):
        text = self.read("checkpoints")
        with open(os.path.join(test_tamper.BASE, "log-b", "checkpoints"), "rb") as f:
            other = f.read()
        first = other[:other.index(b"gw-b2\n", 9)]
        for changed in (other, first + text, text + other[other.rindex(b"gw-b2\n", 0, other.rindex(b"\n\n")):]):
            self.write("checkpoints", changed)
            self.check(1, integrity="tampered")

    def test_block_that_is_not_one_frame(self):
        s = Segment(self.segments()[1])
        text, (head, _) = s.lines(0), s.blocks[0]
        one, first, second, none = (subprocess.run(["zstd", "-cq"], input=p, capture_output=True, check=True).stdout
                                    for p in (text, text[:100], text[100:], b""))
        hidden = bytes.fromhex("502a4d1804000000") + b"text"  # a frame that zstd passes over
        wrong = one[:-1] + bytes([one[-1] ^ 1])  # the frame's own sum
        for data in (first + second, one + none, none + one, one + hidden, hidden + one, one + b"text", one[:-4],
                     wrong):
            payload = b"BHB1" + struct.pack("<III", len(data), crc32c(data), len(text)) + head[24:-4]
            s.blocks[0] = (head[:8] + payload + struct.pack("<I", crc32c(payload)), data)
            s.save()
            with self.subTest(data=data[-20:]):
                self.check(1, block=s.number(0), segment=s.path, integrity="tampered")
        for option in ([], ["--no-check"], ["--content-size"], ["-19", "--no-content-size"]):  # forms of one frame
            data = subprocess.run(["zstd", "-cq", *option, "--stream-size=%d" % len(text)], input=text,
                                  capture_output=True, check=True).stdout
            payload = b"BHB1" + struct.pack("<III", len(data), crc32c(data), len(text)) + head[24:-4]
            s.blocks[0] = (head[:8] + payload + struct.pack("<I", crc32c(payload)), data)
            s.save()
            x = self.both()
            self.assertNotEqual(x["bad_block"], s.number(0))  # only the index, of the blocks behind it, is wrong now

    def test_no_key(self):
        for program in ([test_tamper.BHLOG, "verify"], [sys.executable, second.VERIFY_LOG]):
            self.assertEqual(run(*program, self.dir, "--key", "").returncode, 2)

    def test_no_directory(self):
        kept = self.dir
        for self.dir in ("/nonexistent", "/dev/null", self.path("checkpoint")):
            x = self.check(2, integrity="unreadable", completeness="unconfirmed", redaction="unconfirmed")
            self.assertIn(self.dir, x["integrity"]["text"])
        self.dir = kept

    def test_without_cryptography(self):
        """Not to be able to tell is not "tampered with"."""
        with open(os.path.join(self.tmp.name, "cryptography.py"), "w", encoding="ascii") as f:
            f.write("raise ImportError\n")
        p = run(sys.executable, second.VERIFY_LOG, self.dir, env=os.environ | {"PYTHONPATH": self.tmp.name})
        self.assertEqual((p.returncode, p.stdout), (2, ""))
        self.assertIn("needs the Python package cryptography", p.stderr)

    def test_without_zstd(self):
        p = run(sys.executable, second.VERIFY_LOG, self.dir, env=os.environ | {"PATH": self.tmp.name})
        self.assertEqual((p.returncode, p.stderr), (2, ""))
        self.assertRegex(p.stdout, "integrity +unreadable: .*zstd")

    def test_output_that_nobody_reads(self):
        for option in ([], ["--json"]):
            read, write = os.pipe()
            os.close(read)
            p = subprocess.run([sys.executable, second.VERIFY_LOG, self.dir, *option], stdout=write,
                               stderr=subprocess.PIPE, check=False)
            os.close(write)
            self.assertEqual(p.stderr, b"")

    def test_pipe_where_a_proof_is_made(self):
        for name in ("checkpoint", "entries"):
            self.replace(name, os.mkfifo)
            self.assertEqual(run(test_tamper.BHLOG, "prove", self.dir, "5", timeout=20).returncode, 2)
            self.restore(name)


if __name__ == "__main__":
    second.main(test_tamper)
