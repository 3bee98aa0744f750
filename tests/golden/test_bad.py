#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""Captures that are none, or end too early: one line that names the file, exit 2; the packets before the
damage count, and those of the files before it too.

usage: test_bad.py BRIDGEHEAD
"""
import bz2
import gzip
import lzma
import os
import socket
import struct
import subprocess
import sys
import tempfile

import golden

DEMO = os.path.join(golden.HERE, "demo.pcap")


def pcapng(*linktypes):
    """A section with one interface and one packet of each link type."""
    def block(kind, body):
        return struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)
    out = block(0x0a0d0d0a, struct.pack("<IHHq", 0x1a2b3c4d, 1, 0, -1))
    for i, linktype in enumerate(linktypes):
        out += block(1, struct.pack("<HHI", linktype, 0, 65535))
        out += block(6, struct.pack("<IIIII", i, 0, 5000000 + i, 60, 60) + bytes(60))
    return out


def cases(demo):
    """(name, content, how many packets count)"""
    yield "empty", b"", 0
    yield "cut in the file's header", demo[:20], 0
    yield "a file's header alone, cut in a packet's header", demo[:24 + 7], 0
    yield "text", b"not a capture\n" * 100, 0
    yield "binary", bytes(range(256)) * 64, 0
    yield "gzip", gzip.compress(demo), 0
    yield "bzip2", bz2.compress(demo), 0
    yield "xz", lzma.compress(demo), 0
    yield "zstd", b"\x28\xb5\x2f\xfd" + demo, 0
    yield "a link type that is not parsed", demo[:20] + struct.pack("<I", 195) + demo[24:], 0
    yield "pcapng that ends in its first block", pcapng(1)[:20], 0
    yield "pcapng of two link types", pcapng(1, 113), 1
    size = struct.unpack("<I", demo[32:36])[0]
    yield "cut in the second packet", demo[:24 + 16 + size + 16 + 5], 1
    yield "cut in the second packet's header", demo[:24 + 16 + size + 9], 1
    yield "a packet of 2 GiB", demo[:24 + 16 + size] + struct.pack("<IIII", 1, 1, 1 << 31, 1 << 31), 1


def one_line(path, err):
    text = err.decode(errors="replace")
    return text.startswith("bridgehead replay: %s: " % path) and text.count("\n") == 1


def packets(out):
    return [r["pkts"] for r in golden.records(out) if r["ev"] == "stop"]


# Root may read everything; without these capabilities it may not.
MORTAL = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")


def check(tap, program, name, path, count, by=()):
    status, out, err = golden.replay(program, [path], "--records", "-", by=by)
    tap.check(status == 2 and one_line(path, err), "%s: exit 2 and one line" % name, err)
    tap.check((packets(out) or [0]) == [count], "%s: %d packets count" % (name, count), packets(out))
    return err


def places(tap, program, folder):
    check(tap, program, "missing", os.path.join(folder, "missing.pcap"), 0)
    check(tap, program, "a folder", folder, 0)
    check(tap, program, "a device", "/dev/null", 0)
    path = os.path.join(folder, "socket")
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(path)
        check(tap, program, "a socket", path, 0)
    path = os.path.join(folder, "closed.pcap")
    with open(path, "wb") as f:
        f.write(b"x")
    os.chmod(path, 0)
    err = check(tap, program, "unreadable", path, 0, by=MORTAL if os.geteuid() == 0 else ())
    tap.check(b"ermission denied" in err, "unreadable: says why", err)


def main():
    tap, program = golden.Tap(), sys.argv[1]
    with open(DEMO, "rb") as f:
        demo = f.read()
    whole = len(golden.read_pcap(DEMO)[1])
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "bad.pcap")
        for name, content, count in cases(demo):
            with open(path, "wb") as f:
                f.write(content)
            check(tap, program, name, path, count)
        status, out, err = golden.replay(program, [DEMO, path], "--records", "-")
        tap.check(status == 2 and one_line(path, err) and packets(out) == [whole + 1],
                  "after a good file: its packets count too", "%s %s" % (packets(out), err))
        status, out, err = golden.replay(program, [path, DEMO], "--summary")
        tap.check(status == 2 and out.startswith(b"packets: 1, ") and
                  err.endswith(b"bridgehead replay: not read any more: %s\n" % DEMO.encode()),
                  "before a good file: totals of what was read, and what was not", "%s %s" % (out[:80], err))
        with open("/dev/full", "wb") as full:
            status = subprocess.run([program, "replay", "--policy", golden.POLICY, "--country-db", golden.COUNTRIES,
                                     "--summary", DEMO], stdout=full, stderr=subprocess.DEVNULL, check=False,
                                    timeout=60).returncode
        tap.check(status == 2, "a summary that cannot be written: exit 2", status)
        places(tap, program, folder)
        with open(DEMO, "rb") as f:
            run = subprocess.run([program, "replay", "--policy", golden.POLICY, "--country-db",
                                  golden.COUNTRIES, "--records", "-", "-"], stdin=f,
                                 capture_output=True, check=False, timeout=60)
        tap.check(run.returncode == 0 and packets(run.stdout) == [whole], "a good one from standard input",
                  run.stderr)
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
