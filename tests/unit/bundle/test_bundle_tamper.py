#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""Tampers with a bundle in every way, with its manifest left alone and made to fit; its verifier must notice and
name the first bad block: test_bundle_tamper.py BHLOG BHCTL WRITE_LOG"""
import base64
import hashlib
import json
import os
import random
import shutil
import sys
import unittest

import bundles as base
from bundles import bundle, content, key, members, packed, unpack
from segment import root


def setUpModule():
    base.make_base()


tearDownModule = base.drop_base
base.Case.ask = staticmethod(base.verify_often)
FIRST, END = 10, 32  # blocks of the bundle


class Records(base.Case):
    """Blocks, each a list of lines."""

    def setUp(self):
        super().setUp()
        self.blocks = {}
        for name in self.block_files():
            first = int(name[7:17])
            for i, text in enumerate(members(self.read(name))):
                self.blocks[first + i] = text.splitlines(keepends=True)
        self.assertEqual(sorted(self.blocks), list(range(FIRST, END)))

    def put(self, blocks, first=FIRST):
        for old in self.block_files():
            os.unlink(self.path(old))
        self.write(f"blocks/{first:010}.jsonl.gz", packed([b"".join(b) for b in blocks]))

    def in_block(self, n, change):
        blocks = [list(self.blocks[i]) for i in range(FIRST, END)]
        change(blocks[n - FIRST])
        self.put(blocks)
        self.check_both(1, block=n, integrity="tampered", completeness="unconfirmed")

    def test_packed_again(self):
        self.put([self.blocks[i] for i in range(FIRST, END)])
        self.check(1, block=None, integrity="tampered")  # other files than the manifest's
        self.manifest()
        self.check(0)  # with the same records

    def test_edited(self):
        for n in (FIRST, 17, END - 1):
            self.in_block(n, lambda b: b.__setitem__(20, b[20].replace(b'"dport":443', b'"dport":444')))

    def test_deleted(self):
        for n, at in ((FIRST, 0), (17, 20), (END - 1, -1)):
            self.in_block(n, lambda b, at=at: b.pop(at))

    def test_inserted(self):
        for n, at in ((FIRST, 0), (17, 20), (END - 1, 99)):
            self.in_block(n, lambda b, at=at: b.insert(at, b[5]))

    def test_reordered(self):
        def swap(b):
            b[3], b[4] = b[4], b[3]
        for n in (FIRST, 17, END - 1):
            self.in_block(n, swap)

    def test_newline(self):
        self.in_block(17, lambda b: b.__setitem__(-1, b[-1][:-1]))
        self.in_block(17, lambda b: b.append(b"\n"))
        self.in_block(17, lambda b: b.append(b"x"))
        self.in_block(17, list.clear)

    def test_dropped(self):
        for n in (FIRST + 1, 17, END - 1):
            self.put([self.blocks[i] for i in range(FIRST, END) if i != n])
            self.check_both(1, block=n, integrity="tampered")

    def test_first_ones_dropped(self):
        """As pruning would leave it, and said so; the manifest as it was tells that they were here."""
        self.put([self.blocks[i] for i in range(13, END)], first=13)
        self.check(1, block=None, integrity="tampered")
        self.manifest()
        self.check(1, block=None, integrity="tampered")  # its numbers
        x, n = self.check(1), sum(len(self.blocks[i]) for i in range(13, END))
        self.manifest(pruned=3, records=n, records_of_period=x["records_of_period"])
        x = self.check(3, integrity="good", redaction="pruned", completeness="unconfirmed")
        self.assertIn("the first 3 blocks", x["redaction"]["text"])

    def test_all_dropped(self):
        shutil.rmtree(self.path("blocks"))
        self.check_both(1, block=FIRST, integrity="tampered")

    def test_swapped(self):
        blocks = [self.blocks[i] for i in range(FIRST, END)]
        blocks[4], blocks[5] = blocks[5], blocks[4]
        self.put(blocks)
        self.check_both(1, block=FIRST + 4, integrity="tampered")

    def test_twice(self):
        blocks = [self.blocks[i] for i in range(FIRST, END)]
        self.put(blocks[:5] + [blocks[4]] + blocks[5:])
        self.check_both(1, block=FIRST + 5, integrity="tampered")
        self.put(blocks + [blocks[0]])
        self.check_both(1, block=None, integrity="tampered")

    def test_of_another_gateway(self):
        out = self.path_of("o.tar")
        p = bundle(os.path.join(base.BASE, "log-b"), out, "--key", key("gw-b2"))
        self.assertEqual(p.returncode, 0, p.stderr)
        others = os.path.join(unpack(out, self.path_of("o")), "blocks")
        name = self.block_files()[2]
        shutil.copy(os.path.join(others, sorted(os.listdir(others))[2]), self.path(name))
        self.check_both(1, block=int(name[7:17]), integrity="tampered")

    def test_files(self):
        names = self.block_files()
        data = self.read(names[2])
        self.write(names[2], data[:-1])
        self.check_both(1, block=int(names[3][7:17]) - 1, integrity="tampered")
        self.write(names[2], data + b"x")
        self.check_both(1, block=int(names[3][7:17]), integrity="tampered")
        self.write(names[2], data)
        os.rename(self.path(names[2]), self.path("blocks/0000000099.jsonl.gz"))
        self.check_both(1, block=int(names[2][7:17]), integrity="tampered")
        self.write(names[2], data)
        self.check_both(1, integrity="tampered")

    def test_a_block_with_its_entry(self):
        """By somebody who makes root and chain fit, but cannot sign: the checkpoint is of others."""
        self.blocks[17][4] = self.blocks[17][4].replace(b"198.51.100.255", b"198.51.100.254")
        entries = self.read("entries").splitlines()
        for i, line in enumerate(entries):
            e = json.loads(line)
            if e["block"] == 17:
                line = line.replace(e["root"].encode(), root([l[:-1] for l in self.blocks[17]]).hex().encode())
            if e["block"] > 17:
                line = line.replace(e["prev"].encode(), hashlib.sha256(b"\0" + entries[i - 1]).hexdigest().encode())
            entries[i] = line
        self.put([self.blocks[i] for i in range(FIRST, END)])
        self.write("entries", b"".join(l + b"\n" for l in entries))
        self.check_both(1, block=FIRST, integrity="tampered")


class Entries(base.Case):
    def changed(self, lines, block=-1, **answers):
        self.write("entries", b"".join(l + b"\n" for l in lines))
        self.check_both(1, block=block, **(answers or {"integrity": "tampered"}))

    def test_entries(self):
        lines = self.read("entries").splitlines()  # the first is of block 9
        self.changed(lines[:7] + [lines[7].replace(b'"missed":', b'"missed":1')] + lines[8:], block=16)
        self.changed(lines[:7] + lines[8:], block=15)
        self.changed(lines[:7] + [lines[8], lines[7]] + lines[9:], block=15)
        self.changed(lines[:7] + [lines[7]] + lines[7:])
        self.changed(lines[1:])
        self.changed(lines[:-1], block=FIRST)
        self.changed(lines + [lines[-1]])
        self.changed([])
        self.changed(lines[:7] + [b"nonsense"] + lines[8:], block=16)
        self.write("entries", self.read("entries")[:-1])
        self.check_both(1)

    def test_proof(self):
        text = self.read("proof")
        for changed in (text.replace(b"first 9", b"first 8"), text.replace(b"end 33", b"end 32"), text[:-45], b"",
                        text.replace(b"size 42", b"size 41"), text + text[-45:], text.replace(b"/1\n", b"/2\n")):
            self.assertNotEqual(text, changed)
            self.write("proof", changed)
            self.check_both(1, integrity="tampered")

    def narrow(self, since, until):
        """A bundle of less, which says that it is of the whole period."""
        out = self.path_of("n.tar")
        p = bundle(os.path.join(base.BASE, "log"), out, "--key", key("gw-a1"),
                   period=f"2026-11-24T{since}Z/2026-11-24T{until}Z")
        self.assertEqual(p.returncode, 0, p.stderr)
        m = json.loads(self.read("manifest.json"))
        shutil.rmtree(self.path_of("x"))
        self.dir = unpack(out, self.path_of("x"))
        self.manifest(**{k: m[k] for k in ("since", "until", "period")})

    def test_left_out_at_the_end(self):
        self.narrow("10:00:00", "11:25:00")
        self.check(1, block=31, completeness="tampered")

    def test_left_out_at_the_begin(self):
        self.narrow("10:05:00", "11:30:00")
        self.check(1, block=10, completeness="tampered")

    def test_without_neighbour(self):
        """Of which the proof tells that there is one."""
        lines = self.read("entries").splitlines()
        self.write("entries", b"".join(l + b"\n" for l in lines[1:]))
        self.write("proof", self.read("proof").replace(b"first 9", b"first 10"))
        self.check_both(1)
        self.manifest(first_block=11)
        self.check(1)


class Notes(base.Case):
    def test_checkpoint(self):
        text = self.read("checkpoint")
        lines = text.split(b"\n")
        other = content(os.path.join(base.BASE, "log-b", "checkpoint"))
        for changed in (text.replace(b"gw-a1\n", b"gw-a2\n"), text.replace(b"\n42\n", b"\n43\n"), text[:-30],
                        text.replace(lines[2], base64.b64encode(bytes(32))), text.replace(b"time 1", b"time 2"),
                        other, text + b"x", text + text, b"nonsense\n", b""):
            self.assertNotEqual(text, changed)
            self.write("checkpoint", changed)
            self.check_both(1, block=None if changed != other else -1)

    def test_without_signature(self):
        text = self.read("checkpoint")
        self.write("checkpoint", text[:text.index(b"\n\n") + 2])
        self.check(1, integrity="tampered", signer="unconfirmed")  # the file is another
        self.manifest()
        x = self.check(3, integrity="good", signer="unconfirmed")
        self.assertIn("nobody", x["signer"]["text"])

    def test_false_signature(self):
        text = self.read("checkpoint")
        at = text.index("\u2014".encode()) + 30
        self.write("checkpoint", text[:at] + (b"A" if text[at:at + 1] != b"A" else b"B") + text[at + 1:])
        self.check_both(1, signer="tampered")

    def test_a_whole_bundle_of_another_key(self):
        """Made by somebody who has no key of the gateway: whole in itself, so the key must come another way."""
        log, out = self.path_of("log"), self.path_of("f.tar")
        base.must(base.WRITE_LOG, log, "gw-a1", os.path.join(base.BASE, "other"), 40, 41, 7000, "every", 300, 0)
        shutil.copy(key("other"), self.path_of("forged.pub"))
        p = bundle(log, out, period="2026-11-24T10:00:00Z/2026-11-24T11:00:00Z")
        self.assertEqual(p.returncode, 0, p.stderr)
        shutil.rmtree(self.path_of("x"))
        self.dir = unpack(out, self.path_of("x"))
        x = self.check(3, integrity="good", signer="unconfirmed", completeness="good")
        self.assertIn("not the key", x["signer"]["text"])

    def test_other_keys_in_it(self):
        shutil.copy(key("other"), self.path("keys/log.pub"))
        self.manifest()
        self.check(0)  # the one that was given counts
        self.check(3, trusted=False, signer="unconfirmed")
        self.write("keys/log.pub", b"nonsense\n")
        self.assertEqual(base.verify_often(self.dir)[1].returncode, 2)

    def test_cosigned(self):
        text, growth = self.read("cosigned"), self.read("growth")
        other = content(os.path.join(base.BASE, "log-b", "checkpoint"))
        for changed in (other, text.replace(b"\n21\n", b"\n20\n"),
                        text.replace(text.split(b"\n")[2], base64.b64encode(bytes(32)))):
            self.assertNotEqual(text, changed)
            self.write("cosigned", changed)
            self.check_both(1, block=None, anchor="tampered")
        self.write("cosigned", text)
        for changed in (growth[:-45], growth.replace(b"first 21", b"first 22"), b"", growth.replace(b"42", b"43"),
                        growth.replace(growth.split(b"\n")[4], base64.b64encode(bytes(32)))):
            self.assertNotEqual(growth, changed)
            self.write("growth", changed)
            self.check_both(1, block=None, anchor="tampered")
        self.write("growth", growth)
        at = text.rindex(b" ") + 20  # the witness's signature
        self.write("cosigned", text[:at] + (b"A" if text[at:at + 1] != b"A" else b"B") + text[at + 1:])
        self.check_both(1, block=None, anchor="tampered")
        os.unlink(self.path("cosigned"))
        self.manifest()
        self.check(0, anchor="unasked")
        self.check(3, "--witness", key("witness"), anchor="unconfirmed")

    def test_manifest(self):
        m = json.loads(self.read("manifest.json"))
        for name, value in m.items():
            if name not in ("files", "format"):
                self.manifest(**{name: value + 1 if isinstance(value, int) else value + "1"})
                self.check(1)
                self.manifest(**{name: value})
                self.check(0)
        self.manifest(more=1)
        self.check(1, integrity="tampered")
        for bad in (b"", b"[]", b"{}", b"nonsense", json.dumps(dict(m, format="x")).encode(), b"[" * 100000,
                    json.dumps(dict(m, since=10**40)).encode(), json.dumps(dict(m, files=7)).encode()):
            self.write("manifest.json", bad)
            x, p = base.verify_often(self.dir)
            self.assertEqual((p.returncode, p.stderr, x["integrity"]["status"]), (2, "", "unreadable"))
        os.unlink(self.path("manifest.json"))
        self.assertEqual(base.verify_often(self.dir)[1].returncode, 2)

    def test_files(self):
        self.write("README.txt", self.read("README.txt") + b"x")
        self.check(1, block=None, integrity="tampered")
        self.manifest()
        self.check(0)  # it is no evidence
        self.write("captures/x.pcapng", b"")
        self.check_both(1, captures="tampered")
        os.unlink(self.path("captures/x.pcapng"))
        self.write("policies/" + "0" * 64 + ".json", b"")
        self.check_both(1, policies="tampered")


class Anywhere(base.Case):
    def test_any_byte(self):
        """Whatever byte of whatever file: never good, and never but an answer."""
        rng = random.Random(os.environ.get("BRIDGEHEAD_SEED", "7"))
        for name in [os.path.relpath(os.path.join(where, n), self.dir)
                     for where, _, names in sorted(os.walk(self.dir)) for n in sorted(names)]:
            data = self.read(name)
            for at in {0, len(data) - 1, *(rng.randrange(len(data)) for _ in range(4))}:
                changed = data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1:]
                self.write(name, changed)
                x, p = base.verify_often(self.dir, "--key", key("gw-a1"))
                with self.subTest(name=name, at=at):
                    self.assertEqual(p.stderr, "")
                    self.assertIn(p.returncode, (1, 2, 3))
            self.write(name, data)
        self.check(0)

    def test_archive(self):
        path = self.path_of("b.tar")
        data = content(os.path.join(base.BASE, "bundle.tar"))
        for changed in (data[:len(data) // 2], data[:700], b"", b"x" * 5000, data[512:]):
            with open(path, "wb") as f:
                f.write(changed)
            x, p = base.verify_often(path)
            self.assertIn(p.returncode, (1, 2), p.stderr)
            self.assertNotIn("Traceback", p.stderr)


# RFC 8032, 7.1: public key, message, signature.
VECTORS = [
    ("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
     "d25bf5f0595bbe24655141438e7a100b"),
    ("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
     "387b2eaeb4302aeeb00d291612bb0c00"),
    ("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
     "4a7c15e9716ed28dc027beceea1ec40a"),
]


class Ed25519(unittest.TestCase):
    def setUp(self):
        self.v, self.library = base.load()

    def both(self, *args):
        ours = self.v.signed_by(*args)
        if self.library:
            self.v.Ed25519PublicKey = self.library
            self.assertEqual(ours, self.v.signed_by(*args), args)
            self.v.Ed25519PublicKey = None
        return ours

    def test_vectors(self):
        for public, message, signature in VECTORS:
            self.assertTrue(self.both(*map(bytes.fromhex, (public, message, signature))))

    def test_any_bit(self):
        rng = random.Random(3)
        for public, message, signature in VECTORS[1:]:
            parts = [bytearray.fromhex(t) for t in (public, message, signature)]
            for part in (0, 1, 2, 2):
                for _ in range(12):
                    at, bit = rng.randrange(len(parts[part])), 1 << rng.randrange(8)
                    parts[part][at] ^= bit
                    self.assertFalse(self.both(*map(bytes, parts)))
                    parts[part][at] ^= bit

    def test_not_canonical(self):
        public, message, signature = map(bytes.fromhex, VECTORS[1])
        s = int.from_bytes(signature[32:], "little") + self.v.ORDER
        self.assertFalse(self.both(public, message, signature[:32] + s.to_bytes(32, "little")))
        for bad in (b"\xff" * 32, (self.v.P + 1).to_bytes(32, "little"), b"\0" * 31 + b"\x80",
                    b"\1" + b"\0" * 30 + b"\x80"):
            self.assertFalse(self.both(public, message, bad + signature[32:]))
            self.assertFalse(self.both(bad, message, signature))


if __name__ == "__main__":
    base.BHLOG, base.BHCTL, base.WRITE_LOG = (os.path.abspath(sys.argv.pop(1)) for _ in range(3))
    unittest.main()
