#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""Makes calls of a log's writer fail one by one (faults.c): errors, short and torn writes, death between two calls.
Each time the log must verify as it stands and after the next start, gap records must count exactly what is missing,
and nothing that a checkpoint covered may be gone: test_faults.py BHLOG BHCTL WRITE_LOG FAULTS

BRIDGEHEAD_FAULT_RUNS says how many of the possible faults are tried (default 30; others each time), BRIDGEHEAD_SEED which.
"""
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

import numbers_of

BHLOG = BHCTL = WRITE_LOG = FAULTS = None
RUNS = int(os.environ.get("BRIDGEHEAD_FAULT_RUNS", "30"))
SEED = int(os.environ.get("BRIDGEHEAD_SEED", str(random.randrange(10**6))))
KINDS = ("eio", "enospc", "eio+", "enospc+", "short", "torn", "die")
DEATHS = ("torn", "die")
BLOCKS, RECORDS, SEGMENT = 6, 20, 3000  # several segments
GIVEN = BLOCKS * RECORDS + sum(b % 3 for b in range(BLOCKS)) + 2  # with start and stop, without gap records


class Faults(unittest.TestCase):
    def setUp(self):
        shm = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.tmp = tempfile.mkdtemp(prefix="bh-faults-", dir=shm)
        self.addCleanup(shutil.rmtree, self.tmp)
        self.key = os.path.join(self.tmp, "key")
        subprocess.run([BHCTL, "keygen", "--name", "gw-a1", "--out", self.key], check=True, capture_output=True)
        self.log = os.path.join(self.tmp, "log")

    def write(self, fault, mode):
        """The exit status, how many calls could have failed, and the first that did."""
        count = os.path.join(self.tmp, "count")
        env = os.environ | {"LD_PRELOAD": FAULTS, "BRIDGEHEAD_FAULTS_DIR": self.log, "BRIDGEHEAD_FAULTS": fault,
                            "BRIDGEHEAD_FAULTS_COUNT": count,
                            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}
        p = subprocess.run([WRITE_LOG, self.log, "gw-a1", self.key, str(BLOCKS), str(RECORDS), str(SEGMENT), mode],
                           env=env, capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(p.stderr.count("\n"), p.returncode in (1, 2), (fault, mode, p))
        self.assertIn(p.returncode, (137,) if p.returncode == 137 and fault.endswith(DEATHS) else (0, 1, 2), p)
        if p.returncode == 137:
            return 137, 0, "-"
        with open(count, encoding="ascii") as f:
            calls, first = f.read().split()
        return p.returncode, int(calls), first

    def verify(self, *args):
        p = subprocess.run([BHLOG, "verify", self.log, "--key", self.key + ".pub", "--json", *args],
                           capture_output=True, text=True, check=False)
        return json.loads(p.stdout)

    def has(self, what):
        return any(what in n for n in os.listdir(self.log))

    def check(self, fault, mode):
        shutil.rmtree(self.log, ignore_errors=True)
        os.mkdir(self.log)
        status, _, first = self.write(fault, mode)
        anchor = []
        if os.path.exists(os.path.join(self.log, "checkpoint")):
            shutil.copy(os.path.join(self.log, "checkpoint"), os.path.join(self.tmp, "anchor"))
            anchor = ["--anchor", os.path.join(self.tmp, "anchor")]
        if self.has("flow-"):
            before = self.verify()
            self.assertIn(before["exit"], (0,) if anchor else (0, 3), before)
        if status == 0:
            if first != "fsync":  # what was not confirmed is finished by the next start
                self.assertFalse(self.has(".open"))
            self.assertEqual((before["exit"], before["attempted"] - before["lost"]), (0, before["records"]), before)
            self.assertGreaterEqual(before["attempted"], GIVEN)
        numbered = self.has("progress")
        # The next start puts it in order.
        subprocess.run([WRITE_LOG, self.log, "gw-a1", self.key, "0", "0"], check=True)
        after = self.verify(*anchor)
        self.assertEqual((after["exit"], after["attempted"] - after["lost"]), (0, after["records"]), after)
        self.assertFalse(self.has(".open"))
        seen, told, last = numbers_of.log(self.log)
        self.assertEqual(seen + told, last)
        if status == 1 and numbered:  # it told of a loss, and so does the log
            self.assertGreaterEqual(last, GIVEN)

    def test_first_checkpoint_torn(self):
        """The history's first note in part, as a crash in the middle of it leaves it: the next start takes it away."""
        path = os.path.join(self.log, "checkpoints")
        for part in (1, 20, 70, 110, 160):
            shutil.rmtree(self.log, ignore_errors=True)
            subprocess.run([WRITE_LOG, self.log, "gw-a1", self.key, "1", "20"], check=True)
            with open(path, "rb+") as f:
                note = f.read()
                f.truncate(min(part, len(note) - 1))
            subprocess.run([WRITE_LOG, self.log, "gw-a1", self.key, "0", "0"], check=True)
            x = self.verify()
            self.assertEqual((x["exit"], x["torn_history"]), (0, 0), (part, x))

    def test_faults(self):
        started = time.monotonic()
        places = []
        for mode in ("", "live"):
            os.mkdir(self.log)
            status, calls, _ = self.write("0:none", mode)
            shutil.rmtree(self.log)
            self.assertEqual(status, 0)
            self.assertGreater(calls, 60)
            places += [(f"{n}:{kind}", mode) for n in range(1, calls + 1) for kind in KINDS]
        tried = random.Random(SEED).sample(places, min(RUNS, len(places)))
        for fault, mode in tried:
            with self.subTest(fault=fault, mode=mode, seed=SEED):
                self.check(fault, mode)
        print(f"{len(tried)} of {len(places)} faults in {time.monotonic() - started:.0f} s, seed {SEED}")


if __name__ == "__main__":
    BHLOG, BHCTL, WRITE_LOG, FAULTS = (os.path.abspath(sys.argv.pop(1)) for _ in range(4))
    unittest.main()
