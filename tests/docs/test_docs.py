#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""Man pages, the service's unit and what README.md says of deploying hold for the programs.

usage: test_docs.py SOURCE_ROOT BRIDGEHEAD BHCTL BHLOG BUILD_ROOT MESON

Every option of a --help is in the program's man page and the other way round; every key of the
configuration's schema is there too; the formatter has nothing to say; systemd takes the unit, and what is
installed is where the unit and README.md look for it.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT, BRIDGEHEAD, BHCTL, BHLOG, BUILD = map(os.path.abspath, sys.argv[1:6])
MESON = sys.argv[6]
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
failures = []
done = 0


def ok(name, problem="", skip=""):
    global done
    done += 1
    if problem:
        failures.append(name)
    print("%sok %d - %s%s" % ("not " if problem else "", done, name,
                              " # SKIP " + skip if skip else ""))
    for line in problem.splitlines():
        print("# " + line)


def options_of(*commands):
    found = set()
    for c in commands:
        r = subprocess.run([*c, "--help"], capture_output=True, text=True, timeout=60)
        assert r.returncode == 0 and r.stdout, (c, r)
        found |= set(OPTION.findall(r.stdout))
    return found


def commands_of(program, known):
    """Each as a command line: "  policy push        put a policy into force"."""
    r = subprocess.run([program, "--help"], capture_output=True, text=True, timeout=60)
    names = re.findall(r"^  ([a-z]+(?: [a-z]+)*)  +[a-z]", r.stdout, re.M)
    assert known in names, r.stdout
    return [[program, *n.split()] for n in names]


def text_of(page):
    with open(os.path.join(ROOT, page), encoding="utf-8") as f:
        return f.read().replace("\\-", "-").replace("\\&", "")


def check_options(page, *commands):
    text = re.sub(r"\(-l\).*?--vdev", "", text_of(page))  # of DPDK, named as an example
    if not any("serve" in c for c in commands):  # bhlog without libmicrohttpd
        text = re.sub(r"\.SS serve.*?(?=\.S[HS] )", "", text, flags=re.S)
    in_page, in_help = set(OPTION.findall(text)), options_of(*commands)
    wrong = ["in --help only: " + o for o in sorted(in_help - in_page)]
    wrong += ["in the page only: " + o for o in sorted(in_page - in_help)]
    ok(page + " has the options of --help", "\n".join(wrong))


def check_keys():
    with open(os.path.join(ROOT, "tests/schema/gateway.schema.json"), encoding="utf-8") as f:
        schema = json.load(f)
    text = text_of("app/gateway/bridgehead.1")
    table = text[text.index(".SH CONFIGURATION"):text.index(".SH FILES")]
    wrong = []
    for key, value in schema["properties"].items():
        row = re.search(r"^(\\fB)?%s(\\fP)?@.*?^T}" % key, table, re.M | re.S)
        if row is None:
            wrong.append("no row of \"%s\"" % key)
            continue
        plain = re.sub(r"\\f[BPI]", "", row[0])
        wrong += ["\"%s\" is not in the row of \"%s\"" % (k, key)
                  for k in value.get("properties", {}) if not re.search(r"\b%s\b" % k, plain)]
        wrong += ["the word \"%s\" is not in the row of \"%s\"" % (w, key)
                  for w in value.get("items", {}).get("enum", []) if not re.search(r"\b%s\b" % w, plain)]
        if key in schema["required"] and not row[1]:
            wrong.append("\"%s\" is required and not bold" % key)
    ok("bridgehead.1 has the keys of gateway/1", "\n".join(wrong))


def check_format(page):
    path = os.path.join(ROOT, page)
    if shutil.which("groff") is None:
        ok(page + " is formatted without warnings", skip="no groff")
        return
    r = subprocess.run(["groff", "-man", "-t", "-ww", "-b", "-Tutf8", path], capture_output=True,
                       text=True, timeout=60)
    ok(page + " is formatted without warnings", r.stderr)


def check_unit():
    name = "systemd takes bridgehead.service"
    if shutil.which("systemd-analyze") is None:
        ok(name, skip="no systemd-analyze")
        return
    with open(os.path.join(ROOT, "scripts/systemd/bridgehead.service.in"), encoding="utf-8") as f:
        unit = f.read().replace("@bindir@/bridgehead", BRIDGEHEAD)
    with tempfile.TemporaryDirectory() as d:
        path = os.path.join(d, "bridgehead.service")
        with open(path, "w", encoding="utf-8") as f:
            f.write(unit)
        r = subprocess.run(["systemd-analyze", "verify", "--man=no", path], capture_output=True,
                           text=True, timeout=60)
    # What other units of this host lack is none of ours.
    said = "\n".join(l for l in r.stderr.splitlines() if "bridgehead" in l)
    ok(name, said)


def check_install():
    """What "ninja install" leaves behind, below another root."""
    with tempfile.TemporaryDirectory() as d:
        r = subprocess.run([MESON, "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", d],
                           capture_output=True, text=True, timeout=240)
        if r.returncode != 0:
            ok("everything can be installed", r.stdout + r.stderr)
            return
        found = {os.path.relpath(os.path.join(at, f), d): os.path.join(at, f)
                 for at, _, files in os.walk(d) for f in files}
        units = [f for f in found if f.endswith("systemd/system/bridgehead.service")]
        ok("one unit is installed where systemd looks", "" if len(units) == 1 else "\n".join(sorted(found)))
        if len(units) == 1:
            with open(found[units[0]], encoding="utf-8") as f:
                starts = re.findall(r"^ExecStart(?:Pre)?=(\S+)", f.read(), re.M)
            wrong = [p for p in starts if not os.access(d + p, os.X_OK)]
            ok("and starts programs that are installed", "\n".join(wrong if starts else ["nothing"]))
        missing = [p for p in ("bridgehead", "bhctl", "bhlog")
                   if not any(f.endswith("/bin/" + p) for f in found)
                   or not any(f.endswith("/man1/%s.1" % p) for f in found)]
        ok("with them their manual pages", "\n".join(missing))


def check_steps():
    """The files that the steps take are there, and the commands are those of the programs."""
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as f:
        text = f.read()
    steps = text[text.index("## Deploy"):text.index("## Operate")]
    files = set(re.findall(r"(?:tests|scripts)/[\w./-]+", steps))
    wrong = [f for f in sorted(files) if not os.path.exists(os.path.join(ROOT, f))]
    ok("README.md: the files of the steps are there", "\n".join(wrong if files else ["none"]))
    with open(os.path.join(ROOT, "tests/configs/good/example.json"), encoding="utf-8") as f:
        policy = json.load(f)["policy"]
    ok("README.md: the policy is put where the example looks for it",
       "" if ".json %s`" % policy in steps else policy)


check_options("app/gateway/bridgehead.1", [BRIDGEHEAD], [BRIDGEHEAD, "run"],
              [BRIDGEHEAD, "replay"], [BRIDGEHEAD, "doctor"])
check_options("app/operator/bhctl.1", [BHCTL], *commands_of(BHCTL, "stats"))
check_options("app/review/bhlog.1", [BHLOG], *commands_of(BHLOG, "search"))
check_keys()
for p in ("app/gateway/bridgehead.1", "app/operator/bhctl.1", "app/review/bhlog.1"):
    check_format(p)
check_unit()
check_install()
check_steps()
print("1..%d" % done)
sys.exit(1 if failures else 0)
