#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""Text files, one after another, as a string of C: embed.py NAME FILE... SOURCE"""
import sys

name, *sources, target = sys.argv[1:]
lines = []
for source in sources:
    with open(source, encoding="utf-8") as f:
        lines += f.read().splitlines(keepends=True)
with open(target, "w", encoding="utf-8") as f:
    f.write("extern const char %s[];\n\nconst char %s[] =\n" % (name, name))
    for line in lines:
        f.write('\t"%s"\n' % line.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n"))
    f.write("\t\"\";\n")
