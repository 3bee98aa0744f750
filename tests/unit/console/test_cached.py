#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""The catalogue changes how fast pages come, never a byte of them: test_cached.py BHLOG BHCTL WRITE_LOG MAKE_SEGMENT PART

Two logs of the same bytes, one of which has a catalogue: good, old, damaged, lying. All pages must be equal.
"""
import http.client
import itertools
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import unittest

import logs

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../evidence"))
from segment import crc32c  # pylint: disable=wrong-import-position

BHLOG = BHCTL = WRITE = MAKE = None
PART = 1  # of the random cases, one in so many; more than one: of the pages in turn one half
SEGMENT_LINES = 400
PERIODS = ["", "?until=2026-11-24T21:00:00Z", "?since=2026-11-24T15:00:00Z&until=2026-11-24T21:00:00Z",
           "?since=2026-11-24T15:07:00Z&until=2026-11-24T15:31:00Z", "?since=2026-11-24T12:03:20Z",
           "?since=2026-11-25&until=2026-11-25", "?since=2026-11-24T10:00:00Z&until=2026-11-25T10:00:00Z",
           "?since=2027-01-01"]


SEARCHES = ["/search", "/search?act=block&ev=end", "/search?tenant=cro-lab&country=US", "/search?host=h7.example",
            "/search?since=2026-11-24T20:00:00Z&app=ssh", "/search?ev=gap", "/search?after=700&act=flag",
            "/search?country=QQ", "/record?seq=1", "/record?seq=77", "/record?seq=1203", "/record?seq=99999999"]


def changed(line, seq, **fields):
    r = json.loads(line)
    r.update(fields, seq=seq)
    return logs.line({k: v for k, v in r.items() if v is not None})


def fewer(cases):
    return max(1, cases // PART)


def many(text, rng, odd=True):
    """Most flows of a log have one record only. odd: and some that a report takes in another way: no country, no
    verdict, no room in the table, no record at all."""
    out = []
    for line in text.splitlines(keepends=True):
        r = json.loads(line)
        out.append(line)
        if r["ev"] in ("start", "policy", "gap"):
            continue
        for _ in range(rng.randrange(5)):
            out.append(changed(line, 1, ev="end", fid=f"{rng.getrandbits(64):016x}", act="allow", rule="domestic",
                               reason="DOMESTIC", sev=None, basis=None, ob=rng.randrange(10**6),
                               pb=rng.choice([0, 1500]), t1=r["t1"] + rng.randrange(10**6),
                               tn=rng.choice(logs.TENANTS), app=rng.choice(logs.APPS)))
        if odd and r["ev"] == "end" and rng.random() < 0.1:
            fid = f"{rng.getrandbits(64):016x}"
            out.append(rng.choice([
                changed(line, 1, fid=fid, cc=None, act=None),
                changed(line, 1, fid=fid, act=None, rule=None, reason=None),
                changed(line, 1, fid=fid, tn=None, app=None), changed(line, 1, fid=fid, act="allow", ob=2**64 - 1),
                changed(line, 1, fid=fid, act="allow", app="\u00fc\"" * 160), changed(line, 1, fid=fid, act="allow"),
                changed(line, 1, fid=fid, ev="decision", act="flag", rule=None, reason="FLOW_TABLE_FULL")]))
        if odd and rng.random() < 0.002:
            out.append(rng.choice(["{no record\n", changed(line, 1, t1="x"), changed(line, 1, fid="ABC")]))
    return "".join(out)


class Site:
    """A log's directory and a console that shows it."""

    def __init__(self, parent, lines, like=None):
        self.dir = os.path.join(parent, "log")
        self.number = 0
        if like:
            shutil.copytree(like.dir, self.dir)
            self.number = like.number
        else:
            os.makedirs(self.dir)
            rows = lines.splitlines(keepends=True)
            for at in range(0, len(rows), SEGMENT_LINES):
                self.add("".join(rows[at:at + SEGMENT_LINES]))
        # pylint: disable-next=consider-using-with
        self.process = subprocess.Popen([BHLOG, "serve", "log", "--listen", "127.0.0.1:0"], cwd=parent, text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.port = int(re.search(r":(\d+)/", self.process.stdout.readline())[1])

    def add(self, lines, closed=True):
        self.number += 1
        name = os.path.join(self.dir, f"flow-20261124T090000Z-{self.number:06d}.jsonl.zst")
        name += "" if closed else ".open"
        subprocess.run([MAKE, name] + (["50"] if closed else []), input=lines.encode(), check=True)
        return name

    @property
    def catalogue(self):
        return os.path.join(self.dir, "catalogue.sqlite")

    def fetch(self, path):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        c.request("GET", path)
        r = c.getresponse()
        body = r.read()
        c.close()
        return r.status, body

    def said(self, path):
        """What the page says of the catalogue."""
        return re.findall(r'<p class="figures cached">(.*?)</p>', self.fetch(path)[1].decode())

    def get(self, path):
        status, body = self.fetch(path)
        # Whether the log is whole comes when it is known, and damage is found at another time.
        body = re.sub(b'<p class="state[^"]* log".*?</p>', b"", body)
        body = re.sub(b'<p class="figures cached".*?</p>\n', b"", body)
        return status, body

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        said = self.process.communicate(timeout=30)[1]
        assert self.process.returncode == 0, self.process.returncode
        return said


def reindex(directory, *more, status=0):
    p = subprocess.run([BHLOG, "reindex", directory, *more], capture_output=True, text=True, check=False)
    assert p.returncode == status, (p.returncode, p.stderr)
    return p.stdout


def sql(path, *statements):
    db = sqlite3.connect(path)
    for s in statements:
        db.execute(*s) if isinstance(s, tuple) else db.execute(s)
    db.commit()
    db.close()


FORGED = 123456789123456


def forge_sums(catalogue):
    """Other sums of the first segment, with right checksums: what whoever may write the file can do."""
    db = sqlite3.connect(catalogue)
    segment, data = db.execute("SELECT segment, data FROM lone ORDER BY segment").fetchone()
    footer = db.execute("SELECT footer FROM segment WHERE id = ?", (segment,)).fetchone()[0]
    db.close()
    raw = bytearray(subprocess.run(["zstd", "-dcq"], input=data, capture_output=True, check=True).stdout)
    at = 0
    while at < len(raw):
        part, length = struct.unpack_from("<II", raw, at + 56)
        if part == 1:  # LONE_ALL
            struct.pack_into("<Q", raw, at + 24, FORGED)
        at += 64 + length
    packed = subprocess.run(["zstd", "-cq", "-3"], input=bytes(raw), capture_output=True, check=True).stdout
    crc = crc32c(struct.pack("<6Q", 5, segment, footer, len(raw), len(packed), crc32c(packed)))
    sql(catalogue, ("UPDATE lone SET data = ?, crc = ? WHERE segment = ?", (packed, crc, segment)))


class Cached(unittest.TestCase):
    def setUp(self):
        self.tmp = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.tmp)
        self.rng = random.Random(20261124)
        self.sites = []
        self.turn = 0

    def tearDown(self):
        for s in self.sites:
            s.process.kill()
            s.process.communicate()

    def make(self, lines):
        number = itertools.count(1)
        lines = re.sub(r'"seq":\d+', lambda _: f'"seq":{next(number)}', lines)
        self.sites = [Site(os.path.join(self.tmp, "plain"), lines)]
        self.sites.append(Site(os.path.join(self.tmp, "cached"), lines, self.sites[0]))
        return self.sites

    def same(self, paths=None):
        plain, cached = self.sites
        if paths is None:
            self.turn += 1
            paths = ["/" + p for p in (PERIODS if PART == 1 else PERIODS[self.turn % 2::2])]
        for path in paths:
            want, have = plain.get(path), cached.get(path)
            self.assertIn(want[0], (200, 404))
            if want != have:  # the page is long: from where on
                at = next((i for i, (x, y) in enumerate(zip(want[1], have[1])) if x != y), 0)
                self.fail(f"{path}: {have[0]}: {want[1][at - 200:at + 100]} is {have[1][at - 200:at + 100]}")

    def both(self, f):
        return [f(s) for s in self.sites]

    def test_pages_are_the_scans(self):
        for seed in range(fewer(3)):
            self.tearDown()
            two = [logs.Log(100 + seed, 250).lines(), logs.Log(100 + seed, 200).lines()]  # numbers of flows come again
            _, cached = self.make("".join(many(t, self.rng) for t in two))
            self.assertGreater(cached.number, 3)
            reindex(cached.dir)
            self.same()
            self.same(SEARCHES)
            shutil.rmtree(os.path.join(self.tmp, "plain"))
            shutil.rmtree(os.path.join(self.tmp, "cached"))

    def test_it_is_used(self):
        """A sum that lies, with a right checksum, shows on the page: so it is where the figures come from."""
        plain, cached = self.make(many(logs.Log(5, 300).lines(), self.rng, odd=False))
        reindex(cached.dir)
        forge_sums(cached.catalogue)
        self.assertIs(plain.get("/")[1] == cached.get("/")[1], False)
        reindex(cached.dir, "--anew")
        cached.get("/" + PERIODS[1])  # the page that was asked for last is remembered
        self.same()

    def test_log_goes_on(self):
        lines = many(logs.Log(6, 400).lines(), self.rng).splitlines(keepends=True)
        third = len(lines) // 3
        _, cached = self.make("".join(lines[:third]))
        reindex(cached.dir)
        self.both(lambda s: s.add("".join(lines[third:2 * third])))
        self.same()  # a segment that it does not know
        self.assertIn("1 added", reindex(cached.dir))
        self.both(lambda s: s.add("".join(lines[2 * third:]), closed=False))
        self.same()  # one that is being written
        self.same(SEARCHES)
        self.both(lambda s: os.unlink(os.path.join(s.dir, "flow-20261124T090000Z-000001.jsonl.zst")))
        self.same()  # one that is gone
        self.assertIn("1 dropped", reindex(cached.dir))
        self.same()

    def test_segments_out_of_order(self):
        """What is an end's only record shows from what is before it: a segment that comes late changes all."""
        _, cached = self.make(many(logs.Log(7, 400).lines(), self.rng, odd=False))
        hidden = self.both(lambda s: os.path.join(s.dir, "flow-20261124T090000Z-000002.jsonl.zst"))
        for path in hidden:
            os.rename(path, path + ".away")
        reindex(cached.dir)
        self.same()
        for path in hidden:
            os.rename(path + ".away", path)
        self.same()
        self.assertIn(f"{cached.number} added", reindex(cached.dir))  # made anew
        self.same()
        for path in hidden:
            os.utime(path, (1, 1))
        self.same()
        self.assertIn(f"{cached.number} added", reindex(cached.dir))

    def test_rows_that_lie(self):
        _, cached = self.make(many(logs.Log(8, 300).lines(), self.rng, odd=False))
        lies = ("DELETE FROM block WHERE id % 5 = 0", "UPDATE block SET kept_raw = 0", "UPDATE block SET kept_raw = -1",
                "UPDATE block SET kept = NULL", "DELETE FROM lone WHERE segment = 2", "UPDATE lone SET raw = raw + 1",
                "UPDATE lone SET data = (SELECT data FROM lone WHERE segment = 1), crc = "
                "(SELECT crc FROM lone WHERE segment = 1), raw = (SELECT raw FROM lone WHERE segment = 1)",
                "UPDATE segment SET crc = 1", "DROP TABLE lone", "PRAGMA user_version = 1", "DELETE FROM going")
        for lie in lies[::PART]:
            reindex(cached.dir, "--anew")
            sql(cached.catalogue, lie)
            with self.subTest(lie=lie):
                self.same(["/" + p for p in PERIODS[:3]] + SEARCHES[1:4])
                self.same(["/record?seq=300"])

    def test_damage(self):
        _, cached = self.make(many(logs.Log(9, 250).lines(), self.rng, odd=False))
        reindex(cached.dir)
        with open(cached.catalogue, "rb") as f:
            good = f.read()
        for _ in range(fewer(12)):
            data = bytearray(good)
            if self.rng.random() < 0.7:
                for _ in range(self.rng.choice([1, 8, 64])):
                    data[self.rng.randrange(len(data))] ^= 1 << self.rng.randrange(8)
            else:
                del data[self.rng.randrange(len(data)):]
            with open(cached.catalogue, "wb") as f:
                f.write(data)
            self.same(["/", "/" + PERIODS[1], self.rng.choice(SEARCHES)])
        said = cached.stop().splitlines()
        self.sites.pop()
        self.assertTrue(said and len(said) <= 12 and all("catalogue.sqlite: " in s for s in said), said)

    def test_records(self):
        """The page of each record, of two runs of a gateway."""
        key = os.path.join(self.tmp, "key")
        subprocess.run([BHCTL, "keygen", "--name", "gw-a1", "--out", key], check=True, capture_output=True)
        plain, cached = self.make("")
        for _ in range(fewer(2)):
            subprocess.run([WRITE, plain.dir, "gw-a1", key, "6", "40", "7000"], check=True)
        shutil.copytree(plain.dir, cached.dir, dirs_exist_ok=True)
        reindex(cached.dir)
        paths = [f"/record?seq={seq}" for seq in range(1, 560, 23)]
        self.same(paths)
        self.assertIn(b"0.1.0", plain.get(paths[0])[1])
        with open(cached.catalogue, "r+b") as f:
            f.truncate(os.stat(cached.catalogue).st_size // 2)
        self.same(paths)
        self.assertLessEqual(len(cached.stop().splitlines()), 1)
        self.sites.pop()

    def test_damaged_segment(self):
        """Where the log is damaged the pages stop there, whatever the catalogue knew of it."""
        _, cached = self.make(many(logs.Log(10, 400).lines(), self.rng, odd=False))
        reindex(cached.dir)
        for site in self.sites:
            name = os.path.join(site.dir, "flow-20261124T090000Z-000002.jsonl.zst")
            with open(name, "r+b") as f:
                f.seek(3000)
                f.write(b"\0" * 100)
        self.same(["/", "/" + PERIODS[1]])

    def test_segment_that_cannot_be_taken(self):
        """What began or ended in it before the damage counts for nothing; nor once it is gone."""
        _, cached = self.make(many(logs.Log(11, 400).lines(), self.rng, odd=False))
        for site in self.sites:
            name = os.path.join(site.dir, "flow-20261124T090000Z-000003.jsonl.zst")
            with open(name, "r+b") as f:
                f.seek(os.stat(name).st_size // 2)
                f.write(b"\0" * 100)
        reindex(cached.dir, status=1)
        self.same()
        reindex(cached.dir, status=1)  # and is tried again
        self.both(lambda s: os.unlink(os.path.join(s.dir, "flow-20261124T090000Z-000003.jsonl.zst")))
        self.same()
        reindex(cached.dir)
        self.same()

    def report(self, log, *args, fine=(0,)):
        """Its exit status, itself but for when it was made and where the figures are from, and what it says of that."""
        p = subprocess.run([BHLOG, "report", log, *args], capture_output=True, text=True, check=False)
        self.assertIn(p.returncode, fine, p.stderr)
        made = re.compile(r"<dd>[^<]*bhlog 0[^<]*</dd>")
        figures = re.compile(r'<p class="figures[^"]*">.*?</p>\n')
        self.assertEqual(len(made.findall(p.stdout)), 1)
        return p.returncode, figures.sub("", made.sub("", p.stdout)), "".join(figures.findall(p.stdout))

    def signed_log(self):
        key = os.path.join(self.tmp, "key")
        subprocess.run([BHCTL, "keygen", "--name", "gw-a1", "--out", key], check=True, capture_output=True)
        log = os.path.join(self.tmp, "log")
        subprocess.run([WRITE, log, "gw-a1", key, "40", "100", "20000", "every", "600", "0"], check=True)
        return log, key

    def test_report(self):
        log, key = self.signed_log()
        args = [[], ["--key", key + ".pub", "--lang", "zh"], ["--period", "2026-11-24"], ["--offset", "+05:30"]]
        want = [self.report(log, *a)[:2] for a in args]
        reindex(log)
        self.assertTrue([self.report(log, *a)[:2] for a in args] == want)
        self.assertTrue([self.report(log, "--quick", *a)[:2] for a in args] == want)
        catalogue = os.path.join(log, "catalogue.sqlite")
        sql(catalogue, "UPDATE lone SET raw = raw + 1")
        p = subprocess.run([BHLOG, "report", log, "--out", "/dev/null"], capture_output=True, text=True, check=True)
        self.assertEqual(p.stderr, "")  # nobody looked at it
        p = subprocess.run([BHLOG, "report", log, "--quick", "--out", "/dev/null"], capture_output=True, text=True,
                           check=True)
        self.assertEqual(p.stderr.count("made anew"), 1)
        self.assertTrue([self.report(log, "--quick", *a)[:2] for a in args] == want)
        segment = next(os.path.join(log, n) for n in sorted(os.listdir(log)) if n.startswith("flow-"))
        was = os.stat(segment)
        with open(segment, "r+b") as f:
            f.seek(2000)
            byte = f.read(1)
            f.seek(2000)
            f.write(bytes([byte[0] ^ 1]))
        os.utime(segment, ns=(was.st_atime_ns, was.st_mtime_ns))  # nothing tells but the bytes
        have = [self.report(log, *a, fine=(1,)) for a in ([], ["--quick"])]
        os.unlink(catalogue)
        self.assertTrue(have[0] == have[1] == self.report(log, fine=(1,)))
        self.assertIn("TAMPERED WITH", have[0][1])
        self.assertIn("of all lines that could be read", have[0][2])

    def test_report_and_forged_sums(self):
        """What a regulator reads rests on verified lines; by --quick it does not, and says so."""
        log, key = self.signed_log()
        honest = self.report(log, "--key", key + ".pub")
        shown = f"{FORGED:,}"
        reindex(log)
        forge_sums(os.path.join(log, "catalogue.sqlite"))
        for args in [], ["--scan"]:
            have = self.report(log, "--key", key + ".pub", *args)
            self.assertTrue(have == honest, args)
            self.assertIn("each block was added up as it was verified", have[2])
            self.assertNotIn(shown, have[1])
        for lang, says in ("en", "no checkpoint signs it"), ("zh", "检查点不为其签名"):
            have = self.report(log, "--key", key + ".pub", "--quick", "--lang", lang)
            self.assertEqual(have[0], 0)  # the log itself is good: nothing else tells
            self.assertIn("cached", have[2])
            self.assertIn(says, have[2])
            self.assertFalse(have[1] == honest[1])
            self.assertIn(shown[:11], have[1])
        for other in "--scan", "--flows=block":
            p = subprocess.run([BHLOG, "report", log, "--quick", other], capture_output=True, text=True, check=False)
            self.assertEqual((p.returncode, p.stdout), (2, ""))
            self.assertIn("--quick has sums in place of lines", p.stderr)

    def test_console_says_where_figures_are_from(self):
        plain, cached = self.make(many(logs.Log(12, 300).lines(), self.rng, odd=False))
        reindex(cached.dir)
        for path, says in (("/?lang=en", "“bhlog report”, without --quick"), ("/?lang=zh", "“bhlog report”（不加 --quick）"),
                           ("/policy?lang=en", "“bhlog report” reads the log itself"),
                           ("/search?act=block&lang=en", "“bhlog search --scan” reads the log itself"),
                           ("/record?seq=77&lang=en", "“bhlog search --scan” reads the log itself"),
                           ("/search?act=block&lang=zh", "“bhlog search --scan”直接读取日志")):
            self.assertEqual(plain.said(path), [])
            said = cached.said(path)
            self.assertEqual(len(said), 1, path)
            self.assertIn(says, said[0])


if __name__ == "__main__":
    BHLOG, BHCTL, WRITE, MAKE = map(os.path.abspath, sys.argv[1:5])
    PART = int(sys.argv[5])
    unittest.main(argv=sys.argv[:1] + sys.argv[6:])
