#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""Tampers with a flow log at random; both verifiers must give the same answers: test_random.py BHLOG BHCTL WRITE_LOG

BRIDGEHEAD_TAMPERINGS says how often (default 40), BRIDGEHEAD_SEED with what.
"""
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import unittest

import second

BHLOG = BHCTL = WRITE_LOG = None
TIMES = int(os.environ.get("BRIDGEHEAD_TAMPERINGS", "40"))
SEED = int(os.environ.get("BRIDGEHEAD_SEED", str(random.randrange(10**6))))
SIDE_FILES = ("checkpoints", "cosigned")  # a log without them, or with garbage in them, can be whole


def edit(r, data):
    at = r.randrange(len(data))
    way = r.randrange(6)
    if way == 0:
        data[at] ^= 1 << r.randrange(8)
    elif way == 1:
        del data[at:at + r.randrange(1, 40)]
    elif way == 2:
        data[at:at] = bytes(r.randrange(256) for _ in range(r.randrange(1, 20)))
    elif way == 3:
        del data[at:]
    elif way == 4:
        lines = data.split(b"\n")
        a, b = r.randrange(len(lines)), r.randrange(len(lines))
        lines[a], lines[b] = lines[b], lines[a]
        data = bytearray(b"\n").join(lines)
    else:
        data += data[at:at + 200]
    return data


def signed_again(before, after):
    """The note with a signature line of its own once more says what it said (C2SP signed-note)."""
    lines = before.splitlines(keepends=True)
    return after in [before + line for line in lines[lines.index(b"\n") + 1:]]


def index_cut_off(before, after):
    """A closed segment without its index, the last skippable frame: as a full disk leaves it, and no record less."""
    rest = before[len(after):]
    return (before.startswith(after) and rest[1:4] == b"\x2a\x4d\x18" and rest[0] & 0xf0 == 0x50
            and len(rest) == 8 + int.from_bytes(rest[4:8], "little"))


def same(a, b):
    """Whether two folders hold the same: what was done last may undo what was done before."""
    def all_of(folder):
        found = {}
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), "rb") as f:
                found[name] = f.read()
        return found
    return all_of(a) == all_of(b)


class Random(unittest.TestCase):
    def setUp(self):
        self.tmp = tempfile.mkdtemp(prefix="bh-random-")
        self.log = os.path.join(self.tmp, "log")
        for name in ("gw-a1", "witness"):
            self.run_ok(BHCTL, "keygen", "--name", name, "--out", os.path.join(self.tmp, name))

    def write_log(self, blocks, *more):
        for _ in range(2):
            self.run_ok(WRITE_LOG, self.log, "gw-a1", os.path.join(self.tmp, "gw-a1"), blocks, "20", "6000", *more)
        self.run_ok(BHLOG, "witness", "--state", os.path.join(self.tmp, "state"), "--sign-with",
                    os.path.join(self.tmp, "witness"), "--out", os.path.join(self.log, "cosigned"), self.log)

    def tearDown(self):
        shutil.rmtree(self.tmp)

    def run_ok(self, *args):
        subprocess.run(args, check=True, capture_output=True)

    def tamper(self, r, log):
        """What was done, and whether anything but side files is another."""
        done, real = [], False
        for _ in range(r.choice((1, 1, 1, 2, 3))):
            name = r.choice(sorted(n for n in os.listdir(log) if n not in ("lock", "tree", "progress")))
            path = os.path.join(log, name)
            with open(path, "rb") as f:
                before = f.read()
            if not before or r.randrange(12) == 0:
                os.unlink(path)
                done.append((name, "removed"))
                real = real or name not in SIDE_FILES
                continue
            after = bytes(edit(r, bytearray(before)))
            with open(path, "wb") as f:
                f.write(after)
            done.append((name, f"{len(before)} bytes to {len(after)}"))
            torn = name == "entries" and after.startswith(before) and b"\n" not in after[len(before):]
            real = real or (name not in SIDE_FILES and after != before and not torn
                            and not (name.endswith(".zst") and index_cut_off(before, after))
                            and not (name == "checkpoint" and signed_again(before, after)))
        return done, real

    def test_random(self):
        self.write_log("6")
        self.tamper_with_copies()

    def test_random_of_a_pruned_log(self):
        self.write_log("20", "retain", "12000")
        with open(os.path.join(self.log, "entries"), encoding="utf-8") as f:
            self.assertGreater(json.loads(f.readlines()[-1])["kept"], 10)
        self.tamper_with_copies()

    def tamper_with_copies(self):
        r = random.Random(SEED)
        for n in range(TIMES):
            log = os.path.join(self.tmp, "copy")
            shutil.copytree(self.log, log)
            done, real = self.tamper(r, log)
            args = [log, "--key", os.path.join(self.tmp, "gw-a1.pub"), "--json"]
            if r.randrange(2):
                args += ["--witness", os.path.join(self.tmp, "witness.pub")]
            out = [subprocess.run([BHLOG, "verify", *args], capture_output=True, text=True, check=False),
                   second.verify_log(*args)]
            where = f"BRIDGEHEAD_SEED={SEED}, tampering {n}: {done}"
            self.assertEqual([p.stderr for p in out], ["", ""], where)
            with self.subTest(where):  # says which, should it be no JSON
                a, b = (json.loads(p.stdout) for p in out)
            for name in ("integrity", "signer", "anchor", "completeness", "redaction"):
                self.assertEqual(a[name]["status"], b[name]["status"], (where, a, b))
            for name in ("bad_block", "bad_segment", "exit", "blocks", "records", "pruned", "kept", "stated_in"):
                self.assertEqual(a[name], b[name], (where, a, b))
            if same(self.log, log):
                self.assertEqual(a["exit"], 0, where)
            elif real:  # retention took nothing away
                self.assertNotEqual(a["exit"], 0, where)
            shutil.rmtree(log)


if __name__ == "__main__":
    second.main(sys.modules["__main__"])
