#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
# timeout: 600
"""Signed policies: what a gateway with policy_keys takes and refuses, how it goes back, what it finds on
disk after it was killed in the middle of a push, and how it takes a file that is put under its eyes."""
import json
import os
import random
import shutil
import threading
import time

import check
from check import BHCTL, poll
from control import ask, bhctl, bhctl_json, policy, push, sha256
from gateway import Gateway, make_config
from lab import Lab, need_namespaces, output, run
from park import COUNTRIES, Wire, ports
from peers import add_sbin

KILLS = int(os.environ.get("SMOKE_KILLS", "30"))
FLAG_JP = {"id": "flag-jp", "match": {"countries": ["JP"]}, "action": "flag", "reason": "TEST_JP"}


def write(path, text):
    with open(path + ".tmp", "w", encoding="utf-8") as f:
        f.write(text)
    os.rename(path + ".tmp", path)
    return path


class Signer:
    def __init__(self, lab, name):
        self.lab, self.key = lab, lab.path(f"{name}.key")
        self.public = run([BHCTL, "keygen", "--name", name, "--out", self.key]).stdout.strip()

    def file(self, name, text):
        """The policy in a file with its signature beside it."""
        path = write(self.lab.path(name), text)
        run([BHCTL, "policy", "sign", "--key", self.key, path])
        return path

    def sig(self, text):
        with open(self.file("to-sign.json", text) + ".sig", encoding="utf-8") as f:
            return f.read()


def last_attempt(gw):
    return bhctl_json(gw, "policy", "history")[-1]


def refused(t, gw, name, path, why):
    """Pushed by bhctl: refused with the reason, said, recorded; what was in force stays."""
    before = ask(gw.config["control_socket"], "policy.status")
    done = bhctl(gw, "policy", "push", path)
    t.ok(done.returncode == 1 and why in done.stderr, f"{name}: refused with the reason, exit 1",
         f"exit {done.returncode}: {done.stdout}{done.stderr}", done.stderr.strip().splitlines()[-1])
    dry = bhctl(gw, "policy", "push", "--dry-run", path)
    t.ok(dry.returncode == 1 and why in dry.stderr, f"{name}: and so by the dry run",
         f"exit {dry.returncode}: {dry.stdout}{dry.stderr}")
    noted = last_attempt(gw)
    t.ok(noted["outcome"] == "refused" and why in noted["detail"] and noted["who"] == f"uid:{os.getuid()}",
         f"{name}: in the history with who and why", noted)
    after = ask(gw.config["control_socket"], "policy.status")
    t.equal((after["epoch"], after["sha256"]), (before["epoch"], before["sha256"]), f"{name}: the policy before stays")


def refusals(t, gw, lab, signer, stranger):
    good = policy(20, [FLAG_JP])
    path = signer.file("good.json", good)
    done = bhctl(gw, "policy", "push", path)
    t.ok(done.returncode == 0 and "version 20 is in force" in done.stdout and "signed by park+" in done.stdout,
         "a signed policy is taken, with whose key it is", done.stdout + done.stderr)
    refused(t, gw, "unsigned", write(lab.path("unsigned.json"), policy(21)), "is not signed")
    path = signer.file("stripped.json", policy(21))
    os.unlink(path + ".sig")
    refused(t, gw, "stripped", path, "is not signed")
    path = signer.file("tampered.json", policy(21))
    write(path, policy(21).replace("TEST_DEFAULT", "TEST_DEFAULU"))
    refused(t, gw, "tampered", path, "does not fit the text")
    path = signer.file("other-version.json", policy(21))
    write(path, policy(22))
    refused(t, gw, "signature of another version", path, "the signature is for policy")
    refused(t, gw, "wrong id", signer.file("id.json", policy(21, id="other-park")), "governed by demo-park-egress")
    refused(t, gw, "older", signer.file("older.json", policy(19)), "older than version 20")
    refused(t, gw, "the same version with another text", signer.file("same.json", policy(20)), "with another text")
    refused(t, gw, "expired", signer.file("expired.json", policy(21, expires="2026-02-01T00:00:00+08:00")), "expired")
    refused(t, gw, "not yet valid", signer.file("early.json", policy(21, not_before="2035-01-01T00:00:00+08:00")),
            "not_before")
    refused(t, gw, "signed by a stranger", stranger.file("stranger.json", policy(21)), "not among policy_keys")
    path = signer.file("damaged.json", policy(21))
    with open(path + ".sig", encoding="utf-8") as f:
        sig = json.load(f)
    sig["signature"] = sig["signature"][:-6] + "!!!!=="
    write(path + ".sig", json.dumps(sig))
    refused(t, gw, "damaged signature", path, "damaged")
    refused(t, gw, "no policy", write(lab.path("no.json"), '{ "schema": "egress-policy/1", "met'), "no.json:1:")
    records = [r for r in gw.wait_records("the refusals", lambda r: "no.json" in r[-1].get("detail", ""), "--ev", "policy")
               if r["outcome"] == "refused"]
    t.ok(len(records) == 12 and all(r.get("detail") and r["who"] and r["sha256"] for r in records),
         "the flow log has every refusal, with hash, who and why; dry runs are none", f"{len(records)}: {records}")
    table = bhctl(gw, "policy", "history").stdout
    t.ok(table.count("refused") >= 12 and "published" in table, "history as a table", table)


def rollback(t, gw, signer):
    done = bhctl(gw, "policy", "push", signer.file("next.json", policy(23)))
    t.equal(done.returncode, 0, "rollback: a next version is in force")
    done = bhctl(gw, "policy", "rollback")
    t.ok(done.returncode == 1 and "not signed" in done.stderr, "rollback: not without the key",
         done.stdout + done.stderr)
    done = bhctl(gw, "policy", "rollback", "--key", signer.key)
    now = ask(gw.config["control_socket"], "policy.get")
    meta = json.loads(now["text"])["meta"]
    t.ok(done.returncode == 0 and now["version"] == 24 and meta["restores"] == 20 and now["how"] == "rollback",
         "rollback: the earlier text is in force as a new version that says which it restores",
         f"{done.stdout}{done.stderr}{meta}")
    t.equal(json.loads(now["text"])["rules"], [FLAG_JP], "rollback: with its rules")
    done = bhctl(gw, "policy", "rollback", "--to", "23", "--key", signer.key)
    now = json.loads(ask(gw.config["control_socket"], "policy.get")["text"])
    t.ok(done.returncode == 0 and now["rules"] == [] and now["meta"]["restores"] == 23, "rollback --to: that one",
         done.stdout + done.stderr)


def watched(t, gw, signer, path):
    def put(text, by=signer):
        new = by.file("incoming.json", text)
        os.rename(new + ".sig", path + ".sig")
        os.rename(new, path)

    def attempt(what, n, outcome):
        return poll(what, lambda: (lambda a: a if a["version"] == n and a["outcome"] == outcome else None)(
            last_attempt(gw)), 15)

    put(policy(30, [FLAG_JP]))
    noted = attempt("the watched file", 30, "published")
    t.equal((noted["how"], ask(gw.config["control_socket"], "policy.status")["version"]), ("watch", 30),
            "watch: a file that was replaced with its signature is in force", f"{noted}")
    write(path, policy(31))
    noted = attempt("the unsigned file", 31, "refused")
    t.ok("the signature is for" in noted["detail"], "watch: a new text with the old signature is refused", noted)
    put(policy(29))
    noted = attempt("the older file", 29, "refused")
    t.ok("older" in noted["detail"], "watch: an older one is refused", noted)
    t.equal(ask(gw.config["control_socket"], "policy.status")["version"], 30, "watch: the good one stays in force")
    put(policy(32))
    attempt("the last file", 32, "published")
    t.equal(ask(gw.config["control_socket"], "policy.status")["version"], 32, "watch: the next good one is taken")


def big(version):
    """So many rules that writing it takes a while."""
    return policy(version, [{"id": f"r{i}-{version}", "match": {"dports": [str(1 + i)]}, "action": "flag",
                             "reason": "TEST_PORT"} for i in range(1500)])


def kills(t, lab, ns, config, signer):
    n, outcomes, wrong = 100, {"old": 0, "new": 0}, []
    texts = {}
    for k in range(KILLS + 1):
        with Gateway(lab, ns, config, f"killed-{k}") as gw:
            path = gw.config["control_socket"]
            if k == 0:
                texts[n] = big(n)
                begin = time.monotonic()
                push(path, texts[n], sig=signer.sig(texts[n]))
                span = time.monotonic() - begin
            else:
                now = ask(path, "policy.status")
                kept = ask(path, "policy.get")
                version = now["version"]
                outcomes["new" if version == n else "old"] += 1
                span *= 0.85 if version == n else 1.15  # the first may have been on a busier host: stay around the end
                if version not in (n, before) or now["sha256"] != sha256(texts[version]) or \
                        kept["text"] != texts[version] or now["rules"] != 1500:
                    wrong.append((before, n, {k: now[k] for k in ("id", "version", "rules")}, gw.said()[-1500:]))
                before = version
            if k == KILLS:
                break
            before = n if k == 0 else before
            n += 1
            texts[n] = big(n)
            sig = signer.sig(texts[n])
            moment = random.uniform(0, 1.3 * span)
            pusher = threading.Thread(target=quiet_push, args=(path, texts[n], sig))
            pusher.start()
            time.sleep(moment)
            gw.process.kill()
            gw.process.wait()
            pusher.join()
    t.ok(not wrong and sum(outcomes.values()) == KILLS, f"killed in {KILLS} pushes: the old or the new policy is in "
         "force after it, whole", f"{wrong}", f"{outcomes}; a push takes {span * 1000:.0f} ms")
    t.ok(KILLS < 20 or (outcomes["old"] and outcomes["new"]), "killed: both happened", f"{outcomes}")


def quiet_push(path, text, sig):
    try:
        push(path, text, sig=sig)
    except (OSError, ValueError):
        pass  # its gateway was killed


def without_policy(t, lab, ns, config, signer):
    """The file is broken, the last policy in force is gone: what it said for this case holds."""
    state = os.path.join(config["state_dir"], "policy")
    write(config["policy"], "{ broken")
    with Gateway(lab, ns, config, "broken") as gw:
        status = ask(gw.config["control_socket"], "policy.status")
        t.ok(status["version"] >= 100 and "the last in force" in gw.said(),
             "boot: where the file is broken, with the last policy in force", gw.said())
        done = bhctl(gw, "policy", "push", signer.file("boot.json", boot_policy(1000, "flag")))
        t.equal(done.returncode, 0, "boot: a policy that says \"flag\" is pushed")
    from_history(t, lab, ns, config, signer)
    for action, said in (("flag", "passed and flagged"), ("block", "blocked")):
        os.unlink(os.path.join(state, "current.json"))
        shutil.rmtree(os.path.join(state, "history"))
        with Gateway(lab, ns, config, f"without-{action}") as gw:
            status = ask(gw.config["control_socket"], "policy.status")
            t.ok(status["rules"] == 0 and f"everything is {said}" in gw.said(),
                 f"boot: without any policy everything is {said}", f"{status}\n{gw.said()}")
            done = bhctl(gw, "policy", "push", signer.file("boot.json", boot_policy(2000, "block")))
            t.ok(done.returncode == 0, f"boot: and the first good one that is pushed ends it ({action})",
                 done.stdout + done.stderr)
    shutil.rmtree(state)
    p = lab.spawn(ns, [check.BRIDGEHEAD, "run", "--config", lab.path("without-block.json")], "none")
    t.ok(p.wait(60) == 2, "boot: with a broken file and no state it does not start, exit 2", output(p))


def from_history(t, lab, ns, config, signer):
    """The last policy in force is damaged or refused too: the newest good one before it."""
    state = os.path.join(config["state_dir"], "policy")
    with Gateway(lab, ns, config, "history-0") as gw:
        for n in (1001, 1002, 1003):
            if bhctl(gw, "policy", "push", signer.file("boot.json", boot_policy(n, "flag"))).returncode != 0:
                raise RuntimeError(gw.said())

    def history():
        return [os.path.join(state, "history", n) for n in sorted(os.listdir(os.path.join(state, "history")))]

    def begins(name, wanted, how):
        with Gateway(lab, ns, config, f"history-{name}") as gw:
            now = ask(gw.config["control_socket"], "policy.status")["version"]
            noted = next(a for a in reversed(bhctl_json(gw, "policy", "history")) if a["how"] == "boot")
            kept = ask(gw.config["control_socket"], "policy.get")["version"]
            records = gw.wait_records("the start", lambda r: r and r[-1]["how"] == "boot", "--ev", "policy")
            why = f"version {wanted} is {how}"
            t.ok(now == wanted == kept and f"beginning with version {wanted}, {how}" in gw.said() and
                 why in noted["detail"] and why in records[-1]["detail"],
                 f"boot: {name}: said on standard error, in the history and in the log which and why",
                 f"{now} {kept} {noted} {records[-1]}\n{gw.said()}")

    write(os.path.join(state, "current.json"), "damaged")
    begins("the last in force is damaged", 1003, "the last good one of the history, for current.json is damaged")
    t.ok(os.path.exists(os.path.join(state, "current.json.damaged")), "boot: what is damaged is kept")
    begins("and is mended by that", 1003, "the last in force")
    os.unlink(os.path.join(state, "current.json"))
    for path in history()[-2:]:  # it stands there twice by now
        write(path, "damaged")
    with open(history()[-3], encoding="utf-8") as f:
        text = json.dumps(dict(json.load(f), sig=None))
    write(history()[-3], text)
    begins("what is damaged or not signed is passed over", 1001, "the last good one of the history, for current.json is missing")
    write(os.path.join(state, "current.json"), text)
    begins("the last in force is refused", 1001, "the last good one of the history, for the last in force is refused")


def expired(t, lab, ns, config, signer):
    """A policy that expires while it is in force goes on as its on_expiry says, over a restart too; no other does."""
    config = dict(config, state_dir=lab.path("expired"), policy=signer.file("expiring.json", policy(9)))
    for seconds in (3, 9, 27):  # a host that is busy gets longer
        at = int(time.time()) + seconds
        expires = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
        text = policy(seconds + 10, [FLAG_JP], expires=expires)
        with Gateway(lab, ns, config, f"expired-{seconds}") as gw:
            done = bhctl(gw, "policy", "push", signer.file("expires.json", text))
        if done.returncode == 0:
            break
    time.sleep(max(0.0, at + 1 - time.time()))
    signer.file("expiring.json", text)
    with Gateway(lab, ns, config, "expired") as gw:
        now = ask(gw.config["control_socket"], "policy.status")
        t.ok(done.returncode == 0 and now["version"] == seconds + 10 and now["expired"] and
             "the last in force" in gw.said(), "restart: with the policy that has expired", f"{now}\n{gw.said()}")
        refused(t, gw, "expired and pushed again", signer.file("expires.json", text), "expired")
    other = write(lab.path("elsewhere.json"), json.dumps(dict(config, state_dir=lab.path("elsewhere"))))
    p = lab.spawn(ns, [check.BRIDGEHEAD, "run", "--config", other], "elsewhere")
    t.ok(p.wait(60) == 2 and "the policy has expired" in output(p), "boot: not with one that was not in force", output(p))


def boot_policy(version, action):
    p = json.loads(policy(version))
    p["defaults"]["boot_without_policy"] = action
    return json.dumps(p)


def test(t):
    add_sbin()
    need_namespaces()
    with Lab("signed") as lab:
        ns = lab.namespace("gw")
        wire = Wire(lab, ns)
        signer, stranger = Signer(lab, "park"), Signer(lab, "stranger")
        path = signer.file("policy.json", policy(9))
        config = make_config(lab.path("gw"), ports(wire), path, COUNTRIES, policy_keys=[signer.public])
        with Gateway(lab, ns, config) as gw:
            refusals(t, gw, lab, signer, stranger)
            rollback(t, gw, signer)
        config = dict(config, policy_watch=True)
        with Gateway(lab, ns, config, "watch") as gw:
            t.equal(ask(gw.config["control_socket"], "policy.status")["version"], 25,
                    "restart: the last pushed version is in force, not the older file")
            watched(t, gw, signer, path)
        config = dict(config, policy_watch=False)
        kills(t, lab, ns, config, signer)
        without_policy(t, lab, ns, config, signer)
        expired(t, lab, ns, config, signer)


if __name__ == "__main__":
    check.main(test)
