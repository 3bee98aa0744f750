#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
# timeout: 300
# sanitizer: no (it waits for dates; the code it calls is run under sanitizers by test_operate and test_signed)
"""A policy that expires while traffic runs: its on_expiry takes effect at that second, for flows that live and
for new ones, without a reload; it is said once, and holds over a restart until a new policy comes."""
import datetime
import json
import time

import check
from check import poll
from control import ask, bhctl, policy
from frames import INSIDE, OUTSIDE, Sender, ethernet, mac, udp4
from gateway import Gateway, books, make_config, records_fit, total
from lab import Lab, need_namespaces
from park import COUNTRIES, SERVERS, TENANTS, Wire, ports
from peers import add_sbin

US = {"id": "us", "match": {"countries": ["US"]}, "action": "allow", "reason": "TEST_US"}
OLD = 4000  # port of the flow that lives through all of it


def text_of(version, on_expiry, seconds):
    """A policy that expires so soon, and when, in seconds since 1970; its defaults flag, its one rule allows."""
    at = int(time.time()) + seconds
    p = json.loads(policy(version, [US], action="flag", expires=datetime.datetime.fromtimestamp(
        at, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")))
    p["defaults"]["on_expiry"] = on_expiry
    return json.dumps(p), at


class Talk:
    """One datagram of the old flow and one of a new one, to the United States."""

    def __init__(self, wire):
        self.sender, self.port = Sender(wire.inside, "p0"), 4100

    def send(self):
        self.port += 1
        for port in (OLD, self.port):
            self.sender.send(ethernet(mac(OUTSIDE, 7), mac(INSIDE, 7), 0x0800, udp4(
                TENANTS["auto-oem"][0], port, SERVERS["US"][0], 4001, bytes(100))))


def live(gw, port):
    found = ask(gw.config["control_socket"], "flows", port=port)["flows"]
    return (found[0]["act"], found[0].get("rule"), found[0].get("reason"), found[0]["pol"]) if found else None


def outcome(gw, name):
    return total(gw.stats(), "outcomes", name, "packets")


def status(gw):
    return ask(gw.config["control_socket"], "policy.status")


def through(t, gw, talk, path, version, on_expiry, after):
    """Pushed while it is good, watched until it is not. after: what then holds for either flow."""
    for seconds in (3, 9, 27):  # a host that is busy gets longer
        text, at = text_of(version, on_expiry, seconds)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        done = bhctl(gw, "policy", "push", path)
        talk.send()
        poll("the flow", lambda: live(gw, talk.port))
        before = [live(gw, OLD), live(gw, talk.port)]
        if time.time() < at:
            break
    t.ok(done.returncode == 0 and before == [("allow", "us", "TEST_US", version)] * 2,
         f"{on_expiry}: allowed before", f"{before}\n{done.stdout}{done.stderr}")
    time.sleep(max(0, at - time.time()))
    stopped = outcome(gw, "stop_block")
    talk.send()
    poll("the flow", lambda: live(gw, talk.port))
    wanted = after + (version,)
    t.equal([live(gw, OLD), live(gw, talk.port)], [wanted] * 2, f"{on_expiry}: {wanted[0]} from that second on, both "
            "the flow that lives and the new one")
    t.equal(outcome(gw, "stop_block") - stopped, 2 if after[0] == "block" else 0, f"{on_expiry}: and so their packets")
    shown = bhctl(gw, "flows", "--port", OLD).stdout
    t.ok((after[1] or f"({after[2]})") in shown and "undecided" not in shown, f"{on_expiry}: flows as text", shown)
    told = gw.wait_records("the notice", lambda r: r and r[-1]["outcome"] == "expired" and r[-1]["pol"] == version,
                           "--ev", "policy")[-1]
    t.ok(told["how"] == "expiry" and "who" not in told and abs(told["t0"] / 1e6 - at) < 5 and status(gw)["expired"],
         f"{on_expiry}: the log and the status say so", told)
    shown = bhctl(gw, "policy", "status").stdout
    t.ok("EXPIRED" in shown, f"{on_expiry}: status as text", shown)


def test(t):
    add_sbin()
    need_namespaces()
    with Lab("expiry") as lab:
        ns = lab.namespace("gw")
        wire = Wire(lab, ns)
        path = lab.path("policy.json")
        with open(path, "w", encoding="utf-8") as f:
            f.write(policy(9, [US]))
        config = make_config(lab.path("gw"), ports(wire), path, COUNTRIES)
        with Gateway(lab, ns, config) as gw:
            talk = Talk(wire)
            through(t, gw, talk, path, 10, "keep_and_flag", ("flag", "us", "POLICY_EXPIRED"))
            through(t, gw, talk, path, 11, "default_only", ("flag", "_default", "POLICY_EXPIRED"))
            through(t, gw, talk, path, 12, "block", ("block", None, "POLICY_EXPIRED"))
            t.equal(books(gw.stats()), "", "every packet is in one outcome")
            told = [r["sha256"] for r in gw.records("--ev", "policy") if r["outcome"] == "expired"]
            t.ok(len(told) == len(set(told)) >= 3, "each is told once", told)
        with Gateway(lab, ns, config, "again") as gw:
            talk.send()
            poll("the flow", lambda: live(gw, talk.port))
            t.equal(live(gw, talk.port), ("block", None, "POLICY_EXPIRED", 12), "started with it: blocked still")
            with open(path, "w", encoding="utf-8") as f:
                f.write(policy(13, [US]))
            done = bhctl(gw, "policy", "push", path)
            talk.send()
            poll("the flow", lambda: live(gw, talk.port))
            t.ok(done.returncode == 0 and live(gw, OLD) == live(gw, talk.port) == ("allow", "us", "TEST_US", 13) and
                 not status(gw)["expired"], "a new policy ends it", done.stdout + done.stderr)
        records_fit(t, config["log"]["dir"])


if __name__ == "__main__":
    check.main(test)
