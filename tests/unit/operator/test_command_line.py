#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""bhctl's command line, whatever the command: what is refused, and how that is said.

usage: test_command_line.py BHCTL BRIDGEHEAD SOURCE_ROOT
"""
import json
import os
import re
import shutil
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading

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


def commands_of(program):
    text = run("--help", program=program)[1]
    if program == BHCTL:
        return [n.split() for n in re.findall(r"^  ([a-z]+(?: [a-z]+)*)  +[a-z]", text, re.M)]
    return [[n] for n in re.findall(r"^([a-z]+)  +[a-z]", text, re.M)]


def check_help():
    """--help and --version everywhere, the group of the policy's commands included."""
    for program in (BHCTL, BRIDGEHEAD):
        status, version, err = run("--version", program=program)
        assert status == 0 and version.startswith(os.path.basename(program)) and not err, (version, err)
        commands = commands_of(program)
        assert len(commands) >= 3, commands
        for command in commands + ([["policy"]] if program == BHCTL else []):
            status, out, err = run(*command, "--help", program=program)
            assert status == 0 and out.startswith("usage: ") and command[-1] in out and not err, (command, out, err)
            assert run(*command, "--version", program=program) == (0, version, ""), command
    assert "policy explain" in run("policy", "--help")[1] and "stats" not in run("policy", "--help")[1]
    # "promote --version 3" is of a policy, and goes on to ask the gateway.
    assert "nowhere" in run("--socket", "/nowhere", "policy", "promote", "--version", "3")[2]


def check_no_command():
    for program, args, said in (
            (BHCTL, [], "bhctl: which command?"), (BHCTL, ["policy"], "bhctl: which policy command?"),
            (BHCTL, ["policy", "nope"], 'bhctl: no command "policy nope"'),
            (BHCTL, ["policy", "expain", "--all"],
             'bhctl: no command "policy expain"; did you mean "policy explain"?'),
            (BHCTL, ["nope", "more"], 'bhctl: no command "nope"'),
            (BHCTL, ["flow"], 'bhctl: no command "flow"; did you mean "flows"?'),
            (BRIDGEHEAD, [], "bridgehead: which command?"), (BRIDGEHEAD, ["nope"], 'bridgehead: no command "nope"')):
        status, out, err = run(*args, program=program)
        assert status == 2 and out == "" and err.split("\n")[0] == said, (args, status, out, err)
        assert err.split("\n")[1].startswith("usage: "), err
        assert ("policy explain" in err) == (program == BHCTL) and ("  stats" in err) == (
            program == BHCTL and args[:1] != ["policy"]), err


def check_zones(folder):
    """With the host's tz database: what the schema refuses, and what lies beside the zones."""
    with open(EXAMPLE, encoding="utf-8") as f:
        document = json.load(f)
    path = os.path.join(folder, "zone.json")
    for zone, good in (("Asia/Shanghai", True), ("UTC", True), ("Etc/GMT", True), ("Etc/GMT+8", False),
                       ("Etc/GMT-0", False), ("right/Asia/Shanghai", False), ("posixrules", False),
                       ("localtime", False), ("leapseconds", False), ("Asia", False), ("Asia/Nowhere", False)):
        document["meta"]["timezone"] = zone
        with open(path, "w", encoding="utf-8") as f:
            json.dump(document, f)
        status, out, _ = run("policy", "validate", "--any-time", path)
        assert status == (0 if good else 2) and ("/meta/timezone: " in out) == (not good), (zone, out)


def check_protocols():
    """Whatever a policy can name can be asked for by that name."""
    with open(os.path.join(ROOT, "policy", "policy.schema.json"), encoding="utf-8") as f:
        names = json.load(f)["$defs"]["match"]["properties"]["protos"]["items"]["enum"]
    assert "icmp6" in names
    helps = {c: run(*c.split(), "--help")[1] for c in ("policy explain", "flows", "top")}
    for name in (*names, "ICMPv6"):
        status, out, err = run("policy", "explain", "--src", "10.20.9.7", "--dst", "198.51.100.7", "--proto", name,
                               *(("--dport", "443") if name in ("tcp", "udp", "sctp") else ()), "--country", "DE",
                               EXAMPLE)
        assert status == 0, (name, out, err)
        for command in ("flows", "top"):
            assert "/nowhere" in run("--socket", "/nowhere", command, "--proto", name)[2], name
        assert name == "ICMPv6" or all(name in text for text in helps.values()), (name, helps)
    assert all(n in refused("flows", "--proto", "nope") for n in names)


def check_misuse():
    """What is wrong comes first, in one line; then the usage."""
    for line, said in (
            ("keygen", "--name NAME is missing"), ("keygen --name a", "--out FILE is missing"),
            ("keygen --out k --name a+b", '--name: "a+b" is no key\'s name: at most 64 letters'),
            ("keygen --name a --out k b", 'unexpected "b"'), ("flows extra", 'unexpected "extra"'),
            ("stats extra", 'unexpected "extra"'), ("policy status extra", 'unexpected "extra"'),
            ("policy history extra more", 'unexpected "extra"'), ("policy promote p.json", 'unexpected "p.json"'),
            ("policy push", "POLICY is missing"), ("policy push a b", 'unexpected "b"'),
            ("policy push --shadow --dry-run a", "--shadow and --dry-run exclude each other"),
            ("policy push --limit 3 a", "--limit is of --dry-run"),
            ("policy rollback 3", 'unexpected "3"'), ("policy rollback --to 0", "versions begin with 1"),
            ("policy diff", "OLD is missing"), ("policy diff a", "NEW is missing"), ("policy diff a b c", 'unexpected "c"'),
            ("policy sign a", "--key FILE is missing"), ("policy sign --key k", "POLICY is missing"),
            ("policy validate", "FILE is missing"), ("policy lint", "FILE is missing"),
            ("policy explain --src 10.0.0.1", "POLICY is missing"), ("policy explain a b", 'unexpected "b"'),
            ("policy simulate a", "--policy NEW is missing"), ("policy simulate --policy a", "LOG or CAPTURE is missing")):
        status, out, err = run("--socket", "/nowhere", *line.split())
        first, second = err.split("\n")[:2]
        assert status == 2 and out == "" and first.startswith("bhctl: ") and said in first, (line, err)
        assert second.startswith("usage: bhctl "), (line, err)
    for text in ("many", "3x", "-1", "4294967296"):
        assert f'--to: "{text}" is no number' in refused("policy", "rollback", "--to", text)


class Gateway(socketserver.ThreadingUnixStreamServer):
    """Answers as a gateway does on which no flow matches; answers: {cmd: answer}, others are refused."""
    daemon_threads = True

    def __init__(self, path, answers):
        self.answers = answers
        super().__init__(path, Client)

    def __enter__(self):
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()
        os.unlink(self.server_address)


class Client(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            answer = self.server.answers.get(json.loads(line)["cmd"])
            full = {"v": 1, "ok": True, **answer} if answer is not None else {"v": 1, "ok": False, "error": "no"}
            self.wfile.write(json.dumps(full).encode() + b"\n")


def check_names(folder):
    """A name that is a slip must not look like good news."""
    path = os.path.join(folder, "socket")
    with open(EXAMPLE, encoding="utf-8") as f:
        text = f.read()
    nothing = {"live": 3, "matched": 0, "flows": [], "sums": [], "t": 1}
    answers = {"flows": nothing, "top": nothing, "policy.get": {"version": 412, "text": text}, "rules": {
        "rules": [{"id": r["id"]} for r in json.loads(text)["rules"]] + [{"id": "_default"}], "gone": {"old": {}}}}

    def ask(*args):
        status, out, err = run("--socket", path, *args)
        assert (status != 2) == (err == "") and (status == 2) == (out == ""), (args, status, out, err)
        return status, err

    with Gateway(path, answers):
        for command, none in (("flows", 1), ("top", 0)):
            for argv in (["--rule", "gdl-auto"], ["--rule", "_default"], ["--tenant", "auto-oem"], ["--country", "de"],
                         ["--tenant", "_unlisted"], ["--country", "xx"], ["--country", "eu"],
                         ["--rule", "domestic", "--tenant", "cro-lab"]):
                assert ask(command, *argv) == (none, ""), argv
            assert ask(command, "--rule", "gdl-atuo") == (
                2, 'bhctl: --rule: no rule "gdl-atuo" in the policy in force; did you mean "gdl-auto"?\n')
            assert ask(command, "--json", "--rule", "old") == (
                2, 'bhctl: --rule: no rule "old" in the policy in force\n')
            assert ask(command, "--tenant", "auto_oem") == (
                2, 'bhctl: --tenant: no tenant "auto_oem" in the policy in force; did you mean "auto-oem"?\n')
            assert "nope" in ask(command, "--rule", "domestic", "--tenant", "nope")[1]
            for country, said in (("zz", 'did you mean "XX"'), ("UK", 'did you mean "GB"'), ("usa", 'did you mean "US"'),
                                  ("qq", "ISO 3166"), ("D1", "two letters"), ("", "two letters")):
                status, err = ask(command, "--country", country)
                assert status == 2 and said in err and err.startswith("bhctl: --country: "), err
    # Where something matches, or where the gateway does not say, nobody is corrected.
    with Gateway(path, dict(answers, flows=dict(nothing, matched=1))):
        assert ask("flows", "--rule", "nope", "--tenant", "nope") == (0, "")
    with Gateway(path, {"flows": nothing}):
        assert ask("flows", "--tenant", "nope") == (1, "")


def check_words(folder):
    """Nobody who writes or names a policy adds lines to what an operator reads, or drives the terminal."""
    path = os.path.join(folder, "socket")
    bad = "a\n2026-01-01T00:00:00Z\x1b[2J\x9b1m\x7f"
    answers = {"policy.status": {"title": bad, "issuer": bad}, "policy.history": {"attempts": [
        {"t": 1, "how": "push", "who": "uid:0", "outcome": "refused", "sha256": "ab", "detail": bad}]}}
    with Gateway(path, answers):
        for command, lines in (("status", 2), ("history", 1)):
            status, out, _ = run("--socket", path, "policy", command)
            assert status == 0 and out.count("a?2026-01-01T00:00:00Z?[2J?1m?\n") == lines, out


def check_signature(folder):
    """A signature that is there and cannot be read is no missing one."""
    path = os.path.join(folder, "signed.json")
    shutil.copy(EXAMPLE, path)
    os.mkdir(path + ".sig")
    status, out, err = run("policy", "validate", "--strict", path)
    assert status == 1 and err == "" and f"{path}: warning: its signature {path}.sig cannot be read" in out, (out, err)
    status, out, err = run("--socket", os.path.join(folder, "none"), "policy", "push", path)
    assert status == 2 and f"its signature {path}.sig cannot be read" in err, (out, err)
    os.rmdir(path + ".sig")
    status, out, err = run("policy", "validate", "--strict", path)
    assert status == 0 and "signature" not in out + err, (out, err)


def check_silence(folder):
    """A gateway that ends before it answers may have done what it was asked."""
    path = os.path.join(folder, "socket")
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(path)
        s.listen(1)

        def hang_up():
            client = s.accept()[0]
            with client, client.makefile("rb") as f:
                f.readline()

        thread = threading.Thread(target=hang_up)
        thread.start()
        status, out, err = run("--socket", path, "policy", "push", EXAMPLE)
        thread.join()
    os.unlink(path)
    assert (status, out, err) == (2, "", f"bhctl: {path}: the gateway closed the connection without an answer; "
                                  "what it was asked to do may be done all the same\n"), (status, out, err)


def check_file_names(folder):
    """A file's name need not be UTF-8, and is no reason to leave the file out."""
    path = os.path.join(os.fsencode(folder), b"caf\xe9.json")
    shutil.copy(EXAMPLE, path)
    for command in ("validate", "lint"):
        _, out, err = run("policy", command, "--any-time" if command == "validate" else "--at=2026-12-01", "--json", path)
        assert err == "" and [(x["file"][-9:], x["valid"]) for x in json.loads(out)] == [("caf?.json", True)], (out, err)
    status, out, err = run("--socket", os.path.join(folder, "none"), "policy", "push", path)
    assert status == 2 and out == "" and "is the gateway running" in err, (out, err)


with tempfile.TemporaryDirectory(prefix="command-line-") as where:
    check_help()
    check_no_command()
    check_misuse()
    check_zones(where)
    check_protocols()
    check_names(where)
    check_overwriting(where)
    check_file_names(where)
    check_words(where)
    check_silence(where)
    check_signature(where)
