#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""bhlog bundle: what is in a bundle, what it refuses, and that it verifies with Python alone:
test_bundle.py BHLOG BHCTL WRITE_LOG BRIDGEHEAD MAKE_LOG"""
import glob
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
import unittest

import bundles as base
from bundles import bundle, content, key, members, must, run, unpack, verify
from segment import Segment


def setUpModule():
    base.make_base()


tearDownModule = base.drop_base


class Good(base.Case):
    def test_it_verifies(self):
        x = self.check(0, "--witness", key("witness"), integrity="good", signer="good", anchor="good",
                       completeness="good", redaction="good", policies="good", captures="good")
        self.assertEqual((x["bad_block"], x["gateway"], x["period"]), (None, "gw-a1", base.PERIOD))
        self.assertEqual(x["first_block"], 10)  # 09:50
        self.assertEqual(x["end_block"], 32)  # that of 11:40 is the last
        self.assertGreater(x["gaps"], 0)

    def test_archive_and_folder_with_and_without_cryptography(self):
        x = self.check(0)
        for path in (self.dir, os.path.join(base.BASE, "bundle.tar")):
            for isolated in (True, False):
                y, p = verify(path, "--key", key("gw-a1"), program=base.VERIFY_BUNDLE, isolated=isolated)
                self.assertEqual((p.returncode, p.stderr), (0, ""))
                self.assertEqual(x, y)

    def test_nothing_but_python(self):
        code = "import sys\ntry:\n    import cryptography\nexcept ImportError:\n    sys.exit(7)"
        self.assertEqual(run(sys.executable, "-I", "-S", "-c", code).returncode, 7)
        p = run(sys.executable, "-I", "-S", "-X", "importtime", self.path("verify-bundle"), "--key", key("gw-a1"))
        self.assertEqual(p.returncode, 0)
        self.assertNotIn("subprocess", p.stderr)  # no program is asked

    def test_lines_are_those_of_the_log(self):
        x, want = self.check(0), {}
        for path in sorted(glob.glob(os.path.join(base.BASE, "log", "*.zst"))):
            s = Segment(path)
            want.update({s.number(i): s.lines(i) for i in range(len(s.blocks))})
        got = [m for name in self.block_files() for m in members(self.read(name))]
        self.assertEqual(got, [want[n] for n in range(x["first_block"], x["end_block"])])
        zcat = subprocess.run(["zcat", *map(self.path, self.block_files())], capture_output=True, check=True).stdout
        self.assertEqual(zcat, b"".join(got))
        times = [json.loads(line)["t1"] for line in zcat.splitlines()]
        since, until = 1795514400000000, 1795519800000000
        self.assertEqual(x["records_of_period"], sum(since <= t < until for t in times))
        everything = [json.loads(l)["t1"] for n in want for l in want[n].splitlines()]
        self.assertEqual(x["records_of_period"], sum(since <= t < until for t in everything))

    def test_it_is_the_same_each_time(self):
        out = self.path_of("again.tar")
        p = bundle(os.path.join(base.BASE, "log"), out, "--key", key("gw-a1"), "--witness", key("witness"))
        self.assertEqual(p.returncode, 0, p.stderr)
        with open(out, "rb") as a, open(os.path.join(base.BASE, "bundle.tar"), "rb") as b:
            self.assertEqual(a.read(), b.read())

    def test_what_stands_beside(self):
        self.assertEqual(self.read("verify-bundle"), content(base.VERIFY_BUNDLE))
        self.assertEqual(self.read("keys/log.pub"), content(key("gw-a1")))
        self.assertIn("中文说明", self.read("README.txt").decode())
        self.assertIn("CANNOT SAY", self.read("README.txt").decode())
        log = os.path.join(base.BASE, "log")
        for name in ("checkpoint", "cosigned"):
            self.assertEqual(self.read(name), content(os.path.join(log, name)))
        entries = content(os.path.join(log, "entries")).splitlines()
        self.assertEqual(self.read("entries").splitlines(), entries[9:33])
        self.assertTrue(os.access(self.path("verify-bundle"), os.X_OK))

    def test_keys(self):
        x = self.check(3, trusted=False, signer="unconfirmed", integrity="good", completeness="good")
        sha = hashlib.sha256(self.read("keys/log.pub")).hexdigest()
        self.assertIn("telephone", x["signer"]["text"])
        self.assertIn(sha, x["signer"]["text"])
        self.assertIn("key of the bundle itself", x["anchor"]["text"])
        self.check(0, "--key", self.path("keys/log.pub"), trusted=False)
        self.check(3, "--key", key("other"), trusted=False, signer="unconfirmed")
        self.check(3, "--witness", key("other"), anchor="unconfirmed")
        self.assertEqual(verify(self.dir, "--key", "nonsense")[1].returncode, 2)

    def test_every_period(self):
        """Of any length, from any block on, beginning and ending with the log or not."""
        log = os.path.join(base.BASE, "log")
        for since, until, status in (("08:00:00", "09:20:00", 0), ("09:00:00", "12:00:00", 0),
                                     ("10:12:34", "10:12:35", 0), ("10:00:00", "23:00:00", 3),
                                     ("00:00:00", "23:59:59", 3), ("12:21:00", "12:22:00", 3)):
            with self.subTest(since=since, until=until):
                out = self.path_of(f"{since}-{until}.tar")
                p = bundle(log, out, "--key", key("gw-a1"), period=f"2026-11-24T{since}Z/2026-11-24T{until}Z")
                self.assertEqual(p.returncode, 0, p.stderr)
                x, q = verify(out, "--key", key("gw-a1"), program=base.VERIFY_BUNDLE)
                self.assertEqual(q.returncode, status, x)
                self.assertEqual(x["integrity"]["status"], "good")
                self.assertEqual(x["completeness"]["status"], "unconfirmed" if status else "good", x)
                self.assertEqual("what came later" in p.stderr, status == 3)

    def test_blocks_longer_than_the_margin(self):
        """Three hours each; a period may end, and lie, within one."""
        log, out = self.path_of("long"), self.path_of("long.tar")
        must(base.MAKE_LOG, log, 30000, 1)
        lines = must("zstd", "-dcq", *sorted(glob.glob(log + "/flow-*.zst"))).splitlines()
        times = [json.loads(line)["t1"] for line in lines]
        midnight = 1794787200  # 2026-11-16
        for since, until in ((0, 3600), (4 * 3600, 4 * 3600 + 60), (7 * 3600, 16 * 3600), (11 * 3600, 12 * 3600)):
            period = "/".join(time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(midnight + t)) for t in (since, until))
            p = bundle(log, out, "--force", period=period)
            self.assertEqual(p.returncode, 0, p.stderr)
            x, _ = verify(out, program=base.VERIFY_BUNDLE)
            of_period = sum((midnight + since) * 10**6 <= t < (midnight + until) * 10**6 for t in times)
            self.assertEqual((x["records_of_period"], x["completeness"]["status"]), (of_period, "good"), x)
            self.assertGreater(of_period, 0)

    def test_period_without_records(self):
        """Between two of the log: the blocks on both sides show it."""
        log, out = self.path_of("log"), self.path_of("out.tar")
        base.write_log(log, "gw-a1", 0, 2)
        base.write_log(log, "gw-a1", 86400, 2)
        p = bundle(log, out, period="2026-11-24T15:00:00Z/2026-11-24T16:00:00Z")
        self.assertEqual(p.returncode, 1, p.stderr)
        self.assertIn("nothing of this period", p.stderr)
        self.assertFalse(os.path.exists(out))

    def test_rotated_key(self):
        log, new = self.path_of("log"), self.path_of("new")
        shutil.copytree(os.path.join(base.BASE, "log"), log)
        must(base.BHCTL, "keygen", "--name", "gw-a1", "--out", new, "--replaces", os.path.join(base.BASE, "gw-a1"))
        for start in (3, 4):
            must(base.WRITE_LOG, log, "gw-a1", new, 2, 5, 7000, "every", 300, start * 3600)
        out = self.path_of("r.tar")
        self.assertEqual(bundle(log, out, "--key", key("other")).returncode, 2)
        self.assertFalse(os.path.exists(out))
        p = bundle(log, out, "--key", key("gw-a1"))
        self.assertEqual(p.returncode, 0, p.stderr)
        for name, status in ((key("gw-a1"), 0), (new + ".pub", 0), (key("other"), 3)):
            self.assertEqual(verify(out, "--key", name, program=base.VERIFY_BUNDLE)[1].returncode, status)


class Refused(base.Case):
    def setUp(self):
        super().setUp()
        self.log, self.out = self.path_of("log"), self.path_of("out.tar")
        shutil.copytree(os.path.join(base.BASE, "log"), self.log)

    def segments(self):
        return sorted(glob.glob(os.path.join(self.log, "flow-*.zst")))

    def refuse(self, status, word, *args, **more):
        p = bundle(self.log, self.out, *args, **more)
        self.assertEqual(p.returncode, status, p.stderr)
        self.assertIn(word, p.stderr)
        self.assertEqual([n for n in os.listdir(self.tmp.name) if n.startswith("out")], [])

    def make(self, *args, **more):
        p = bundle(self.log, self.out, *args, **more)
        self.assertEqual(p.returncode, 0, p.stderr)
        x, _ = verify(self.out, "--key", key("gw-a1"), program=base.VERIFY_BUNDLE)
        return x, p.stderr

    def test_nothing_of_the_period(self):
        self.refuse(1, "nothing of this period", period="2026-11-20")
        self.refuse(1, "nothing of this period", period="2027")

    def test_old_file_stays(self):
        with open(self.out, "w", encoding="utf-8") as f:
            f.write("old")
        p = bundle(self.log, self.out)
        self.assertEqual(p.returncode, 2)
        self.assertIn("--force", p.stderr)
        self.assertEqual(content(self.out), b"old")
        self.assertEqual(bundle(self.log, self.out, "--force").returncode, 0)
        self.assertEqual(verify(self.out, "--key", key("gw-a1"), program=base.VERIFY_BUNDLE)[1].returncode, 0)
        self.assertEqual(bundle(self.log, "/dev/null", "--force").returncode, 2)

    def test_call(self):
        for args in ((), ("--period", "2026"), ("--out", self.out), ("--period", "yesterdayish", "--out", self.out),
                     ("--since", "2026-11-24", "--out", self.out), ("--period", "2026", "--out", self.out, "--what"),
                     ("--period", "2026", "--out", self.out, "--key", "nonsense"),
                     ("--period", "2026", "--out", self.path_of("no/such/folder.tar"))):
            p = run(base.BHLOG, "bundle", self.log, *args)
            self.assertEqual(p.returncode, 2, args)
            self.assertTrue(p.stderr)
        self.assertEqual(run(base.BHLOG, "bundle", "--help").returncode, 0)
        for path in ("/nonexistent", self.tmp.name):
            self.assertEqual(bundle(path, self.out).returncode, 2)

    def test_days_of_an_offset(self):
        x, _ = self.make("--offset", "+08:00", period="2026-11-24")
        self.assertEqual(x["period"], "2026-11-23T16:00:00Z/2026-11-24T16:00:00Z")

    def test_damaged_segment(self):
        path = self.segments()[4]
        data = content(path)
        for at in (300, 900, len(data) // 2):
            with open(path, "wb") as f:
                f.write(data[:at] + bytes([data[at] ^ 1]) + data[at + 1:])
            self.refuse(2, "bhlog verify")
        with open(path, "wb") as f:
            f.write(data[:-700])
        self.refuse(2, "bhlog verify")

    def test_changed_lines(self):
        """Framed as the gateway would, CRCs right."""
        s = Segment(self.segments()[4])
        s.put(1, s.entry(1), s.lines(1).replace(b'"dport":443', b'"dport":444'))
        s.save()
        self.refuse(2, "damaged or was changed")

    def test_missing_segment(self):
        os.unlink(self.segments()[5])
        self.refuse(2, "is missing")

    def test_entries(self):
        path = os.path.join(self.log, "entries")
        text = content(path)
        lines = text.splitlines(keepends=True)
        for changed, word in ((b"".join(lines[:-3]), "entries end"), (text.replace(b'"n":4', b'"n":5', 1), "not those"),
                              (b"".join(lines[:20] + lines[21:]), "is not one"), (b"x" + text, "is not one")):
            with open(path, "wb") as f:
                f.write(changed)
            self.refuse(2, word)
        os.unlink(path)
        self.refuse(2, "entries")

    def test_checkpoints(self):
        path = os.path.join(self.log, "cosigned")
        text = content(path)
        self.refuse(2, "not signed by the witness", "--witness", key("other"))
        with open(path, "wb") as f:
            f.write(content(os.path.join(base.BASE, "log-b", "checkpoint")))
        self.refuse(2, "witness")
        with open(path, "wb") as f:
            f.write(text[5:])
        self.refuse(2, "cannot be read as a checkpoint")
        os.unlink(path)
        self.refuse(2, "no checkpoint that a witness signed", "--witness", key("witness"))
        self.assertEqual(self.make()[0]["anchor"]["status"], "unasked")
        os.unlink(self.out)
        os.unlink(os.path.join(self.log, "checkpoint"))
        self.refuse(2, "no checkpoint yet")

    def retain(self, size):
        """The log once more, of which retention leaves so many bytes."""
        shutil.rmtree(self.log)
        for start in (0, (base.BLOCKS + 2) * base.APART):
            must(base.WRITE_LOG, self.log, "gw-a1", os.path.join(base.BASE, "gw-a1"), base.BLOCKS, base.RECORDS, 7000,
                 "every", base.APART, start, "retain", size)

    def test_pruned(self):
        self.retain(48000)
        x, said = self.make()
        self.assertIn("were pruned, as the log states", said)
        self.assertEqual((x["exit"], x["redaction"]["status"], x["completeness"]["status"], x["integrity"]["status"]),
                         (3, "pruned", "unconfirmed", "good"))
        self.assertIn("in later entries of the log, which are not here", x["completeness"]["text"])
        os.unlink(self.out)
        x, said = self.make(period="2026-11")
        self.assertEqual((x["exit"], x["redaction"]["status"]), (3, "pruned"))
        self.assertIn("retention removed them, as a later entry states", x["completeness"]["text"])
        os.unlink(self.out)
        self.retain(5000)
        self.refuse(1, "were pruned")

    def test_removed_by_hand(self):
        for path in self.segments()[:5]:
            os.unlink(path)
        self.refuse(2, "does not state that retention removed it")
        for path in self.segments()[:-1]:
            os.unlink(path)
        self.refuse(2, "does not state that retention removed it")

    def test_full_disk(self):
        p = run("bash", "-c", f"ulimit -f 40; trap '' XFSZ; exec {base.BHLOG} bundle {self.log} --period 2026"
                f" --out {self.out}")
        self.assertEqual(p.returncode, 2, p.stderr)
        self.assertIn("large", p.stderr)
        self.assertEqual([n for n in os.listdir(self.tmp.name) if n.startswith("out")], [])


class Named(base.Case):
    """Policies and captures, of a replay that has both."""

    def setUp(self):
        super().setUp()
        golden = os.path.join(base.HERE, "../../golden")
        with open(os.path.join(golden, "demo-policy.json"), encoding="utf-8") as f:
            policy = json.load(f)
        for rule in policy["rules"]:
            rule["capture"] = {"packets": 4, "snap": 96}
        self.policy, self.log, self.out = self.path_of("policy.json"), self.path_of("log"), self.path_of("out.tar")
        with open(self.policy, "w", encoding="utf-8") as f:
            json.dump(policy, f)
        must(base.BRIDGEHEAD, "replay", "--policy", self.policy, "--country-db",
             f"{golden}/demo-countries.txt,{golden}/demo-countries6.txt", "--log-dir", self.log, f"{golden}/demo.pcap")
        t = json.loads(must("zstd", "-dcq", *glob.glob(self.log + "/flow-*.zst")).splitlines()[0])["t0"] // 10**6
        self.period = "/".join(time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(s)) for s in (t - 60, t + 3600))
        self.captures = sorted(os.listdir(self.log + "/captures"))
        self.assertGreater(len(self.captures), 1)

    def make(self, *args):
        p = bundle(self.log, self.out, "--force", *args, period=self.period)
        self.assertEqual(p.returncode, 0, p.stderr)
        shutil.rmtree(self.path_of("x"))
        self.dir = unpack(self.out, self.path_of("x"))
        return p.stderr

    def test_named(self):
        sha = hashlib.sha256(content(self.policy)).hexdigest()
        said = self.make()
        self.assertIn(f"the policy in force version 7, SHA-256 {sha}", said)
        self.assertIn(f"{len(self.captures)} evidence captures (--captures)", said)
        x = self.check(3, trusted=False, integrity="good", policies="good", captures="good")
        self.assertIn("nobody", x["signer"]["text"])
        self.assertIn(f"not here: policies/{sha}.json", x["policies"]["text"])
        self.assertIn("not here: captures/" + self.captures[0], x["captures"]["text"])
        said = self.make("--captures", "--policy", self.policy, "--policy", self.policy)
        self.assertNotIn("bhlog: not in it", said)
        self.assertEqual(sorted(os.listdir(self.path("captures"))), self.captures)
        self.assertEqual(self.read(f"policies/{sha}.json"), content(self.policy))
        x = self.check(3, trusted=False, integrity="good", policies="good", captures="good")
        self.assertNotIn("not here", x["policies"]["text"] + x["captures"]["text"])

    def test_another_policy(self):
        other = os.path.join(base.HERE, "../../golden/demo-policy.json")
        p = bundle(self.log, self.out, "--policy", other, period=self.period)
        self.assertEqual(p.returncode, 2)
        self.assertIn("no policy that the records of this period name", p.stderr)
        self.assertFalse(os.path.exists(self.out))

    def test_captures_that_are_gone_or_changed(self):
        first, second = (os.path.join(self.log, "captures", n) for n in self.captures[:2])
        os.unlink(first)
        with open(second, "ab") as f:
            f.write(b"\0")
        said = self.make("--captures")
        self.assertIn(f"captures/{self.captures[0]}: No such file", said)
        self.assertIn(f"captures/{self.captures[1]}: not what its record is of", said)
        self.assertIn("1 evidence captures that are not there", said)
        self.assertIn("1 evidence captures that are not what their records are of", said)
        x = self.check(3, trusted=False, captures="good")
        self.assertIn("not here: captures/" + self.captures[0], x["captures"]["text"])

    def test_tampered(self):
        self.make("--captures", "--policy", self.policy)
        sha = os.listdir(self.path("policies"))[0]
        for name, answer in (("captures/" + self.captures[0], "captures"), ("policies/" + sha, "policies")):
            data = self.read(name)
            self.write(name, data.replace(b"a", b"b", 1) if b"a" in data else data + b"a")
            self.manifest()
            self.check(1, trusted=False, integrity="unconfirmed", **{answer: "tampered"})
            os.unlink(self.path(name))
            self.check(1, trusted=False, integrity="tampered")  # the manifest still names it
            self.manifest()
            self.check(3, trusted=False, **{answer: "good"})  # and now none says that it was here but the record
            self.write(name + "x", data)
            self.manifest()
            self.check(1, trusted=False, **{answer: "tampered"})
            os.unlink(self.path(name + "x"))
            self.write(name, data)
            self.manifest()
            self.check(3, trusted=False, integrity="good")


class Live(base.Case):
    def test_while_the_gateway_writes(self):
        """Starts and stops, segments that are opened and closed, entries and checkpoints that come, all the time."""
        log, done = self.path_of("live"), []
        write = f"'{base.WRITE_LOG}' '{log}' gw-a1 '{base.BASE}/gw-a1' 20 40 7000 every 300"
        runs = "; ".join(f"{write} {6600 * i} || exit 1" for i in range(25))
        writer = subprocess.Popen(["sh", "-c", runs])
        while writer.poll() is None:
            out = self.path_of(f"{len(done)}.tar")
            p = bundle(log, out, "--key", key("gw-a1"), period="2026-11")
            if p.returncode == 0:
                done.append(out)
            else:
                self.assertEqual(p.returncode, 2)
                self.assertIn("no checkpoint yet" if "checkpoint" in p.stderr else "No such", p.stderr)
        self.assertEqual(writer.wait(), 0)
        self.assertGreater(len(done), 1)
        for out in done[:3] + done[len(done) // 2:][:2] + done[-2:]:
            x, _ = verify(out, "--key", key("gw-a1"), program=base.VERIFY_BUNDLE)
            self.assertEqual((x["integrity"]["status"], x["signer"]["status"]), ("good", "good"), x)
            self.assertEqual((x["exit"], x["completeness"]["status"]), (3, "unconfirmed"), x)  # the month goes on


if __name__ == "__main__":
    base.BHLOG, base.BHCTL, base.WRITE_LOG, base.BRIDGEHEAD, base.MAKE_LOG = (
        os.path.abspath(sys.argv.pop(1)) for _ in range(5))
    unittest.main()
