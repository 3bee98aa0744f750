#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""bhctl's command line, whatever the command: what is refused, and how that is said.

usage: test_command_line.py BHCTL BRIDGEHEAD SOURCE_ROOT
"""
import os
import shutil
import subprocess
import sys
import tempfile

BHCTL, BRIDGEHEAD, ROOT = map(os.path.abspath, sys.argv[1:4])
EXAMPLE = os.path.join(ROOT, "policy", "policy.example.json")


def run(*args, program=BHCTL, cwd=None):
    p = subprocess.run([program, *args], capture_output=True, text=True, timeout=60, check=False, cwd=cwd)
    return p.returncode, p.stdout, p.stderr


def refused(*args, cwd=None):
    """What is said, in one line on standard error, of a command line that is refused."""
    status, out, err = run(*args, cwd=cwd)
    assert status == 2 and out == "" and err.startswith("bhctl: ") and err.count("\n") == 1, (args, status, out, err)
    return err


def everything(folder):
    found = {}
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), "rb") as f:
            found[name] = f.read()
    return found


def check_overwriting(folder):
    """Neither a policy nor a key is written over by what is made from it."""
    shutil.copy(EXAMPLE, os.path.join(folder, "p.json"))
    for out in ("key", "other"):
        assert run("keygen", "--name", out, "--out", out, cwd=folder)[0] == 0
    shutil.copy(os.path.join(folder, "other"), os.path.join(folder, "new.pub"))  # keys by unlucky names
    shutil.copy(os.path.join(folder, "other.pub"), os.path.join(folder, "new.pub.pub"))
    shutil.copy(os.path.join(folder, "other"), os.path.join(folder, "p.json.sig"))
    os.chmod(os.path.join(folder, "p.json.sig"), 0o600)
    os.symlink("p.json", os.path.join(folder, "symbolic"))
    os.link(os.path.join(folder, "p.json"), os.path.join(folder, "hard"))
    before = everything(folder)
    for out in ("p.json", "./p.json", "symbolic", "hard"):
        assert "would overwrite the policy p.json" in refused(
            "policy", "sign", "--key", "key", "--out", out, "p.json", cwd=folder)
    assert "overwrite the key key" in refused("policy", "sign", "--key", "key", "--out", "key", "p.json", cwd=folder)
    assert "overwrite the public key" in refused(
        "policy", "sign", "--key", "key", "--out", "key.pub", "p.json", cwd=folder)
    assert "overwrite the key p.json.sig" in refused(
        "policy", "sign", "--key", "p.json.sig", "--name", "other", "p.json", cwd=folder)
    # A signature of some other policy may be written over, but not by way of the policy.
    os.rename(os.path.join(folder, "p.json"), os.path.join(folder, "s.new"))
    assert "overwrite the policy s.new" in refused(
        "policy", "sign", "--key", "key", "--out", "s", "s.new", cwd=folder)
    os.rename(os.path.join(folder, "s.new"), os.path.join(folder, "p.json"))
    assert "overwrite the key key" in refused(
        "policy", "rollback", "--key", "key", "--out", "key", cwd=folder)
    assert "overwrite the key new.pub" in refused(
        "keygen", "--name", "new", "--out", "new", "--replaces", "new.pub", cwd=folder)
    assert everything(folder) == before
    assert run("policy", "sign", "--key", "key", "p.json", cwd=folder)[0] == 0
    assert run("policy", "sign", "--key", "key", "--out", "p.json.sig", "p.json", cwd=folder)[0] == 0
    assert run("keygen", "--name", "log", "--out", "log", "--replaces", "key", cwd=folder)[0] == 0
    assert os.path.exists(os.path.join(folder, "log.rotation"))


with tempfile.TemporaryDirectory(prefix="command-line-") as where:
    check_overwriting(where)
