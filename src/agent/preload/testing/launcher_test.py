#!/usr/bin/env python3
"""opentelemetry-instrument with a script in the place of the agent process."""
import os
import re
import resource
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from ring_reader import DEADLINE, LAUNCHER, LIBRARY, clean_environment, run_tests


class Launcher(unittest.TestCase):
    """The launcher with a script in the place of the agent process."""

    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="kolben-test-")
        self.agent = os.path.join(self.directory, "kolben")
        with open(self.agent, "w") as file:
            file.write(f"""#!/bin/sh
echo "$OTEL_TRACES_EXPORTER" > {self.directory}/exporter
echo "$PPID $*" > {self.directory}/called.new
mv {self.directory}/called.new {self.directory}/called
while grep -q '^State:.[^Z]' /proc/$4/status 2>/dev/null; do sleep 0.02; done
rm -f $2
echo gone > {self.directory}/gone
""")
        os.chmod(self.agent, 0o755)

    def tearDown(self):
        shutil.rmtree(self.directory, ignore_errors=True)

    def run_under(self, *command, env=None, **options):
        environment = dict(clean_environment(), **{"KOLBEN_AGENT_BINARY": self.agent, **(env or {})})
        return subprocess.run([LAUNCHER, *command], env=environment, capture_output=True,
                              text=True, timeout=DEADLINE, **options)

    def wait_for(self, name):
        deadline = time.time() + DEADLINE
        while not os.path.exists(os.path.join(self.directory, name)):
            self.assertLess(time.time(), deadline)
            time.sleep(0.01)

    def test_flags_become_variables(self):
        result = self.run_under("--service_nam", "x", "--traces_exp=console", "--id_generator", "-1",
                                "--", "sh", "-c", "echo $OTEL_SERVICE_NAME $OTEL_TRACES_EXPORTER "
                                "$OTEL_PYTHON_ID_GENERATOR; exit 7", "--service_name", "y")
        self.assertEqual((result.returncode, result.stdout), (7, "x console -1\n"))
        self.assertEqual(result.stderr, "kolben agent: these settings have no effect: "
                         "OTEL_PYTHON_ID_GENERATOR\n")
        self.wait_for("gone")

    def test_arguments_without_room_for_the_agent_s_variables(self):
        def run(size):
            many = ["x" * 100_000] * 20 + ["y" * size]
            try:
                return self.run_under("sh", "-c", "exit 7", *many, preexec_fn=lambda: resource.setrlimit(
                    resource.RLIMIT_STACK, (8 << 20, resource.getrlimit(resource.RLIMIT_STACK)[1])))
            except OSError:
                return None  # none for the launcher itself
        least, beyond = 0, 131_000
        while beyond - least > 1:
            middle = (least + beyond) // 2
            result = run(middle)
            least, beyond = (least, middle) if result is None else (middle, beyond)
            self.assertEqual(result and result.returncode, result and 7)
        result = run(least)
        self.assertEqual(result.returncode, 7)
        self.assertIn("no room for the agent's variables", result.stderr)

    def test_agent_is_no_child_and_ring_is_private(self):
        result = self.run_under("/usr/bin/python3", "-c",
                                "import os, time\nring = os.environ['KOLBEN_AGENT_RING']\n"
                                "print(oct(os.stat(ring).st_mode & 0o777), os.getpid())\n"
                                "try: os.wait()\nexcept ChildProcessError: print('no child')\n"
                                f"while not os.path.exists('{self.directory}/called'):"
                                " time.sleep(0.01)\n")
        mode, pid = result.stdout.splitlines()[0].split()
        self.assertEqual(mode, "0o600")
        self.assertIn("no child", result.stdout)
        with open(self.directory + "/called") as file:
            parent, *arguments = file.read().split()
        self.assertNotEqual(parent, pid)
        named = dict(zip(arguments[::2], arguments[1::2]))
        self.assertEqual(named["--pid"], pid)
        self.assertEqual(named["--pidfd"], "3")
        self.assertIn("--ring", named)
        self.wait_for("gone")

    def test_pid_signals_and_stdin_are_the_programs(self):
        process = subprocess.Popen([LAUNCHER, "cat"], stdin=subprocess.PIPE, text=True,
                                   stdout=subprocess.PIPE,
                                   env=dict(clean_environment(), KOLBEN_AGENT_BINARY=self.agent))
        process.stdin.write("through\n")
        process.stdin.flush()
        self.assertEqual(process.stdout.readline(), "through\n")
        with open(f"/proc/{process.pid}/comm") as file:
            self.assertEqual(file.read(), "cat\n")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(DEADLINE), -signal.SIGINT)
        process.stdin.close()
        process.stdout.close()
        self.wait_for("gone")

    def test_wrong_command_lines(self):
        for arguments, code, text in (
                ([], 2, "the following arguments are required: command"),
                (["--bogus", "x"], 2, "unrecognized arguments: --bogus"),
                (["--service_name"], 2, "--service_name: expected one argument"),
                (["--exporter_otlp_m", "x"], 2, "could match --exporter_otlp_metrics_"),
                (["--traces_exporter", "foo", "true"], 2,
                 'argument --traces_exporter: unknown exporter "foo" (known: console, otlp'),
                (["--metrics_exporter=zipkin", "true"], 2,
                 'argument --metrics_exporter: the agent has no exporter "zipkin" for metrics'),
                (["no-such-command-here"], 127, "cannot find the command no-such-command-here")):
            result = self.run_under(*arguments)
            self.assertEqual(result.returncode, code, arguments)
            self.assertIn(text, result.stderr)
            self.assertEqual(result.stdout, "")
        self.assertEqual(self.run_under("--help").returncode, 0)
        self.assertIn("--exporter_otlp_traces_endpoint", self.run_under("--help").stdout)
        self.assertRegex(self.run_under("--version").stdout, r"^opentelemetry-instrument \d")

    def test_a_wrong_exporter_in_a_variable_costs_its_telemetry(self):
        for value, kept, holds in (("foo", "none", "no spans are exported"),
                                   ("console, opencensus, zipkin", "console,zipkin", "it is left out")):
            result = self.run_under("sh", "-c", "echo $OTEL_TRACES_EXPORTER; exit 4",
                                    env={"OTEL_TRACES_EXPORTER": value})
            self.assertEqual((result.returncode, result.stdout), (4, value + "\n"))
            self.assertRegex(result.stderr, r'^opentelemetry-instrument: OTEL_TRACES_EXPORTER: .*'
                                            r'exporter "(foo|opencensus)".*; ' + holds + r'\n$')
            self.wait_for("gone")
            with open(self.directory + "/exporter") as file:
                self.assertEqual(file.read(), kept + "\n")
            os.unlink(self.directory + "/gone")

    def test_the_help_marks_what_has_no_effect(self):
        with open(os.path.join(os.path.dirname(os.path.abspath(__file__)),
                               "../../process/settings_names.cc")) as file:
            text = file.read()
        known = set(re.findall(r'"(?:KOLBEN_AGENT|OTEL(?:_PYTHON)?)_([A-Z_]+[A-Z])"', text))
        if '"OTEL_LOG_LEVEL"' not in text:  # which --log_level is, not OTEL_PYTHON_LOG_LEVEL
            known.discard("LOG_LEVEL")
        if '"OTEL_PYTHON_LOG_LEVEL"' in text:
            known.add("PYTHON_LOG_LEVEL")
        self.assertIn("TRACES_EXPORTER", known)
        effective, ignored = self.run_under("--help").stdout.split("accepted without effect:")
        ignored = set(re.findall(r"--(\w+)", ignored))
        effective = set(re.findall(r"--(\w+)", effective)) - {"help", "version"}
        self.assertEqual({name for name in ignored if name.upper() in known}, set())
        self.assertEqual({name for name in effective if name.upper() not in known
                          and not name.startswith("exporter_otlp_")}, set())

    def test_program_runs_when_the_agent_cannot(self):
        result = self.run_under("sh", "-c", "exit 5", env={"KOLBEN_AGENT_BINARY": "/nonexistent/kolben"})
        self.assertEqual(result.returncode, 5)

    def test_programs_that_cannot_be_instrumented_run_and_are_named(self):
        static = os.path.join(self.directory, "static")
        built = shutil.which("gcc") is not None and subprocess.run(
            ["gcc", "-static", "-x", "c", "-", "-o", static],
            input=b"int main() { return 6; }", capture_output=True).returncode == 0
        if not built:
            self.skipTest("no gcc with a static C library")
        result = self.run_under(static)
        self.assertEqual(result.returncode, 6)
        self.assertEqual(result.stderr, f"opentelemetry-instrument: {static} is statically linked; "
                                        "it runs without telemetry\n")
        self.assertFalse(os.path.exists(self.directory + "/called"))

    def test_a_program_that_runs_as_another_user(self):
        if os.geteuid() != 0:
            self.skipTest("not root")
        program = shutil.copy("/usr/bin/env", self.directory)
        os.chown(program, 65534, 65534)
        os.chmod(program, 0o4755)
        result = self.run_under(program)
        self.assertEqual(result.returncode, 0)
        self.assertEqual(result.stderr, f"opentelemetry-instrument: {program} is set-user-ID or set-group-ID; "
                                        "it runs without telemetry\n")
        self.assertNotIn("KOLBEN_AGENT_RING", result.stdout)
        self.assertFalse(os.path.exists(self.directory + "/called"))

    def own_loader(self):
        """A copy of /usr/bin/env whose loader is a copy too, found from the test's directory."""
        path = os.path.join(self.directory, "env")
        with open("/usr/bin/env", "rb") as file:
            program = file.read()
        loader = re.search(rb"/lib64/ld-linux[\w.-]*|/lib/ld-linux[\w.-]*", program)[0]
        own = b"./loader"
        shutil.copy(loader, os.path.join(self.directory, "loader"))
        with open(path, "wb") as file:
            file.write(program.replace(loader, own + b"\0" * (len(loader) - len(own))))
        os.chmod(path, 0o755)
        return path

    def test_a_program_with_a_loader_of_its_own(self):
        program = self.own_loader()
        result = self.run_under(program, cwd=self.directory)
        self.assertEqual(result.returncode, 0)
        self.assertEqual(result.stderr, f"opentelemetry-instrument: {program} is a program with a loader of its "
                                        "own, whose C library may be too old for the agent; it runs without "
                                        "telemetry\n")
        self.assertNotIn("LD_PRELOAD", result.stdout)
        self.assertFalse(os.path.exists(self.directory + "/called"))

    def test_what_is_started_with_a_loader_of_its_own_is_without_the_library(self):
        self.own_loader()
        result = self.run_under("sh", "-c", "./env; echo --; ./loader /usr/bin/env; echo --; env",
                                cwd=self.directory)
        own, by_loader, plain = result.stdout.split("--\n")
        self.assertIn("KOLBEN_AGENT_RING=", own)
        self.assertNotIn("LD_PRELOAD", own)
        self.assertNotIn("LD_PRELOAD", by_loader)
        self.assertIn("LD_PRELOAD=" + LIBRARY, plain)
        self.wait_for("gone")

    def test_disabled_agent_is_not_started(self):
        result = self.run_under("--sdk_disabled", "true", "sh", "-c",
                                "echo ${LD_PRELOAD-none} ${KOLBEN_AGENT_RING-none}")
        self.assertEqual(result.stdout, "none none\n")
        self.assertFalse(os.path.exists(self.directory + "/called"))

    def test_preload_of_others_is_kept(self):
        other = shutil.copy(LIBRARY, self.directory + "/other.so")
        result = self.run_under("sh", "-c", "echo $LD_PRELOAD", env={"LD_PRELOAD": other})
        self.assertEqual(result.stdout.strip(), f"{other}:{LIBRARY}")
        self.wait_for("gone")

    def test_the_library_of_an_agent_around_this_one_is_left_out(self):
        other = os.path.join(self.directory, "older")
        os.mkdir(other)
        shutil.copy(LIBRARY, other)
        for list_, kept in ((f"{other}/libkolben-agent.so", LIBRARY), (LIBRARY, LIBRARY),
                            (f"{LIBRARY} {other}/libkolben-agent.so::/no/such.so",
                             f"/no/such.so:{LIBRARY}")):
            result = self.run_under("/bin/sh", "-c", "echo $LD_PRELOAD", env={"LD_PRELOAD": list_})
            self.assertEqual(result.stdout.strip(), kept)
            self.wait_for("gone")
            os.unlink(self.directory + "/gone")

    def test_singular_variable_is_understood_with_a_word(self):
        result = self.run_under("sh", "-c", "echo $OTEL_LOGS_EXPORTER",
                                env={"OTEL_LOG_EXPORTER": "console"})
        self.assertEqual(result.stdout, "console\n")
        self.assertIn("OTEL_LOGS_EXPORTER", result.stderr)
        self.wait_for("gone")


if __name__ == "__main__":
    run_tests()
