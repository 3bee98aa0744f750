#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""Write the seeds of the fuzz targets from what other tests are made of.

    make_corpus.py [FOLDER]     tests/fuzz/corpus where none is given

Files that fuzzing found lie beside the seeds under other names; this script leaves them alone.
"""
import base64
import hashlib
import json
import os
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
sys.path[:0] = [os.path.join(TESTS, "golden"), os.path.join(TESTS, "geo"), os.path.join(TESTS, "configs")]
sys.dont_write_bytecode = True
import make_captures  # noqa: E402
import topics  # noqa: E402

LINKS = {1: 0, 101: 1, 0: 2, 108: 2, 113: 3, 276: 4, 9: 5}  # link type -> enum parse_link
MOST = 6000  # bytes of packets in one seed


class Corpus:
    def __init__(self, folder):
        self.folder, self.files, self.bytes = folder, 0, 0

    def put(self, target, name, data):
        where = os.path.join(self.folder, target)
        os.makedirs(where, exist_ok=True)
        with open(os.path.join(where, name), "wb") as f:
            f.write(data)
        self.files += 1
        self.bytes += len(data)


def frames_of(topic):
    """The first packets of a topic, as many as a seed may have."""
    room = MOST
    for p in topic.packets:
        room -= len(p.frame)
        if room < 0:
            return
        yield p


def fragmented():
    """A connection whose ClientHello comes in IPv4 fragments, the last first, with other bytes for one place."""
    frames = [p.frame for p in next(t for t in topics.all_topics() if t.name == "tls_sni").packets]
    hello = max(frames, key=len)
    pieces = []
    for at in range(0, len(hello) - 34, 64):
        body = hello[34 + at:34 + at + 64]
        more = 0x2000 if 34 + at + 64 < len(hello) else 0
        head = hello[14:16] + struct.pack(">HHH", 20 + len(body), 77, more | at // 8) + hello[22:34]
        pieces.insert(0, hello[:14] + head + body)
    twice = hello[:-64] + bytes(64)
    out = frames[:3] + [twice[:38] + struct.pack(">I", struct.unpack(">I", twice[38:42])[0] + 9) + twice[42:]]
    return bytes([0]) + b"".join(b"\0" + struct.pack(">H", len(f)) + f
                                for f in out + pieces + frames[frames.index(hello) + 1:])


def packets(corpus):
    mixed = b""
    for t in topics.all_topics():
        link = LINKS[t.linktype]
        parse = bytes([link, 15, 0])
        pipeline = bytes([0])
        for i, p in enumerate(frames_of(t)):
            parse += struct.pack(">H", len(p.frame)) + p.frame
            how = link | (64 if i % 4 == 3 else 0)
            pipeline += bytes([how]) + struct.pack(">H", len(p.frame)) + p.frame
        corpus.put("parse", t.name, parse)
        corpus.put("pipeline", t.name, pipeline)
        if t.linktype != 1:
            continue
        # The sides that a wire knows, exceptions that block, a policy swap and long pauses.
        wire = bytes([63])
        for i, p in enumerate(frames_of(t)):
            how = (15 if i == 3 else 0) | (32 if p.back else 16) | (192 if i == 5 else 0)
            wire += bytes([how]) + struct.pack(">H", len(p.frame)) + p.frame
        corpus.put("pipeline", t.name + "-wire", wire)
        mixed += wire[1:]
    corpus.put("pipeline", "flood", bytes([65]) + mixed)
    corpus.put("pipeline", "tls-fragments", fragmented())
    # Link types that the captures do not have: 802.11 with and without radiotap, HDLC, PPPoE.
    ip = next(p.frame for p in topics.all_topics()[0].packets if p.ip_bytes)[14:]
    wifi = bytes.fromhex("0801000000005e00530100005e00530200005e0053030000aaaa030000000800") + ip
    ext = b"".join(bytes([60 if i < 3 else 6, 25]) + bytes(206) for i in range(4))
    far = wifi[:30] + b"\x86\xdd" + bytes.fromhex("6000000003543c40") + bytes(32) + ext + bytes(20)
    corpus.put("parse", "far", bytes([9, 15, 2]) + struct.pack(">H", len(far)) + far)
    others = {"chdlc": (7, bytes.fromhex("0f000800") + ip), "wlan": (8, wifi),
              "radiotap": (9, bytes.fromhex("0000080000000000") + wifi),
              "pppoe": (6, bytes.fromhex("11000001") + struct.pack(">H", len(ip) + 2) + b"\0\x21" + ip)}
    for name, (link, frame) in others.items():
        corpus.put("parse", name, bytes([link, 15, 0]) + struct.pack(">H", len(frame)) + frame)
        corpus.put("pipeline", name, bytes([0, link]) + struct.pack(">H", len(frame)) + frame)


def block(kind, body):
    """One block of a pcapng file (draft-ietf-opsawg-pcapng)."""
    body += bytes(-len(body) % 4)
    return struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)


def pcapng(frames, link=1, resolution=6):
    out = block(0x0a0d0d0a, struct.pack("<IHHq", 0x1a2b3c4d, 1, 0, -1))
    out += block(1, struct.pack("<HHI", link, 0, 262144) + struct.pack("<HHB3xHH", 9, 1, resolution, 0, 0))
    for i, f in enumerate(frames):
        out += block(6, struct.pack("<IIIII", 0, 0, 1000 * i, len(f), len(f)) + f)
    out += block(3, struct.pack("<I", len(frames[0])) + frames[0])
    return out


def captures(corpus):
    seen = set()
    with tempfile.TemporaryDirectory() as tmp:
        for t in topics.all_topics():
            if t.linktype in seen:
                continue
            seen.add(t.linktype)
            path = os.path.join(tmp, "one.pcap")
            make_captures.write_pcap(path, t.linktype, t.packets[:3])
            with open(path, "rb") as f:
                data = f.read()
            corpus.put("capture", f"pcap-{t.linktype}", data)
    frames = [p.frame for p in topics.all_topics()[0].packets[:3]]
    corpus.put("capture", "nanoseconds", b"\x4d\x3c\xb2\xa1" + data[4:])
    corpus.put("capture", "big-endian", struct.pack(">IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1) +
               struct.pack(">IIII", 1, 2, len(frames[0]), len(frames[0]) + 9) + frames[0])
    corpus.put("capture", "cut", data[:-5])
    corpus.put("capture", "pcapng", pcapng(frames))
    corpus.put("capture", "pcapng-nanoseconds", pcapng(frames, resolution=9))
    corpus.put("capture", "pcapng-other-link", pcapng(frames, link=147))
    corpus.put("capture", "gzip", b"\x1f\x8b\x08\0\0\0\0\0")


def databases(corpus):
    for name in ("countries.txt", "countries6.txt"):
        with open(os.path.join(TESTS, "geo", name), "rb") as f:
            corpus.put("geo", name, b"\0" + f.read())
    corpus.put("geo", "generated", b"\0# Generated: Thu, 25 Jun 2026 04:33:59 GMT\r\n"
               b"16777216,16777471,AU\r\n16777472,16778239,??\r\n4294967295,4294967295,CN\n")
    corpus.put("geo", "ends6", b"\0::,::,US\n2001:db8::,2001:db8:ffff:ffff:ffff:ffff:ffff:ffff,DE\n"
               b"ffff::,ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff,A1\n")
    make = os.path.join(TESTS, "geo", "make_mmdb.py")
    with tempfile.TemporaryDirectory() as tmp:
        path = os.path.join(tmp, "db")
        for kind, more in (("country", ["--record-size", "24"]), ("country", ["--ip-version", "4"]),
                           ("asn", []), ("asn", ["--record-size", "32"]), ("city", []), ("loop", [])):
            subprocess.run([sys.executable, "-B", make, kind, path] + more, check=True)
            with open(path, "rb") as f:
                data = f.read()
            name = "-".join(["mmdb", kind] + [m for m in more if m[0] != "-"])
            corpus.put("geo", name, bytes([kind == "asn"]) + data)


def documents(corpus):
    good = os.path.join(TESTS, "configs", "good")
    bases = {}
    for name in sorted(os.listdir(good)):
        with open(os.path.join(good, name), "rb") as f:
            data = f.read()
        bases[name.removesuffix(".json")] = json.loads(data)
        corpus.put("config", name, data)
        corpus.put("json", "config-" + name, b"/workers/lcores/0\0" + data)
    with open(os.path.join(TESTS, "configs", "cases.json"), encoding="utf-8") as f:
        cases = json.load(f)
    for i, case in enumerate(cases):
        doc = dict(bases[case["base"]], **{k[1:]: v for k, v in case.get("set", {}).items()
                                           if k.count("/") == 1})
        if doc != bases[case["base"]] and i % 3 == 0:
            corpus.put("config", f"case-{i}", json.dumps(doc, ensure_ascii=False).encode())
    with open(os.path.join(HERE, "policy.json"), "rb") as f:
        data = f.read()
    corpus.put("policy", "fuzz", data)
    corpus.put("json", "policy", b"/rules/2/match/dports/0\0" + data)
    example = os.path.join(os.path.dirname(TESTS), "policy", "policy.example.json")
    with open(example, "rb") as f:
        corpus.put("policy", "example", f.read())
    for name, text in (("escapes", b'/a~1b/~0\0{"a/b": {"~": [1, -0.5e+3, "\\ud83d\\ude00\\u0000\\n"]}}'),
                       ("deep", b"\0" + b"[" * 31 + b"]" * 31), ("empty", b"\0"), ("twice", b'\0{"a":1,"a":2}'),
                       ("numbers", b"/1\0[1e999, 18446744073709551616, 0.1, -0, 01]"),
                       ("utf8", '/ä\0{"ä": "\u2028", "b": "é𝄞"}'.encode()), ("surrogate", b'\0["\\ud800"]'),
                       ("bom", b'\0\xef\xbb\xbf{}'), ("lines", b'/c/1\0{\r\n\t"c": [\n1,\n\n2]\n}\n')):
        corpus.put("json", name, text)


def control(corpus):
    for name, piece, text in (
            ("stats", 0, b'{"v":1,"cmd":"stats"}\n'), ("pieces", 3, b'{"v":1,"cmd":"stats","more":[1]}\n'),
            ("several", 0, b'{"v":1,"cmd":"stats"}\n{"v":1,"cmd":"other"}\n{"v":2,"cmd":"stats"}\n[]\n\n'),
            ("later", 0, b'{"v":1,"cmd":"later"}\n{"v":1,"cmd":"stats"}\n{"v":1,"cmd":"later"}\n'),
            ("later-gone", 5, b'{"v":1,"cmd":"later"}\n'),
            ("no-command", 0, b'{"v":1}\n'), ("no-end", 7, b'{"v":1,"cmd":"stats"}'),
            ("twice", 0, b'{"v":1,"v":1,"cmd":"stats"}\n'), ("binary", 9, bytes(range(1, 256)) + b"\n"),
            ("not-utf8", 0, b'{"v":1,"cmd":"\xff\xfe"}\n'), ("nul", 0, b'{"v":1,"cmd":"a\\u0000b"}\n')):
        corpus.put("control", name, bytes([piece]) + text)


def signatures(corpus):
    whole = '{"format":"egress-policy-sig/1","id":"park","version":412,"key":"$K","signature":"$S"}'
    for name, text in (
            ("good", whole), ("spaces", whole.replace(",", " ,\n\t")), ("more", whole[:-1] + ',"more":1}'),
            ("twice", whole[:-1] + ',"id":"park"}'), ("version-text", whole.replace("412", '"412"')),
            ("version-big", whole.replace("412", "4294967708")), ("other-id", whole.replace("park", "ünd\x7f")),
            ("other-key", whole.replace("$K", "fuzz+00000000")), ("no-base64", whole.replace("$S", "$S=")),
            ("no-key", whole.replace('"key":"$K",', "")), ("tail", whole + "x"), ("list", f"[{whole}]")):
        corpus.put("sig", name, b"e" + text.encode())
    key = b"\1" + bytes(range(32))
    known = hashlib.sha256(b"park.example/fuzz\n" + key).hexdigest()[:8]
    for name, number in (("key", known), ("key-other-id", "00000000")):
        corpus.put("sig", name, b"kpark.example/fuzz+" + number.encode() + b"+" + base64.b64encode(key))


def main():
    corpus = Corpus(sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, "corpus"))
    for part in (packets, captures, databases, documents, control, signatures):
        part(corpus)
    print(f"{corpus.files} seeds, {corpus.bytes} bytes")


if __name__ == "__main__":
    main()
