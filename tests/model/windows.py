# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""Windows of limits, found by walking: all seconds whose clock in the zone shows the same hour, day or
month. An hour that comes twice, when clocks go back, is two."""
import datetime

STEP = 900  # all offsets and changes of the test's zones are multiples of a quarter of an hour


def shown(zone, kind, t):
    """What the clock shows at t, down to the window's unit."""
    local = datetime.datetime.fromtimestamp(t, zone)
    if kind == "month":
        return local.year, local.month
    if kind == "day":
        return local.date()
    return local.date(), local.hour, local.utcoffset()


def edge(zone, kind, t, step):
    """The last multiple of step from t on, in its direction, that shows the same."""
    here = shown(zone, kind, t)
    while shown(zone, kind, t + step) == here:
        t += step
    return t


def window(zone, kind, now):
    begin = end = now - now % STEP
    for step in (86400, STEP) if kind == "month" else (STEP,):
        begin = edge(zone, kind, begin, -step)
        end = edge(zone, kind, end, step)
    return [begin, end + STEP]
