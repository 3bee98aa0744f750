#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""The catalogue changes how fast a search answers, never what: test_catalogue.py BHLOG MAKE_SEGMENT [SHARE]

SHARE: only one in so many of the cases, for slow builds.

Random filters over a random log, answered with the catalogue, by a scan, and by Python over the lines;
again with catalogues that are damaged, foreign, old, or made while the log goes on.
"""
import fcntl
import ipaddress
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest

BHLOG = MAKE = None
SHARE = 1
T = 1795510800000000  # 2026-11-24T09:00:00Z
MINUTE = 60_000_000
SEED = int(os.environ.get("CATALOGUE_SEED", "20261124"))
TENANTS = ["auto-oem", "bank", "lab", "_unlisted"]
APPS = ["TLS", "DNS", "HTTP", "QUIC", "Unknown", "Gr\u00fcn"]
HOSTS = ["a.example", "b.a.example", "DIAG.oem.test", "x\"y.example", "*.odd", "a..b"]


def address(rng):
    if rng.random() < 0.3:
        return str(ipaddress.IPv6Address(0x20010db8 << 96 | rng.choice([0, 1, 0xffff]) << 80 | rng.randrange(3)))
    return f"{rng.choice([10, 198, 203])}.{rng.randrange(3)}.{rng.randrange(3)}.{rng.randrange(4)}"


def record(rng, seq, t, live=None):
    """live: flows that go on; some have more records than one, with other verdicts and labels."""
    r = {"v": 1, "ev": rng.choice(["end"] * 8 + ["decision", "update"]), "gw": "gw-a1", "seq": seq,
         "fid": f"{seq:016x}", "t0": t - rng.randrange(3 * MINUTE), "t1": t, "src": address(rng),
         "sport": 1, "dst": address(rng), "dport": 443, "proto": 6, "init": rng.choice(["inside", "outside"])}
    if rng.random() < 0.02:
        r = {"v": 1, "ev": rng.choice(["gap", "policy", "start", "stop"]), "gw": "gw-a1", "seq": seq, "t0": t, "t1": t}
        if live and r["ev"] == "start":
            live.clear()
        return r
    if live and rng.random() < 0.4:
        r.update({k: v for k, v in rng.choice(live).items() if k in ("fid", "t0", "src", "dst", "init")})
    if rng.random() < 0.9:
        r["tn"] = rng.choice(TENANTS)
    r["app"] = rng.choice(APPS)
    if rng.random() < 0.3:
        r["master"] = rng.choice(APPS)
    if rng.random() < 0.5:
        r["host"] = rng.choice(HOSTS)
    # Some countries are in few blocks only.
    r["cc"] = rng.choice(["US", "DE", "JP"]) if rng.random() < 0.95 else f"Q{chr(65 + rng.randrange(26))}"
    r["act"] = rng.choice(["allow"] * 12 + ["flag", "block"])
    r["rule"] = rng.choice(["r1", "r2", "_default"])
    r["reason"] = rng.choice(["A", "B"])
    r["ob"], r["rb"] = rng.randrange(2000), rng.randrange(1000) if rng.random() < 0.98 else 10**7
    if live is not None:
        live[:] = [f for f in live if f["fid"] != r["fid"]] + ([r] if r["ev"] != "end" else [])
    return r


def text(r):
    return json.dumps(r, separators=(",", ":"), ensure_ascii=False) + "\n"


FIELDS = {"tenant": ["tn"], "country": ["cc"], "app": ["app", "master"], "host": ["host"],
          "addr": ["src", "dst"], "remote": ["src", "dst"], "act": ["act"],
          "rule": ["rule"], "reason": ["reason"], "ev": ["ev"], "fid": ["fid"]}


def lower(s):
    return "".join(c.lower() if c.isascii() else c for c in s)


def one(field, want, have):
    if field == "app":
        return lower(want) == lower(have)
    if field == "host":
        if want.startswith("*."):
            return lower(have).endswith(lower(want[1:])) and len(have) > len(want) - 1
        return lower(want) == lower(have)
    if field in ("addr", "remote"):
        net, a = ipaddress.ip_network(want, strict=False), ipaddress.ip_address(have)
        return net.version == a.version and a in net
    return want == have


def match(filters, r):
    for field, values in filters.items():
        if field == "since":
            if r["t1"] < values:
                return False
        elif field == "until":
            if r["t0"] >= values:
                return False
        elif field == "min-bytes":
            if "ob" not in r or r["ob"] + r["rb"] < values:
                return False
        elif field == "remote":
            end = {"inside": "dst", "outside": "src"}.get(r.get("init"))
            if end is None or not any(one(field, v, r[end]) for v in values):
                return False
        elif not any(one(field, v, r[k]) for v in values for k in FIELDS[field] if k in r):
            return False
    return True


def moment(t):
    import datetime
    return (datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=t)).isoformat() + "Z"


def random_filters(rng):
    f = {}
    choices = {"tenant": TENANTS + ["none"], "country": ["US", "DE", "QA", "QB", "QZ", "XX"],
               "app": ["tls", "dns", "Http", "nothing"], "act": ["allow", "flag", "block"],
               "host": HOSTS + ["*.example", "*.a.example", "*.test", "*.b", "diag.OEM.test", "no.where"],
               "addr": ["10.0.0.0/8", "10.1.1.0/24", "203.0.0.0/15", "198.2.2.3", "2001:db8::/32",
                        "2001:db8:1::/48", "2001:db8::2", "192.0.2.1", "::/0", "10.0.0.0/20", "203.2.2.2/31"],
               "remote": ["10.1.0.0/16", "198.2.2.3", "2001:db8::/48", "203.0.0.0/24"],
               "rule": ["r1", "_default", "r9"], "reason": ["A", "B"],
               "ev": ["gap", "policy", "start", "stop", "decision", "end"],
               "fid": [f"{rng.randrange(2500):016x}" for _ in range(4)]}
    for field in rng.sample(sorted(choices), rng.choice([0, 1, 1, 1, 2, 2, 3])):
        f[field] = rng.sample(choices[field], rng.choice([1, 1, 2]))
    if rng.random() < 0.4:
        f["since"] = T + rng.randrange(-5, 90) * MINUTE
    if rng.random() < 0.3:
        f["until"] = f.get("since", T) + rng.randrange(1, 60) * MINUTE
    if rng.random() < 0.2:
        f["min-bytes"] = rng.choice([0, 1, 1500, 5000])
    return f


def arguments(f):
    out = []
    for field, values in f.items():
        if field in ("since", "until"):
            out += [f"--{field}", moment(values)]
        elif field == "min-bytes":
            out += ["--min-bytes", str(values)]
        else:
            for v in values:
                out += [f"--{field}", v]
    return out


class Log:
    """A directory of closed segments and an open one."""

    def __init__(self, path, seed, segments=4, records=600, alone=False):
        self.path, self.rng, self.seq, self.t = path, random.Random(seed), 0, T
        self.records, self.number, self.live = [], 0, None if alone else []
        os.makedirs(path)
        for _ in range(segments):
            self.add(records, True)
        self.add(50, False)

    def add(self, n, closed):
        self.number += 1
        rows = []
        for _ in range(n):
            self.seq += 1
            self.t += self.rng.randrange(3_000_000)
            rows.append(record(self.rng, self.seq, self.t, self.live))
        name = os.path.join(self.path, f"flow-20261124T090000Z-{self.number:06d}.jsonl.zst")
        argv = [MAKE, name + ("" if closed else ".open")] + (["32"] if closed else [])
        subprocess.run(argv, input="".join(map(text, rows)).encode(), check=True)
        self.records += rows
        return name

    @property
    def catalogue(self):
        return os.path.join(self.path, "catalogue.sqlite")


def run(*argv, fine=(0, 1)):
    p = subprocess.run([BHLOG, *argv], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if p.returncode not in fine:
        raise AssertionError(f"{argv}: {p.returncode}: {p.stderr.decode()}")
    return p


class Catalogue(unittest.TestCase):
    def setUp(self):
        self.tmp = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.tmp)
        self.rng = random.Random(SEED)

    def log(self, name="log", **more):
        return Log(os.path.join(self.tmp, name), SEED + len(name), **more)

    def same(self, log, filters, *options):
        want = "".join(text(r) for r in log.records if match(filters, r))
        p = run("search", log.path, *arguments(filters), *options)
        self.assertEqual(p.stdout.decode(), want, f"{filters} {options} {p.stderr.decode()}")
        self.assertEqual(p.returncode, 0 if want else 1)
        return p.stderr.decode()

    def test_answers_are_the_scans(self):
        log = self.log()
        run("reindex", log.path)
        passed_over = 0
        for _ in range(24 // SHARE):
            f = random_filters(self.rng)
            passed_over += "passed over" in self.same(log, f)
            if self.rng.random() < 0.5:
                self.same(log, f, "--scan")
        self.assertGreater(passed_over, 6 // SHARE)

    def test_it_saves_reading(self):
        log = self.log(alone=True)
        run("reindex", log.path)
        err = self.same(log, {"addr": ["192.0.2.99"]})
        self.assertIn(" of 50 records match", err)  # the open segment's only
        self.assertIn("76 blocks passed over", err)
        err = self.same(log, {"fid": ["00000000000003e8"]})
        self.assertIn("passed over", err)
        self.assertLess(int(err.split(" of ")[1].split()[0]), 50 + 32 * 4)
        # Copies tell which blocks hold a line with all that is asked for, not just each of it somewhere.
        f = {"act": ["block"], "rule": ["r1"], "app": ["QUIC"], "reason": ["A"], "ev": ["end"]}
        blocks = {(i // 600, i % 600 // 32) for i, r in enumerate(log.records[:2400]) if match(f, r)}
        err = self.same(log, f)
        self.assertLess(int(err.split(" of ")[1].split()[0]), 50 + 32 * (len(blocks) + 4))
        self.assertLess(len(blocks), 30)

    def test_a_reader_that_waits(self):
        """For one who reads page by page nobody waits: the catalogue can be written meanwhile.

        Where it could not, reindex would give up after two seconds: the reader waits for ever.
        """
        log = self.log(segments=6)
        run("reindex", log.path)
        for filters in ({"act": ["block"], "app": ["QUIC"]}, {"fid": ["00000000000003e8"]}, {}):
            with subprocess.Popen([BHLOG, "search", log.path, *arguments(filters)], stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL) as reader:
                fcntl.fcntl(reader.stdout, 1031, 4096)  # F_SETPIPE_SZ
                time.sleep(0.3)
                log.add(50, True)
                self.assertIn("1 added", run("reindex", log.path).stdout.decode())
                reader.kill()

    def test_log_goes_on(self):
        log = self.log()
        run("reindex", log.path)
        before = os.stat(log.catalogue).st_size
        log.add(400, True)
        self.same(log, {"country": ["QA"]})
        self.assertGreater(os.stat(log.catalogue).st_size, before)
        p = run("reindex", log.path)
        self.assertIn(b"5 segments; 0 added", p.stdout)
        gone = os.path.join(log.path, "flow-20261124T090000Z-000001.jsonl.zst")
        os.unlink(gone)
        log.records = log.records[600:]
        self.same(log, {"country": ["QA"]})
        self.assertIn(b"4 segments; 0 added", run("reindex", log.path).stdout)

    def test_changed_segment(self):
        log = self.log()
        run("reindex", log.path)
        name = os.path.join(log.path, "flow-20261124T090000Z-000002.jsonl.zst")
        rows = [record(log.rng, i, T) for i in range(600)]
        subprocess.run([MAKE, name, "32"], input="".join(map(text, rows)).encode(), check=True)
        log.records[600:1200] = rows
        os.chmod(log.catalogue, 0o440)
        for f in ({"act": ["flag"]}, {"country": ["QB"]}):
            self.same(log, f)

    def test_damage(self):
        log = self.log(segments=2, records=300)
        run("reindex", log.path)
        with open(log.catalogue, "rb") as f:
            good = f.read()
        noticed = 0
        for _ in range(10 // SHARE):
            data = bytearray(good)
            kind = self.rng.random()
            if kind < 0.6:
                for _ in range(self.rng.choice([1, 4, 64])):
                    data[self.rng.randrange(len(data))] ^= 1 << self.rng.randrange(8)
            elif kind < 0.8:
                del data[self.rng.randrange(len(data)):]
            else:
                at = self.rng.randrange(len(data))
                data[at:at + 4096] = self.rng.randbytes(min(4096, len(data) - at))
            with open(log.catalogue, "wb") as f:
                f.write(data)
            filters = random_filters(self.rng)
            err = self.same(log, filters)
            if "made anew" in err:
                noticed += 1
                self.assertNotIn("made anew", self.same(log, filters))
        if SHARE == 1:
            self.assertGreater(noticed, 0)

    def test_rows_that_lie(self):
        log = self.log(segments=2, records=300)
        lies = ("DELETE FROM block WHERE id % 3 = 0", "UPDATE block SET words = x'000000000000000000000000'",
                "UPDATE block SET words = (SELECT words FROM block b WHERE b.id = block.id + 1), words_crc ="
                " (SELECT words_crc FROM block b WHERE b.id = block.id + 1)",
                "UPDATE block SET kept = x'00'", "UPDATE block SET kept_raw = 0", "UPDATE segment SET blocks = 0",
                "UPDATE segment SET crc = 1", "DROP TABLE rollup", "PRAGMA user_version = 99")
        for sql in lies[::SHARE]:
            run("reindex", log.path, "--anew")
            db = sqlite3.connect(log.catalogue)
            db.execute(sql)
            db.commit()
            db.close()
            for f in ({"act": ["block"]}, {"addr": ["10.0.0.0/16"]}):
                self.same(log, f)

    def test_foreign_files(self):
        log, other = self.log(), self.log("other")
        run("reindex", other.path)
        with open(other.catalogue, "rb") as f:
            foreign = f.read()
        for data in (b"", b"SQLite format 3\0", b"x" * 100000, foreign):
            with open(log.catalogue, "wb") as f:
                f.write(data)
            self.same(log, {"act": ["block"]})
            self.same(log, {"host": ["*.example"], "tenant": ["bank"]})
        self.assertIn(b"4 segments; 0 added", run("reindex", log.path).stdout)

    def grouped(self, log, filters, fields, *options):
        """Each byte of a flow once, as far as the records that match tell; until a change of the verdict under the
        old one."""
        keys = [{"tenant": "tn", "country": "cc"}.get(f, f) for f in fields]
        want, flows = {}, {}
        for r in log.records:
            if not match(filters, r):
                continue
            group = want.setdefault(tuple(r.get(k) for k in keys), [0, 0, 0])
            group[0] += 1
            if "fid" not in r:
                continue
            flow = flows.setdefault(r["fid"], {"group": group, "act": r["act"], "said": [0, 0], "counted": [0, 0]})
            to = flow["group"] if flow["act"] != r["act"] and {"act", "rule", "reason"} & set(keys) else group
            for i, said in enumerate((r["ob"], r["rb"])):
                if r["ev"] == "update":
                    flow["said"][i] += said
                    said = flow["said"][i]
                more = max(said - flow["counted"][i], 0)
                to[1 + i] += more
                flow["counted"][i] += more
            flow["group"], flow["act"] = group, r["act"]
            if r["ev"] == "end":
                del flows[r["fid"]]
        p = run("search", log.path, *arguments(filters), "--group", ",".join(fields), "--json", *options)
        rows = [json.loads(line) for line in p.stdout.splitlines()]
        have = {tuple(r[k] for k in keys): [r["records"], r["ob"], r["rb"]] for r in rows}
        self.assertEqual(have, want, f"{filters} {fields} {options}")
        self.assertEqual(len(have), len(rows))
        sizes = [r["ob"] + r["rb"] for r in rows]
        self.assertEqual(sizes, sorted(sizes, reverse=True))
        return p.stderr.decode()

    def test_groups(self):
        log = self.log()
        run("reindex", log.path)
        rolled = {"tenant": ["bank", "lab"], "since": T, "until": T + 60 * MINUTE}
        self.assertGreater(len({r["fid"] for r in log.records if "fid" in r}), 500)
        self.assertGreater(len([r for r in log.records if r["ev"] == "end" and int(r["fid"], 16) != r["seq"]]), 200)
        for f, by_rollup in (({}, True), (rolled, True), ({"act": ["block"], "until": T + 60 * MINUTE}, True),
                             ({"ev": ["end"]}, True), ({"ev": ["update"]}, True), ({"ev": ["decision", "end"]}, True),
                             ({"rule": ["r1"], "act": ["allow", "flag"]}, True),
                             ({"since": T + MINUTE}, False), ({"reason": ["A"]}, False),
                             ({"min-bytes": 100}, False), ({"addr": ["10.0.0.0/8"]}, False)):
            for fields in [["tenant", "country"], ["app", "act", "ev"], ["rule"]][:4 - min(SHARE, 3)]:
                err = self.grouped(log, f, fields)
                self.assertEqual("rollups answered for" in err, by_rollup, err)
                if SHARE == 1:
                    self.grouped(log, f, fields, "--scan")
        self.assertNotIn("rollups", self.grouped(log, rolled, ["host", "reason"]))
        db = sqlite3.connect(log.catalogue)
        db.execute("UPDATE rollup SET data = substr(data, 2)")
        db.commit()
        db.close()
        self.assertIn("made anew", self.grouped(log, rolled, ["tenant"]))
        p = run("search", log.path, "--group", "act", "--limit", "1", "--table")
        self.assertEqual(p.stdout.split()[:6], b"ACT RECORDS BYTES OUT BYTES IN".split())
        self.assertEqual(len(p.stdout.splitlines()), 2)
        self.assertEqual(run("search", log.path, "--group", "act", "--csv").stdout.splitlines()[0],
                         b"act,records,ob,rb")
        self.assertIn(b"expected one or more of tenant", run("search", log.path, "--group", "x", fine=(2,)).stderr)

    def test_words(self):
        log = self.log(segments=1, records=100)
        run("reindex", log.path)
        for words, f in (("all flows of tenant bank to country US,DE app tls on 2026-11-24",
                          {"tenant": ["bank"], "country": ["US", "DE"], "app": ["tls"],
                           "since": T - 540 * MINUTE, "until": T + 900 * MINUTE}),
                         ("blocked to 198.0.0.0/8", {"act": ["block"], "remote": ["198.0.0.0/8"]})):
            want = "".join(text(r) for r in log.records if match(f, r))
            self.assertNotEqual(want, "")
            some = words.split()
            for args in (some, [words], [" " + words + "\t"], [" ".join(some[:5]), *some[5:]]):
                self.assertEqual(run("search", log.path, *args).stdout.decode(), want, args)
        f = {"tenant": ["a b"]}  # a value by itself keeps its blanks
        self.assertEqual(run("search", log.path, "tenant", "a b").stdout.decode(),
                         "".join(text(r) for r in log.records if match(f, r)))
        for args, says in ((["tenant bank tenat lab"], b'did you mean "tenant"?'),
                           (["tenant"], b"missing"), (["tenant bank country"], b'behind "country" is missing'),
                           (["tenant bank country", "US"], b'behind "country" is missing'),
                           (["nothing of this"], b"neither a file nor a word"), (["--limit", "0"], b"1 or more"),
                           (["--json", "--csv"], b"one of them"), (["--table", "--json"], b"one of them")):
            self.assertIn(says, run("search", log.path, *args, fine=(2,)).stderr)
        self.assertEqual(len(run("search", log.path, "--limit", "1", "--json", "--json").stdout.splitlines()), 1)
        p = run("search", log.path, "tenat", "bank", fine=(2,))
        self.assertIn(b'did you mean "tenant"?', p.stderr)
        with open(os.path.join(self.tmp, "blocked"), "w", encoding="utf-8"):
            pass
        p = subprocess.run([os.path.abspath(BHLOG), "search", log.path, "blocked"], cwd=self.tmp, check=False,
                           stderr=subprocess.PIPE)
        self.assertEqual(p.returncode, 2)
        self.assertIn(b"./blocked", p.stderr)

    def test_elsewhere(self):
        log, where = self.log(), os.path.join(self.tmp, "elsewhere")
        run("reindex", log.path, "--catalogue", where)
        self.assertFalse(os.path.exists(log.catalogue))
        self.assertIn("passed over", self.same(log, {"country": ["QC"]}, "--catalogue", where))
        self.assertFalse(os.path.exists(log.catalogue))
        p = run("search", log.path, "--catalogue", where + "-not", fine=(2,))
        self.assertIn(b"reindex", p.stderr)

    def test_damaged_segment(self):
        log = self.log()
        name = os.path.join(log.path, "flow-20261124T090000Z-000002.jsonl.zst")
        with open(name, "r+b") as f:
            f.seek(3000)
            f.write(b"\0" * 100)
        p = run("reindex", log.path)
        self.assertEqual(p.returncode, 1)
        self.assertIn(b"3 segments", p.stdout)
        p = run("search", log.path, "--country", "US", fine=(2,))
        self.assertIn(b"000002.jsonl.zst: damaged", p.stderr)

    def test_errors(self):
        for argv in (["reindex"], ["reindex", "/nonexistent"], ["reindex", self.tmp, self.tmp], ["reindex", "--no"]):
            p = run(*argv, fine=(2,))
            self.assertTrue(p.stderr.startswith(b"bhlog: ") or b"unrecognized" in p.stderr, p.stderr)


if __name__ == "__main__":
    if len(sys.argv) > 3 and sys.argv[3].isdigit():
        SHARE = int(sys.argv.pop(3))
    MAKE = sys.argv.pop(2)
    BHLOG = sys.argv.pop(1)
    unittest.main()
