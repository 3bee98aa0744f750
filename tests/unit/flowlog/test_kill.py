#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""Kills a log's writer with SIGKILL at random instants under load; each time the log must verify as it stands
and after the next start, a gap record must count exactly what is missing, and nothing that a checkpoint covered
may be gone, but for what retention states: test_kill.py BHLOG BHCTL WRITE_LOG

BRIDGEHEAD_KILLS says how often (default 200), BRIDGEHEAD_SEED which instants.
"""
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import numbers_of

HERE = os.path.dirname(os.path.abspath(__file__))
VERIFY_LOG = os.path.join(HERE, "../../../scripts/verify-log")
PYTHON = "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else sys.executable
HAVE_CRYPTOGRAPHY = subprocess.run([PYTHON, "-c", "import cryptography"], capture_output=True,
                                   check=False).returncode == 0
BHLOG = BHCTL = WRITE_LOG = None
KILLS = int(os.environ.get("BRIDGEHEAD_KILLS", "200"))
SEED = int(os.environ.get("BRIDGEHEAD_SEED", str(random.randrange(10**6))))
LIVES = 3  # of one directory: each verification reads all of them
SAMPLE_S = 1795510800  # SAMPLE_T of sample.h
RESTART = 3  # records that the next start adds: gap, start, stop
RETAIN = 500000  # bytes: two segments and a half


def shm():
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def kept_of(log):
    """What the last whole entry states."""
    with open(os.path.join(log, "entries"), "rb") as f:
        lines = f.read().split(b"\n")[:-1]
    return json.loads(lines[-1])["kept"] if lines else 0


class Kill(unittest.TestCase):
    def setUp(self):
        self.tmp = tempfile.mkdtemp(prefix="bh-kill-", dir=shm())
        self.key = os.path.join(self.tmp, "key")
        subprocess.run([BHCTL, "keygen", "--name", "gw-a1", "--out", self.key], check=True, capture_output=True)
        self.random = random.Random(SEED)

    def tearDown(self):
        shutil.rmtree(self.tmp)

    def path(self, name):
        return os.path.join(self.tmp, name)

    def verify(self, log, *args):
        p = subprocess.run([BHLOG, "verify", log, "--key", self.key + ".pub", "--json", *args], capture_output=True,
                           text=True, check=False)
        self.assertEqual(p.stderr, "")
        return json.loads(p.stdout)

    def live(self, log, seconds, begun=False, retain=0):
        """Runs the writer for so long, kills it. The next number that it was about to give. begun: the time is counted
        from when it has a segment, which on a busy machine may be a while."""
        counter = self.path("counter")
        with open(counter, "wb") as f:
            f.write(bytes(4096))
        writer = subprocess.Popen([WRITE_LOG, log, "gw-a1", self.key, "forever", counter, str(retain)],
                                  stderr=subprocess.PIPE)
        try:
            until = time.monotonic() + 60
            while begun and time.monotonic() < until and not (
                    os.path.isdir(log) and any(n.startswith("flow-") for n in os.listdir(log))):
                time.sleep(0.01)
            time.sleep(seconds)
        finally:
            writer.send_signal(signal.SIGKILL)
            writer.wait()
        self.assertEqual(writer.stderr.read(), b"")
        writer.stderr.close()
        with open(counter, "rb") as f:
            return int.from_bytes(f.read(8), "little")

    def restart(self, log, retain=0):
        since = int(time.time()) - SAMPLE_S  # as the next life's records, that follow its checkpoint
        subprocess.run([WRITE_LOG, log, "gw-a1", self.key, "0", "0", "0", "every", "1", str(since), "retain",
                        str(retain)], check=True)

    def check_kill(self, log, upcoming, retain=0):
        where = f"BRIDGEHEAD_SEED={SEED}"
        anchor = self.path("anchor")
        have_checkpoint = os.path.exists(os.path.join(log, "checkpoint"))
        if have_checkpoint:
            shutil.copy(os.path.join(log, "checkpoint"), anchor)
        if any(n.startswith("flow-") for n in os.listdir(log)):
            before = self.verify(log)  # as it stands: open, perhaps torn
            self.assertIn(before["exit"], (0, 3) if not have_checkpoint else (0,), (where, before))
        self.restart(log, retain)
        after = self.verify(log, *(["--anchor", anchor] if have_checkpoint else []))
        self.assertEqual(after["exit"], 0, (where, after))
        self.assertLessEqual(after["pruned"], after["kept"], where)
        if after["pruned"] == 0:
            self.assertEqual(after["attempted"] - after["lost"], after["records"], where)
        self.assertEqual([n for n in os.listdir(log) if n.endswith(".open")], [])
        last = after["attempted"] - RESTART  # the last number that the killed one gave
        if upcoming:
            # It gives `upcoming` next; a gap record may have come between, and lost ones (3 at most).
            self.assertIn(last - upcoming, range(-1, 5), (where, upcoming, after))

    def test_kill(self):
        started, gaps = time.monotonic(), 0
        for n in range(KILLS):
            log = self.path(f"log-{n // LIVES}")
            os.makedirs(log, exist_ok=True)
            upcoming = self.live(log, self.random.choice((0.002, 0.01, 0.04, 0.1)) * (0.5 + self.random.random()))
            self.check_kill(log, upcoming)
            if n % LIVES == LIVES - 1 or n == KILLS - 1:
                gaps += self.verify(log)["gaps"]
                seen, told, last = numbers_of.log(log)
                self.assertEqual(seen + told, last)
                shutil.rmtree(log)
        print(f"{KILLS} kills in {time.monotonic() - started:.0f} s, {gaps} gap records, seed {SEED}")

    def what_was_pruned(self, log):
        self.restart(log, RETAIN)  # its checkpoint states what the one before gave up
        x = self.verify(log)
        self.assertEqual((x["exit"], x["pruned"]), (0, x["kept"]), f"BRIDGEHEAD_SEED={SEED}")
        p = subprocess.run([PYTHON, VERIFY_LOG, log, "--key", self.key + ".pub", "--json"], capture_output=True,
                           check=False) if HAVE_CRYPTOGRAPHY else None
        y = json.loads(p.stdout) if p else x
        self.assertEqual([x[k] for k in ("exit", "pruned", "kept", "stated_in", "blocks")],
                         [y[k] for k in ("exit", "pruned", "kept", "stated_in", "blocks")])
        shutil.rmtree(log)
        return x["pruned"]

    def test_kill_while_it_prunes(self):
        """Never less is there than was stated, and what was stated goes after all; both verifiers say so."""
        kills, pruned, ahead = max(LIVES, KILLS // 7), 0, 0  # each of them lives longer
        for n in range(kills):
            log = self.path(f"log-{n // LIVES}")
            os.makedirs(log, exist_ok=True)
            upcoming = self.live(log, self.random.choice((0.05, 0.15, 0.3, 0.6)) * (0.5 + self.random.random()),
                                 retain=RETAIN)
            ahead += any(n.startswith("flow-") for n in os.listdir(log)) and self.verify(log)["pruned"] < kept_of(log)
            self.check_kill(log, upcoming, RETAIN)
            if n % LIVES == LIVES - 1 or n == kills - 1:
                pruned += self.what_was_pruned(log)
        lives = 1
        while pruned == 0 and lives <= 32:  # a machine on which none came that far
            log = self.path(f"slow-{lives}")
            os.makedirs(log)
            self.check_kill(log, self.live(log, lives, retain=RETAIN), RETAIN)
            pruned += self.what_was_pruned(log)
            lives *= 2
        print(f"{pruned} blocks pruned under {kills} kills, {ahead} of which left more than was stated, seed {SEED}")
        self.assertGreater(pruned, 0)

    def test_read_while_it_is_written(self):
        self.read_while_it_is_written(0)

    def test_read_while_it_prunes(self):
        self.read_while_it_is_written(12 * RETAIN)

    def read_while_it_is_written(self, retain):
        log, counter = self.path("log"), self.path("counter")
        writer = subprocess.Popen([WRITE_LOG, log, "gw-a1", self.key, "forever", counter, str(retain)])
        blocks = reads = 0
        try:
            until = time.monotonic() + 6
            while time.monotonic() < until or (reads < 3 and time.monotonic() < until + 90):
                if not os.path.isdir(log) or not any(n.startswith("flow-") for n in os.listdir(log)):
                    time.sleep(0.01)
                    continue
                x = self.verify(log)
                if retain and "No such file" in x["integrity"]["text"]:
                    self.assertEqual(x["exit"], 2, x)  # here they go faster than they are read, and faster than ever
                    continue
                self.assertIn(x["exit"], (0, 3) if x["checkpoint"] == 0 else (0,), x)
                self.assertGreaterEqual(x["blocks"] + x["pruned"], blocks)
                blocks, reads = x["blocks"] + x["pruned"], reads + 1
                p = subprocess.run([PYTHON, VERIFY_LOG, log, "--key", self.key + ".pub", "--json"], capture_output=True,
                                   check=False) if reads == 1 and HAVE_CRYPTOGRAPHY else None
                if p and not retain:  # it reads them for longer than they are there
                    y = json.loads(p.stdout)
                    self.assertIn(y["exit"], (0, 3) if y["checkpoint"] == 0 else (0,), y)
                p = subprocess.run([BHLOG, "search", log, "--json", "--ev", "gap", "--limit", "5"], capture_output=True,
                                   check=False)
                self.assertIn(p.returncode, (0, 1), p.stderr)
        finally:
            writer.send_signal(signal.SIGKILL)
            writer.wait()
        self.assertGreater(blocks, 5)

    def test_kill_on_a_full_disk(self):
        disk = self.path("disk")
        os.mkdir(disk)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1500k", "none", disk], check=False,
                          capture_output=True).returncode != 0:
            self.skipTest("mounting a small tmpfs needs root")
        try:
            for n in range(max(3, KILLS // 60)):
                log = os.path.join(disk, "log")
                upcoming = self.live(log, 0.6 + self.random.random() * 0.5, begun=True)
                full = self.verify(log)
                self.assertIn(full["exit"], (0, 3), full)
                subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
                self.check_kill(log, 0)
                after = self.verify(log)
                self.assertGreater(after["lost"], 0)
                self.assertGreaterEqual(after["attempted"], upcoming)
                shutil.rmtree(log)
                subprocess.run(["mount", "-o", "remount,size=1500k", disk], check=True)
        finally:
            subprocess.run(["umount", "-l", disk], check=False)


if __name__ == "__main__":
    BHLOG, BHCTL, WRITE_LOG = (os.path.abspath(sys.argv.pop(1)) for _ in range(3))
    unittest.main()
