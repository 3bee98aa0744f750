#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""Signals that mean nothing to the gateway do not cut the wire, nor does SIGHUP where the policy's file is gone.
What the kernel drops while the gateway is stopped is counted."""
import os
import shutil
import signal
import time

import check
from check import poll
from frames import INSIDE, OUTSIDE, Sender, ethernet, mac, udp4
from gateway import Gateway, make_config
from lab import Lab, need_namespaces, need_programs
from park import COUNTRIES, POLICY, SERVERS, TENANTS, Wire, ports

STRAY = ["SIGUSR1", "SIGUSR2", "SIGALRM", "SIGVTALRM", "SIGPROF", "SIGPIPE", "SIGIO", "SIGPWR", "SIGSTKFLT",
         "SIGXFSZ", "SIGCHLD", "SIGURG", "SIGWINCH", "SIGCONT", "SIGRTMIN", "SIGRTMAX"]


def passes(wire):
    return wire.inside.run(["ping", "-c", "2", "-i", "0.2", "-W", "2", "-I", TENANTS["cro-lab"][0], SERVERS["US"][0]],
                           check=False).returncode == 0


SENT = 20_000  # frames; more than the ring holds


def stopped_for_a_while(t, lab, wire, gateway_ns):
    """What comes while the gateway has no processor, and has no place in the ring, is missed: by the port's counter and
    by the log's."""
    config = make_config(lab.path("away"), ports(wire), POLICY, COUNTRIES)
    port = "net_af_packet0"
    with Gateway(lab, gateway_ns, config, "away") as gw:
        before = gw.port(port, gw.settle())["rx_packets"]
        sender = Sender(wire.inside, "p0")
        gw.process.send_signal(signal.SIGSTOP)
        for _ in range(SENT):
            sender.send(ethernet(mac(OUTSIDE, 7), mac(INSIDE, 7), 0x0800,
                                 udp4(TENANTS["cro-lab"][0], 4001, SERVERS["US"][0], 4002, bytes(50))))
        sender.close()
        gw.process.send_signal(signal.SIGCONT)
        now = gw.port(port, gw.settle())
        gw.stop()
    got, missed = now["rx_packets"] - before, now["rx_missed"]
    t.ok(missed > 0 and SENT <= got + missed < SENT + 20, "SIGSTOP: frames without a place are missed, and counted",
         f"{got} received, {missed} missed of {SENT}")
    t.ok(gw.records("--ev", "stop")[-1]["missed"] >= missed, "SIGSTOP: and the log tells of them")


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
    stopped_for_a_while(t, lab, wire, gateway_ns)


def test(t):
    need_programs("ping")
    need_namespaces()
    with Lab("signals") as lab:
        scenario(t, lab)


if __name__ == "__main__":
    check.main(test)
