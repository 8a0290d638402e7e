"""A server and its upstream in one event loop, and clients that ask it at once; for
test_agent_python.py. Each request calls the upstream with its own number.

    python_aiohttp.py CLIENTS ROUNDS
"""
import asyncio
import sys

from aiohttp import ClientSession, web
from opentelemetry import trace

tracer = trace.get_tracer("test")


async def ask(session, port, path):
    async with session.get(f"http://localhost:{port}{path}") as answer:
        return await answer.text()


async def hello(request):
    number, app = request.match_info["n"], request.app
    await ask(app["session"], app["upstream"], f"/first/{number}")
    await asyncio.sleep(0.005)
    with tracer.start_as_current_span(f"manual {number}"):
        await asyncio.create_task(ask(app["session"], app["upstream"], f"/manual/{number}"))
    await asyncio.gather(*[ask(app["session"], app["upstream"], f"/{part}/{number}")
                           for part in ("left", "right")])
    return web.Response(text=number)


async def upstream(request):
    await asyncio.sleep(0.01)
    return web.Response(text="up")


async def serve(app):
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    return runner, site._server.sockets[0].getsockname()[1]


async def main(clients, rounds):
    above, app = web.Application(), web.Application()
    above.router.add_get("/{part}/{n}", upstream)
    app.router.add_get("/hello/{n}", hello)
    above_runner, app["upstream"] = await serve(above)
    runner, port = await serve(app)

    async def client(number):
        async with ClientSession() as session:
            for _ in range(rounds):
                assert await ask(session, port, f"/hello/{number}") == str(number)

    async with ClientSession() as app["session"]:
        await asyncio.gather(*[client(number) for number in range(clients)])
    await runner.cleanup()
    await above_runner.cleanup()


asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
