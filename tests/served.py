"""How do tests reach an app over a real socket? uvicorn on loopback, in the test's own loop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn


@asynccontextmanager
async def served(app: Any, **settings: Any) -> AsyncIterator[str]:
    """The base address of the app, listening until the block ends. `settings` are uvicorn's, TLS for one."""
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=0,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        lifespan="off",
        timeout_graceful_shutdown=1,
        **settings,
    )
    server = uvicorn.Server(config)
    # As `serve` does it, less the signal handlers, which belong to the test run.
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    serving = asyncio.create_task(server.main_loop())
    host, port = server.servers[0].sockets[0].getsockname()[:2]
    try:
        yield f"{'https' if config.is_ssl else 'http'}://{host}:{port}"
    finally:
        server.should_exit = True
        await serving
        await server.shutdown()
