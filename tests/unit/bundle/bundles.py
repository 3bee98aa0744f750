# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""Logs, bundles of them, and what the verifier in a bundle says of it, for the tests of bundles."""
import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCES = os.path.join(HERE, "../../..")
sys.path.insert(0, os.path.join(HERE, "../evidence"))
import forked  # pylint: disable=wrong-import-position

VERIFY_BUNDLE = os.path.join(SOURCES, "scripts/verify-bundle")
BHLOG = BHCTL = WRITE_LOG = BRIDGEHEAD = MAKE_LOG = BASE = None
# write_log's first block is of 09:00; a block is written every five minutes, and a period has ten minutes about it.
PERIOD = "2026-11-24T10:00:00Z/2026-11-24T11:30:00Z"
BLOCKS, RECORDS, APART = 20, 40, 300


def run(*args, **more):
    return subprocess.run([str(a) for a in args], capture_output=True, text=True, check=False, **more)


def must(*args, **more):
    p = run(*args, **more)
    assert p.returncode == 0, (args, p.stdout, p.stderr)
    return p.stdout


def content(path):
    with open(path, "rb") as f:
        return f.read()


def key(name):
    return os.path.join(BASE, name + ".pub")


def write_log(path, gateway, start=0, blocks=BLOCKS, segment=7000):
    must(WRITE_LOG, path, gateway, os.path.join(BASE, gateway), blocks, RECORDS, segment, "every", APART, start)


def witness(log):
    must(BHLOG, "witness", "--state", os.path.join(BASE, "state"), "--sign-with", os.path.join(BASE, "witness"),
         "--key", key("gw-a1"), "--out", os.path.join(log, "cosigned"), log)


def bundle(log, out, *args, period=PERIOD):
    return run(BHLOG, "bundle", log, "--period", period, "--out", out, *args)


def make_base():
    """Once: keys, two gateways' logs of several segments, of which a witness saw the first half of one, a bundle."""
    global BASE
    BASE = tempfile.mkdtemp(prefix="bh-bundle-")
    for name in ("gw-a1", "gw-b2", "other", "witness"):
        must(BHCTL, "keygen", "--name", name, "--out", os.path.join(BASE, name))
    log = os.path.join(BASE, "log")
    write_log(log, "gw-a1")
    witness(log)
    write_log(log, "gw-a1", (BLOCKS + 2) * APART)
    write_log(os.path.join(BASE, "log-b"), "gw-b2", blocks=2 * BLOCKS)
    p = bundle(log, os.path.join(BASE, "bundle.tar"), "--key", key("gw-a1"), "--witness", key("witness"))
    assert p.returncode == 0, p.stderr


def drop_base():
    shutil.rmtree(BASE)


def unpack(archive, where):
    """The folder that it unpacks to."""
    os.makedirs(where, exist_ok=True)
    must("tar", "xf", archive, "-C", where)
    (name,) = os.listdir(where)
    return os.path.join(where, name)


def verify(path, *args, program=None, isolated=True):
    """The verifier's answers and its process; isolated: with nothing but Python's standard library."""
    p = run(*([sys.executable, "-I", "-S"] if isolated else [sys.executable]),
            program or os.path.join(path, "verify-bundle"), *([path] if program else []), "--json", *args)
    return (json.loads(p.stdout) if p.stdout else None), p


_loaded = []


def load():
    """The verifier as a module that does the arithmetic of signatures itself."""
    if not _loaded:
        sys.dont_write_bytecode = True  # none beside the program
        module = forked.load("verify_bundle", VERIFY_BUNDLE)
        _loaded.extend((module, module.Ed25519PublicKey))
        module.Ed25519PublicKey = None
    return _loaded


def verify_often(path, *args):
    """As verify(), for tests that ask hundreds of times: starting Python takes longer than the answer."""
    p = forked.run(load()[0].main, [VERIFY_BUNDLE, path, "--json", *args])
    return (json.loads(p.stdout) if p.stdout else None), p


def members(data):
    """The members of a gzip file, unpacked."""
    out = []
    while data:
        z = zlib.decompressobj(31)
        out.append(z.decompress(data))
        data = z.unused_data
    return out


def packed(texts):
    return b"".join(gzip.compress(t, mtime=0) for t in texts)


class Case(unittest.TestCase):
    """A copy of the unpacked bundle for each test."""
    ask = staticmethod(verify)

    def setUp(self):
        self.tmp = tempfile.TemporaryDirectory(prefix="bh-bundle-")
        self.dir = unpack(os.path.join(BASE, "bundle.tar"), self.path_of("x"))

    def tearDown(self):
        self.tmp.cleanup()

    def path_of(self, name):
        return os.path.join(self.tmp.name, name)

    def path(self, name):
        return os.path.join(self.dir, name)

    def read(self, name):
        return content(self.path(name))

    def write(self, name, data):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "wb") as f:
            f.write(data)

    def block_files(self):
        return sorted("blocks/" + n for n in os.listdir(self.path("blocks")))

    def manifest(self, **changes):
        """The manifest as somebody would make it who tampers: right about every file."""
        m = json.loads(self.read("manifest.json"))
        m.update(changes)
        m["files"] = []
        for where, _, names in sorted(os.walk(self.dir)):
            for name in sorted(names):
                full = os.path.join(where, name)
                rel = os.path.relpath(full, self.dir)
                if rel != "manifest.json":
                    data = self.read(rel)
                    m["files"].append({"name": rel, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()})
        self.write("manifest.json", json.dumps(m).encode())

    def check(self, status, *args, block=-1, trusted=True, **answers):
        args = (("--key", key("gw-a1")) if trusted else ()) + args
        x, p = self.ask(self.dir, *args)
        self.assertEqual(p.stderr, "")
        self.assertEqual((p.returncode, x["exit"]), (status, status), x)
        if block != -1:
            self.assertEqual(x["bad_block"], block, x)
        for name, expected in answers.items():
            self.assertEqual(x[name]["status"], expected, x)
        return x

    def check_both(self, status, block=-1, **answers):
        """With the manifest as it was, and with one that fits what was done. The same must be found."""
        x = self.check(status, block=block, **answers)
        self.manifest()
        y = self.check(status, block=block, **answers)
        self.assertEqual(x, y)
        return x
