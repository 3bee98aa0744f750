#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""A gateway without policy_keys takes what one with keys refuses, an older version, the same one with another
text, another policy's id; but it says so to whoever pushes, in the history and in the log. And what a
rollback goes back to, where versions and ids come again."""
import json
import os
import signal

import check
from check import poll
from control import ask, bhctl, bhctl_json, policy
from gateway import Gateway, make_config
from lab import Lab, need_namespaces, wait_for_output
from park import COUNTRIES, Wire, ports
from peers import add_sbin

OTHER = "other-park"
LAST = 2**32 - 1
OLDER = "version 4 replaces version 5"
SAME = "the same version number as in force, with another text: records of both say pol 5"
FOREIGN = f"another policy: id {OTHER} replaces id demo-park-egress"


class Files:
    def __init__(self, lab):
        self.lab, self.n = lab, 0

    def __call__(self, text):
        self.n += 1
        path = self.lab.path(f"policy-{self.n}.json")
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path


def rule(name):
    return [{"id": name, "match": {"countries": ["JP"]}, "action": "flag", "reason": "TEST_JP"}]


def warned(t, gw, path, warning, name, *how):
    """Taken with exit 0 and the warning; "": without any."""
    done = bhctl(gw, "policy", *(how or ("push",)), *([path] if path else []))
    said = f"bhctl: WARNING: {warning}\n" if warning else ""
    t.ok(done.returncode == 0 and done.stderr == said, name, f"exit {done.returncode}: {done.stdout}{done.stderr}")
    noted = bhctl_json(gw, "policy", "history")[-1]
    t.equal(noted["detail"], warning or None, f"{name}: in the history")


def steps(t, gw, file):
    warned(t, gw, file(policy(5)), "", "the next version: no warning")
    same = file(policy(5, rule("a")))
    dry = bhctl(gw, "policy", "push", "--dry-run", same)
    t.ok(dry.returncode == 0 and SAME in dry.stdout, "dry run: the warning is a finding", dry.stdout + dry.stderr)
    warned(t, gw, same, SAME, "the same version with another text")
    warned(t, gw, same, "", "the very same text: no warning")
    t.equal(bhctl_json(gw, "policy", "push", file(policy(4)))["warning"], OLDER, "an older version, --json")
    warned(t, gw, file(policy(5)), "", "a newer one again: no warning")
    warned(t, gw, file(policy(4)), f"once it is promoted: {OLDER}", "an older candidate", "push", "--shadow")
    warned(t, gw, None, OLDER, "and promoted", "promote")
    warned(t, gw, file(policy(7, id=OTHER)), FOREIGN, "a policy of another id")
    record = gw.wait_records("the last push", lambda r: r[-1]["pol"] == 7, "--ev", "policy")[-1]
    t.equal((record["outcome"], record["detail"]), ("published", FOREIGN), "and in the log")


def reload(t, gw):
    with open(gw.config["policy"], "w", encoding="utf-8") as f:
        f.write(policy(6, id=OTHER))
    gw.process.send_signal(signal.SIGHUP)
    poll("the older file", lambda: ask(gw.config["control_socket"], "policy.status")["version"] == 6)
    t.ok("WARNING: version 6 replaces version 7" in gw.said(), "reload: on standard error", gw.said())


def restarts(t, lab, ns, config, file):
    """What was pushed is in force again after a restart, though the file's version is no lower."""
    path = config["policy"]
    with open(path, "w", encoding="utf-8") as f:
        f.write(policy(5))
    config = dict(config, state_dir=lab.path("restarts"))
    with Gateway(lab, ns, config, "restart-0") as gw:
        t.equal(ask(gw.config["control_socket"], "policy.status")["version"], 5, "restart: the file")
    pushed = [policy(5, rule("a")), policy(4, rule("b")), policy(7, rule("c"), id=OTHER)]
    for n, text in enumerate(pushed):
        with Gateway(lab, ns, config, f"restart-push-{n}") as gw:
            bhctl(gw, "policy", "push", file(text))
        with Gateway(lab, ns, config, f"restart-{n + 1}") as gw:
            t.equal(ask(gw.config["control_socket"], "policy.get")["text"], text, f"restart: what was pushed last, {n}")
            noted = bhctl_json(gw, "policy", "history")[-1]
            t.ok("the policy file is older than what was in force" in (noted["detail"] or ""), f"restart: and why, {n}",
                 noted)
    for version in (7, 8):
        text = policy(version, rule("d"))
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        with Gateway(lab, ns, config, f"restart-file-{version}") as gw:
            t.equal(ask(gw.config["control_socket"], "policy.get")["text"], text, "restart: a file that is new")


def early_clock(t, lab, ns, config):
    """A host whose clock is not set yet: the last policy in force is, though it seems to begin only later."""
    config = dict(config, state_dir=lab.path("early"))
    later = policy(5, rule("later"), not_before="2089-01-01T00:00:00Z", expires="2090-01-01T00:00:00Z")
    with open(config["policy"], "w", encoding="utf-8") as f:
        f.write(policy(4))
    with Gateway(lab, ns, config, "early-0"):
        pass
    current = os.path.join(config["state_dir"], "policy", "current.json")
    with open(current, encoding="utf-8") as f:
        stored = json.load(f)
    for path, text in ((current, json.dumps(dict(stored, version=5, text=later))), (config["policy"], later)):
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
    with Gateway(lab, ns, config, "early-1") as gw:
        text = ask(gw.config["control_socket"], "policy.get")["text"]
        t.equal(text, later, "a wrong clock: the last policy in force")
        t.ok("the clock is wrong" in gw.said(), "a wrong clock: it is said", gw.said())
        done = bhctl(gw, "policy", "push", gw.config["policy"])
        t.ok(done.returncode == 1 and "not_before" in done.stderr, "a wrong clock: a push is refused", done.stderr)


def watched_start(t, lab, ns, config):
    """A file that changes while the gateway starts, after it was read, is taken as one that changes later."""
    config = dict(config, state_dir=lab.path("watched"), policy_watch=True)
    gw = Gateway(lab, ns, config, "watched")
    with open(config["policy"], "w", encoding="utf-8") as f:
        f.write(policy(5))
    gw.process = lab.spawn(ns, [check.BRIDGEHEAD, "run", "--config", gw.path], "watched")
    wait_for_output(gw.process, "in force (epoch 1)", 60)
    early = "is forwarding" not in gw.said()
    with open(config["policy"], "w", encoding="utf-8") as f:
        f.write(policy(6))
    wait_for_output(gw.process, "is forwarding", 60)
    if early:
        poll("the changed file", lambda: ask(config["control_socket"], "policy.status")["version"] == 6)
    t.ok(early, "watch: a file that changed while the gateway started is in force", "it had started already")
    gw.stop()


def rolls(t, gw, wanted, name):
    """Back, and the text that is in force then."""
    done = bhctl(gw, "policy", "rollback")
    now = json.loads(ask(gw.config["control_socket"], "policy.get")["text"])
    meta = now["meta"]
    got = meta["id"], meta.get("restores"), [r["id"] for r in now["rules"]]
    t.ok(done.returncode == 0 and got == wanted, name, f"wanted {wanted}, got {got}: {done.stdout}{done.stderr}")
    return meta["version"]


def rollbacks(t, gw, file):
    def push(*args, **meta):
        done = bhctl(gw, "policy", "push", file(policy(*args, **meta)))
        if done.returncode != 0:
            raise RuntimeError(done.stderr)

    push(20, rule("a"))
    push(20, rule("b"), id=OTHER)
    push(20, rule("c"))
    push(20, rule("c"))
    t.equal(rolls(t, gw, (OTHER, 20, ["b"]), "rollback: to the one before, of another id and the same version"), 21,
            "rollback: as the next version")
    t.equal(rolls(t, gw, ("demo-park-egress", 20, ["c"]), "rollback: and again"), 22, "rollback: and the next")
    push(9, rule("d"))
    t.equal(rolls(t, gw, ("demo-park-egress", 22, ["c"]), "rollback: over an older version"), 23,
            "rollback: with a number that is above both")
    push(LAST, rule("e"))
    for name in ("from", "to"):
        done = bhctl(gw, "policy", "rollback")
        t.ok(done.returncode == 2 and f"no version comes after {LAST}" in done.stderr,
             f"rollback: {name} the last version there can be", done.stdout + done.stderr)
        push(9, rule("f"))
    for version in (LAST + 10, -1, "9", 9.0):
        try:
            got = ask(gw.config["control_socket"], "policy.get", version=version)["version"]
        except RuntimeError as e:
            got = str(e)
        t.ok("whole number" in str(got), f"control socket: no text of version {version!r}", str(got))


def test(t):
    add_sbin()
    need_namespaces()
    with Lab("unsigned") as lab:
        ns = lab.namespace("gw")
        wire = Wire(lab, ns)
        file = Files(lab)
        with Gateway(lab, ns, make_config(lab.path("gw"), ports(wire), file(policy(3)), COUNTRIES)) as gw:
            steps(t, gw, file)
            reload(t, gw)
            rollbacks(t, gw, file)
        restarts(t, lab, ns, gw.config, file)
        early_clock(t, lab, ns, gw.config)
        watched_start(t, lab, ns, gw.config)


if __name__ == "__main__":
    check.main(test)
