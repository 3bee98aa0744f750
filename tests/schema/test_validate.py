#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""validate.py must refuse what is wrong: each case is one change to a good log."""
import contextlib
import io
import os
import subprocess
import sys
import unittest
import unittest.mock

import validate

VALIDATE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "validate.py")

START = ('{"v":1,"ev":"start","gw":"g","seq":1,"t0":5,"t1":5,"ver":"0.1.0","mode":"tap",'
         '"dpi":"nDPI 4.2.0"}')
FLOW = ('{"v":1,"ev":"end","gw":"g","seq":2,"fid":"00000000000000ff","t0":5,"t1":6,"src":"10.0.0.1",'
        '"sport":1,"dst":"2001:db8::1","dport":2,"proto":6,"init":"inside","tn":"a","app":"TLS",'
        '"host":"h","hsrc":"sni","cc":"DE","ccs":"db","border":"cross","act":"flag","rule":"r",'
        '"reason":"R","pol":1,"ob":1,"rb":1,"op":1,"rp":1,"db":0,"dp":0,"pb":0,"pp":0,"end":"fin"}')
GAP = ('{"v":1,"ev":"gap","gw":"g","seq":6,"t0":7,"t1":7,"cause":"ring_full","lost":3,"from":3,"to":5}')
STOP = ('{"v":1,"ev":"stop","gw":"g","seq":7,"t0":8,"t1":8,"why":"signal","attempted":7,"written":4,'
        '"lost_ring":3,"lost_disk":0,"pkts":0,"bytes":0,"missed":0}')
GOOD = [START, FLOW, GAP, STOP]


def run(lines, *args, end=b"\n"):
    """As a program of its own, but that Python and the schema are read once for all."""
    data = b"\n".join(l if isinstance(l, bytes) else l.encode() for l in lines) + end
    out, err = io.StringIO(), io.StringIO()
    with unittest.mock.patch("sys.stdin", io.TextIOWrapper(io.BytesIO(data))), contextlib.redirect_stdout(out), \
            contextlib.redirect_stderr(err):
        code = validate.main([*args, "-"])
    return subprocess.CompletedProcess(args, code, out.getvalue().encode(), err.getvalue().encode())


class Validate(unittest.TestCase):
    def test_schema(self):
        validate.jsonschema.Draft202012Validator.check_schema(validate.load_schema())

    def test_as_a_program(self):
        for lines, code in ((GOOD, 0), (GOOD[:2] + GOOD[3:], 1)):
            p = subprocess.run([sys.executable, VALIDATE, "-"], input="\n".join(lines) + "\n", capture_output=True,
                               text=True, check=False)
            self.assertEqual((p.returncode, bool(p.stdout), bool(p.stderr)), (code, code == 0, code == 1))

    def test_good(self):
        p = run(GOOD)
        self.assertEqual((p.returncode, p.stdout, p.stderr), (0, b"4 records are good\n", b""))
        self.assertEqual(run(GOOD[1:]).returncode, 0)
        self.assertEqual(run(GOOD[2:]).returncode, 0)

    def test_two_causes_in_one_hole(self):
        a = GAP.replace('"lost":3', '"lost":1').replace('"to":5', '"to":3')
        b = GAP.replace('"seq":6', '"seq":7').replace('"lost":3', '"lost":2').replace('"from":3', '"from":4')
        stop = STOP.replace('"seq":7', '"seq":8').replace('"attempted":7', '"attempted":8')
        stop = stop.replace('"written":4', '"written":5')
        self.assertEqual(run([START, FLOW, a, b, stop]).returncode, 0)
        self.assertEqual(run([START, FLOW, a, stop.replace('"seq":8', '"seq":7')]).returncode, 1)

    def test_torn(self):
        self.assertEqual(run([START, FLOW[:50]], end=b"").returncode, 1)
        self.assertEqual(run([START, FLOW[:50]], "--live", end=b"").returncode, 0)

    def test_bad_lines(self):
        for name, old, new, text in (
                ("unknown key", '"init"', '"x":1,"init"', b"'x' was unexpected"),
                ("missing key", '"ob":1,', "", b"'ob' is a required property"),
                ("order", '"src":"10.0.0.1","sport":1', '"sport":1,"src":"10.0.0.1"', b"out of order"),
                ("duplicate", '"proto":6', '"proto":6,"proto":6', b"stands twice"),
                ("null", '"host":"h"', '"host":null', b"/host: None is not of type"),
                ("range", '"sport":1', '"sport":65536', b"/sport: 65536 is greater"),
                ("u64", '"ob":1', '"ob":18446744073709551616', b"/ob: "),
                ("float", '"ob":1', '"ob":1.5', b"/ob: 1.5 is not of type"),
                ("NaN", '"ob":1', '"ob":NaN', b"NaN is not JSON"),
                ("word", '"act":"flag"', '"act":"deny"', b"/act: 'deny' is not one of"),
                ("end of an update", '"ev":"end"', '"ev":"update"', b"should not be valid under"),
                ("end is missing", ',"end":"fin"', "", b"'end' is a required property"),
                ("address", "2001:db8::1", "2001:DB8::1", b"/dst: "),
                ("half a port", ',"dport":2', "", b"'dport' is a dependency"),
                ("event", '"ev":"end"', '"ev":"flow"', b"/ev: 'flow' is not one of"),
                ("blanks", '"seq":2', '"seq": 2', b"blanks"),
                ("not JSON", '"fin"}', '"fin"', b"not JSON"),
                ("number again", '"seq":2', '"seq":1', b"seq 1 where 2 or more must follow"),
                ("hole", '"seq":2', '"seq":3', b"records 2 to 2 are missing"),
        ):
            with self.subTest(name):
                self.assertIn(old, FLOW)
                p = run([START, FLOW.replace(old, new)])
                self.assertEqual((p.returncode, p.stdout), (1, b""))
                self.assertIn(b"-:2: ", p.stderr)
                self.assertIn(text, p.stderr)

    def test_bad_utf8(self):
        for bad in (b"\xff", b"\xc0\xaf", b"\xed\xa0\x80"):
            p = run([START, FLOW.encode().replace(b'"h"', b'"' + bad + b'"')])
            self.assertEqual(p.returncode, 1)
            self.assertIn(b"-:2: not UTF-8", p.stderr)

    def test_bad_gaps_and_stops(self):
        for place, old, new, text in (
                (2, '"lost":3', '"lost":2', b"lost 2 is not the count of 3 to 5"),
                (2, '"from":3', '"from":2', b"is not the count"),
                (2, '"lost":3,"from":3', '"lost":2,"from":4', b"4 to 5 are not what is missing here"),
                (2, '"lost":3,"from":3,"to":5', '"lost":0', b"'detail' is a required property"),
                (3, '"seq":7', '"seq":8', b"records 7 to 7 are missing"),
                (3, '"written":4', '"written":5', b"attempted - lost is not written"),
                (3, '"attempted":7,"written":4', '"attempted":8,"written":5', b"this run took 7"),
        ):
            with self.subTest(new):
                lines = list(GOOD)
                self.assertIn(old, lines[place])
                lines[place] = lines[place].replace(old, new)
                p = run(lines)
                self.assertEqual(p.returncode, 1, p.stdout)
                self.assertIn(text, p.stderr)

    def test_hole_at_the_end(self):
        p = run([START, FLOW, GAP.replace('"seq":6', '"seq":7')])
        self.assertEqual(p.returncode, 1)
        self.assertIn(b"-:3: records 6 to 6 are missing", p.stderr)

    def test_unreadable(self):
        for args in (["/no/such"], []):
            p = subprocess.run([sys.executable, VALIDATE, *args], capture_output=True, check=False)
            self.assertEqual(p.returncode, 2)


if __name__ == "__main__":
    unittest.main()
