"""The page in a real browser, against the real programs: what a person does in the scenario."""
import subprocess

from harness import ROOT, free_port
from test_agent import start_todo

SHOTS = ROOT / "build" / "test" / "screenshots"


def test_a_persons_way_through_the_page(tmp_path, programs, kolben):
    port = free_port()
    start_todo(tmp_path, programs, port, ["--service_name", "todo"],
               {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{kolben.otlp_grpc}"})
    done = subprocess.run(
        ["node", ROOT / "tests" / "e2e" / "page.mjs", f"http://127.0.0.1:{kolben.ui}",
         f"http://127.0.0.1:{port}", SHOTS], capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stdout + done.stderr
