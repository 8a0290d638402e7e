"""Connections of HTTP/1.1 that become something else: a WebSocket between two sides of Node's."""
from test_agent_http2 import instrumented

# What is said after the handshake begins as a request does: whoever takes it for one writes into it.
SCRIPT = """
const http = require("http"), crypto = require("crypto");
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key = "dGhlIHNhbXBsZSBub25jZQ==";
const said = Buffer.from("GET /inner HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n");
const server = http.createServer((request, response) => response.writeHead(204).end());
server.on("upgrade", (request, socket) => {
  const accept = crypto.createHash("sha1").update(request.headers["sec-websocket-key"] + GUID).digest("base64");
  socket.write("HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n" +
               `Sec-WebSocket-Accept: ${accept}\\r\\n\\r\\n`);
  socket.on("data", (bytes) => socket.write(bytes)).on("end", () => socket.end());
});
server.listen(0, "127.0.0.1", () => {
  const port = server.address().port;
  const headers = { Connection: "Upgrade", Upgrade: "websocket", "Sec-WebSocket-Version": 13, "Sec-WebSocket-Key": key };
  http.get({ host: "127.0.0.1", port, path: "/chat", headers }).on("upgrade", (response, socket) => {
    const echoed = [];
    socket.on("data", (bytes) => {
      echoed.push(bytes);
      if (Buffer.concat(echoed).length < 3 * said.length) return;
      console.error(Buffer.concat(echoed).equals(Buffer.concat([said, said, said])));
      socket.end();
    });
    socket.on("close", () => http.get({ host: "127.0.0.1", port, path: "/after" }, (answer) => {
      answer.resume().on("end", () => process.exit(0));
    }));
    for (let i = 0; i < 3; ++i) setTimeout(() => socket.write(said), 5 * i);
  });
});
"""


def test_a_websocket_of_node(tmp_path):
    (tmp_path / "chat.js").write_text(SCRIPT)
    spans, done = instrumented("node", "chat.js", cwd=tmp_path)
    assert done.stderr == "true\n"
    told = sorted((span["kind"], span["attributes"]["http.status_code"], span["attributes"].get("http.target"),
                   span["status"]["status_code"])
                  for span in spans if span["kind"] != "SpanKind.INTERNAL")
    assert [(kind, status, error) for kind, status, _, error in told] == [
        ("SpanKind.CLIENT", 101, "UNSET"), ("SpanKind.CLIENT", 204, "UNSET"),
        ("SpanKind.SERVER", 101, "UNSET"), ("SpanKind.SERVER", 204, "UNSET")]
    servers = {span["attributes"]["http.target"]: span for span in spans if span["kind"] == "SpanKind.SERVER"}
    assert set(servers) == {"/chat", "/after"}
    clients = {span["context"]["span_id"] for span in spans if span["kind"] == "SpanKind.CLIENT"}
    assert {span["parent_id"] for span in servers.values()} == clients
