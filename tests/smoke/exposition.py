# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""Prometheus' text format 0.0.4, read strictly: what is wrong is a ValueError that names the line."""
import re

_SAMPLE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (-?[0-9]+)")
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)')


def _labels(text):
    found, at = {}, 0
    while at < len(text):
        m = _LABEL.match(text, at)
        if m is None or m[1] in found:
            raise ValueError("labels")
        found[m[1]] = m[2].replace("\\n", "\n").replace('\\"', '"').replace("\\\\", "\\")
        at = m.end()
    return found


def parse(text):
    """{name: (type, [(labels, value)])}. A family is its HELP, its TYPE, then all its samples."""
    families, last, helped = {}, None, None
    if not text.endswith("\n"):
        raise ValueError("the last line has no end")
    for n, line in enumerate(text.splitlines(), 1):
        word = line.split(" ", 3)
        try:
            if line.startswith("# HELP "):
                helped = word[2]
                if helped in families or not word[3].strip():
                    raise ValueError("a family twice, or no text")
            elif line.startswith("# TYPE "):
                last, kind = word[2], word[3]
                if last != helped or kind not in ("counter", "gauge"):
                    raise ValueError("a type without its help, or no type")
                if (kind == "counter") != last.endswith("_total"):
                    raise ValueError("counters, and only they, end in _total")
                families[last] = (kind, [])
            else:
                m = _SAMPLE.fullmatch(line)
                if m is None or m[1] != last:
                    raise ValueError("no sample, or not of the family above it")
                labels = _labels(m[2] or "")
                if any(had == labels for had, _ in families[last][1]):
                    raise ValueError("a sample twice")
                families[last][1].append((labels, int(m[3])))
        except (ValueError, IndexError) as e:
            raise ValueError(f"line {n}: {e}: {line!r}") from e
    return families


def value(families, name, **labels):
    """The sum of a family's samples that have these labels."""
    return sum(v for had, v in families[name][1] if labels.items() <= had.items())
