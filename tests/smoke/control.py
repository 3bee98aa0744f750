# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""The control socket without bhctl, and policies to push over it."""
import copy
import hashlib
import json
import socket

from check import BHCTL
from lab import run
from park import POLICY


def ask(path, cmd, seconds=20.0, **fields):
    """One request on a connection of its own; the answer."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(seconds)
        s.connect(path)
        s.sendall(json.dumps({"v": 1, "cmd": cmd, **fields}).encode() + b"\n")
        with s.makefile("rb") as f:
            answer = json.loads(f.readline())
    if not answer["ok"]:
        raise RuntimeError(f"{cmd}: {answer['error']}")
    return answer


def push(path, text, cmd="policy.push", **fields):
    return ask(path, cmd, text=text, name="pushed", how="push", **fields)


with open(POLICY, encoding="utf-8") as f:
    _base = json.load(f)


def policy(version, rules=(), limits=(), action="allow", **meta):
    """A policy's text: the park of the tests with these rules and limits."""
    p = copy.deepcopy(_base)
    p["meta"].update(version=version, **meta)
    p["rules"], p["limits"] = list(rules), list(limits)
    p["defaults"].update(action=action, reason="TEST_DEFAULT")
    if not limits:
        del p["limits"]
    return json.dumps(p, indent=1)


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def bhctl(gw, *argv, **kw):
    """The finished program, whatever its exit status."""
    return run([BHCTL, "--socket", gw.config["control_socket"], *map(str, argv)], check=False, **kw)


def bhctl_json(gw, *argv):
    done = bhctl(gw, *argv, "--json")
    if done.returncode not in (0, 1) or not done.stdout:
        raise RuntimeError(f"bhctl {argv}: exit {done.returncode}: {done.stderr}")
    return json.loads(done.stdout)
