# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""What the golden tests share: running replay, TAP lines, checks of records."""
import json
import os
import struct
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "schema"))

COUNTRIES = os.path.join(HERE, "..", "geo", "countries.txt")
COUNTRIES6 = os.path.join(HERE, "..", "geo", "countries6.txt")
POLICY = os.path.join(HERE, "..", "..", "policy", "policy.example.json")
INSIDE = "198.19.192.0/18,2001:db8:20::/48"


class Tap:
    """Counts and prints results; finish() gives the exit status."""

    def __init__(self):
        self.n = self.failed = 0

    def check(self, good, name, why=""):
        self.n += 1
        self.failed += not good
        print("%sok %d - %s" % ("" if good else "not ", self.n, name))
        if not good and why:
            print("\n".join("# " + line for line in str(why).splitlines()[:20]))
        return good

    def skip(self, name, why):
        self.n += 1
        print("ok %d - %s # SKIP %s" % (self.n, name, why))

    def finish(self):
        print("1..%d" % self.n)
        return 1 if self.failed or self.n == 0 else 0


def replay(program, captures, *options, policy=POLICY, db=(COUNTRIES, COUNTRIES6), by=(), again=False):
    """(exit status, standard output, standard error), bytes. by: a command that runs it. again: the same packets
    went through before, where AddressSanitizer looked for leaks, which takes it a sixth of a short replay."""
    env = dict(os.environ, ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0") if again else None
    run = subprocess.run([*by, program, "replay", "--policy", policy, "--country-db", ",".join(db),
                          *options, *captures], capture_output=True, check=False, timeout=300, env=env)
    return run.returncode, run.stdout, run.stderr


def records(text):
    return [json.loads(line) for line in text.splitlines()]


def write_pcap(path, packets, linktype=1):
    """packets: (seconds, bytes)."""
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, linktype))
        for t, data in packets:
            f.write(struct.pack("<IIII", int(t), int(round(t % 1 * 1e6)), len(data), len(data)))
            f.write(data)


def read_pcap(path):
    """(link type, [(seconds, bytes)]) of a little-endian pcap file."""
    with open(path, "rb") as f:
        data = f.read()
    linktype, at, out = struct.unpack("<I", data[20:24])[0], 24, []
    while at < len(data):
        s, us, n, _ = struct.unpack("<IIII", data[at:at + 16])
        out.append((s + us / 1e6, data[at + 16:at + 16 + n]))
        at += 16 + n
    return linktype, out


def read_pcapng(path):
    """[(microseconds, bytes, length on the wire)] of a little-endian pcapng file of one interface."""
    with open(path, "rb") as f:
        data = f.read()
    at, out = 0, []
    while at < len(data):
        kind, size = struct.unpack("<II", data[at:at + 8])
        assert size % 4 == 0 and struct.unpack("<I", data[at + size - 4:at + size])[0] == size
        if kind == 6:
            _, high, low, n, wire = struct.unpack("<IIIII", data[at + 8:at + 28])
            out.append((high << 32 | low, data[at + 28:at + 28 + n], wire))
        at += size
    return out
