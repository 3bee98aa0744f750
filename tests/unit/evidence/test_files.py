#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""Files of a log that are not what they should be: both verifiers answer at once and alike:
test_files.py BHLOG BHCTL WRITE_LOG"""
import os
import subprocess
import sys
import unittest

import second
import test_tamper
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

    def test_without_cryptography(self):
        """Not to be able to tell is not "tampered with"."""
        with open(os.path.join(self.tmp.name, "cryptography.py"), "w", encoding="ascii") as f:
            f.write("raise ImportError\n")
        p = run(sys.executable, second.VERIFY_LOG, self.dir, env=os.environ | {"PYTHONPATH": self.tmp.name})
        self.assertEqual((p.returncode, p.stdout), (2, ""))
        self.assertIn("needs the Python package cryptography", p.stderr)

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
    test_tamper.BHLOG, test_tamper.BHCTL, test_tamper.WRITE_LOG = (os.path.abspath(sys.argv.pop(1)) for _ in range(3))
    if not second.available():
        print("skipped: needs python3-cryptography")
        sys.exit(77)
    unittest.main()
