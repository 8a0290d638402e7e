"""The To-Do app by itself, without an agent."""
import contextlib
import socket

from harness import BIN, Program, free_port, request, wait_until


def say(port, head):
    """Sends a request as it stands and returns the status line of the answer."""
    with contextlib.closing(socket.create_connection(("127.0.0.1", port), timeout=3)) as peer:
        peer.sendall(head)
        return peer.makefile("rb").readline().decode()


def test_a_post_without_a_body_is_answered_at_once(tmp_path, programs):
    """`curl -X POST` sends no Content-Length: that means no body, not one that is still to come."""
    port = free_port()
    app = programs(Program([BIN / "todo", "run", "-p", str(port)], tmp_path, "todo"))
    wait_until(lambda: "Press CTRL+C" in app.stderr, "the app greets")
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert request(port, "POST", "/add", "task=buy+milk", form).status == 302
    assert say(port, b"POST /add HTTP/1.1\r\nHost: x\r\n\r\n").startswith("HTTP/1.1 400 ")
    assert say(port, b"POST /delete/1 HTTP/1.1\r\nHost: x\r\n\r\n").startswith("HTTP/1.1 302 ")
    assert say(port, b"POST /other HTTP/1.1\r\nHost: x\r\n\r\n").startswith("HTTP/1.1 404 ")
    assert "buy milk" not in request(port, "GET", "/").text
