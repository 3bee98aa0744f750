#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""The evidence log of a replay: the same input gives the same files, zstdcat gives the lines of --records, both
verifiers find it whole: test_replay.py BRIDGEHEAD BHLOG"""
import json
import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
GOLDEN = os.path.join(HERE, "../../golden")
VERIFY_LOG = os.path.join(HERE, "../../../scripts/verify-log")
VALIDATE = os.path.join(HERE, "../../schema/validate.py")
PYTHON = "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else sys.executable
BRIDGEHEAD = BHLOG = None


class Replay(unittest.TestCase):
    def setUp(self):
        self.tmp = tempfile.TemporaryDirectory(prefix="bh-replay-")

    def tearDown(self):
        self.tmp.cleanup()

    def replay(self, name, policy=os.path.join(GOLDEN, "demo-policy.json")):
        log = os.path.join(self.tmp.name, name)
        p = subprocess.run([BRIDGEHEAD, "replay", "--policy", policy, "--country-db",
                            ",".join(os.path.join(GOLDEN, f"demo-countries{v}.txt") for v in ("", "6")), "--log-dir", log,
                            "--records", log + ".jsonl", os.path.join(GOLDEN, "demo.pcap")],
                           capture_output=True, text=True, check=False)
        self.assertEqual(p.returncode, 0, p.stderr)
        return log

    def files(self, log):
        out = {}
        for name in sorted(os.listdir(log)):
            if name != "lock":  # the process's id
                with open(os.path.join(log, name), "rb") as f:
                    out[name] = f.read()
        return out

    def test_replay(self):
        a, b = self.replay("a"), self.replay("b")
        self.assertEqual(self.files(a), self.files(b))
        segments = [os.path.join(a, n) for n in self.files(a) if n.endswith(".zst")]
        lines = subprocess.run(["zstd", "-dcq", *segments], capture_output=True, check=True).stdout
        with open(a + ".jsonl", "rb") as f:
            self.assertEqual(f.read(), lines)
        self.assertGreater(lines.count(b"\n"), 10)
        self.assertEqual(subprocess.run([sys.executable, VALIDATE, a], check=False).returncode, 0)
        answers = []
        for verifier in ([BHLOG, "verify"], [PYTHON, VERIFY_LOG]):
            p = subprocess.run([*verifier, a, "--json"], capture_output=True, check=False)
            self.assertEqual(p.returncode, 3, p.stdout)  # a replay has no key
            answers.append(json.loads(p.stdout))
        for x in answers:
            self.assertEqual(x["integrity"]["status"], "good")
            self.assertEqual(x["completeness"]["status"], "good")
            self.assertEqual(x["records"], lines.count(b"\n"))
        entry = json.loads(self.files(a)["entries"].split(b"\n")[-2])
        policy = next(json.loads(l) for l in lines.splitlines() if b'"ev":"policy"' in l)
        start = json.loads(lines.split(b"\n")[0])
        self.assertEqual((entry["policy"], entry["dpi"]), (policy["sha256"], start["dpi"]))
        self.assertNotEqual(entry["db"], "0" * 64)
        again = self.replay("a")  # goes on behind
        p = subprocess.run([BHLOG, "verify", again, "--json"], capture_output=True, check=False)
        self.assertEqual(json.loads(p.stdout)["records"], 2 * lines.count(b"\n"))

    def both(self, log, **expected):
        for verifier in ([BHLOG, "verify"], [PYTHON, VERIFY_LOG]):
            p = subprocess.run([*verifier, log, "--json"], capture_output=True, check=False)
            x = json.loads(p.stdout)
            self.assertEqual({name: x[name] for name in expected}, expected, x)
            self.assertEqual(p.returncode, x["exit"])
        return x

    def test_captures_of_two_runs(self):
        """Flows are numbered anew in each run: one that begins in the same second gets a file of its own."""
        log, texts = os.path.join(self.tmp.name, "log"), []
        for packets in (4, 2, 4):  # the third writes what the first did
            with open(os.path.join(GOLDEN, "demo-policy.json"), encoding="utf-8") as f:
                policy = json.load(f)
            for rule in policy["rules"]:
                rule["capture"] = {"packets": packets, "snap": 96}
            with open(os.path.join(self.tmp.name, "policy"), "w", encoding="utf-8") as f:
                json.dump(policy, f)
            self.replay("log", f.name)
            texts.append(sorted(os.listdir(os.path.join(log, "captures"))))
        new = [n for n in texts[1] if n not in texts[0]]  # flows of two packets have the same file
        self.assertGreater(len(new), 2)
        self.assertEqual([n for n in new if n.replace("-2.pcapng", ".pcapng") not in texts[0]], [])
        self.assertEqual(sorted(texts[0] + new), texts[2])
        self.both(log, exit=3, captures_gone=0)

    def test_captures(self):
        """Files that records name by their hashes: one that is another is tampered with, one that is gone is said."""
        with open(os.path.join(GOLDEN, "demo-policy.json"), encoding="utf-8") as f:
            policy = json.load(f)
        for rule in policy["rules"]:
            rule["capture"] = {"packets": 4, "snap": 96}
        with open(os.path.join(self.tmp.name, "policy"), "w", encoding="utf-8") as f:
            json.dump(policy, f)
        log = self.replay("a", f.name)
        names = [os.path.join(log, "captures", n) for n in sorted(os.listdir(os.path.join(log, "captures")))]
        self.assertGreater(len(names), 2)
        self.both(log, exit=3, captures_gone=0)
        os.unlink(names[0])
        x = self.both(log, exit=3, captures_gone=1)
        self.assertEqual(x["redaction"]["status"], "good")
        self.assertIn("1 captures are not there", x["redaction"]["text"])
        with open(names[1], "rb") as f:
            data = f.read()
        for changed in (data + b"\0", data[:-1], data.replace(data[40:44], b"abcd"), b""):
            with open(names[1], "wb") as f:
                f.write(changed)
            x = self.both(log, exit=1, bad_segment=next(n for n in os.listdir(log) if n.endswith(".zst")))
            self.assertIn(os.path.basename(names[1]), x["integrity"]["text"])
        os.unlink(names[1])
        os.mkfifo(names[1])
        self.both(log, exit=2)
        os.unlink(names[1])
        os.rename(os.path.join(log, "captures"), os.path.join(self.tmp.name, "elsewhere"))
        self.both(log, exit=3, captures_gone=len(names))
        with open(os.path.join(log, "captures"), "wb"):
            self.both(log, exit=2)


if __name__ == "__main__":
    BRIDGEHEAD, BHLOG = (os.path.abspath(sys.argv.pop(1)) for _ in range(2))
    if subprocess.run([PYTHON, "-c", "import cryptography"], capture_output=True, check=False).returncode != 0:
        print("skipped: needs python3-cryptography")
        sys.exit(77)
    unittest.main()
