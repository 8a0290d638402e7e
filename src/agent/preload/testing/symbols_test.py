#!/usr/bin/env python3
"""The library's object: what it needs, what it exports, and how it may be loaded."""
import re
import subprocess
import sys

HERE = __file__.rsplit("/", 1)[0]
library = sys.argv[1] + "/libkolben-agent.so"
launcher = sys.argv[1] + "/opentelemetry-instrument"
failures = []


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def check(condition, text):
    if not condition:
        failures.append(text)


with open(HERE + "/allowed_symbols.txt") as file:
    allowed = {line.strip() for line in file if line.strip() and not line.startswith("#")}
undefined, defined = set(), set()
for line in output("nm", "-D", library).splitlines():
    kind, name = line.split()[-2:]
    name = name.split("@")[0]
    (undefined if kind in "Uwv" else defined).add(name)
check(undefined <= allowed, f"undefined symbols outside allowed_symbols.txt: {undefined - allowed}")

with open(HERE + "/../exports.map") as file:
    text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)
exports = set(re.findall(r"\b(\w+);", text.split("global:")[1].split("local:")[0]))
check(defined == exports, f"exported, but not in exports.map, or the reverse: {defined ^ exports}")

for binary in (library, launcher):
    needed = re.findall(r"NEEDED.*\[(.*)\]", output("readelf", "-d", binary))
    # The C library's other half has what finds a thread's variables.
    own = [name for name in needed if not name.startswith("ld-linux")]
    check(own == ["libc.so.6"], f"{binary} links {needed}")

# Programs whose loader is the launcher's have its C library: what that has is enough for ours. What
# it takes at most stands in docs/agent.md.
GLIBC_MAX = (2, 34)


def needed_glibc(binary):
    names = re.findall(r"Name: GLIBC_(\d+)\.(\d+)", output("readelf", "-VW", binary))
    return max((int(major), int(minor)) for major, minor in names)


check(needed_glibc(library) <= GLIBC_MAX, f"the library needs glibc {needed_glibc(library)}")
check(needed_glibc(library) <= needed_glibc(launcher), "the library needs a newer glibc than the launcher")
flags = output("readelf", "-d", library)
check("NODELETE" in flags, "the library could be unloaded while threads run in it")
check("TEXTREL" not in flags, "the library has text relocations")
stack = re.search(r"GNU_STACK.*\n.*\s(RWE?)\s", output("readelf", "-lW", library) + "\n")
check("RWE" not in output("readelf", "-lW", library), "executable stack")
tls = re.search(r"TLS\s+\S+\s+\S+\s+\S+\s+\S+\s+(\S+)", output("readelf", "-lW", library))
check(tls is not None and int(tls.group(1), 16) <= 512, f"static TLS: {tls and tls.group(1)}")
check("UNIQUE" not in output("readelf", "-sW", "--dyn-syms", library), "unique symbols")

for failure in failures:
    print(failure)
print(f"{len(undefined)} symbols needed, {len(defined)} exported")
sys.exit(1 if failures else 0)
