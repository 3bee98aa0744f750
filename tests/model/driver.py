# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""Talks to policy_driver."""
import json
import os
import subprocess
import tempfile


class Refused(Exception):
    """The engine did not load the policy; the findings say why."""


class Driver:
    def __init__(self, program):
        self.program = program
        self.names = json.loads(self.run(["--names"]))
        # Policies go through one file, one after another.
        self.folder = tempfile.TemporaryDirectory(prefix="policy-model-")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.folder.cleanup()

    def run(self, arguments, lines=b"", allowed=(0,)):
        done = subprocess.run([self.program, *arguments], input=lines, capture_output=True, check=False,
                              timeout=120)
        if done.returncode not in allowed or done.stderr:
            raise RuntimeError(f"{self.program} {arguments}: status {done.returncode}: "
                               + done.stderr.decode(errors="replace"))
        if done.returncode == 1 and allowed == (0, 1) and lines:
            raise Refused(done.stdout.decode())
        return done.stdout

    def file(self, content):
        path = os.path.join(self.folder.name, "policy.json")
        with open(path, "wb") as f:
            f.write(content)
        return path

    def ask(self, document, facts):
        """The engine's verdicts on a list of facts."""
        path = self.file(json.dumps(document).encode())
        lines = "".join(json.dumps(f) + "\n" for f in facts).encode()
        answers = self.run([path], lines, (0, 1)).decode().splitlines()
        if len(answers) != len(facts):
            raise RuntimeError(f"{len(facts)} questions, {len(answers)} answers")
        return [json.loads(line) for line in answers]

    def lint(self, document, now=None):
        """Every finding of lint: {"level", "pointer", "text"}."""
        path = self.file(json.dumps(document).encode())
        out = self.run(["--lint", path] + ([] if now is None else [str(now)])).decode()
        return [json.loads(line) for line in out.splitlines()]

    def check(self, content, now=None):
        """Every finding about the bytes of a policy: (level, text)."""
        path = self.file(content)
        out = self.run(["--check", path] + ([] if now is None else [str(now)]), b"", (0, 1)).decode()
        findings = [json.loads(line) for line in out.splitlines()]
        return path, [(f["level"], f["text"]) for f in findings]
