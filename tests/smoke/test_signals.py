#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""Signals that mean nothing to the gateway do not cut the wire, nor does SIGHUP where the policy's file is gone."""
import os
import shutil
import signal
import time

import check
from check import poll
from gateway import Gateway, make_config
from lab import Lab, need_namespaces, need_programs
from park import COUNTRIES, POLICY, SERVERS, TENANTS, Wire, ports

STRAY = ["SIGUSR1", "SIGUSR2", "SIGALRM", "SIGVTALRM", "SIGPROF", "SIGPIPE", "SIGIO", "SIGPWR", "SIGSTKFLT",
         "SIGXFSZ", "SIGCHLD", "SIGURG", "SIGWINCH", "SIGCONT", "SIGRTMIN", "SIGRTMAX"]


def passes(wire):
    return wire.inside.run(["ping", "-c", "2", "-i", "0.2", "-W", "2", "-I", TENANTS["cro-lab"][0], SERVERS["US"][0]],
                           check=False).returncode == 0


def scenario(t, lab):
    gateway_ns = lab.namespace("gw")
    wire = Wire(lab, gateway_ns)
    policy = lab.path("policy.json")
    shutil.copy(POLICY, policy)
    with Gateway(lab, gateway_ns, make_config(lab.path("gw"), ports(wire), policy, COUNTRIES)) as gw:
        t.ok(poll("a ping through the wire", lambda: passes(wire), 20), "the wire works")
        for name in STRAY:
            gw.process.send_signal(getattr(signal, name))
            time.sleep(0.1)
            t.ok(gw.process.poll() is None, f"{name} does not end the gateway", f"exit {gw.process.returncode}")
            if gw.process.poll() is not None:
                return
        os.unlink(policy)
        gw.process.send_signal(signal.SIGHUP)
        poll("the reload to be refused", lambda: "cannot be opened" in gw.said(), 10)
        t.ok(gw.process.poll() is None, "SIGHUP without a policy file is refused, no more", gw.said())
        t.ok(passes(wire), "the wire still works")
        code, _ = gw.stop()
    t.equal(code, 0, "SIGTERM ends it", gw.said())


def test(t):
    need_programs("ping")
    need_namespaces()
    with Lab("signals") as lab:
        scenario(t, lab)


if __name__ == "__main__":
    check.main(test)
