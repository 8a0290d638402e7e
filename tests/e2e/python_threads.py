"""A threaded server whose requests go on in pools, threads and an event loop of their own; for
test_agent_python.py. Each calls an upstream with the request's number.

    python_threads.py CLIENTS
"""
import asyncio
import concurrent.futures
import sys
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

pool = concurrent.futures.ThreadPoolExecutor(4)


def call(path, port=None):
    return urllib.request.urlopen(f"http://127.0.0.1:{port or upstream.server_port}{path}").read()


async def go_on(number):
    await asyncio.sleep(0.002)
    await asyncio.get_running_loop().run_in_executor(None, call, f"/executor/{number}")
    if sys.version_info >= (3, 9):
        await asyncio.to_thread(call, f"/to_thread/{number}")


def work(number):
    pool.submit(call, f"/pool/{number}").result()
    thread = threading.Thread(target=call, args=(f"/thread/{number}",))
    thread.start()
    thread.join()
    asyncio.run(go_on(number))
    call(f"/after/{number}")


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        kind, number = self.path.strip("/").split("/")
        if kind == "hello":
            work(number)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    request_queue_size = 128


upstream, server = Server(("127.0.0.1", 0), Handler), Server(("127.0.0.1", 0), Handler)
for one in (upstream, server):
    threading.Thread(target=one.serve_forever, daemon=True).start()
clients = [threading.Thread(target=call, args=(f"/hello/{number}", server.server_port))
           for number in range(int(sys.argv[1]))]
for client in clients:
    client.start()
for client in clients:
    client.join()
