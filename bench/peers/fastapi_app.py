"""A peer of bench/http.py: the same routes on FastAPI and asyncpg, as a good engineer writes them plainly.

Pydantic models in and out, one asyncpg pool, one statement with its commit per request; durable as ours, on the same
PostgreSQL with the same settings. Uvicorn with uvloop and httptools, one worker, no access log. There is no auth, no
rate limit, no check of a job's input, no hold and no event, and a heartbeat of an unknown node costs one statement too.
"""

import os
import secrets
import signal
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import asyncpg
import msgspec
import uvicorn
from fastapi import FastAPI, HTTPException, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from hypernode.store.embedded import EmbeddedPostgres

CONNECTIONS: Final = 16  #: As ours; asyncpg's default is 10.
SCHEMA: Final = """
CREATE TABLE node (
    node_id uuid PRIMARY KEY DEFAULT uuidv7(), wallet_address text NOT NULL, machine_id text NOT NULL,
    gpu_model text NOT NULL, vram integer NOT NULL, driver_version text NOT NULL, cuda_version text NOT NULL,
    host_os text NOT NULL, cpu_model text NOT NULL, ram_total integer NOT NULL, location json NOT NULL,
    capabilities text[] NOT NULL, price double precision NOT NULL, token text NOT NULL,
    registered_at timestamptz NOT NULL DEFAULT now(), last_update timestamptz NOT NULL DEFAULT now(),
    status text NOT NULL DEFAULT 'online', jobs_completed integer NOT NULL DEFAULT 0,
    total_earned double precision NOT NULL DEFAULT 0, reputation double precision NOT NULL DEFAULT 100,
    metrics json NOT NULL DEFAULT '{}', UNIQUE (wallet_address, machine_id)
);
CREATE TABLE job (
    job_id uuid PRIMARY KEY DEFAULT uuidv7(), wallet_address text NOT NULL, job_type text NOT NULL,
    model text NOT NULL, input json NOT NULL, requirements json NOT NULL, budget double precision NOT NULL,
    max_duration integer NOT NULL, status text NOT NULL DEFAULT 'queued',
    created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now(),
    assigned_node uuid, result json, logs text[] NOT NULL DEFAULT '{}', metrics json NOT NULL DEFAULT '{"cost": 0}'
);
CREATE INDEX ON job (wallet_address);
"""
REGISTER: Final = """
INSERT INTO node (wallet_address, machine_id, gpu_model, vram, driver_version, cuda_version, host_os, cpu_model,
    ram_total, location, capabilities, price, token)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
ON CONFLICT (wallet_address, machine_id) DO UPDATE SET gpu_model = excluded.gpu_model, vram = excluded.vram,
    driver_version = excluded.driver_version, cuda_version = excluded.cuda_version, host_os = excluded.host_os,
    cpu_model = excluded.cpu_model, ram_total = excluded.ram_total, location = excluded.location,
    capabilities = excluded.capabilities, price = excluded.price, last_update = now()
RETURNING *
"""
BEAT: Final = "UPDATE node SET status = $2, metrics = $3, last_update = now() WHERE node_id = $1 RETURNING node_id"
LIST: Final = "SELECT * FROM node WHERE $1::uuid IS NULL OR node_id < $1 ORDER BY node_id DESC LIMIT $2"
SUBMIT: Final = """
INSERT INTO job (wallet_address, job_type, model, input, requirements, budget, max_duration)
VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING *
"""

Wallet = Annotated[str, Field(pattern="^[1-9A-HJ-NP-Za-km-z]{32,44}$")]
JobType = Literal["llm_inference", "llm_fine_tuning", "rag_indexing", "vision_pipeline", "render", "generic_compute"]


class Body(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class Location(Body):
    country: str = "Unknown"
    city: str = "Unknown"
    lat: float = Field(default=0, ge=-90, le=90)
    lon: float = Field(default=0, ge=-180, le=180)


class RegisterNode(Body):
    wallet_address: Wallet
    machine_id: str = Field("default", max_length=256)
    gpu_model: str = Field("Unknown", max_length=256)
    vram: int = Field(0, ge=0)
    driver_version: str = Field("Unknown", max_length=256)
    cuda_version: str = Field("Unknown", max_length=256)
    host_os: str = Field("Unknown", max_length=256, alias="hostOS")
    cpu_model: str = Field("Unknown", max_length=256)
    ram_total: int = Field(0, ge=0)
    location: Location = Location()
    capabilities: list[str] = ["inference"]
    price: float = Field(0, ge=0)


class Node(RegisterNode):
    node_id: UUID
    registered_at: datetime
    last_update: datetime
    status: str
    jobs_completed: int
    total_earned: float
    reputation: float
    metrics: dict[str, Any]


class NodeRegistered(Body):
    success: bool = True
    message: str
    node: Node
    node_token: str | None


class NodeList(Body):
    success: bool = True
    count: int
    nodes: list[Node]
    next_cursor: UUID | None


class Heartbeat(Body):
    status: Literal["online", "busy", "draining"] = "online"
    metrics: dict[str, Any] = {}


class HeartbeatAnswer(Body):
    success: bool = True
    message: str = "Heartbeat received"
    next_heartbeat_in: int = 60_000


class CreateJob(Body):
    wallet_address: Wallet
    job_type: JobType
    model: str = Field("default", max_length=256)
    input: dict[str, Any] = {}
    requirements: dict[str, Any] = {"minVRAM": 8, "capabilities": ["inference"]}
    budget: float = Field(0, ge=0)
    max_duration: int = Field(3600, ge=1)


class Job(CreateJob):
    job_id: UUID
    status: str
    created_at: datetime
    updated_at: datetime
    assigned_node: UUID | None
    result: dict[str, Any] | None
    logs: list[str]
    metrics: dict[str, Any]


class JobCreated(Body):
    success: bool = True
    message: str = "Job created successfully"
    job: Job


class JobAnswer(Body):
    success: bool = True
    job: Job


async def _prepare(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    await connection.set_type_codec(
        "json", schema="pg_catalog", encoder=lambda value: msgspec.json.encode(value).decode(),
        decoder=msgspec.json.decode,
    )  # fmt: skip


class App(FastAPI):
    pool: "asyncpg.Pool[asyncpg.Record]"


@asynccontextmanager
async def connected(app: App) -> AsyncGenerator[None]:
    url = os.environ["DATABASE_URL"]
    async with asyncpg.create_pool(url, min_size=CONNECTIONS, max_size=CONNECTIONS, init=_prepare) as app.pool:
        await app.pool.execute(SCHEMA)
        yield


app = App(lifespan=connected)  # pyright: ignore[reportArgumentType]


@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "healthy"}


@app.post("/api/nodes/register", status_code=201)
async def register(given: RegisterNode, response: Response) -> NodeRegistered:
    token = f"hn_{secrets.token_urlsafe(32)}"
    row = await app.pool.fetchrow(
        REGISTER, given.wallet_address, given.machine_id, given.gpu_model, given.vram, given.driver_version,
        given.cuda_version, given.host_os, given.cpu_model, given.ram_total, given.location.model_dump(),
        given.capabilities, given.price, token,
    )  # fmt: skip
    assert row is not None
    node = Node.model_validate(dict(row))
    if row["token"] == token:
        return NodeRegistered(message="Node registered successfully", node=node, node_token=token)
    response.status_code = 200
    return NodeRegistered(message="Node updated successfully", node=node, node_token=None)


@app.post("/api/nodes/{node_id}/heartbeat")
async def heartbeat(node_id: UUID, given: Heartbeat) -> HeartbeatAnswer:
    if await app.pool.fetchval(BEAT, node_id, given.status, given.metrics) is None:
        raise HTTPException(404, "Node not found")
    return HeartbeatAnswer()


@app.get("/api/nodes")
async def nodes(limit: Annotated[int, Query(ge=1, le=1000)] = 100, cursor: UUID | None = None) -> NodeList:
    rows = await app.pool.fetch(LIST, cursor, limit)
    found = [Node.model_validate(dict(row)) for row in rows]
    return NodeList(count=len(found), nodes=found, next_cursor=found[-1].node_id if len(found) == limit else None)


@app.post("/api/jobs", status_code=201)
async def submit(given: CreateJob) -> JobCreated:
    row = await app.pool.fetchrow(
        SUBMIT, given.wallet_address, given.job_type, given.model, given.input, given.requirements, given.budget,
        given.max_duration,
    )  # fmt: skip
    assert row is not None
    return JobCreated(job=Job.model_validate(dict(row)))


@app.get("/api/jobs/{job_id}")
async def job(job_id: UUID) -> JobAnswer:
    row = await app.pool.fetchrow("SELECT * FROM job WHERE job_id = $1", job_id)
    if row is None:
        raise HTTPException(404, "Job not found")
    return JobAnswer(job=Job.model_validate(dict(row)))


def main() -> None:
    """Serve at PORT, on a PostgreSQL of its own, until SIGTERM."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    with tempfile.TemporaryDirectory(prefix="fastapi-") as folder, EmbeddedPostgres(Path(folder) / "postgres") as store:
        os.environ["DATABASE_URL"] = store.dsn
        uvicorn.run(
            app, host="127.0.0.1", port=int(os.environ["PORT"]), loop="uvloop", http="httptools", access_log=False,
            log_level="warning",
        )  # fmt: skip


if __name__ == "__main__":
    main()
