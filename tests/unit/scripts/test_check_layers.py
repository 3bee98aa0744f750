#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""check-layers must find each kind of violation in a tree that is otherwise good. Prints TAP.

    test_check_layers.py CHECK-LAYERS
"""
import os
import subprocess
import sys
import tempfile

HEAD = "// SPDX-License-Identifier: BSD-3-Clause\n// Copyright (c) 2026, the Bridgehead authors\n"
HASH = HEAD.replace("//", "#")
H = HEAD + "#pragma once\n"
LATER = "TO" + "DO"

GOOD = {
    "meson.build": HASH,
    "build-x/a.c": "",
    "LICENSE": "",
    ".gitignore": "",
    "policy/policy.h": H + "#include <stdint.h>\nint f(const char *x, ...) __attribute__((format(printf, 1, 2)));\n",
    "policy/policy.c": HEAD + '#include "policy/policy.h"\n#include <stdio.h>\n// the time (of day) is given\n',
    "policy/jsondoc.c": HEAD + "#include <fcntl.h>\nint g(void) { return open(\"x\", O_RDONLY); }\n",
    "drivers/ndpi/compat.h": H + "#include <ndpi_api.h>\n",
    "drivers/ndpi/dpi.h": H,
    "drivers/geo/geo.h": H,
    "drivers/eal/port.c": HEAD + "#include <rte_ethdev.h>\n",
    "app/flowlog/record.h": H + '#include "policy/policy.h"\n',
    "app/dataplane/packet.h": H,
    "app/dataplane/pipeline.c": HEAD + '#include "app/dataplane/packet.h"\n#include "app/flowlog/record.h"\n',
    "app/gateway/run.c": HEAD + '#include "app/dataplane/packet.h"\n#include <rte_mbuf.h>\n#include <pthread.h>\n',
    "tests/unit/test_x.c": HEAD + '#include "sample.h"\n#include "app/dataplane/packet.h"\n#include <rte_eal.h>\n',
    "tests/unit/sample.h": H,
    "scripts/run": "#!/bin/sh\n" + HASH,
    "tests/fuzz/corpus/x.c": LATER + "\n",
}

# (name, files that make the violation, words of the finding)
BAD = [
    ("policy includes app", {"policy/a.c": HEAD + '#include "app/flowlog/record.h"\n'},
     "policy/a.c:3: policy may not use app/flowlog"),
    ("a file too many at the top", {"meson_options.txt": HASH},
     "meson_options.txt:1: does not belong at the top"),
    ("a folder too many at the top", {"lib/a.c": HEAD}, "lib:1: does not belong at the top"),
    ("policy includes drivers", {"policy/a.c": HEAD + '#include "drivers/geo/geo.h"\n'},
     "policy/a.c:3: policy may not use drivers/geo"),
    ("drivers include policy", {"drivers/geo/a.c": HEAD + '#include "policy/policy.h"\n'},
     "drivers/geo may not use policy"),
    ("drivers include app", {"drivers/geo/a.h": H + '#  include "app/dataplane/packet.h"\n'},
     "drivers/geo/a.h:4: drivers/geo may not use app/dataplane"),
    ("drivers include each other", {"drivers/geo/a.c": HEAD + '#include "drivers/ndpi/dpi.h"\n'},
     "drivers/geo may not use drivers/ndpi"),
    ("a library uses one above it", {"app/flowlog/a.c": HEAD + '#include "app/dataplane/packet.h"\n'},
     "app/flowlog may not use app/dataplane"),
    ("production code includes a test's header",
     {"app/gateway/a.c": HEAD + '#include "tests/unit/sample.h"\n'}, "belongs to the tests"),
    ("a library without a row", {"app/strange/a.c": HEAD}, "app/strange has no row"),
    ("DPDK in policy", {"policy/a.c": HEAD + "#include <rte_mbuf.h>\n"}, "policy may not include <rte_mbuf.h>"),
    ("DPDK in the data plane", {"app/dataplane/a.c": HEAD + "#include <rte_hash.h>\n"},
     "app/dataplane may not include <rte_hash.h>"),
    ("nDPI in policy", {"policy/a.c": HEAD + "#include <ndpi_typedefs.h>\n"}, "policy may not include <ndpi_"),
    ("ndpi_api.h in a second file", {"drivers/ndpi/dpi.c": HEAD + "#include <ndpi_api.h>\n"},
     "one file hides it"),
    ("ndpi_api.h in a test", {"tests/unit/test_y.c": HEAD + "#include <ndpi_api.h>\n"}, "one file hides it"),
    ("libpcap outside its driver", {"app/gateway/a.c": HEAD + "#include <pcap/pcap.h>\n"},
     "may not include <pcap/pcap.h>"),
    ("threads in policy", {"policy/a.c": HEAD + "#include <pthread.h>\n"}, "policy may not include <pthread.h>"),
    ("a clock header in policy", {"policy/a.c": HEAD + "#include <time.h>\n"},
     "policy/ may not include <time.h>"),
    ("a clock in policy", {"policy/a.c": HEAD + "long t(void) { return time(0); }\n"},
     "policy/a.c:3: policy/ may not use time"),
    ("a file in policy", {"policy/a.c": HEAD + "/* a\n b */ void *t(void) { return fopen(\"a\", \"r\"); }\n"},
     "policy/a.c:4: policy/ may not use fopen"),
    ("policy prints", {"policy/a.c": HEAD + "void t(void) { fputs(\"a\", stderr); }\n"},
     "policy/ may not use stderr"),
    ("include cycle", {"app/gateway/a.h": H + '#include "app/gateway/b.h"\n',
                       "app/gateway/b.h": H + '#include "app/gateway/c.h"\n',
                       "app/gateway/c.h": H + '#include "app/gateway/a.h"\n'},
     "include cycle: app/gateway/a.h -> app/gateway/b.h -> app/gateway/c.h -> app/gateway/a.h"),
    ("a source file is included", {"tests/unit/test_y.c": HEAD + '#include "app/gateway/run.c"\n'},
     "includes the source file"),
    ("an include that is not from the top", {"app/gateway/a.c": HEAD + '#include "gateway.h"\n'},
     "is no header below the top"),
    ("no #pragma once", {"app/gateway/a.h": HEAD}, "#pragma once is missing"),
    ("no licence in C", {"app/gateway/a.c": "int x;\n"}, "app/gateway/a.c:1: the two lines"),
    ("no licence in a script", {"scripts/other": "#!/bin/sh\n:\n"}, "scripts/other:1: the two lines"),
    ("no licence in Python", {"tests/x.py": "x = 1\n"}, "tests/x.py:1: the two lines"),
    ("no copyright line", {"app/gateway/meson.build": HASH.splitlines()[0] + "\n"}, "meson.build:1: the two lines"),
    ("a long file", {"app/gateway/a.c": HEAD + "\n" * 499}, "501 lines"),
    ("a long verifier", {"scripts/verify-log": "#!/bin/sh\n" + HASH + "\n" * 397}, "400 lines; split it, 399 are the most"),
    ("an unfinished word", {"tests/x.py": HASH + "# " + LATER + ": later\n"}, "tests/x.py:3: unfinished"),
]


def check(tool, files):
    with tempfile.TemporaryDirectory(prefix="check-layers-") as top:
        for path, text in files.items():
            os.makedirs(os.path.dirname(os.path.join(top, path)) or top, exist_ok=True)
            with open(os.path.join(top, path), "w", encoding="utf-8") as f:
                f.write(text)
        done = subprocess.run([sys.executable, "-B", tool, top], stdout=subprocess.PIPE, text=True, check=False)
        return done.returncode, done.stdout


def main():
    tool = sys.argv[1]
    results = []
    code, out = check(tool, GOOD)
    results.append((code == 0 and " 0 findings" in out, "a good tree passes", out))
    code, out = check(tool, {**GOOD, "app/gateway/a.c": HEAD + "\n" * 498})
    results.append((code == 0, "500 lines are not too many", out))
    code, out = check(tool, {**GOOD, "scripts/verify-log": "#!/bin/sh\n" + HASH + "\n" * 396})
    results.append((code == 0, "399 lines are not too many for a verifier", out))
    for name, files, words in BAD:
        code, out = check(tool, {**GOOD, **files})
        # exactly one finding: the good part of the tree is not blamed
        results.append((code == 1 and words in out and " 1 findings" in out, name, out))
    code, out = check(tool, {"x.txt": "x"})
    results.append((code == 2, "a folder without sources is an error", out))
    print(f"1..{len(results)}")
    for i, (good, name, out) in enumerate(results, 1):
        print("ok" if good else "not ok", i, "-", name)
        if not good:
            print("".join(f"#   {line}\n" for line in out.splitlines()), end="")
    return 0 if all(r[0] for r in results) else 1


if __name__ == "__main__":
    sys.exit(main())
