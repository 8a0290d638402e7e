"""Which system calls one run made and the other one did not, as texts that are the same in each run."""
import collections
import re

RECEIVE = {"read", "readv", "recvfrom", "recvmsg", "recvmmsg"}
SEND = {"write", "writev", "sendto", "sendmsg", "sendmmsg", "sendfile", "splice"}
KINDS = r"(socket|pipe|UNIX(?:-\w+)?|NETLINK|eventfd|epoll|anon_inode|pidfd|signalfd):\[[^\]]*\]"
SOCKET = r"(TCP|TCPv6|UNIX|UNIX-STREAM|UNIX-SEQPACKET|UNIX-DGRAM|socket|pipe|anon_inode)\b"


def is_data(call):
    """Bytes that go through a socket, a pipe or an eventfd: in how many calls is chance, how many bytes is not."""
    return call.name in RECEIVE | SEND and re.match(SOCKET, call.file) is not None


def text_of(call, port):
    text = f"<{call.file}>" if is_data(call) else call.arguments
    text = re.sub(r"0x[0-9a-f]+", "@", text)
    text = re.sub(r"\{.*\}", "{}", text)
    text = text.replace("::ffff:", "").replace("[127.0.0.1]", "127.0.0.1").replace(f"127.0.0.1:{port}", "SERVER")
    text = re.sub(r"127\.0\.0\.1:\d+", "CLIENT", text)
    text = re.sub(r"\[\d+->", "[", text)
    text = re.sub(KINDS, r"\1", text)
    text = re.sub(r"(?<![\w.])\d+<", "<", text)
    text = text.replace('""...', '""')
    text = re.sub(r"/\* \d+ vars \*/", "/* vars */", text)
    text = re.sub(r"(/tmp/(?:\.ZendSem\.|php)|\.pid\.|/tmp/\.java_pid)\w+", r"\1*", text)
    text = re.sub(r"/proc/\d+", "/proc/*", text)
    text = re.sub(r"kolben-agent-[0-9a-f]{16}", "kolben-agent-RING", text)
    if is_data(call):
        return f"{call.name}({text})"
    text = re.sub(r"\b\d{2,}\b", "N", text)  # also how long a line is that an id of a process is in
    return f"{call.name}({text}) = {call.error or ('n' if call.count else '0')}"


def counted(calls, port, by_chance=()):
    """How often each call; those that are by chance left out (`by_chance`: more of them), data once."""
    left_out = re.compile("|".join(by_chance) or "(?!)")
    counts = collections.Counter()
    for call in calls:
        # The C library's, which divides memory as threads come and go.
        is_memory = (call.name == "mmap" and "MAP_ANONYMOUS" in call.arguments
                     or "/proc/sys/vm/overcommit_memory" in call.arguments)
        is_early = call.error == "EAGAIN" or call.name == "wait4" and call.result == "0"
        if is_memory or is_early:
            continue
        text = text_of(call, port)
        if left_out.match(text):
            continue
        if is_data(call):
            counts[text] = 1
        else:
            counts[text] += 1
    return counts


def moved(calls, names):
    """{kind of connection: bytes}; what was only looked at is not moved."""
    totals = collections.Counter()
    for call in calls:
        if call.name in names and call.file.startswith("TCP") and "MSG_PEEK" not in call.arguments:
            totals[call.file] += call.count
    return totals
