#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""bhlog search, from outside: test_bhlog.py PATH-TO-BHLOG PATH-TO-MAKE_SEGMENT"""
import csv
import io
import json
import os
import pty
import random
import subprocess
import sys
import tempfile
import unittest

BHLOG = None
VALIDATE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../schema/validate.py")
MAKE = None  # makes a segment of lines: PATH LINES-FILE
T = 1795510800000000  # 2026-11-24T09:00:00Z


def flow(seq, **more):
    r = {"v": 1, "ev": "end", "gw": "gw-a1", "seq": seq, "fid": f"{seq:016x}", "t0": T, "t1": T + 1000000,
         "src": "10.20.9.7", "sport": 50000, "dst": "198.51.100.7", "dport": 443, "proto": 6,
         "init": "inside", "tn": "auto-oem", "app": "TLS", "cat": "Web", "conf": "dpi",
         "cc": "US", "ccs": "db", "border": "cross", "act": "allow", "rule": "gdl-auto",
         "reason": "GENERAL_DATA_LIST", "pol": 412, "ob": 100, "rb": 200, "op": 1, "rp": 2,
         "db": 0, "dp": 0, "pb": 0, "pp": 0, "end": "fin"}
    order = ["v", "ev", "gw", "seq", "fid", "t0", "t1", "src", "sport", "dst", "dport", "proto", "vlan",
             "tun", "init", "tn", "app", "master", "cat", "conf", "host", "hsrc", "ja3", "risk", "asn",
             "cc", "ccs", "border", "act", "rule", "reason", "sev", "basis", "limit", "sh", "pol", "sact",
             "srule", "sreason", "spol", "ob", "rb", "op", "rp", "db", "dp", "pb", "pp", "dpkt", "cap", "end"]
    r.update(more)
    return {k: r[k] for k in order if r.get(k) is not None}


def line(record):
    # As the gateway writes: no blanks, DEL escaped.
    return json.dumps(record, separators=(",", ":"), ensure_ascii=False).replace("\x7f", "\\u007f") + "\n"


RECORDS = [
    {"v": 1, "ev": "start", "gw": "gw-a1", "seq": 1, "t0": T, "t1": T, "ver": "0.1.0", "mode": "replay",
     "dpi": "nDPI 4.2.0"},
    flow(2, host="diag.oem.example", hsrc="sni"),
    flow(3, app="Google", master="TLS", host="www.EDC.example", hsrc="sni", cc="DE", tn="cro-lab"),
    flow(4, src="2001:db8:20:8::7", dst="2001:db8:77::1", cc="XX", border="unknown", ccs="none",
         act="flag", rule="unknown-country", reason="COUNTRY_UNKNOWN", sev="medium"),
    flow(5, app="BitTorrent", act="block", rule="p2p-block", reason="PROHIBITED_APP", sev="high", ob=0, rb=0,
         t0=T + 3600000000, t1=T + 7200000000),
    flow(6, ev="decision", end=None, host="=cmd|'/c calc'!A1", hsrc="http", risk=["Risk, one", "two"],
         ob=18446744073709551615, rb=1),
    flow(7, host="evil\u001b[31m\u202e\"x\"\\\u007f.example", hsrc="dns", tn="_unlisted", vlan=[7]),
    {"v": 1, "ev": "gap", "gw": "gw-a1", "seq": 11, "t0": T, "t1": T, "cause": "ring_full", "lost": 3,
     "from": 8, "to": 10},
    flow(12, proto=50, sport=None, dport=None, dst="203.0.113.9", cc="SG", host="edc.example", hsrc="sni"),
]


class Search(unittest.TestCase):
    def setUp(self):
        self.tmp = tempfile.TemporaryDirectory()
        self.dir = self.tmp.name
        # Names sort otherwise than numbers: the order is that of the numbers.
        self.write("flow-20261124T090500Z-000001.jsonl.zst", RECORDS[:4])
        self.write("flow-20261124T090000Z-000002.jsonl.zst", RECORDS[4:7])
        self.write("flow-20261124T100000Z-000010.jsonl.zst.open", RECORDS[7:], tail=b"\x5b\x2a\x4d\x18\0\1")
        self.write("flow-20261124T090000Z-000002.jsonl.zst.torn", [], torn="not read")
        self.write("lock", [], torn="1\n")

    def tearDown(self):
        self.tmp.cleanup()

    def write(self, name, records, torn="", tail=b""):
        path = os.path.join(self.dir, name)
        text = ("".join(map(line, records)) + torn).encode()
        if name.endswith((".zst", ".open")):
            subprocess.run([MAKE, path], input=text, check=True)
            with open(path, "ab") as f:
                f.write(tail)
        else:
            with open(path, "wb") as f:
                f.write(text)

    def run_bhlog(self, *args, stdin=None):
        return subprocess.run([BHLOG, *args], input=stdin, capture_output=True, check=False)

    def seqs(self, *args, paths=None):
        p = self.run_bhlog("search", *(paths or [self.dir]), "--json", *args)
        self.assertIn(p.returncode, (0, 1), p.stderr)
        found = [json.loads(l)["seq"] for l in p.stdout.splitlines()]
        self.assertEqual(p.returncode, 0 if found else 1)
        self.assertIn(f"bhlog: {len(found)} of ".encode(), p.stderr)
        return found

    def test_fixture_is_a_log(self):
        p = subprocess.run([sys.executable, VALIDATE, "--live", self.dir], capture_output=True, check=False)
        self.assertEqual((p.returncode, p.stdout), (0, b"9 records are good\n"), p.stderr)

    def test_everything_in_order(self):
        self.assertEqual(self.seqs(), [r["seq"] for r in RECORDS])
        p = self.run_bhlog("search", self.dir)  # no terminal: JSON, byte for byte
        self.assertEqual(p.stdout.decode(), "".join(map(line, RECORDS)))
        self.assertIn(b"9 of 9 records match (3 files", p.stderr)
        self.assertIn(b"; a torn end was left out", p.stderr)

    def groups(self, path, *args):
        p = self.run_bhlog("search", path, "--json", *args)
        self.assertEqual(p.returncode, 0, p.stderr)
        rows = [list(json.loads(l).values()) for l in p.stdout.splitlines()]
        return {tuple(r[:-3]): tuple(r[-3:]) for r in rows}  # records, ob, rb

    def test_blocks_of_all_sizes(self):
        """Those of a line or two are unpacked in another way than large ones, and beside them."""
        rng = random.Random(20261127)
        lines = [line(flow(i, fid=f"{rng.getrandbits(64):016x}", tn=f"t{i % 7}", t0=T + i, t1=T + i,
                           host=f"{rng.getrandbits(64):x}.example")) for i in range(1, 9001)]
        os.makedirs(os.path.join(self.dir, "sizes"))
        for number, sizes in enumerate(("1", "1,1,1,2,1,1,1,1,1,600", "600,1", "2000,1,1,1,1,1,1,1,3"), 1):
            part = lines[(number - 1) * 2000:number * 2000 if number < 4 else None]
            name = os.path.join(self.dir, f"sizes/flow-20261124T090000Z-{number:06d}.jsonl.zst")
            subprocess.run([MAKE, name, sizes], input="".join(part).encode(), check=True)
        log = os.path.join(self.dir, "sizes")
        for how in (["--scan"], [], []):
            p = self.run_bhlog("search", log, "--json", *how)
            self.assertEqual(p.returncode, 0, p.stderr)
            self.assertTrue(p.stdout.decode() == "".join(lines), how)
            for i in 1, 1999, 2001, 4100, 6500, 9000:  # one block here and there
                p = self.run_bhlog("search", log, "--json", "--fid", json.loads(lines[i - 1])["fid"], *how)
                self.assertEqual(p.stdout.decode(), lines[i - 1])
            p = self.run_bhlog("search", log, "--json", "--since", "2026-11-24T09:00:00.001500Z",
                               "--until", "2026-11-24T09:00:00.007500Z", *how)
            self.assertTrue(p.stdout.decode() == "".join(lines[1499:7499]), how)
            subprocess.run([BHLOG, "reindex", log], check=True, capture_output=True)

    def test_groups_count_bytes_once(self):
        """An update counts since the one before, a decision so far, an end the whole life."""
        def said(seq, ev, t, ob, rb, fid=1, **more):
            more.update({"end": None} if ev != "end" else {})
            return flow(seq, ev=ev, fid=f"{fid:016x}", t1=T + t, ob=ob, rb=rb, **more)
        lines = [
            said(1, "decision", 10, 100, 10), said(2, "update", 20, 300, 30), said(3, "update", 30, 200, 0),
            said(4, "end", 40, 600, 45), said(5, "end", 50, 7, 7, fid=2),  # alone
            said(6, "update", 50, 1000, 0, fid=3),  # then blocked: so far under the old verdict
            said(7, "decision", 60, 1500, 1, fid=3, act="block", rule="stop"),
            said(8, "end", 70, 1600, 2, fid=3, act="block", rule="stop"),
            said(9, "update", 80, 50, 0, fid=4),  # no end: another run of the gateway, another flow, the same id
            flow(10, fid=f"{4:016x}", t0=T + 90, t1=T + 91, ob=20, rb=20),
            said(11, "end", 95, 9, 9, fid=1, src="10.20.9.8")]
        name = "groups/flow-20261124T090000Z-000001.jsonl.zst"
        os.makedirs(os.path.join(self.dir, "groups"))
        subprocess.run([MAKE, os.path.join(self.dir, name), "4"], input="".join(map(line, lines)).encode(), check=True)
        log = os.path.join(self.dir, "groups")
        for how in ([], ["--scan"], []):
            self.assertEqual(self.groups(log, "--group", "country", *how), {("US",): (11, 600 + 7 + 1600 + 70 + 9, 83)})
            self.assertEqual(self.groups(log, "--group", "act", *how),
                             {("allow",): (9, 600 + 7 + 1500 + 70 + 9, 45 + 7 + 1 + 20 + 9), ("block",): (2, 100, 1)})
            self.assertEqual(self.groups(log, "--group", "ev", *how),
                             {("decision",): (2, 600, 11), ("update",): (4, 1000 + 400 + 50, 20),
                              ("end",): (5, 100 + 7 + 100 + 20 + 9, 15 + 7 + 1 + 20 + 9)})
            self.assertEqual(self.groups(log, "--group", "ev", "--ev", "end", *how), {("end",): (5, 2236, 83)})
            self.assertEqual(self.groups(log, "--group", "ev", "--ev", "update", *how), {("update",): (4, 1550, 30)})
            self.assertEqual(self.groups(log, "--group", "act", "--act", "block", *how), {("block",): (2, 1600, 2)})
            subprocess.run([BHLOG, "reindex", log], check=True, capture_output=True)

    def test_fields(self):
        for args, expected in (
                (["--tenant", "cro-lab"], [3]),
                (["--tenant", "_unlisted"], [7]),
                (["--country", "DE"], [3]),
                (["--country", "DE", "--country", "SG"], [3, 12]),
                (["--app", "tls"], [2, 3, 4, 6, 7, 12]),
                (["--app", "google"], [3]),
                (["--host", "DIAG.oem.example"], [2]),
                (["--host", "*.edc.example"], [3]),
                (["--host", "edc.example"], [12]),
                (["--host", "*.example"], [2, 3, 7, 12]),
                (["--host", "evil\x1b[31m\u202e\"x\"\\\x7f.example"], [7]),
                (["--addr", "198.51.100.7"], [2, 3, 5, 6, 7]),
                (["--addr", "198.51.100.0/29"], [2, 3, 5, 6, 7]),
                (["--addr", "203.0.113.8/31"], [12]),
                (["--addr", "203.0.113.10/31"], []),
                (["--addr", "0.0.0.0/0"], [2, 3, 5, 6, 7, 12]),
                (["--addr", "2001:DB8:77:0::1"], [4]),
                (["--addr", "2001:db8:20::/47"], [4]),
                (["--addr", "::/0"], [4]),
                (["--act", "block"], [5]),
                (["--act", "block", "--act", "flag"], [4, 5]),
                (["--act", "block", "--tenant", "cro-lab"], []),
                (["--rule", "p2p-block"], [5]),
                (["--reason", "COUNTRY_UNKNOWN"], [4]),
                (["--ev", "gap"], [11]),
                (["--ev", "decision"], [6]),
                (["--min-bytes", "300"], [2, 3, 4, 6, 7, 12]),
                (["--min-bytes", "301"], [6]),
                (["--min-bytes", "0"], [2, 3, 4, 5, 6, 7, 12]),  # notices count no bytes
                (["--min-bytes", "0", "--ev", "gap"], []),
                (["--limit", "2", "--app", "TLS"], [2, 3]),
                (["--limit", "2", "--act", "allow", "--app", "Google"], [3]),
        ):
            with self.subTest(args=args):
                self.assertEqual(self.seqs(*args), expected)

    def test_times(self):
        for since, until, expected in (
                ("2026-11-24T10:00:00Z", None, [5]),
                ("2026-11-24T11:00:00Z", None, [5]),
                ("2026-11-24T19:00:00.000001+08:00", None, []),
                (None, "2026-11-24T09:00:00Z", []),
                (None, "2026-11-24T17:00:00.1+08:00", [1, 2, 3, 4, 6, 7, 11, 12]),
                ("2026-11-24T09:00:01Z", "2026-11-24T09:30:00Z", [2, 3, 4, 6, 7, 12]),
                ("2026-11-24", "2026-11-24", [r["seq"] for r in RECORDS]),
                ("2026-11-25", None, []),
                (None, "2026-11-23", []),
        ):
            args = (["--since", since] if since else []) + (["--until", until] if until else [])
            with self.subTest(args=args):
                self.assertEqual(self.seqs(*args), expected)
        everything = [r["seq"] for r in RECORDS]
        for period, expected in (("2026-11-24", everything), ("2026-11/2026-12", everything), ("2025", []),
                                 ("2026-11-24T09:30:00Z/2026-11-24T12:00:00Z", [5])):
            with self.subTest(period=period):
                self.assertEqual(self.seqs("--period", period), expected)

    def test_files_and_stdin(self):
        first = os.path.join(self.dir, "flow-20261124T090500Z-000001.jsonl.zst")
        self.assertEqual(self.seqs(paths=[first]), [1, 2, 3, 4])
        p = self.run_bhlog("search", "-", "--act", "flag", stdin="".join(map(line, RECORDS)).encode())
        self.assertEqual([json.loads(l)["seq"] for l in p.stdout.splitlines()], [4])

    def test_lines_that_others_wrote(self):
        # Blanks, escapes that need not be, keys in another order: the quick look must not miss them.
        text = json.dumps(dict(reversed(list(RECORDS[4].items())))).replace("p2p", "p\\u0032p") + "\n"
        p = self.run_bhlog("search", "-", "--act", "block", "--rule", "p2p-block", stdin=text.encode())
        self.assertEqual((p.returncode, p.stdout), (0, text.encode()))

    def test_damaged_lines(self):
        self.write("flow-20261124T120000Z-000011.jsonl.zst", [RECORDS[1]], torn="garbage\n" + line(RECORDS[2]))
        p = self.run_bhlog("search", self.dir, "--host", "diag.oem.example")
        self.assertEqual(p.returncode, 2)
        self.assertEqual(len(p.stdout.splitlines()), 2)
        self.assertIn(b"1 lines are not records, the first is ", p.stderr)
        self.assertIn(b"000011.jsonl.zst:2; the log was damaged or changed", p.stderr)

    def test_damaged_segment(self):
        path = os.path.join(self.dir, "flow-20261124T090000Z-000002.jsonl.zst")
        with open(path, "r+b") as f:
            f.seek(-20, os.SEEK_END)
            f.write(b"?")
        p = self.run_bhlog("search", self.dir)
        self.assertEqual(p.returncode, 2)
        self.assertIn(b"000002.jsonl.zst: damaged or changed at byte ", p.stderr)
        with open(path, "r+b") as f:
            f.truncate(100)
        self.assertEqual(self.run_bhlog("search", self.dir).returncode, 2)

    def test_zstdcat_gives_the_lines(self):
        path = os.path.join(self.dir, "flow-20261124T090500Z-000001.jsonl.zst")
        p = subprocess.run(["zstd", "-dcq", path], capture_output=True, check=True)
        self.assertEqual(p.stdout.decode(), "".join(map(line, RECORDS[:4])))

    def test_csv(self):
        p = self.run_bhlog("search", self.dir, "--csv")
        self.assertEqual(p.returncode, 0)
        rows = list(csv.DictReader(io.StringIO(p.stdout.decode(), newline="")))
        self.assertEqual([int(r["seq"]) for r in rows], [r["seq"] for r in RECORDS])
        for row, record in zip(rows, RECORDS):
            for key, value in row.items():
                expected = record.get(key, "")
                if isinstance(expected, list):
                    expected = ";".join(map(str, expected))
                if str(expected).startswith("="):
                    expected = "'" + expected
                self.assertEqual(value, str(expected), key)
            self.assertLessEqual(set(record), set(row))
        self.assertTrue(p.stdout.count(b"\r\n") == len(RECORDS) + 1)

    def test_table(self):
        p = self.run_bhlog("search", self.dir, "--table")
        text = p.stdout.decode()
        self.assertTrue(all(c == "\n" or c.isprintable() for c in text))
        lines = text.splitlines()
        self.assertEqual(len(lines), 1 + len(RECORDS))
        for title, cell in (("SOURCE", "10.20.9.7:50000"), ("DESTINATION", "198.51.100.7:443"),
                            ("APPLICATION", "TLS.Google"), ("HOST", "www.EDC.example"), ("CC", "DE")):
            at = lines[0].index(title)
            self.assertEqual(lines[3][at:at + len(cell)], cell)
        self.assertIn("[2001:db8:77::1]:443", lines[4])
        self.assertIn('evil?[31m?"x"\\?.example', lines[7])
        self.assertIn("cause ring_full, lost 3, from 8, to 10", lines[8])
        self.assertIn("  esp ", lines[9])
        end = lines[0].index("BYTES OUT") + len("BYTES OUT")
        # One value there is wider than its title, so the title stands at its right end.
        self.assertEqual(lines[6][end - 20:end], "18446744073709551615")
        self.assertEqual(lines[2][end - 4:end], " 100")
        self.assertEqual(self.run_bhlog("search", self.dir, "--table", "--act", "block", "--country", "SG")
                         .stdout, b"")

    def test_table_on_a_terminal(self):
        leader, follower = pty.openpty()
        p = subprocess.Popen([BHLOG, "search", self.dir, "--act", "flag"], stdout=follower,
                             stderr=subprocess.DEVNULL)
        os.close(follower)
        out = b""
        while True:
            try:
                got = os.read(leader, 65536)
            except OSError:  # Linux: the other side was closed
                break
            if not got:
                break
            out += got
        os.close(leader)
        self.assertEqual(p.wait(), 0)
        self.assertTrue(out.startswith(b"LAST SEEN (UTC)"), out)

    def test_many_rows_flow(self):
        self.write("flow-20261124T120000Z-000011.jsonl.zst", [flow(100 + i) for i in range(1200)])
        p = self.run_bhlog("search", self.dir, "--table", "--tenant", "auto-oem")
        self.assertEqual(len(p.stdout.splitlines()), 1 + 1200 + 5)

    def test_long_lines(self):
        # Longer than the buffer.
        long = flow(50, basis=[f"B{i}" for i in range(400000)])
        self.write("flow-20261124T120000Z-000011.jsonl.zst", [long, flow(51, cc="FR")])
        self.assertEqual(self.seqs("--country", "FR"), [51])
        self.assertEqual(self.seqs()[-2:], [50, 51])

    def test_errors(self):
        for args, text in (
                ([], b"Usage: bhlog COMMAND"),
                (["frob"], b'bhlog: there is no command "frob"; there are search, verify'),
                (["search"], b"bhlog: name the log's directory or files"),
                (["search", "/no/such"], b"bhlog: /no/such: No such file or directory"),
                (["search", "/proc/self/fd"], b"/proc/self/fd: holds no flow log"),
                (["search", self.dir, "--frob"], b"unrecognized option"),
                (["search", self.dir, "--act", "deny"], b'--act "deny": expected allow, flag or block'),
                (["search", self.dir, "--country", "Germany"], b'--country "Germany": expected two capital'),
                (["search", self.dir, "--addr", "10.0.0.0/33"], b'--addr "10.0.0.0/33": expected an address'),
                (["search", self.dir, "--addr", "host"], b'--addr "host": expected an address'),
                (["search", self.dir, "--ev", "x"], b'--ev "x": expected decision, update'),
                (["search", self.dir, "--host", ""], b'--host "": expected 1 to 255 characters'),
                (["search", self.dir, "--limit", "-1"], b'--limit "-1": expected a whole number'),
                (["search", self.dir, "--min-bytes", "1k"], b'--min-bytes "1k": expected a whole number'),
                (["search", self.dir, "--since", "yesterday"], b'--since "yesterday": expected a date'),
                (["search", self.dir, "--until", "2026-02-30"], b'--until "2026-02-30": expected a date'),
                (["search", self.dir, "--period", "May"], b'--period "May": expected a year'),
                (["search", self.dir, "--period", "2026", "--since", "2026-01-01"], b"not both"),
                (["search", self.dir, "--since", "2026-11-25", "--until", "2026-11-24"], b"is not before --until"),
        ):
            with self.subTest(args=args):
                p = self.run_bhlog(*args)
                self.assertEqual(p.returncode, 2)
                self.assertIn(text, p.stderr)
                self.assertEqual(p.stdout, b"")

    def test_full_output(self):
        with open("/dev/full", "wb") as full:
            p = subprocess.run([BHLOG, "search", self.dir, "--csv"], stdout=full, stderr=subprocess.PIPE,
                               check=False)
        self.assertEqual(p.returncode, 2)
        self.assertIn(b"bhlog: cannot write the output: No space left on device", p.stderr)

    def test_help(self):
        for args in (["--help"], ["search", "--help"]):
            p = self.run_bhlog(*args)
            self.assertEqual((p.returncode, p.stderr), (0, b""))
            self.assertTrue(p.stdout.startswith(b"Usage: bhlog "))
        p = self.run_bhlog("--version")
        self.assertRegex(p.stdout, rb"^bhlog \d+\.\d+\.\d+\n$")


if __name__ == "__main__":
    BHLOG = os.path.abspath(sys.argv.pop(1))
    MAKE = os.path.abspath(sys.argv.pop(1))
    unittest.main()
