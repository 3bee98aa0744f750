#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
# timeout: 900
"""A thousand policies pushed in a row while traffic runs: not a packet lost or reordered, no memory
growth, no verdict that is of no policy."""
import os
import threading
import time

import check
from check import poll
from control import ask, policy, push, sha256
from frames import INSIDE, OUTSIDE, Captures, Sender, count, difference, ethernet, mac, udp4
from gateway import Gateway, books, make_config
from lab import Lab, need_namespaces, need_programs
from park import COUNTRIES, SERVERS, TENANTS, Wire, ports
from peers import add_sbin

PUSHES = int(os.environ.get("SMOKE_PUSHES", "1000"))
WARM = PUSHES // 5   # pushes before memory is looked at: what is kept for good is there by then
GROWTH = 4 << 20     # bytes; were the policies' words alone to stay, they would be more
FLOWS = 16


class Stream:
    """Datagrams of several flows both ways, at a steady rate, until it is told to stop."""

    def __init__(self, wire, flows=FLOWS, every=0.004):
        self.out = {INSIDE: Sender(wire.inside, "p0"), OUTSIDE: Sender(wire.outside, "p0")}
        self.n, self.going, self.flows, self.every = 0, True, flows, every
        self.longest = 0.0
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        countries = ("US", "DE", "JP", "SG")
        last = time.monotonic()
        while self.going:
            k = self.n % self.flows
            a, b = (TENANTS["auto-oem"][0], 4000 + k), (SERVERS[countries[k % 4]][0], 4001)
            data = self.n.to_bytes(8, "big") * 12
            self.out[INSIDE].send(ethernet(mac(OUTSIDE, 7), mac(INSIDE, 7), 0x0800, udp4(*a, *b, data)))
            self.out[OUTSIDE].send(ethernet(mac(INSIDE, 7), mac(OUTSIDE, 7), 0x0800, udp4(*b, *a, data)))
            self.n += 1
            time.sleep(self.every)
            now = time.monotonic()
            self.longest, last = max(self.longest, now - last), now

    def stop(self):
        self.going = False
        self.thread.join()
        for s in self.out.values():
            s.close()


def rss(gw):
    with open(f"/proc/{gw.process.pid}/status", encoding="utf-8") as f:
        return next(int(line.split()[1]) * 1024 for line in f if line.startswith("VmRSS"))


def sanitized(gw):
    with open(f"/proc/{gw.process.pid}/maps", encoding="utf-8") as f:
        return "libasan" in f.read()


def version_text(n):
    """Names in it tell which policy it is: whoever mixes two of them is found out."""
    return policy(n, [{"id": f"us-{n}", "match": {"countries": ["US", "JP"]}, "reason": f"R_{n}",
                       "action": "flag" if n % 2 else "allow", "severity": "low"},
                      {"id": f"rest-{n}", "match": {"border": ["cross"]}, "reason": f"S_{n}",
                       "action": "allow" if n % 2 else "flag", "severity": "low"}])


def is_of(record, n):
    """Whether a verdict is the one that policy n gives."""
    if n < 10:  # the one before the first push
        return record["act"] == "allow" and record["reason"] == "TEST_DEFAULT"
    first = record["cc"] in ("US", "JP")
    return (record["rule"], record["reason"]) == ((f"us-{n}", f"R_{n}") if first else (f"rest-{n}", f"S_{n}")) and \
        record["act"] == ("flag" if first == bool(n % 2) else "allow")


def push_all(t, gw):
    path = gw.config["control_socket"]
    sizes, took, epochs = [rss(gw)], [], []
    for n in range(10, 10 + PUSHES):
        text = version_text(n)
        begin = time.monotonic()
        answer = push(path, text)
        took.append(time.monotonic() - begin)
        if answer["outcome"] != "published" or answer["sha256"] != sha256(text):
            t.ok(False, "each push is published", answer)
            return sizes
        epochs.append(answer["epoch"])
        if n - 10 == WARM:
            sizes.append(rss(gw))
    sizes.append(rss(gw))
    t.equal(epochs, list(range(2, 2 + PUSHES)), "each push is published, with the next epoch")
    t.note(f"{PUSHES} pushes in {sum(took):.1f} s, the longest took {max(took) * 1000:.0f} ms, memory "
           + " ".join(f"{s / 1e6:.1f}" for s in sizes) + " MB")
    return sizes


def gone_rules(t, gw):
    """Each policy had rules of its own: their counters are kept, but not without end."""
    rules = ask(gw.config["control_socket"], "rules")
    t.ok(500 <= len(rules["gone"]) <= 1000 + 2 or PUSHES < 500, "rules that are gone are counted, not more than 1,000",
         f"{len(rules['gone'])}", f"{len(rules['gone'])} of {2 * PUSHES}")


def check_records(t, gw):
    decided = gw.records("--ev", "decision")
    wrong = [r for r in decided if not is_of(r, r["pol"])]
    policies = {r["pol"] for r in decided}
    # A fast machine publishes several times between two packets of a flow: not each policy decides one.
    t.ok(len(policies) >= PUSHES // 4 and not wrong, "every decision is the one of the policy that it names",
         f"{len(decided)} decisions, {len(wrong)} wrong: {wrong[:3]}", f"{len(decided)} decisions of "
         f"{len({r['pol'] for r in decided})} policies")
    back = []
    for fid in {r["fid"] for r in decided}:
        versions = [r["pol"] for r in decided if r["fid"] == fid]
        if versions != sorted(versions):
            back.append(fid)
    t.equal(back, [], "no flow goes back to an earlier policy")
    ended = [r for r in gw.records("--ev", "end") if 4001 in (r.get("sport"), r.get("dport"))]
    t.ok(len(ended) == FLOWS and all(is_of(r, 9 + PUSHES) and r["pol"] == 9 + PUSHES for r in ended),
         "every flow ends under the last policy", f"{[(r['pol'], r['rule'], r['act']) for r in ended]}")
    attempts = gw.records("--ev", "policy")
    noted_at = {r["pol"]: r["seq"] for r in attempts if r["outcome"] == "published"}
    early = [r for r in decided if r["pol"] in noted_at and r["seq"] < noted_at[r["pol"]]]
    t.equal(early, [], "a policy stands in the log before all that it decided")
    noted = [(r["how"], r["outcome"], r["pol"]) for r in attempts]
    wanted = [("push", "published", n) for n in range(10, 10 + PUSHES)]
    t.equal(noted[-PUSHES:], wanted, "every attempt is in the log")
    names = os.listdir(os.path.join(gw.config["state_dir"], "policy", "history"))
    t.ok(len(names) == min(100, PUSHES + 1), "the last hundred policies are kept", f"{len(names)}")


def test(t):
    add_sbin()
    need_programs("tcpdump")
    need_namespaces()
    with Lab("push") as lab:
        gateway_ns = lab.namespace("gw")
        wire = Wire(lab, gateway_ns)
        path = lab.path("policy.json")
        with open(path, "w", encoding="utf-8") as f:
            f.write(policy(9))
        with Gateway(lab, gateway_ns, make_config(lab.path("gw"), ports(wire), path, COUNTRIES)) as gw:
            captures = Captures(lab, wire, "push")
            stream = Stream(wire)
            try:
                poll("the flows", lambda: stream.n > 4 * FLOWS)
                sizes = push_all(t, gw)
                last = stream.n  # every flow has a packet under the last policy
                poll("packets after the last push", lambda: stream.n > last + 2 * FLOWS)
            finally:
                stream.stop()
            t.equal(captures.stop(), 0, "tcpdump saw everything")
            for side, name in ((INSIDE, "outbound"), (OUTSIDE, "inbound")):
                a, b = captures.flows(side)
                t.ok(count(a) >= stream.n and a == b, f"{name}: the same frames in order, none lost",
                     f"{stream.n} sent\n" + difference(a, b), f"{count(a)} frames, no gap longer than "
                     f"{stream.longest * 1000:.0f} ms at the sender")
            if sanitized(gw):
                t.skip("memory does not grow", "AddressSanitizer keeps what was freed")
            else:
                t.ok(sizes[-1] - sizes[-2] < GROWTH, "memory does not grow",
                     f"{sizes} bytes: after none, {WARM}, {PUSHES} pushes")
            t.equal(books(gw.stats()), "", "received = sent, nothing lost")
            status = ask(gw.config["control_socket"], "policy.status")
            t.equal((status["version"], status["sha256"]), (9 + PUSHES, sha256(version_text(9 + PUSHES))),
                    "the last policy is in force")
            gone_rules(t, gw)
        check_records(t, gw)


if __name__ == "__main__":
    check.main(test)
