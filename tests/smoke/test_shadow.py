#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
# timeout: 300
"""A candidate policy in shadow: what records say of it, what it must not do, how it is shown, refused, kept
over a kill, promoted and withdrawn; and a gateway that is killed while it promotes."""
import os
import random
import threading
import time

import check
from check import BHCTL
from control import ask, bhctl, bhctl_json, policy, push, sha256
from exposition import parse, value
from frames import INSIDE, OUTSIDE, Sender, ethernet, mac, udp4
from gateway import Gateway, books, make_config, records_fit, total
from lab import Lab, need_namespaces, run
from park import COUNTRIES, SERVERS, TENANTS, Wire, ports
from peers import add_sbin

KILLS = int(os.environ.get("SMOKE_KILLS", "3"))
US = {"id": "us", "match": {"countries": ["US"]}, "action": "allow", "reason": "TEST_US"}
JP = {"id": "flag-jp", "match": {"countries": ["JP"]}, "action": "flag", "reason": "TEST_JP"}
DE = {"id": "block-de", "match": {"countries": ["DE"]}, "action": "block", "reason": "TEST_DE"}
SG = {"id": "sg", "match": {"countries": ["SG"]}, "action": "allow", "reason": "TEST_SG"}
SENT = {"US": 3, "JP": 2, "DE": 1, "SG": 2}  # flows
GROWTH = 8 << 20  # bytes, over 20 candidates of 1,500 rules
WHO = f"uid:{os.getuid()}"


def write(path, text):
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return path


def status(gw):
    return ask(gw.config["control_socket"], "policy.status")


class Talk:
    """Datagrams of new flows to each country; each run of it has ports of its own."""

    def __init__(self, wire):
        self.sender, self.port = Sender(wire.inside, "p0"), 5000

    def send(self, packets=2):
        self.port += 100
        for country, flows in SENT.items():
            for n in range(flows):
                for _ in range(packets):
                    self.sender.send(ethernet(mac(OUTSIDE, 7), mac(INSIDE, 7), 0x0800, udp4(
                        TENANTS["auto-oem"][0], self.port + n, SERVERS[country][0], 4001, bytes(200))))
        return self.port

    def ended(self, gw):
        """Sends, and gives the flows' end records back."""
        port = self.send()
        return gw.wait_records("the flows' ends", lambda found: len(mine(found, port)) == sum(SENT.values()),
                               "--ev", "end") and mine(gw.records("--ev", "end"), port)


def mine(records, port):
    return [r for r in records if port <= r.get("sport", 0) < port + 100]


def verdicts(records):
    """{country: what all its records say}; a list where they do not agree."""
    found = {}
    for r in records:
        said = tuple(r.get(k) for k in ("act", "rule", "pol", "sact", "srule", "sreason", "spol"))
        found.setdefault(r["cc"], set()).add(said)
    return {cc: said.pop() if len(said) == 1 else sorted(said, key=str) for cc, said in found.items()}


def notices(gw):
    return [(r["how"], r["outcome"], r.get("pol"), r.get("who")) for r in gw.records("--ev", "policy")]


def in_shadow(t, gw, lab, talk):
    text = policy(10, [US, JP, DE, dict(SG, id="singapore")])
    done = bhctl(gw, "policy", "push", "--shadow", write(lab.path("ten.json"), text))
    t.ok(done.returncode == 0 and "version 10 is the candidate" in done.stdout, "push --shadow: taken, exit 0",
         done.stdout + done.stderr, done.stdout.strip())
    now = status(gw)
    t.equal((now["version"], now["epoch"]), (9, 1), "what is in force stays, its epoch too")
    t.equal([now["candidate"][k] for k in ("id", "version", "sha256", "who", "rules")],
            [now["id"], 10, sha256(text), WHO, 4], "status has the candidate")
    found = verdicts(talk.ended(gw))
    t.equal(found, {
        "US": ("allow", "us", 9, None, None, None, None),
        "JP": ("allow", "_default", 9, "flag", "flag-jp", "TEST_JP", 10),
        "DE": ("allow", "_default", 9, "block", "block-de", "TEST_DE", 10),
        "SG": ("allow", "sg", 9, "allow", "singapore", "TEST_SG", 10),
    }, "records carry the candidate's verdict where it is another")
    stats = gw.stats()
    t.ok(total(stats, "outcomes", "stop_block", "packets") == 0 and books(stats) == "",
         "and not a packet was stopped by it", books(stats))
    now = status(gw)["candidate"]
    n = SENT["JP"] + SENT["DE"]
    t.equal((now["flows"] >= sum(SENT.values()), now["changed"], now["renamed"], now["changes"]["allow->block"]),
            (True, n, SENT["SG"], SENT["DE"]), "status counts the flows that would have another verdict")
    shown = bhctl(gw, "policy", "status").stdout
    t.ok("version 10" in shown and f"another verdict on {n} (" in shown and "allow->flag 2" in shown,
         "status as text", shown)
    rules = bhctl_json(gw, "rules")["candidate"]["rules"]
    hits = {r["id"]: (r["hits"], r["bytes_out"]) for r in rules}
    t.equal((hits["flag-jp"], hits["block-de"], hits["us"]), ((2, 4 * 228), (1, 2 * 228), (3, 6 * 228)),
            "rules counts what its rules would have decided")
    shown = bhctl(gw, "rules").stdout
    t.ok("CANDIDATE'S RULE" in shown and "block-de" in shown, "rules as text", shown)


def outcomes(stats):
    return [(total(stats, "outcomes", o, "packets"), total(stats, "outcomes", o, "bytes"))
            for o in stats["workers"][0]["outcomes"]]


def metrics_and_stats(gw):
    """Of a moment in which no packet came: the hosts' kernels send one on their own now and then."""
    for _ in range(20):
        before, text, stats = gw.stats(), bhctl(gw, "metrics").stdout, gw.stats()
        if outcomes(before) == outcomes(stats):
            break
    return text, stats


def metrics(t, gw):
    """What stands still while nobody sends is the same in both; what does not is there at least."""
    text, stats = metrics_and_stats(gw)
    try:
        m = parse(text)
    except ValueError as e:
        t.ok(False, "metrics: Prometheus can read them", e)
        return
    t.ok(len(m) > 80, "metrics: Prometheus can read them", text, f"{len(m)} families")
    t.equal([(value(m, "bridgehead_packets_total", outcome=o), value(m, "bridgehead_bytes_total", outcome=o))
             for o in stats["workers"][0]["outcomes"]],
            outcomes(stats), "metrics: packets and bytes as stats counts them")
    missing = [k for group in ("flows", "classification", "decisions") for k in stats["workers"][0][group]
               if k != "ended" and f"bridgehead_{group}_{k}" not in m and f"bridgehead_{group}_{k}_total" not in m]
    missing += [k for k, v in stats["ports"][0].items() if isinstance(v, int) and not isinstance(v, bool) and
                f"bridgehead_port_{k}_total" not in m and f"bridgehead_port_{k}" not in m]
    missing += [k for k, v in stats["log"].items() if isinstance(v, int) and not isinstance(v, bool) and
                f"bridgehead_log_{k}_total" not in m and f"bridgehead_log_{k}" not in m]
    t.equal(missing, [], "metrics: every counter is among them")
    now = status(gw)
    t.equal((m["bridgehead_policy_info"][1], m["bridgehead_candidate_info"][1][0][0]["version"],
             value(m, "bridgehead_candidate_changes_total", in_force="allow", candidate="block"),
             value(m, "bridgehead_port_up"), value(m, "bridgehead_log_signed")),
            ([({"id": now["id"], "version": "9", "sha256": now["sha256"]}, 1)], "10", SENT["DE"], 2, 0),
            "metrics: the policy in force, the candidate and what it would change, ports, the log")


def refusals(t, gw, lab):
    before = status(gw)["candidate"]["sha256"]
    for name, text, why in (("not a policy", '{"schema": "egress-policy/1", "met', "bad.json:1:"),
                            ("what is in force", ask(gw.config["control_socket"], "policy.get")["text"],
                             "this very text is in force")):
        done = bhctl(gw, "policy", "push", "--shadow", write(lab.path("bad.json"), text))
        t.ok(done.returncode == 1 and why in done.stderr and status(gw)["candidate"]["sha256"] == before,
             f"{name}: refused, exit 1, and the candidate before stays", done.stdout + done.stderr)
    for argv, exit_status, why in ((("promote", "--version", "11"), 2, "the candidate is version 10"),
                                   (("withdraw", "--version", "11"), 2, "the candidate is version 10"),
                                   (("push", "--shadow", "--dry-run", lab.path("ten.json")), 2, "usage:")):
        done = bhctl(gw, "policy", *argv)
        t.ok(done.returncode == exit_status and why in done.stderr, f"policy {argv[0]} {argv[1]}: {why}",
             f"exit {done.returncode}: {done.stdout}{done.stderr}")
    t.equal((status(gw)["version"], status(gw)["candidate"]["version"]), (9, 10), "and nothing has changed")


def promotion(t, gw, lab, talk):
    t.equal(status(gw)["candidate"]["version"], 10, "killed and started again: it is the candidate still")
    done = bhctl(gw, "policy", "promote", "--version", "10")
    now = status(gw)
    t.ok(done.returncode == 0 and "version 10 is in force: epoch 2" in done.stdout and now["version"] == 10 and
         now["candidate"] is None, "promote: it is in force, and no candidate", done.stdout + done.stderr)
    kept = ask(gw.config["control_socket"], "policy.get")
    t.equal((kept["version"], kept["how"], kept["who"]), (10, "promote", WHO), "promote: kept on disk, with who")
    talk.send()
    found = gw.wait_records("flows under it", lambda r: len(mine(r, talk.port)) >= SENT["JP"] + SENT["DE"],
                            "--ev", "decision")
    t.equal({(r["cc"], r["act"], r["rule"], "spol" in r) for r in mine(found, talk.port)},
            {("JP", "flag", "flag-jp", False), ("DE", "block", "block-de", False)}, "promote: it decides")
    path = write(lab.path("twelve.json"), policy(12, [US]))
    bhctl(gw, "policy", "push", "--shadow", path)
    done = bhctl(gw, "policy", "withdraw")
    t.ok(done.returncode == 0 and "version 12 is withdrawn" in done.stdout and status(gw)["candidate"] is None,
         "withdraw: it is gone", done.stdout + done.stderr)
    for cmd in ("promote", "withdraw"):
        done = bhctl(gw, "policy", cmd)
        t.ok(done.returncode == 2 and "there is no candidate" in done.stderr, f"{cmd} without one: says so, exit 2",
             done.stderr)
    bhctl(gw, "policy", "push", "--shadow", path)
    bhctl(gw, "policy", "push", path)
    t.equal((status(gw)["version"], status(gw)["candidate"]), (12, None), "pushed itself: it is no candidate any more")
    wanted = [("boot", "shadow", 10, None), ("promote", "published", 10, WHO), ("push", "shadow", 12, WHO),
              ("withdraw", "withdrawn", 12, WHO), ("push", "shadow", 12, WHO), ("push", "published", 12, WHO),
              ("push", "withdrawn", 12, WHO)]
    gw.wait_records("the notices", lambda _: notices(gw)[-1] == wanted[-1], "--ev", "policy")
    t.equal(notices(gw)[-7:], wanted, "the log says who did what")
    outcomes = [(a["how"], a["outcome"]) for a in bhctl_json(gw, "policy", "history")]
    t.equal(outcomes[-7:], [w[:2] for w in wanted], "history too")


def memory(t, gw):
    """Candidates come and go: an old one's rules and words go too."""
    path, sizes = gw.config["control_socket"], []
    if "libasan" in text_of(f"/proc/{gw.process.pid}/maps"):
        t.skip("candidates that were replaced are freed", "AddressSanitizer keeps what was freed")
        return
    for first, last in ((100, 108), (108, 128)):
        for n in range(first, last):
            push(path, big(n), cmd="policy.shadow")
        time.sleep(0.3)  # words go two passes of the log's writer later
        sizes.append(int(text_of(f"/proc/{gw.process.pid}/statm").split()[1]) * 4096)
    ask(path, "policy.withdraw")
    t.ok(sizes[1] - sizes[0] < GROWTH, "candidates that were replaced are freed", f"{sizes}",
         " ".join(f"{s / 1e6:.1f}" for s in sizes) + " MB")


def text_of(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def big(version, rules=1500):
    """So many rules that writing it takes a while."""
    return policy(version, [{"id": f"r{i}-{version}", "match": {"dports": [str(1 + i)]}, "action": "flag",
                             "reason": "TEST_PORT"} for i in range(rules)])


def promote(path):
    try:
        ask(path, "policy.promote")
    except (OSError, ValueError):
        pass  # its gateway was killed


def kills(t, lab, ns, config):
    """Old: the policy before, and the candidate beside it. New: the candidate in force, and none beside."""
    span, n, seen, wrong = 0.05, 200, {"old": 0, "new": 0}, []
    texts = {}
    for k in range(KILLS + 1):
        with Gateway(lab, ns, config, f"killed-{k}") as gw:
            path = gw.config["control_socket"]
            now = status(gw)
            if k > 0:
                which = "new" if now["version"] == n else "old"
                seen[which] += 1
                kept = ask(path, "policy.get")
                left = now["candidate"]["sha256"] if now["candidate"] else None
                if now["sha256"] != sha256(texts[now["version"]]) or kept["text"] != texts[now["version"]] or \
                        left != (sha256(texts[n]) if which == "old" else None):
                    wrong.append((which, n, now["version"], left, gw.said()[-800:]))
            texts[now["version"]] = ask(path, "policy.get")["text"]
            if k == KILLS:
                break
            n += 1
            texts[n] = big(n)
            begin = time.monotonic()
            push(path, texts[n], cmd="policy.shadow")
            span = time.monotonic() - begin
            promoter = threading.Thread(target=promote, args=(path,))
            promoter.start()
            if k == KILLS - 1:  # one that was through is seen whatever chance says
                promoter.join()
            time.sleep(random.uniform(0, 1.3 * span))
            gw.process.kill()
            gw.process.wait()
            promoter.join()
    t.ok(not wrong and sum(seen.values()) == KILLS, f"killed in {KILLS} promotions: the policy before with its "
         "candidate, or the candidate in force", f"{wrong}", f"{seen}; it takes {span * 1000:.0f} ms")
    t.ok(seen["new"] > 0, "killed: some were through", f"{seen}")


def signed(t, lab, ns, config):
    """Where keys are named a candidate needs a signature as a push does."""
    key = lab.path("park.key")
    public = run([BHCTL, "keygen", "--name", "park", "--out", key]).stdout.strip()
    first = write(lab.path("signed.json"), policy(1000))
    run([BHCTL, "policy", "sign", "--key", key, first])
    config = dict(config, policy=first, policy_keys=[public])
    with Gateway(lab, ns, config, "signed") as gw:
        path = write(lab.path("next.json"), policy(1001, [JP]))
        done = bhctl(gw, "policy", "push", "--shadow", path)
        t.ok(done.returncode == 1 and "not signed" in done.stderr and status(gw)["candidate"] is None,
             "signatures: a candidate without one is refused", done.stdout + done.stderr)
        run([BHCTL, "policy", "sign", "--key", key, path])
        done = bhctl(gw, "policy", "push", "--shadow", path)
        t.ok(done.returncode == 0 and "signed by park+" in done.stdout, "signatures: with one it is taken",
             done.stdout + done.stderr)
        later = write(lab.path("later.json"), policy(1002))
        run([BHCTL, "policy", "sign", "--key", key, later])
        bhctl(gw, "policy", "push", later)
        done = bhctl(gw, "policy", "promote")
        t.ok(done.returncode == 1 and "older" in done.stderr and status(gw)["candidate"]["version"] == 1001,
             "promote: a candidate that was overtaken is refused, and stays one", done.stdout + done.stderr)


def test(t):
    add_sbin()
    need_namespaces()
    with Lab("shadow") as lab:
        ns = lab.namespace("gw")
        wire = Wire(lab, ns)
        talk = Talk(wire)
        config = make_config(lab.path("gw"), ports(wire), write(lab.path("policy.json"), policy(9, [US, SG])), COUNTRIES,
                             flows={"max": 32768, "timeouts_s": {"udp": 1}})
        with Gateway(lab, ns, config) as gw:
            in_shadow(t, gw, lab, talk)
            metrics(t, gw)
            refusals(t, gw, lab)
            gw.process.kill()
            gw.process.wait()
        with Gateway(lab, ns, config, "again") as gw:
            promotion(t, gw, lab, talk)
            memory(t, gw)
        records_fit(t, config["log"]["dir"])
        kills(t, lab, ns, config)
        signed(t, lab, ns, config)


if __name__ == "__main__":
    check.main(test)
