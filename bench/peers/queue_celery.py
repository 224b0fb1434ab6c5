"""celery for bench.queue: a client, or a worker, on the valkey at a URL.

    python -m bench.peers.queue_celery client|worker URL

No results, acknowledged on receipt, prefetch without limit, no gossip, no events; the `solo` pool, since a no-op task
that goes to a process of the `prefork` pool and back costs more. Celery's client blocks: one submission after the
other, over one kept connection.
"""

import sys
import time
from typing import Any, Final

from celery import Celery

from bench.peers.queue_talk import Tally, commands, say

SETTINGS: Final[dict[str, Any]] = {
    "task_ignore_result": True,
    "task_acks_late": False,
    "task_send_sent_event": False,
    "worker_prefetch_multiplier": 0,
    "worker_send_task_events": False,
    "worker_disable_rate_limits": True,
    "worker_hijack_root_logger": False,
    "worker_redirect_stdouts": False,
    "broker_connection_retry_on_startup": True,
    "task_serializer": "json",
}


def main(role: str, url: str) -> None:
    app = Celery("bench", broker=url)
    app.conf.update(SETTINGS)
    tally: list[Tally] = []

    @app.task(name="no_op")
    def no_op(number: int) -> None:
        tally[0].started()
        tally[0].done(number)

    if role == "client":
        _submit(app, no_op)
    else:
        tally.append(Tally())
        say(ready=True)
        app.Worker(pool="solo", without_gossip=True, without_mingle=True, without_heartbeat=True, quiet=True).start()


def _submit(app: Celery, no_op: Any) -> None:
    with app.producer_or_acquire() as producer:
        say(ready=True)
        for asked in commands():
            began = time.monotonic()
            for number in range(asked["first"], asked["first"] + asked["jobs"]):
                no_op.apply_async((number,), producer=producer)
            say(began=began)


if __name__ == "__main__":
    main(*sys.argv[1:])
