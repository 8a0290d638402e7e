"""What strace saw of a program: its system calls, without those of the launcher and of the agent process."""
import dataclasses
import re

from harness import wait_until

# Whether and how often depends on how threads are scheduled, on when packets arrive, and on how the
# C library divides memory: the same program does not repeat itself in these.
BY_CHANCE = ["brk", "munmap", "madvise", "mprotect", "futex", "sched_yield", "restart_syscall", "rt_sigreturn",
             "epoll_wait", "epoll_pwait", "poll", "ppoll", "select", "pselect6", "clock_nanosleep"]
# Says what files are; -DD makes strace a grandchild in a process group of its own, so that the program's id
# and exit code are its own, and what it sends to its group does not end strace.
STRACE = ["strace", "-DD", "-f", "--seccomp-bpf", "-yy", "-s", "0", "-e", f"trace=!{','.join(BY_CHANCE)}", "-o"]

CALL = re.compile(r"(\w+)\((.*)\)\s+= (\S+)(.*)")
RESUMED = re.compile(r"<\.\.\. \w+ resumed>(.*)")
FORKS = {"fork", "vfork", "clone", "clone3"}


@dataclasses.dataclass
class Call:
    pid: int
    name: str
    arguments: str
    result: str  # a number or "?", with what the file is
    error: str = ""  # "EAGAIN"

    @property
    def count(self):
        """What an I/O call has moved, or the id of a new process."""
        number = re.match(r"-?\d+", self.result)
        return max(int(number[0]), 0) if number else 0

    @property
    def is_fork(self):
        return self.name in FORKS and self.count != 0 and "CLONE_THREAD" not in self.arguments

    @property
    def file(self):
        """What its first argument is: "TCP:[127.0.0.1:80->127.0.0.1:4711]", a path."""
        found = re.match(r"-?\d+<(.*?)>(?:, |$|\()", self.arguments)
        return found[1] if found else ""


def wait_for_end(path):
    """strace writes until each process is gone, which is after the program is."""
    def has_ended():
        begun, ended = set(), set()
        for line in path.read_text(errors="replace").splitlines():
            pid, _, rest = line.partition(" ")
            begun.add(pid)
            if rest.lstrip().startswith("+++"):
                ended.add(pid)
        return begun and begun == ended
    wait_until(has_ended, f"{path} is complete", 20)


def parse(text):
    """All calls in the order of their ends."""
    calls, unfinished = [], {}
    for line in text.splitlines():
        pid, _, rest = line.partition(" ")
        rest = rest.strip()
        if rest.endswith("<unfinished ...>"):
            unfinished[pid] = rest.removesuffix("<unfinished ...>").rstrip()
            continue
        if resumed := RESUMED.match(rest):
            rest = unfinished.pop(pid, "") + resumed[1]
        if found := CALL.match(rest):
            name, arguments, result, more = found.groups()
            error = more.split()[0] if result == "-1" and more.split() else ""
            arguments = re.sub(r",\s*", ", ", arguments)  # without a space where it was unfinished
            calls.append(Call(int(pid), name, arguments, result + ("" if error else more.rstrip()), error))
    return calls


def of_program(calls, watched):
    """Those of the program and of what it starts, from its first call on."""
    executed = [i for i, call in enumerate(calls) if call.name == "execve" and not call.error]
    main = calls[executed[0]].pid
    begin = executed[0]
    if watched:
        begin = [i for i in executed if calls[i].pid == main][1]
    others = {call.pid for call in calls[:begin]} - {main}
    for call in calls:
        if call.name in FORKS and call.pid in others and call.count:
            others.add(call.count)
    return [call for call in calls[begin:] if call.pid not in others]
