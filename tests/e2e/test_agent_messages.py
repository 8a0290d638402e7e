"""What a person at the keyboard is told: when, where, and what not."""
import contextlib
import os
import pty
import re
import signal
import socket
import subprocess
import threading

import pytest

from harness import HttpServer, wait_until
from test_agent import AGENT, agent_of

NOTHING = ["--traces_exporter", "none", "--metrics_exporter", "none", "--logs_exporter", "none"]
LOGS_ONLY = ["--traces_exporter", "none", "--metrics_exporter", "none"]


def environment(**variables):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    return {**kept, **variables}


def run(*line, **variables):
    """All that is said and printed, in its order."""
    answer = subprocess.run([AGENT, *line], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=30,
                            env=environment(**variables))
    return answer.returncode, answer.stdout.splitlines()


# --- before the command ----------------------------------------------------------------------------------------------

def test_mistakes_in_the_settings_are_said_before_the_command_begins():
    for _ in range(5):
        code, said = run(*NOTHING, "/bin/echo", "hello", OTEL_BSP_SCHEDULE_DELAY="soon", OTEL_SERVICENAME="x",
                         OTEL_INSTRUMENTATION_PROCESS_ENABLED="yes")
        assert code == 0
        assert said == ["kolben agent: OTEL_BSP_SCHEDULE_DELAY=soon: want milliseconds; 200 holds",
                        "kolben agent: OTEL_INSTRUMENTATION_PROCESS_ENABLED=yes: neither true nor false; false holds",
                        "kolben agent: these settings have no effect: OTEL_SERVICENAME (did you mean "
                        "OTEL_SERVICE_NAME?)", "hello"]


def test_with_the_level_error_they_are_not_said():
    assert run(*NOTHING, "/bin/echo", "hello", OTEL_BSP_SCHEDULE_DELAY="soon", OTEL_LOG_LEVEL="error") == (0, ["hello"])


def test_a_wrong_exporter_is_said_once():
    code, said = run("--metrics_exporter", "none", "--logs_exporter", "none", "/bin/echo", "hello",
                     OTEL_TRACES_EXPORTER="consol,none")
    assert code == 0 and len(said) == 2 and said[1] == "hello"
    assert said[0].startswith('opentelemetry-instrument: OTEL_TRACES_EXPORTER: unknown exporter "consol"')


def test_log_files_that_can_be_none_are_named(tmp_path):
    code, said = run(*NOTHING, "--log_files", f"{tmp_path},~/app.log,{tmp_path}/*.log", "/bin/echo", "hello")
    assert code == 0 and said[-1] == "hello"
    assert said[:-1] == [f"opentelemetry-instrument: KOLBEN_AGENT_LOG_FILES: {tmp_path} is a directory, and left out; "
                         "with /* behind it, it names the files within",
                         "opentelemetry-instrument: KOLBEN_AGENT_LOG_FILES: ~/app.log begins with a '~' that nobody has "
                         "made a directory of; it is left out, $HOME/ is that directory"]


def test_a_command_that_an_option_has_taken_is_named():
    code, said = run("--exporter_otlp_insecure", "echo", "no-such-command")
    assert code == 127
    assert said == ["opentelemetry-instrument: cannot find the command no-such-command: No such file or directory; "
                    '--exporter_otlp_insecure has taken "echo" for its value: write --exporter_otlp_insecure=true']


# --- secrets -------------------------------------------------------------------------------------------------------

def test_tokens_are_not_repeated():
    token, key = "t0ken-t0ken-t0ken", "s3cret-key"

    def answer(_method, path, headers, _body):
        return 401, f"who is {headers['Authorization']} at {path}?".encode()
    with HttpServer(answer) as server:
        code, said = run(*LOGS_ONLY, "--exporter_otlp_protocol", "http/protobuf", "--exporter_otlp_logs_endpoint",
                         f"{server.url}/abcdefghij0123456789/logs?api_key={key}", "--exporter_otlp_headers",
                         f"authorization=Bearer {token}", "/bin/echo", "hello")
    assert code == 0
    assert len(said) == 3 and said[0] == "hello", said
    where = re.escape(f"{server.url}/.../logs?api_key=...")
    assert re.fullmatch(rf"Failed to export logs to {where}, error code: StatusCode.INVALID_ARGUMENT: HTTP status 401: "
                        r"who is \.\.\. at /\.\.\./logs\?api_key=\.\.\.\?; is a token missing .*", said[1]), said
    assert not [line for line in said if token in line or key in line or "0123456789" in line]


# --- at a terminal ---------------------------------------------------------------------------------------------------

class Shell:
    """bash at a terminal, as a person has it."""

    def __init__(self):
        self.screen = ""
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.execvpe("/bin/bash", ["bash", "--norc", "--noprofile", "-i"],
                       environment(PS1="ready> ", TERM="dumb", HISTFILE=""))
        threading.Thread(target=self.read, daemon=True).start()
        wait_until(lambda: self.screen.endswith("ready> "), "the first prompt")

    def read(self):
        with contextlib.suppress(OSError):
            while piece := os.read(self.terminal, 4096):
                self.screen += piece.decode(errors="replace")

    def type(self, line):
        os.write(self.terminal, line.encode() + b"\n")

    def close(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.terminal)


@pytest.fixture
def shell():
    at_terminal = Shell()
    yield at_terminal
    at_terminal.close()


@pytest.fixture
def silent_collector():
    """Takes connections and says nothing: what is lost is known when the program is over for long."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


class Ended:
    """A program that has ended, for agent_of()."""

    def __init__(self, shell):
        self.pid = int(wait_until(lambda: re.search(r"^pid (\d+)\r$", shell.screen, re.M), "its number")[1])


def command(port):
    flags = " ".join(LOGS_ONLY)
    return f"{AGENT} {flags} --exporter_otlp_endpoint http://127.0.0.1:{port} sh -c 'echo pid $$'"


def test_what_is_lost_does_not_stand_behind_the_prompt(shell, silent_collector):
    shell.type(command(silent_collector))
    Ended(shell)
    wait_until(lambda: shell.screen.endswith("\r\nready> "), "the next prompt")
    wait_until(lambda: "could not be exported" in shell.screen and shell.screen.endswith("\n"), "it is said")
    assert re.search(r"ready> \r+\nkolben agent: 1 log record could not be exported to [^\r\n]*\r\n$",
                     shell.screen), shell.screen


def test_what_is_lost_is_not_written_into_an_editor(shell, silent_collector):
    editor = ("import os, sys, termios, tty\n"
              "old = termios.tcgetattr(0); tty.setcbreak(0)\n"
              "print('editor', 'begins', flush=True); os.read(0, 1)\n"
              "termios.tcsetattr(0, termios.TCSANOW, old)\n")
    shell.type(f"{command(silent_collector)}; python3 -c \"{editor}\"")
    program = Ended(shell)
    wait_until(lambda: "editor begins" in shell.screen, "the editor begins")
    wait_until(lambda: not agent_of(program), "the agent process has ended")
    os.write(shell.terminal, b"q")
    wait_until(lambda: shell.screen.endswith("\r\nready> "), "the next prompt")
    assert "kolben agent" not in shell.screen, shell.screen


def test_a_script_at_a_terminal_is_told_in_its_own_lines(shell, silent_collector):
    """Its commands are one job: the terminal is theirs until the last one ends."""
    shell.type(f"sh -c \"{command(silent_collector).replace('$$', chr(92) + '$' + chr(92) + '$')}; read line\"")
    program = Ended(shell)
    wait_until(lambda: not agent_of(program), "the agent process has ended")
    shell.type("")
    wait_until(lambda: shell.screen.endswith("\r\nready> "), "the next prompt")
    assert re.search(r"pid \d+\r\nkolben agent: 1 log record could not be exported to ", shell.screen), shell.screen
