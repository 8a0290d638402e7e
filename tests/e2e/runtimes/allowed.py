"""The system calls that the agent may add to a program, and what each is for. There are none that
come with each request."""
import dataclasses
import re

LIBRARY = r"/libkolben-agent\.so"
RING = r"kolben-agent-RING"
PYTHON = r"/agent/python|/kolben/python"
NODE = r"/kolben/node"


@dataclasses.dataclass
class Allowed:
    why: str
    pattern: str
    per: str = "program"  # that is started, "process" (forks, too), "connection", "exec" of another program
    times: int = 1

    def __post_init__(self):
        self.regex = re.compile(self.pattern)


ANY_PROGRAM = [
    Allowed("the loader maps the library", rf"(openat|read|pread64|newfstatat|close|mmap)\(.*{LIBRARY}", times=12),
    Allowed("the ring is mapped", rf"(openat|newfstatat|mmap|close)\(.*/dev/shm/{RING}", times=4),
    Allowed("which program it is", r'readlink\("/proc/self/exe"'),
    Allowed("whose record it is", r"getpp?id\(\) = n", "process", 2),
    Allowed("the C library reads what is mapped, which is more", r"read\(</proc/\*/maps>", times=2),
    Allowed("the seed of ids", r'getrandom\("", 8, GRND_NONBLOCK\)'),
    Allowed("whether what is connected is a stream", r"getsockopt\(.*SOL_SOCKET, SO_TYPE", "connection"),
    Allowed("whose process numbers it has", r'newfstatat\(.*"/proc/self/ns/pid"'),
    Allowed("in which root directory its loader is", r'newfstatat\([^"]*, "/", '),
    Allowed("how much address space it may have", r"prlimit64\(0, RLIMIT_AS, NULL"),
    Allowed("a connection's own address", r"getsockname\(<(TCP|TCPv6):\[(SERVER|CLIENT)", "connection"),
]
# Into a program that is started the agent is handed down, where it does no harm there.
STARTS_OTHERS = [
    Allowed("whether what is started can have the library",
            r"(access|newfstatat|openat|pread64|getxattr|close)\(", "exec", 20),
    Allowed("with whose rights it runs", r"get(euid|pid)\(\)", "exec", 3),
    Allowed("another user cannot open the ring", rf"openat\(.*/dev/shm/{RING}.* = EACCES", "exec"),
]
IN_PYTHON = [
    Allowed("whether the agent's Python side is there", rf'access\(".*({PYTHON})", R_OK'),
    Allowed("which program it is, for Python's side", r'readlink\("/proc/self/exe"'),
    Allowed("Python loads the agent's side", rf"\w+\(.*({PYTHON})", times=400),
    Allowed("and what that imports", r"\w+\(.*/_?contextvars\b", times=24),
    Allowed("its directory is one more to look into",
            r'(newfstatat|openat|getdents64|close)\(.*(/usr/lib/python3|/apps\b)', times=16),
]
IN_NODE = [
    Allowed("whether the agent's script is there", rf'access\(".*{NODE}/agent\.cjs", R_OK'),
    Allowed("Node reads it, looking at each directory above", rf"(statx|openat|read|close)\(.*{NODE}", times=24),
    Allowed("", r'statx\(AT_FDCWD<.*>, "/[^"]*", .*AT_SYMLINK_NOFOLLOW', times=12),
    Allowed("of which kind the program's modules are", r'openat\(.*/package\.json", .* = ENOENT', times=8),
    Allowed("", r'getcwd\("'),
    Allowed("which program it is, for the script", r'readlink\("/proc/self/exe"'),
    Allowed("whether stdout is a file", r"statx\(<.*\.stdout>"),
    Allowed("a connection's peer, which the script asks for", r"getpeername\(<TCP:\[SERVER->CLIENT", "connection"),
]


def not_allowed(added, allowances, numbers):
    """What of `added` no allowance covers, or is more often there than it may. `numbers`: of what
    an allowance may be for."""
    left = dict(added)
    for allowance in allowances:
        room = allowance.times * numbers[allowance.per]
        for text in list(left):
            if allowance.regex.match(text):
                taken = min(left[text], room)
                room -= taken
                left[text] -= taken
                if left[text] == 0:
                    del left[text]
    return left
