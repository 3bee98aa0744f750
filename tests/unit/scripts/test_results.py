#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""scripts/test's way from what tests print to single results: no failure may get lost in it.

    test_results.py FOLDER-OF-RESULTS.PY
"""
import json
import os
import sys
import tempfile
import unittest

sys.path.insert(0, sys.argv.pop(1))
from results import judge, read_cmocka, read_meson, read_tap, read_unittest  # noqa: E402


def short(results):
    return [(r.name, r.outcome) for r in results]


class Tap(unittest.TestCase):
    def test_outcomes(self):
        out = "1..4\nok 1 - a\nnot ok 2 - b\n#   why\nok 3 - c # SKIP no tun\nok 4 - no #pragma once\n# note\n"
        got = read_tap("t", out)
        self.assertEqual(short(got), [("t: a", "passed"), ("t: b", "failed"), ("t: c", "skipped"),
                                      ("t: no #pragma once", "passed")])
        self.assertEqual(got[1].text, "#   why\n")
        self.assertEqual(got[2].text, "no tun")

    def test_a_failure_cannot_be_skipped(self):
        self.assertEqual(short(read_tap("t", "not ok 1 - a # SKIP why\n")), [("t: a", "failed")])

    def test_a_broken_plan_fails(self):
        self.assertEqual(short(read_tap("t", "1..3\nok 1 - a\n"))[-1], ("t: plan", "failed"))

    def test_skips_all(self):
        got = read_tap("t", "1..0 # SKIP no namespaces here\n")
        self.assertEqual((short(got), got[0].text), ([("t", "skipped")], "no namespaces here"))

    def test_other_words(self):
        self.assertEqual(read_tap("t", "okay\nnot okay\n ok 1\n"), [])


class Others(unittest.TestCase):
    def test_cmocka(self):
        out = ("[==========] Running 3 test(s).\n[ RUN      ] a\n[       OK ] a\n[ RUN      ] b\n"
               "[  FAILED  ] b\n[ RUN      ] c\nno geoip\n[  SKIPPED ] c\n[  FAILED  ] b\n")
        got = read_cmocka("t", out)
        self.assertEqual(short(got), [("t: a", "passed"), ("t: b", "failed"), ("t: c", "skipped")])
        self.assertEqual(got[2].text, "no geoip")

    def test_unittest(self):
        good = "...\n-----\nRan 3 tests in 0.1s\n\nOK (skipped=1)\n"
        bad = "F..\n-----\nRan 3 tests in 0.1s\n\nFAILED (failures=1, errors=1)\n"
        self.assertEqual([r.outcome for r in read_unittest("t", good)], ["passed", "passed", "skipped"])
        self.assertEqual([r.outcome for r in read_unittest("t", bad)], ["passed", "failed", "failed"])


class Judge(unittest.TestCase):
    def test_end_and_parts_must_agree(self):
        self.assertEqual(short(judge("t", True, False, "not ok 1 - a\n", ""))[-1], ("t", "failed"))
        self.assertEqual(short(judge("t", False, False, "ok 1 - a\n", "crash"))[-1], ("t", "failed"))

    def test_without_parts(self):
        self.assertEqual(short(judge("t", True, False, "", "")), [("t", "passed")])
        got = judge("t", False, False, "boom\n", "exit status 3")
        self.assertEqual((short(got), got[0].text), ([("t", "failed")], "exit status 3\nboom\n"))

    def test_skip_has_its_reason(self):
        got = judge("t", False, True, "SKIP: no captures\n", "")
        self.assertEqual((short(got), got[0].text), ([("t", "skipped")], "no captures"))

    def test_meson(self):
        with tempfile.TemporaryDirectory() as tmp:
            path = os.path.join(tmp, "log.json")
            with open(path, "w", encoding="utf-8") as f:
                for result in ("OK", "FAIL", "TIMEOUT", "SKIP", "ERROR", "UNEXPECTEDPASS"):
                    json.dump({"name": f"p:unit / {result}", "result": result, "returncode": 1,
                               "duration": 1, "stdout": ""}, f)
                    f.write("\n")
            got = short(read_meson(path, "plain:"))
        self.assertEqual(got, [("plain: OK", "passed"), ("plain: FAIL", "failed"), ("plain: TIMEOUT", "failed"),
                               ("plain: SKIP", "skipped"), ("plain: ERROR", "failed"),
                               ("plain: UNEXPECTEDPASS", "failed")])


if __name__ == "__main__":
    unittest.main()
