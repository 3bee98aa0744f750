#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""Bad configurations, policies, databases and captures: one clear error that names the file, exit 2."""
import json
import os
import shutil
import subprocess
import tempfile
import time

import check
from check import BRIDGEHEAD, GOLDEN, Skip
from gateway import make_config
from park import COUNTRIES, POLICY

NOBODY = 65534
CAPTURE = os.path.join(GOLDEN, "demo.pcap")
GIB = 1 << 30


class Inputs:
    """Good inputs and bad ones beside them."""

    def __init__(self, folder):
        self.folder = folder
        os.chmod(folder, 0o755)
        self.good = {"policy": POLICY, "country": COUNTRIES[0], "capture": CAPTURE}
        for d in ("log", "state", "run"):  # for whoever the gateway runs as
            os.mkdir(os.path.join(folder, d))
            os.chmod(os.path.join(folder, d), 0o777)
        config = self.config(POLICY, COUNTRIES)
        self.good["config"] = self.write("good.json", json.dumps(config).encode())

    def config(self, policy, countries):
        return make_config(self.folder, [("in0", "out0")], policy, countries,
                           control_socket=os.path.join(self.folder, "run", "control.sock"))

    def write(self, name, data):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as f:
            f.write(data)
        return path

    def bad(self, what):
        """(kind, path) of everything that may stand where a file is wanted."""
        with open(self.good[what], "rb") as f:
            data = f.read()
        ext = os.path.splitext(self.good[what])[1]
        name = lambda kind: f"{what}-{kind}{ext}"
        yield "missing", os.path.join(self.folder, name("missing"))
        yield "empty", self.write(name("empty"), b"")
        yield "binary", self.write(name("binary"), bytes(range(256)) * 64)
        yield "zeros", self.write(name("zeros"), bytes(4096))
        if what in ("config", "policy"):
            yield "truncated", self.write(name("truncated"), data[:len(data) // 2])
            yield "array", self.write(name("array"), b"[1, 2, 3]")
            yield "deep", self.write(name("deep"), b"[" * 100000)
            yield "BOM and Latin-1", self.write(name("latin"), '{"schema": "\xe9"}'.encode("latin-1"))
            yield "another format", self.write(name("format"), data.replace(b"policy/1", b"policy/9", 1)
                                              .replace(b"gateway/1", b"gateway/9", 1))
        if what == "capture":
            yield "cut in its header", self.write(name("header"), data[:17])
            yield "of a pcapng that ends", self.write(name("ng"), bytes.fromhex("0a0d0d0a1c0000004d3c2b1a") + bytes(3))
        if what == "country":
            yield "another text", self.write(name("text"), b"hello\nworld\n")
            yield "a line cut", self.write(name("cut"), data + b"3405804032,34058")
            yield "an mmdb cut", self.write(name("mmdb"), bytes(1000) + b"\xab\xcd\xefMaxMind.com\xe9")
        folder = os.path.join(self.folder, name("folder"))
        os.mkdir(folder)
        yield "a folder", folder
        huge = self.write(name("sparse"), data if what == "policy" else b"")
        os.truncate(huge, GIB)
        yield "1 GiB of nothing", huge


def commands(inputs, what, path):
    """The ways in which a file reaches the program."""
    p = dict(inputs.good, **{what: path})
    if what in ("policy", "country"):
        config = inputs.config(p["policy"], [p["country"]])
        p["config"] = inputs.write("made.json", json.dumps(config).encode())
    if what != "capture":
        yield "run --check", [BRIDGEHEAD, "run", "--config", p["config"], "--check"]
    if what != "config":
        yield "replay", [BRIDGEHEAD, "replay", "--policy", p["policy"], "--country-db", p["country"],
                         "--records", "-", p["capture"]]


def judge(argv, path, **kw):
    """What is wrong with the answer, or an empty text."""
    begin = time.monotonic()
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=60, **kw)
    except subprocess.TimeoutExpired:
        return "no end within 60 s"
    took = time.monotonic() - begin
    said = done.stderr.decode(errors="replace")
    errors = [l for l in said.splitlines() if path in l]
    if done.returncode != 2:
        return f"exit {done.returncode}, wanted 2: {said[:500]}"
    if len(errors) != 1:
        return f"{len(errors)} lines name {path}, wanted one:\n{said[:1000]}"
    if len(said.splitlines()) > 3:
        return f"more than one error:\n{said[:1000]}"
    if any(ord(c) < 32 and c != "\n" for c in said):
        return f"control characters in {said[:500]!r}"
    if took > 20:
        return f"took {took:.0f} s"
    return ""


def bad_files(t, inputs):
    for what in ("config", "policy", "country", "capture"):
        for kind, path in inputs.bad(what):
            for how, argv in commands(inputs, what, path):
                wrong = judge(argv, path)
                t.ok(not wrong, f"{what}: {kind}: {how}: one error, exit 2", wrong)


def unreadable(t, inputs):
    """As somebody who may not read the file: root may read everything."""
    if os.geteuid() != 0:
        kw = {}
    elif subprocess.run([BRIDGEHEAD, "--version"], user=NOBODY, stdout=subprocess.DEVNULL, check=False,
                        stderr=subprocess.DEVNULL).returncode == 0:
        kw = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    else:
        t.skip("unreadable files", "the build folder is closed to others")
        return
    for what in ("config", "policy", "country", "capture"):
        path = os.path.join(inputs.folder, f"unreadable-{what}")
        shutil.copy(inputs.good[what], path)
        os.chmod(path, 0)
        for how, argv in commands(inputs, what, path):
            wrong = judge(argv, path, **kw)
            t.ok(not wrong, f"{what}: unreadable: {how}: one error, exit 2", wrong)


def named(t, inputs):
    """What a configuration names and run would open: --check says where in the configuration it stands, and what is
    wrong; so does run for what it cannot do without."""
    nowhere, a_file = "/nonexistent/deep", inputs.write("a-file", b"")
    cases = [  # pointer, value, what is said, whether run says it as well
        ("/policy", "/nonexistent.json", "/nonexistent.json: cannot be opened", False),
        ("/policy", inputs.folder, f"{inputs.folder}: is a folder", False),
        ("/country_db/0", "/nonexistent", "/nonexistent: cannot be opened", True),
        ("/country_db/1", inputs.folder, f"{inputs.folder}: is a folder", True),
        ("/asn_db/0", "/nonexistent.mmdb", "/nonexistent.mmdb: cannot be opened", True),
        ("/policy_keys/0", "/nonexistent.pub", "/nonexistent.pub: neither a public key", True),
        ("/log/key", "/nonexistent.key", "/nonexistent.key: No such file", True),
        ("/log/key", a_file, a_file, True),
        ("/log/dir", nowhere, f"neither {nowhere} nor /nonexistent is there", False),
        ("/log/dir", a_file, f"{a_file}: is no folder", False),
        ("/state_dir", nowhere, f"neither {nowhere} nor", False),
        ("/log/dir", os.path.join(inputs.folder, "state"), "is state_dir, too", False),
        ("/control_socket", nowhere + "/sock", "neither", False),
        ("/control_socket", inputs.folder, "is no socket", False),
        ("/workers/mtu", 9000, "no room for workers.mtu, 9000", True),
        ("/eal/8", "--vdev=net_af_packet0,iface=in0,framesz=9216,blocksz=36864", "no room in the gateway's buffers",
         True),
        ("/eal/8", "--vdev=net_af_packet0,iface=in0,framesz=2048,blocksz=1024", "set blocksz=8192 there", True),
    ]
    for pointer, value, what, run_too in cases:
        config = json.loads(json.dumps(inputs.config(POLICY, COUNTRIES)))
        config.update(asn_db=[], policy_keys=[])
        keys = pointer.split("/")[1:]
        at = config
        for key in keys[:-1]:
            at = at[key]
        if isinstance(at, list):
            at[int(keys[-1]):int(keys[-1]) + 1] = [value]
        else:
            at[keys[-1]] = value
        for empty in ("asn_db", "policy_keys"):
            if not config[empty]:
                del config[empty]
        place = "/eal/" if pointer == "/workers/mtu" else pointer
        path = inputs.write("named.json", json.dumps(config, indent=1).encode())
        for how in ["--check"] + [""] * run_too:
            done = subprocess.run([BRIDGEHEAD, "run", "--config", path, *how.split()], stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True, timeout=60, check=False)
            lines = [l for l in done.stderr.splitlines()
                     if l.startswith(path + ":") and f": {place}" in l and what in l]
            t.ok(done.returncode == 2 and lines and int(lines[0][len(path) + 1:].split(":")[0]) > 1,
                 f"run {how or 'itself'}: {pointer} = {value}: line, column, pointer and what is wrong",
                 f"exit {done.returncode}: {done.stderr}")
    left = [f for f in os.listdir(os.path.join(inputs.folder, "log"))]
    t.equal(left, [], "--check leaves nothing behind")


def cut_in_a_packet(t, inputs):
    """A capture that ends within a packet: what is whole counts, and the end is told."""
    with open(CAPTURE, "rb") as f:
        data = f.read()
    path = inputs.write("cut.pcap", data[:len(data) - 7])
    records = os.path.join(inputs.folder, "cut.records")
    done = subprocess.run([BRIDGEHEAD, "replay", "--policy", POLICY, "--country-db", ",".join(COUNTRIES), "--records",
                           records, path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60,
                          check=False)
    with open(records, encoding="utf-8") as f:
        ended = sum(json.loads(line)["ev"] == "end" for line in f)
    t.ok(done.returncode == 2 and path in done.stderr and ended > 5,
         "capture: cut in its last packet: whole flows recorded, one error, exit 2",
         f"exit {done.returncode}, {ended} flows: {done.stderr}")


def test(t):
    if not os.path.exists(CAPTURE):
        raise Skip(f"{CAPTURE} is not there")
    folder = tempfile.mkdtemp(prefix="bh-inputs-")
    try:
        inputs = Inputs(folder)
        for how, argv in commands(inputs, "policy", POLICY):
            done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60,
                                  check=False)
            t.ok(done.returncode == 0, f"good inputs: {how}: exit 0", done.stderr)
        bad_files(t, inputs)
        unreadable(t, inputs)
        named(t, inputs)
        cut_in_a_packet(t, inputs)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    check.main(test)
