"""Programs that do something and end are as without the agent: what they print, on a terminal too, how
they end, and in which state they find themselves."""
import http.server
import os
import pty
import re
import signal
import subprocess
import threading

import pytest

from harness import BIN
from runtimes import calls, difference
from runtimes.allowed import ANY_PROGRAM, not_allowed

AGENT = BIN / "opentelemetry-instrument"
SILENT = ["--traces_exporter", "none", "--metrics_exporter", "none", "--logs_exporter", "none"]
PYTHON = "/usr/bin/python3"


def both(command, **options):
    """The program without the agent and with it: exit code, stdout, stderr."""
    ran = [subprocess.run([str(word) for word in (*before, *command)], capture_output=True, timeout=60,
                          start_new_session=True, **options)
           for before in ([], [AGENT, *SILENT])]
    return [(one.returncode, one.stdout, one.stderr) for one in ran]


# Of each runtime: output on both streams, input, an exit code; an error that nobody handles; a signal.
SAYS = {
    "python": [PYTHON, "-c", "import sys; print(sys.stdin.read()); print('err', file=sys.stderr); sys.exit(3)"],
    "python fails": [PYTHON, "-c", "import json\njson.loads('{')"],
    "python is killed": [PYTHON, "-c", "import os, sys; print('x', flush=True); os.kill(os.getpid(), 9)"],
    "python has a child": [PYTHON, "-c", "import subprocess; print(subprocess.run(['sh', '-c', 'echo a; exit 4']))"],
    "node": ["node", "-e", "process.stdin.pipe(process.stdout); process.stdin.on('end', () => { "
             "console.error('err'); process.exitCode = 3; })"],
    "node fails": ["node", "-e", "null.name"],
    "node rejects": ["node", "-e", "Promise.reject(new Error('no'))"],
    "node is killed": ["node", "-e", "process.kill(process.pid, 'SIGKILL')"],
    "ruby": ["ruby", "-e", "print STDIN.read; warn 'err'; exit 3"],
    "ruby fails": ["ruby", "-e", "raise 'no'"],
    "ruby aborts": ["ruby", "-e", "Process.kill(:KILL, $$)"],
    "perl": ["perl", "-e", "print <STDIN>; print STDERR 'err'; exit 3"],
    "perl fails": ["perl", "-e", "die 'no'"],
    "perl has a pipe": ["perl", "-e", "open(my $f, '|-', 'cat; exit 5'); print $f 'x'; close $f; exit $? >> 8"],
    "php": ["php", "-r", "echo stream_get_contents(STDIN); fwrite(STDERR, 'err'); exit(3);"],
    "php fails": ["php", "-r", "throw new Exception('no');"],
    "java": ["java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "--version"],
    "java fails": ["java", "NoSuchClass"],
    "shell": ["sh", "-c", "cat; echo err >&2; (exit 5); echo $?; kill -9 $$"],
    "awk": ["awk", "{ print NR, $0 } END { exit 3 }"],
    "psql fails": ["psql", "-h", "127.0.0.1", "-p", "1", "-U", "ada"],
    "redis-cli fails": ["redis-cli", "-p", "1", "ping"],
    "redis-server fails": ["redis-server", "--no-such-option", "1"],
    "nginx fails": ["/usr/sbin/nginx", "-e", "stderr", "-c", "/no/such/file"],
    "apache fails": ["/usr/sbin/apache2", "-f", "/no/such/file"],
    "php-fpm says its version": ["/usr/sbin/php-fpm8.2", "-v"],
    "curl fails": ["curl", "-sS", "http://127.0.0.1:1/"],
}


@pytest.mark.parametrize("command", SAYS.values(), ids=SAYS)
def test_a_command_prints_and_ends_as_without(command, tmp_path):
    plain, watched = both(command, input=b"from stdin\n", cwd=tmp_path)
    clock = re.compile(rb"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d|\d+#\d+")  # nginx's
    assert [clock.sub(b"*", part) if isinstance(part, bytes) else part for part in watched] == [
        clock.sub(b"*", part) if isinstance(part, bytes) else part for part in plain]


# What a program can ask of itself: files, signals, rights, limits, who its parent is.
STATE = r"""
import os, resource, signal, stat
print(sorted(os.listdir('/proc/self/fd')))
for file in (0, 1, 2):
    print(file, os.readlink(f'/proc/self/fd/{file}').split(':')[0], os.get_inheritable(file),
          os.get_blocking(file))
for line in open('/proc/self/status'):
    if line.startswith(('SigP', 'SigB', 'SigI', 'SigC', 'Shd', 'Name', 'Umask', 'Uid', 'Gid', 'Groups', 'Cap',
                        'NoNewPrivs', 'Seccomp', 'Cpus_allowed_list', 'Threads', 'PPid', 'CoreDumping')):
        print(line.split())
print([resource.getrlimit(number) for number in range(16)])
print(os.getcwd(), oct(os.umask(0)), os.getpriority(os.PRIO_PROCESS, 0), os.sched_getscheduler(0))
print(os.getsid(0) == os.getpid(), os.getpgid(0) == os.getpid(), [int(s) for s in signal.pthread_sigmask(0, [])])
print(open('/proc/self/comm').read(), open('/proc/self/cmdline').read().split('\0')[0])
print(os.readlink('/proc/self/exe'), open('/proc/self/oom_score_adj').read())
try:
    print(os.waitpid(-1, os.WNOHANG))
except ChildProcessError:
    print('no children')
"""


@pytest.mark.parametrize("interpreter", [[PYTHON, "-c", STATE], [PYTHON, "-I", "-S", "-c", STATE]],
                         ids=["as it is", "isolated"])
def test_a_program_finds_itself_in_the_same_state(interpreter, tmp_path):
    plain, watched = both(interpreter, cwd=tmp_path)
    assert watched == plain
    assert plain[0] == 0, plain[2]


def test_signals_that_were_ignored_or_blocked_stay_so():
    def prepare():
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1, signal.SIGCHLD])
    plain, watched = both(["grep", "-E", "Sig(Blk|Ign|Cgt)", "/proc/self/status"], preexec_fn=prepare)
    assert watched == plain
    assert b"SigBlk:\t0000000000010200\n" in plain[1]


def test_the_environment_has_only_the_agents_variables_more():
    plain, watched = both(["env"])
    before, after = (dict(line.split(b"=", 1) for line in one[1].splitlines()) for one in (plain, watched))
    assert {name: after[name] for name in before if name != b"_"} == {
        name: before[name] for name in before if name != b"_"}
    assert {name.partition(b"_")[0] for name in set(after) - set(before)} <= {b"LD", b"KOLBEN", b"OTEL"}


def on_terminal(command):
    """What the program writes to a terminal of its own, and its exit code."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvp(command[0], command)
    output = b""
    try:
        while piece := os.read(terminal, 65536):
            output += piece
    except OSError:  # EIO: nobody has it open any more
        pass
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), output


@pytest.mark.parametrize("command", [
    [PYTHON, "-c", "import os, sys; print(sys.stdout.isatty(), os.get_terminal_size(0)); input('name? ')"],
    ["node", "-e", "console.log(process.stdout.isTTY, process.stdout.columns, {a: 1})"],
    ["ruby", "-e", "puts $stdout.tty?; exit 2"], ["perl", "-e", "print -t STDOUT ? 'yes' : 'no'"],
    ["php", "-r", "var_dump(stream_isatty(STDOUT));"], ["ls", "--color=auto", "/usr"], ["sh", "-c", "stty -a; tty"],
], ids=lambda command: command[0].rpartition("/")[2])
def test_a_terminal_stays_one(command):
    def without_number(answer):
        return answer[0], re.sub(rb"/dev/pts/\d+", b"/dev/pts/*", answer[1])
    if "input(" in command[-1]:
        command = ["sh", "-c", 'echo x | "$0" "$@"', *command]  # what it asks is printed, and answered
    plain = without_number(on_terminal(command))
    assert without_number(on_terminal([str(AGENT), *SILENT, *command])) == plain


class Asked(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = b"0123456789abcdef" * (65536 if self.path == "/large" else 1)
        self.send_response(404 if self.path == "/missing" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_GET

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def date_time_string(self, timestamp=None):
        return "Mon, 01 Jan 2024 00:00:00 GMT"

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def asked():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Asked)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()


CURLS = {
    "gets": ["/", "/large", "/missing"], "shows heads": ["-i", "-v", "/"], "asks for the head": ["-I", "/"],
    "fails": ["-f", "/missing"], "posts": ["--data-binary", "@body", "-H", "Expect:", "/"],
    "waits for 100": ["--data-binary", "@body", "-H", "Expect: 100-continue", "/"],
    "sends its own context": ["-H", f"traceparent: 00-{'ab' * 16}-{'cd' * 8}-01", "-v", "/"],
    "counts": ["-w", "%{http_code} %{size_download} %{num_connects} %{size_upload}\n", "-o", "/dev/null", "/large"],
    "http 1.0": ["-0", "-i", "/"], "parallel": ["-Z", "--no-progress-meter", *["-o", "/dev/null", "/large"] * 8],
}


@pytest.mark.parametrize("words", CURLS.values(), ids=CURLS)
def test_curl(words, asked, tmp_path):
    (tmp_path / "body").write_bytes(b"0123456789abcdef" * 65536)
    words = [f"http://127.0.0.1:{asked}{word}" if word.startswith("/") and "dev" not in word else word
             for word in words]
    plain, watched = both(["curl", "-sS", *words], cwd=tmp_path)

    def without_port(answer):
        return [part if isinstance(part, int) else part.decode() for part in answer]
    assert without_port(watched) == without_port(plain)


def test_curls_calls(asked, tmp_path):
    counts, sent, log = [], [], tmp_path / "strace.log"
    command = ["curl", "-sS", "-I", *[f"http://127.0.0.1:{asked}/?n={number}" for number in range(20)]]
    for before in ([], [AGENT, *SILENT]):
        program = subprocess.run([*calls.STRACE, log, *before, *command], capture_output=True, timeout=60)
        assert (program.returncode, program.stderr) == (0, b"")
        calls.wait_for_end(log)
        seen = calls.of_program(calls.parse(log.read_text()), bool(before))
        counts.append(difference.counted(seen, asked, [r"rt_sigaction\(SIGPIPE"]))  # around each of its turns
        sent.append(sum(difference.moved(seen, difference.SEND).values()))
    added, lost = counts[1] - counts[0], counts[0] - counts[1]
    numbers = {"program": 1, "process": 1, "exec": 0, "connection": 1}
    assert not_allowed(added, ANY_PROGRAM, numbers) == {}
    assert not lost
    assert sent[1] - sent[0] == 20 * (len("traceparent: ") + 55 + len("\r\n"))
