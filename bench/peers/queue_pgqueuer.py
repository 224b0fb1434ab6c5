"""pgqueuer for bench.queue: a client, or a worker, on the PostgreSQL at a DSN.

    python -m bench.peers.queue_pgqueuer install|client|worker DSN

Enqueues over a pool of 16 connections; the worker takes and logs 100 jobs at once.
"""

import sys
from typing import Final

import asyncpg
import uvloop
from pgqueuer import PgQueuer
from pgqueuer.db import AsyncpgPoolDriver
from pgqueuer.models import Job
from pgqueuer.queries import Queries

from bench.peers.queue_talk import Tally, say, submit_all

POOL: Final = 16
BATCH: Final = 100


async def client(pool: "asyncpg.Pool[asyncpg.Record]") -> None:
    queries = Queries(AsyncpgPoolDriver(pool))
    await submit_all(lambda number: queries.enqueue("no_op", b"%d" % number))


async def worker(pool: "asyncpg.Pool[asyncpg.Record]") -> None:
    tally, queue = Tally(), PgQueuer.from_asyncpg_pool(pool)

    @queue.entrypoint("no_op")
    async def no_op(job: Job) -> None:
        tally.started()
        assert job.payload is not None
        tally.done(int(job.payload))

    say(ready=True)
    await queue.run(batch_size=BATCH)


async def main(role: str, dsn: str) -> None:
    async with asyncpg.create_pool(dsn, min_size=POOL, max_size=POOL) as pool:
        if role == "install":
            await Queries(AsyncpgPoolDriver(pool)).install()
        else:
            await {"client": client, "worker": worker}[role](pool)


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
