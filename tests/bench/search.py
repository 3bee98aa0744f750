#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""How fast `bhlog search` is, with the catalogue and without.

    search.py BUILD [LOG]      the log in folder LOG, which has a catalogue; one that is made where none
                               is given

Called by report.py. The files are in the page cache when it is measured: each query runs four times, the
first is not counted.
"""
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time

RECORDS, DAYS = 10_000_000, 7
QUERIES = [
    ("scan", "a country that is nowhere", ["--scan", "country", "ZZ"]),
    ("scan", "an application that is nowhere", ["--scan", "--app", "nothing"]),
    ("scan", "a tenant to a country on one day",
     ["--scan", "tenant", "tenant-31", "country", "HH", "on", "2026-11-17"]),
    ("catalogue", "the same", ["tenant", "tenant-31", "country", "HH", "on", "2026-11-17"]),
    ("catalogue", "a common tenant to a common country on one day",
     ["tenant", "tenant-03", "country", "AC", "on", "2026-11-17"]),
    ("catalogue", "a host on one day", ["host", "h77.oem.example", "on", "2026-11-17"]),
    ("catalogue", "a /24 on all days", ["to", "198.5.6.0/24"]),
    ("catalogue", "blocked to a country on all days", ["blocked", "country", "HH"]),
    ("scan", "bytes by tenant and country on one day", ["--scan", "--group", "tenant,country", "on", "2026-11-17"]),
    ("rollups", "the same", ["--group", "tenant,country", "on", "2026-11-17"]),
]


def timed(argv):
    begin = time.monotonic()
    with open(os.devnull, "wb") as null:
        p = subprocess.Popen(argv, stdout=null, stderr=subprocess.PIPE)  # pylint: disable=consider-using-with
        said = p.stderr.read().decode()
        _, status, usage = os.wait4(p.pid, 0)
        p.returncode = os.waitstatus_to_exitcode(status)
        p.stderr.close()
    if p.returncode > 1:
        raise RuntimeError(f"{argv}: {said}")
    return time.monotonic() - begin, usage.ru_utime + usage.ru_stime, said


def row(bhlog, log, how, what, words):
    runs = [timed([bhlog, "search", log, *words]) for _ in range(4)][1:]
    wall, cpu = (statistics.median(r[i] for r in runs) for i in (0, 1))
    said = runs[0][2]
    found = int(re.search(r"bhlog: (\d+)", said).group(1))
    raw = float(re.search(r"([\d.]+) MB", said).group(1))
    rate = f"{raw / wall:,.0f}" if raw > 100 else ""
    return f"| {what} | {how} | {found:,} | {raw:,.0f} | {wall:.2f} | {cpu:.2f} | {rate} |"


def tables(build, log):
    bhlog = os.path.join(build, "app/bhlog")
    return ["| asked for | by | found | MB of lines looked at | s | s of processors | MB/s |",
            "|---|---|---|---|---|---|---|"] + [row(bhlog, log, *q) for q in QUERIES] + [""]


def make(build, log, records):
    made = subprocess.run([os.path.join(build, "tests/unit/flowlog/make_log"), log, str(records), str(DAYS)],
                          stdout=subprocess.PIPE, check=True)
    said = json.loads(made.stdout)
    wall, cpu, _ = timed([os.path.join(build, "app/bhlog"), "reindex", log])
    return [f"{said['records']:,} records of {DAYS} days, {said['bytes'] / 1e6:,.0f} MB of lines (made by make_log);",
            f"`bhlog reindex` took {wall:.0f} s, {cpu:.0f} s of processors, and its file has "
            f"{os.stat(os.path.join(log, 'catalogue.sqlite')).st_size / 1e6:,.0f} MB.", ""]


def section(build, quick, work):
    log = os.path.join(work, "search")
    os.mkdir(log)
    return ["## Flow log: search", ""] + make(build, log, 300_000 if quick else RECORDS) + tables(build, log)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        print("\n".join(tables(*sys.argv[1:])))
    elif len(sys.argv) == 2:
        with tempfile.TemporaryDirectory() as folder:
            print("\n".join(section(sys.argv[1], False, folder)))
    else:
        print(__doc__.strip())
        sys.exit(2)
