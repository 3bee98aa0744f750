#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""bhlog export, from outside: test_export.py PATH-TO-BHLOG PATH-TO-MAKE_SEGMENT"""
import csv
import glob
import io
import ipaddress
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path += [HERE, os.path.join(HERE, "../../schema"), os.path.join(HERE, "../evidence")]
import mapper  # noqa: E402
import validate  # noqa: E402

BHLOG = MAKE = None
GOLDEN = os.path.join(HERE, "../../golden/records")
T = 1795510800000000  # 2026-11-24T09:00:00Z
VALIDATOR = validate.Records()


def line(record):
    # As the gateway writes: no blanks, DEL escaped.
    return json.dumps(record, separators=(",", ":"), ensure_ascii=False).replace("\x7f", "\\u007f") + "\n"


def text_of(records):
    return "".join(map(line, records)).encode()


def random_address(rng, version):
    if version == 4:
        return str(ipaddress.IPv4Address(rng.getrandbits(32)))
    return mapper.shown(ipaddress.IPv6Address(rng.choice((rng.getrandbits(128), 0x20010db8 << 96 | rng.getrandbits(16),
                                                          0xffff << 32 | rng.getrandbits(32)))))


def random_host(rng):
    return rng.choice(("=cmd|' /C calc'!A1", "Straße.example", "a\"b\\c\n,.example", "@sum", "\x7f\x1b[31m",
                       "198.51.100.%d" % rng.randrange(256), "WWW%d.Example" % rng.randrange(9),
                       "h%d.example" % rng.getrandbits(20)))


def random_flow(rng, seq):
    ev = rng.choice(mapper.FLOWS)
    version, proto = rng.choice((4, 6)), rng.choice((1, 6, 17, 47, 50, 58, 89, 132, 136, 200))
    t0 = T + rng.randrange(10 ** 12)
    u64 = lambda: rng.choice((0, rng.getrandbits(10), rng.getrandbits(30), 2 ** 64 - 1))
    maybe = lambda value, p=0.5: value if rng.random() < p else None
    local, undecided = rng.random() < 0.1, rng.random() < 0.1
    cc = rng.choice(("US", "DE", "XX"))
    icmp = proto in (1, 58)
    ports = proto in (6, 17, 132, 136) or icmp
    host, reason, candidate = maybe(random_host(rng)), not local and not undecided, not local and rng.random() < 0.3
    r = {"v": 1, "ev": ev, "gw": "gw \"ä\"", "seq": seq, "fid": f"{rng.choice((seq, rng.getrandbits(64))):016x}",
         "t0": t0, "t1": t0 + rng.choice((0, rng.getrandbits(35))), "src": random_address(rng, version),
         "sport": (rng.choice((0, 3, 8, 11, 128, 129, 135, 136, 200)) if icmp else rng.getrandbits(16)) if ports else None,
         "dst": random_address(rng, version), "dport": (rng.getrandbits(3) if icmp else rng.getrandbits(16)) if ports else None,
         "proto": proto, "vlan": maybe([rng.randrange(4096) for _ in range(rng.randint(1, 4))], 0.3),
         "tun": maybe(["vxlan:%d" % rng.getrandbits(24), "ipip"], 0.2), "init": rng.choice(("inside", "outside")),
         "tn": maybe(rng.choice(("auto-oem", "cro-lab", "_unlisted"))), "app": maybe(rng.choice((
             "TLS", "QUIC", "DNS", "Google", "SSH", "FTP_CONTROL", "SMBv23", "BitTorrent", "IMAPS", "Kerberos")), 0.9),
         "master": maybe(rng.choice(("TLS", "HTTP", "QUIC")), 0.3), "cat": maybe("Web"), "conf": maybe("dpi"), "host": host,
         "hsrc": maybe(rng.choice(("sni", "http", "quic", "dns")), 0.9) if host else None,
         "ja3": maybe(f"{rng.getrandbits(128):032x}"), "risk": maybe(["Risk, one", "two; three"], 0.2),
         "asn": maybe(rng.getrandbits(31) + 1), "cc": cc, "ccs": "db", "border": "cross", "act": rng.choice(
             ("allow", "flag", "block")), "rule": maybe("gdl-auto", 0.8), "reason": "GENERAL_DATA_LIST",
         "sev": maybe(rng.choice(("info", "low", "medium", "high", "critical"))), "basis": maybe(["CPTPP-14.11", "A"], 0.3),
         "limit": maybe("upload", 0.1), "sh": maybe("trial", 0.1), "pol": 412, "sact": "block", "srule": "new", "sreason": "NEW",
         "spol": 413, "ob": u64(), "rb": u64(), "op": u64(), "rp": u64(), "db": u64(), "dp": u64(), "pb": 0, "pp": 0,
         "dpkt": maybe(6), "cap": maybe("captures/x.pcap sha256:00", 0.2), "end": rng.choice(
             ("idle", "active", "fin", "rst", "evict", "block", "stop")) if ev == "end" else None}
    drop = ["cc", "ccs", "border", "act"] if local else []
    drop += [] if reason else ["rule", "reason", "sev", "limit", "sh"]
    drop += [] if candidate and reason else ["sact", "srule", "sreason", "spol"]
    if "rule" in drop or r["rule"] is None:
        drop.append("basis")
    return {k: v for k, v in r.items() if v is not None and k not in drop}


def notices(seq):
    head = lambda ev, n: {"v": 1, "ev": ev, "gw": "gw-a1", "seq": seq + n, "t0": T, "t1": T}
    return [head("start", 0) | {"ver": "0.1.0", "mode": "inline", "dpi": "nDPI 4.2.0", "dbs": ["/usr/share/geoip sha256:00"],
                                "warn": "of 203.0.113.77"},
            head("policy", 1) | {"how": "push", "who": "uid:1000", "outcome": "refused", "id": "oem", "pol": 412,
                                 "detail": "203.0.113.0/24 stands twice"},
            head("gap", 2) | {"cause": "ring_full", "lost": 3, "from": seq + 3, "to": seq + 5},
            head("stop", 6) | {"why": "signal", "attempted": 9, "written": 6, "lost_ring": 3, "lost_disk": 0, "pkts": 1,
                               "bytes": 2, "missed": 0}]


def random_log(seed, n):
    rng = random.Random(seed)
    records = [random_flow(rng, i + 1) for i in range(n)]
    records += notices(n + 1)
    return records


def golden_log():
    records = []
    for path in sorted(glob.glob(os.path.join(GOLDEN, "*.jsonl"))):
        with open(path, encoding="utf-8") as f:
            records += map(json.loads, f)
    return records


def csv_of(records):
    """As bhlog search --csv writes them."""
    p = subprocess.run([BHLOG, "search", "-", "--csv"], input=text_of(records), capture_output=True, check=True)
    return p.stdout


class Case(unittest.TestCase):
    def setUp(self):
        tmp = tempfile.TemporaryDirectory()
        self.addCleanup(tmp.cleanup)
        self.dir = tmp.name
        self.key = self.write("key", bytes(range(100, 140)), 0o600)

    def write(self, name, data, mode=0o644):
        path = os.path.join(self.dir, name)
        with open(path, "wb") as f:
            f.write(data)
        os.chmod(path, mode)
        return path

    def export(self, *args, stdin=b"", status=0):
        p = subprocess.run([BHLOG, "export", *args], input=stdin, capture_output=True, timeout=60, check=False)
        self.assertEqual(p.returncode, status, p.stderr)
        return p.stdout

    def events(self, form, records, *args):
        return [json.loads(l, object_pairs_hook=validate.no_duplicates)
                for l in self.export("-", "--format", form, *args, stdin=text_of(records)).splitlines()]

    def wrong(self, *args, text, stdin=b""):
        p = subprocess.run([BHLOG, "export", *args], input=stdin, capture_output=True, timeout=60, check=False)
        self.assertEqual((p.returncode, p.stderr.count(b"\n")), (2, 1), p.stderr)
        self.assertIn(text.encode(), p.stderr)
        self.assertEqual(p.stdout, b"")


class Formats(Case):
    def check(self, records, *args, of=lambda r: r):
        named = [of(r) for r in records]
        self.assertEqual(self.events("eve", records, *args), [e for e in map(mapper.eve, named) if e])
        self.assertEqual(self.events("ecs", records, *args), [mapper.ecs(r) for r in named])
        self.assertEqual(self.export("-", "--format", "csv", *args, stdin=text_of(records)), csv_of(named))

    def test_random(self):
        records = random_log(1, 400)
        for r in records[::8] + records[-4:]:
            VALIDATOR.parse(line(r).rstrip("\n").encode())  # what is made up here is a record
        self.check(records)

    def test_golden_records(self):
        self.check(golden_log())

    def test_pseudonyms(self):
        for prefixes in (False, True):
            names = mapper.Pseudonyms(bytes(range(100, 140)), prefixes)
            args = ["--pseudonymise", self.key] + ["--keep-prefixes"] * prefixes
            self.check(random_log(3, 150) + golden_log(), *args, of=names.record)

    def test_as_it_stands(self):
        # One of each, letter by letter: the order of members and their spelling are looked at by people.
        r = {"v": 1, "ev": "end", "gw": "gw-a1", "seq": 7, "fid": "0200000000000003", "t0": T, "t1": T + 1500000,
             "src": "203.0.113.9", "sport": 50000, "dst": "10.20.9.7", "dport": 443, "proto": 6, "init": "outside",
             "tn": "auto-oem", "app": "TLS", "host": "edc.example", "hsrc": "sni", "asn": 64500, "cc": "DE", "ccs": "db",
             "border": "cross", "act": "block", "rule": "r1", "reason": "CORE_DATA", "sev": "high", "pol": 412,
             "ob": 100, "rb": 200, "op": 1, "rp": 2, "db": 0, "dp": 0, "pb": 0, "pp": 0, "end": "fin"}
        own = ('"init":"outside","tn":"auto-oem","app":"TLS","host":"edc.example","hsrc":"sni","asn":64500,"cc":"DE",'
               '"ccs":"db","border":"cross","act":"block",')
        counts = '"pol":412,"ob":100,"rb":200,"op":1,"rp":2,"db":0,"dp":0,"pb":0,"pp":0,"end":"fin"}}\n'
        self.assertEqual(
            self.export("-", "--format", "eve", stdin=text_of([r])).decode(),
            '{"timestamp":"2026-11-24T09:00:01.500000+0000","event_type":"flow","host":"gw-a1",'
            '"flow_id":70368744177667,"src_ip":"203.0.113.9","src_port":50000,"dest_ip":"10.20.9.7","dest_port":443,'
            '"proto":"TCP","community_id":"1:%s","app_proto":"tls",'
            '"flow":{"pkts_toserver":2,"pkts_toclient":1,"bytes_toserver":200,"bytes_toclient":100,'
            '"start":"2026-11-24T09:00:00.000000+0000","end":"2026-11-24T09:00:01.500000+0000","age":1,'
            '"state":"closed","reason":"timeout","alerted":true,"action":"drop"},'
            '"egress":{"v":1,"ev":"end","gw":"gw-a1","seq":7,"fid":"0200000000000003","t0":%d,"t1":%d,%s'
            '"rule":"r1","reason":"CORE_DATA","sev":"high",%s' %
            (mapper.community_id(r)[2:], T, T + 1500000, own, counts))
        self.assertEqual(
            self.export("-", "--format", "ecs", stdin=text_of([r])).decode(),
            '{"@timestamp":"2026-11-24T09:00:01.500000Z","ecs":{"version":"8.11.0"},"event":{"kind":"event",'
            '"category":["network"],"type":["connection","end","denied"],"action":"end","module":"bridgehead",'
            '"dataset":"bridgehead.flow","sequence":7,"start":"2026-11-24T09:00:00.000000Z",'
            '"end":"2026-11-24T09:00:01.500000Z","duration":1500000000,"severity":73,"reason":"CORE_DATA"},'
            '"source":{"ip":"203.0.113.9","port":50000,"bytes":200,"packets":2,"geo":{"country_iso_code":"DE"},'
            '"as":{"number":64500}},"destination":{"ip":"10.20.9.7","port":443,"bytes":100,"packets":1,'
            '"domain":"edc.example"},"network":{"type":"ipv4","transport":"tcp","iana_number":"6","protocol":"tls",'
            '"application":"tls","direction":"inbound","community_id":"1:%s","bytes":300,"packets":3},'
            '"rule":{"id":"r1","name":"r1","version":"412"},"tls":{"client":{"server_name":"edc.example"}},'
            '"related":{"ip":["203.0.113.9","10.20.9.7"],"hosts":["edc.example"]},'
            '"observer":{"name":"gw-a1","product":"Bridgehead","type":"firewall"},'
            '"bridgehead":{"v":1,"ev":"end","fid":"0200000000000003","t0":%d,"t1":%d,%s"sev":"high",%s' %
            (mapper.community_id(r)[2:], T, T + 1500000, own, counts))

    def test_sums(self):
        # What SIEMs add up is what the end records say; nothing counts twice.
        records = [r for r in random_log(4, 300) if not any(r.get(k, 0) > 2 ** 62 for k in ("ob", "rb", "op", "rp"))]
        ends = [r for r in records if r["ev"] == "end"]
        for key, ours in (("bytes", "b"), ("packets", "p")):
            want = sum(r["o" + ours] + r["r" + ours] for r in ends)
            ecs = self.events("ecs", records)
            self.assertEqual(sum(e.get("network", {}).get(key, 0) for e in ecs), want)
            self.assertEqual(sum(e.get(s, {}).get(key, 0) for e in ecs for s in ("source", "destination")), want)
            short = {"bytes": "bytes", "packets": "pkts"}[key]
            self.assertEqual(sum(e["flow"][f"{short}_to{to}"] for e in self.events("eve", records)
                                 if e["event_type"] == "flow" for to in ("server", "client")), want)
        self.assertEqual(len(ecs), len(records))

    def test_times_without_a_date(self):
        r = {"v": 1, "ev": "gap", "gw": "g", "seq": 1, "t0": 2 ** 62, "t1": -5, "cause": "crash", "lost": 0, "detail": "x"}
        for form, key in (("eve", "timestamp"), ("ecs", "@timestamp")):
            e, = self.events(form, [r])
            self.assertNotIn(key, e)
            self.assertEqual(e["egress" if form == "eve" else "bridgehead"]["t1"], -5)


class Pseudonyms(Case):
    def test_nothing_true_is_left(self):
        records = random_log(5, 300) + golden_log()
        true = {r[k] for r in records for k in ("src", "dst", "host", "ja3", "cap", "detail", "warn", "who", "tn") if k in r}
        true |= {"vxlan:", mapper.community_id(records[0])} - {"_unlisted"}
        true |= {mapper.community_id(r) for r in records if "src" in r}
        true.remove("_unlisted")
        for form in ("eve", "ecs", "csv"):
            plain = self.export("-", "--format", form, stdin=text_of(records)).decode()
            # JSON shows quotes and control characters otherwise: look for the value itself.
            for extra in ([], ["--keep-prefixes"]):
                text = self.export("-", "--format", form, "--pseudonymise", self.key, *extra,
                                   stdin=text_of(records)).decode()
                values = self.values(form, text)
                self.assertEqual({v for v in values if v in true}, set())
                left = [v for v in true if len(v) > 6 and v in text]
                self.assertEqual(left, [])
            self.assertGreater(len([v for v in self.values(form, plain) if v in true]), 100)

    def values(self, form, text):
        def walk(v):
            if isinstance(v, dict):
                for x in v.values():
                    yield from walk(x)
            elif isinstance(v, list):
                for x in v:
                    yield from walk(x)
            else:
                yield str(v)
        if form == "csv":
            return {x for row in csv.reader(io.StringIO(text)) for x in row}
        return {x for l in text.splitlines() for x in walk(json.loads(l))}

    def test_joinable_under_one_key_only(self):
        a = {"v": 1, "ev": "end", "gw": "g", "seq": 1, "fid": "0" * 16, "t0": T, "t1": T, "src": "10.0.0.1", "dst": "192.0.2.1",
             "proto": 50, "init": "inside", "host": "Name.example", "tn": "auto-oem", "ob": 0, "rb": 0, "op": 0, "rp": 0,
             "db": 0, "dp": 0, "pb": 0, "pp": 0, "end": "idle"}
        b = a | {"src": "192.0.2.1", "dst": "10.0.0.1", "host": "name.EXAMPLE"}
        other = self.write("other", bytes(range(1, 33)), 0o600)
        for extra in ([], ["--keep-prefixes"]):
            x, = self.events("ecs", [a], "--pseudonymise", self.key, *extra)
            y, = self.events("ecs", [b], "--pseudonymise", self.key, *extra)
            z, = self.events("ecs", [a], "--pseudonymise", other, *extra)
            self.assertEqual((x["source"]["ip"], x["destination"]["ip"], x["bridgehead"]["host"], x["bridgehead"]["tn"]),
                             (y["destination"]["ip"], y["source"]["ip"], y["bridgehead"]["host"], y["bridgehead"]["tn"]))
            self.assertEqual(x["network"]["community_id"], y["network"]["community_id"])
            for e in (x, z):
                self.assertEqual(ipaddress.ip_address(e["source"]["ip"]).version, 4 if extra else 6)
            for of in (lambda e: e["source"]["ip"], lambda e: e["destination"]["ip"], lambda e: e["bridgehead"]["host"],
                       lambda e: e["bridgehead"]["tn"], lambda e: e["network"]["community_id"]):
                self.assertNotEqual(of(x), of(z))

    def test_filters_are_about_true_values(self):
        records = [r for r in random_log(6, 50) if r.get("tn") == "auto-oem"]
        got = self.events("ecs", random_log(6, 50), "--tenant", "auto-oem", "--pseudonymise", self.key)
        self.assertEqual([e["event"]["sequence"] for e in got], [r["seq"] for r in records])

    def test_unknown_fields_stay_here(self):
        r = notices(1)[0] | {"new": "198.51.100.1"}
        self.assertNotIn(b"198.51", self.export("-", "--format", "ecs", "--pseudonymise", self.key, stdin=text_of([r])))

    def test_keys(self):
        short, loose = self.write("short", b"k" * 31, 0o600), self.write("loose", b"k" * 32, 0o640)
        long = self.write("long", b"k" * 4097, 0o600)
        base = ("-", "--format", "eve", "--pseudonymise")
        self.wrong(*base, short, text="expected a key of 32 to 4096 random bytes, found 31")
        self.wrong(*base, long, text="found more than 4096")
        self.wrong(*base, loose, text="chmod 600")
        self.wrong(*base, self.dir, text="its owner alone can read")
        self.wrong(*base, os.path.join(self.dir, "none"), text="No such file")
        self.wrong("-", "--format", "eve", "--keep-prefixes", text="needs it")


class Command(Case):
    def test_arguments(self):
        self.wrong("-", text="--format is missing")
        self.wrong("-", "--format", "xml", text='--format "xml": expected eve, ecs or csv')
        self.wrong("--format", "eve", text="name the log's directory")
        self.wrong("-", "--format", "eve", "--period", "May", text='--period "May"')
        self.wrong(os.path.join(self.dir, "none"), "--format", "eve", text="No such file")
        self.wrong("-", "--format", "csv", "--out", os.path.join(self.dir, "no/file"), text="No such file")

    def test_directory_period_limit(self):
        log = os.path.join(self.dir, "log")
        os.mkdir(log)
        records = random_log(7, 20)
        subprocess.run([MAKE, os.path.join(log, "flow-20261124T090000Z-000001.jsonl.zst")], input=text_of(records), check=True)
        self.assertEqual(len(self.export(log, "--format", "ecs").splitlines()), len(records))
        self.assertEqual(len(self.export(log, "--format", "ecs", "--limit", "3").splitlines()), 3)
        self.assertEqual(self.export(log, "--format", "ecs", "--period", "2019", status=1), b"")

    def test_out(self):
        path = os.path.join(self.dir, "out")
        good, bad = text_of(random_log(8, 20)), b'{"v":1,"ev":"gap","lost":=1}\n'
        self.assertEqual(self.export("-", "--format", "eve", "--out", path, stdin=good), b"")
        with open(path, "rb") as f:
            before = f.read()
        self.assertEqual(before, self.export("-", "--format", "eve", stdin=good))
        # Damaged lines: what can be read goes to standard output, but to no file; the old one stands.
        self.export("-", "--format", "ecs", "--out", path, stdin=good + bad, status=2)
        with open(path, "rb") as f:
            self.assertEqual(f.read(), before)
        self.assertEqual(sorted(os.listdir(self.dir)), ["key", "out"])
        self.assertEqual(len(self.export("-", "--format", "ecs", stdin=bad + good, status=2).splitlines()),
                         good.count(b"\n"))

    def test_out_that_is_no_file(self):
        fifo = os.path.join(self.dir, "fifo")
        os.mkfifo(fifo)
        good, got = text_of(random_log(9, 5)), []

        def read():
            with open(fifo, "rb") as f:
                got.append(f.read())
        reader = threading.Thread(target=read)
        reader.start()
        self.export("-", "--format", "ecs", "--out", fifo, stdin=good)
        reader.join()
        self.assertEqual(got[0].count(b"\n"), good.count(b"\n"))
        p = subprocess.run([BHLOG, "export", "-", "--format", "csv", "--out", "/dev/full"], input=good, capture_output=True,
                           check=False)
        self.assertEqual(p.returncode, 2)
        self.assertIn(b"No space left", p.stderr)

    def test_lines_that_others_wrote(self):
        # Escapes that need not be, raw control characters, bytes that are no UTF-8, a key twice.
        text = (b'{ "v":1, "ev":"gap","gw":"\\u0067\x01\xff","seq":1,"t0":0,"t1":0,"cause":"\\q\\ud800","lost":1,'
                b'"lost":2,"from":1,"to":1}\n')
        for form, own in (("eve", "egress"), ("ecs", "bridgehead")):
            e = json.loads(self.export("-", "--format", form, stdin=text), object_pairs_hook=validate.no_duplicates)
            self.assertEqual((e[own]["lost"], e[own]["cause"]), (1, "\ufffd\ufffd"))
            self.assertEqual(e["host"] if form == "eve" else e["observer"]["name"], "g\x01\ufffd")


if __name__ == "__main__":
    BHLOG, MAKE = map(os.path.abspath, sys.argv[1:3])
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
