"""The page in a real browser, against the real programs: what a person does in the scenario."""
import subprocess

import pytest

from harness import ANY_PORTS, ROOT, Kolben, Program, free_port, get, request, span, wait_until
from test_agent import start_todo

SHOTS = ROOT / "build" / "test" / "screenshots"


def test_a_persons_way_through_the_page(tmp_path, programs, kolben):
    def look(todo):
        done = subprocess.run(
            ["node", ROOT / "tests" / "e2e" / "page.mjs", f"http://127.0.0.1:{kolben.ui}", todo, SHOTS],
            capture_output=True, text=True, timeout=180)
        assert done.returncode == 0, done.stdout + done.stderr
    look("-")  # the To-Do app asks its database at its start
    port = free_port()
    start_todo(tmp_path, programs, port, ["--service_name", "todo"],
               {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{kolben.otlp_grpc}"})
    look(f"http://127.0.0.1:{port}")


def start_nginx(directory, programs, upstream):
    """nginx in front of `upstream`, as people write it; returns its port."""
    port = free_port()
    (directory / "nginx.conf").write_text(f"""
worker_processes 1; daemon off; master_process off; pid {directory}/nginx.pid; error_log {directory}/error.log;
events {{ worker_connections 64; }}
http {{ access_log off; client_body_temp_path {directory}/b; proxy_temp_path {directory}/p;
  fastcgi_temp_path {directory}/f; uwsgi_temp_path {directory}/u; scgi_temp_path {directory}/s;
  server {{ listen 127.0.0.1:{port}; location /jaeger/ {{ proxy_pass {upstream}; }} }} }}
""")
    nginx = programs(Program(["/usr/sbin/nginx", "-c", directory / "nginx.conf", "-p", directory],
                             directory, "nginx"))

    def answers():
        assert nginx.is_running(), nginx.stderr
        try:
            return request(port, "GET", "/jaeger/").status == 200
        except OSError:
            return False
    wait_until(answers, "nginx passes requests on")
    return port


@pytest.mark.parametrize("way", ["base_path", "proxy that cuts it off", "proxy that passes it on"])
def test_page_lives_below_a_path(tmp_path, programs, way):
    cuts = way == "proxy that cuts it off"
    config = ANY_PORTS if cuts else ANY_PORTS.replace(
        'query: {endpoint: "127.0.0.1:0"}', 'query: {endpoint: "127.0.0.1:0", base_path: /jaeger}')
    kolben = programs(Kolben(tmp_path, config=config))
    sent = kolben.send_spans(span("GET /below", 7, 8, **{"http.method": "GET"}),
                             span("inner", 7, 9, parent=8))
    assert sent.status == 200, sent.text
    port = kolben.ui
    if way != "base_path":
        tail = "/" if cuts else ""
        port = start_nginx(tmp_path, programs, f"http://127.0.0.1:{kolben.ui}{tail}")
    assert get(port, "/jaeger/api/services").json()["data"] == ["test"]
    done = subprocess.run(["node", ROOT / "tests" / "e2e" / "below.mjs", f"http://127.0.0.1:{port}/jaeger"],
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
