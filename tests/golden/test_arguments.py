#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""Command lines that replay refuses before it opens anything for writing: one line, exit 2, and every file is
as it was.

usage: test_arguments.py BRIDGEHEAD
"""
import os
import shutil
import subprocess
import sys
import tempfile

import golden


def one_line(err, *words):
    text = err.decode(errors="replace")
    return text.startswith("bridgehead replay: ") and text.count("\n") == 1 and all(w in text for w in words)


def everything(folder):
    found = {}
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), "rb") as f:
            found[name] = f.read()
    return found


def overwriting(folder):
    """(what is told, options); the captures are the folder's demo.pcap and its neighbour."""
    def path(name):
        return os.path.join(folder, name)
    yield "the capture", ["--pcap-out", path("demo.pcap")]
    yield "the capture", ["--records", path("demo.pcap")]
    yield "the capture", ["--records", path("next.pcap")]
    yield "the capture", ["--pcap-out", path("symbolic")]
    yield "the capture", ["--pcap-out", path("hard")]
    yield "the capture", ["--pcap-out", os.path.join(folder, ".", "demo.pcap")]
    yield "the capture", ["--pcap-out", path("next")]  # grows as next.part
    yield "the policy", ["--records", path("policy.json")]
    yield "the country database", ["--pcap-out", path("countries.txt")]
    yield "the AS database", ["--asn-db", path("asn.mmdb"), "--records", path("asn.mmdb")]
    yield "one file", ["--records", path("new"), "--pcap-out", path("new")]


def check_overwriting(tap, program, folder):
    shutil.copy(os.path.join(golden.HERE, "demo.pcap"), os.path.join(folder, "demo.pcap"))
    for name, source in (("next.pcap", "demo.pcap"), ("next.part", "demo.pcap"), ("asn.mmdb", "demo.pcap")):
        shutil.copy(os.path.join(folder, source), os.path.join(folder, name))
    shutil.copy(golden.POLICY, os.path.join(folder, "policy.json"))
    shutil.copy(golden.COUNTRIES, os.path.join(folder, "countries.txt"))
    os.symlink("demo.pcap", os.path.join(folder, "symbolic"))
    os.link(os.path.join(folder, "demo.pcap"), os.path.join(folder, "hard"))
    before = everything(folder)
    captures = [os.path.join(folder, n) for n in ("demo.pcap", "next.pcap", "next.part")]
    for what, options in overwriting(folder):
        status, out, err = golden.replay(program, captures, *options, policy=os.path.join(folder, "policy.json"),
                                         db=(os.path.join(folder, "countries.txt"),))
        told = " ".join(o.rpartition("/")[2] for o in options)
        tap.check(status == 2 and out == b"" and one_line(err, what), "%s: told of %s" % (told, what), err)
        tap.check(everything(folder) == before, "%s: every file is as it was" % told)
    # A capture through a pipe, and one that standard output or input is.
    with open(os.path.join(folder, "demo.pcap"), "r+b") as f:
        run = subprocess.run([program, "replay", "--policy", golden.POLICY, "--country-db", golden.COUNTRIES,
                              "--records", f.name, "-"], stdin=f, capture_output=True, check=False, timeout=60)
        tap.check(run.returncode == 2 and one_line(run.stderr, "the capture"), "the capture at standard input",
                  run.stderr)
        run = subprocess.run([program, "replay", "--policy", golden.POLICY, "--country-db", golden.COUNTRIES,
                              "--records", "-", f.name], stdout=f, stderr=subprocess.PIPE, check=False, timeout=60)
        tap.check(run.returncode == 2 and one_line(run.stderr, "the capture"), "the capture at standard output",
                  run.stderr)
    tap.check(everything(folder) == before, "both are as they were")


def check_inside(tap, program, folder):
    """Prefixes as in policies and configurations."""
    capture = os.path.join(golden.HERE, "demo.pcap")
    out = os.path.join(folder, "inside.jsonl")
    for prefix, said in (("10.0.0.1/8", '"10.0.0.1/8" has bits set behind its length; did you mean "10.0.0.0/8"?'),
                         ("2001:db8::1/32", 'did you mean "2001:db8::/32"?'), ("10.0.0.0/33", "--inside takes"),
                         ("10.0.0.0/08", "--inside takes"), ("10.0.0.0", "--inside takes"), ("", "--inside takes"),
                         ("10.0.0.0/8,", "--inside takes"), ("10.0.0/8", "--inside takes")):
        status, _, err = golden.replay(program, [capture], "--records", out, "--inside", prefix)
        tap.check(status == 2 and one_line(err, said) and not os.path.exists(out), "inside %s" % prefix, err)
    status, _, err = golden.replay(program, [capture], "--records", out, "--inside",
                                   "10.0.0.0/8,192.0.2.1/32,2001:db8::/32,::/0,0.0.0.0/0")
    tap.check(status == 0 and err == b"", "inside prefixes", err)


def check_good(tap, program, folder):
    """Where nothing is lost nothing is refused: devices, files that are there already, names alike."""
    status, _, err = golden.replay(program, [os.path.join(folder, "demo.pcap")], "--records", "/dev/null",
                                   "--pcap-out", "/dev/null")
    tap.check(status == 0, "records and packets to a device", err)
    old, more = os.path.join(folder, "old.jsonl"), os.path.join(folder, "sub")
    os.mkdir(more)
    with open(old, "w", encoding="utf-8") as f:
        f.write("old\n")
    status, _, err = golden.replay(program, [os.path.join(folder, "demo.pcap")], "--records", old,
                                   "--pcap-out", os.path.join(more, "demo.pcap"))
    tap.check(status == 0 and os.path.getsize(os.path.join(more, "demo.pcap")) > 1000, "over an old file of records",
              err)


def main():
    tap, program = golden.Tap(), sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        check_overwriting(tap, program, folder)
        check_inside(tap, program, folder)
        check_good(tap, program, folder)
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
