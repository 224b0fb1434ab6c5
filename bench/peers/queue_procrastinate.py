"""procrastinate for bench.queue: a client, or a worker, on the PostgreSQL at a DSN.

    python -m bench.peers.queue_procrastinate install|client|worker DSN

Defers over a pool of 16 connections; the worker runs 100 jobs at once, and deletes those that are done, so that its
table stays small.
"""

import logging
import sys
from typing import Final

import uvloop
from procrastinate import App, PsycopgConnector

from bench.peers.queue_talk import Tally, say, submit_all

POOL: Final = 16
CONCURRENCY: Final = 100


async def main(role: str, dsn: str) -> None:
    logging.getLogger("procrastinate").setLevel(logging.WARNING)
    app = App(connector=PsycopgConnector(conninfo=dsn, min_size=POOL, max_size=POOL))
    tally: list[Tally] = []

    @app.task(name="no_op")
    async def no_op(number: int) -> None:
        tally[0].started()
        tally[0].done(number)

    async with app.open_async():
        match role:
            case "install":
                await app.schema_manager.apply_schema_async()
            case "client":
                await submit_all(lambda number: no_op.defer_async(number=number))
            case _:
                tally.append(Tally())
                say(ready=True)
                await app.run_worker_async(concurrency=CONCURRENCY, delete_jobs="successful")


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
