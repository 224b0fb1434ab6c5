"""The load of bench/chain.py: jobs that have ended, and the peer that settles each by a chain transaction."""

import asyncio
import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from itertools import cycle, islice
from typing import Final
from uuid import UUID

from solders.pubkey import Pubkey

from bench.cluster import Cluster
from hypernode.chain import base58, keys, tokens
from hypernode.chain.keys import Keypair
from hypernode.chain.rpc import MAX_STATUSES, Rpc
from hypernode.chain.transactions import Signed, sign_instructions
from hypernode.coordinator.ids import new_id
from hypernode.domain.money import Amount
from hypernode.domain.payment import split
from hypernode.domain.receipt import Receipt, Verdict, canonical
from hypernode.protocol.wire import iso
from hypernode.store import ledger
from hypernode.store.database import Database
from hypernode.store.ledger import Transfer

COST: Final = Amount(10_000)  #: Base units a job: 0.01 HYPER, of which 90 % are the provider's.
PROVIDER_SHARE_BP: Final = 9_000
PART: Final = split(COST, COST, PROVIDER_SHARE_BP).provider
DIGEST: Final = "00" * 32
SOL: Final = 10**9
SENDERS: Final = 64  #: Requests that the peer has open at once.
LOOK_EVERY_S: Final = 0.2
FRESH_BLOCKHASH_S: Final = 5.0
SEND_AGAIN_S: Final = 2.0
HOLD_COLUMNS: Final = ("job_id", "wallet", "amount", "state", "provider", "provider_part", "network_part")
RECEIPT_COLUMNS: Final = ("receipt_id", "job_id", "body", "signature", "signer")
INSERT_NODES: Final = """
INSERT INTO node (node_id, wallet, machine_id, token_hash, state, gpu_model, gpu_count, vram_mb, ram_mb,
    driver_version, cuda_version, compute_capability, host_os, cpu_model, location, capabilities, price)
SELECT node_id, wallet, 'bench', uuid_send(node_id), 'offline', 'none', 1, 0, 0,
    '', '', '', '', '', '{"country": "X"}', '{}', 0
FROM unnest($1::uuid[], $2::text[]) AS given (node_id, wallet)
"""
INSERT_JOBS: Final = """
INSERT INTO job (job_id, wallet, job_type, model, input, requirements, budget, max_duration_s, state, attempt, node_id,
    salt, cost, units, verdict, started_at, ended_at)
SELECT job_id, $3, 'generic_compute', 'default', '{}', '{}', $4, 60, 'completed', 1, node_id, '', $4, 1, 'unverified',
    now(), now()
FROM unnest($1::uuid[], $2::uuid[]) AS given (job_id, node_id)
"""


@dataclass(frozen=True)
class Provider:
    """Who is to be paid."""

    wallet: str
    node_id: UUID


@asynccontextmanager
async def connected(on: Cluster) -> AsyncIterator[Rpc]:
    rpc = Rpc(on.chain.rpc_url, timeout_s=60)
    try:
        yield rpc
    finally:
        await rpc.aclose()


async def new_providers(on: Cluster, database: Database, count: int) -> list[Provider]:
    """Providers with a node each, and a token account: what that costs is the same whoever pays how."""
    made = [Provider(str(Pubkey(os.urandom(32))), new_id()) for _ in range(count)]
    await database.execute(INSERT_NODES, [each.node_id for each in made], [each.wallet for each in made])
    async with connected(on) as rpc:
        for each in made:
            await rpc.call("hypernode_faucet", each.wallet, 1)
    return made


async def finish_jobs(
    database: Database, network_key: Keypair, network: str, providers: Sequence[Provider], count: int
) -> list[UUID]:
    """Jobs that have ended, with split hold and receipt, in one commit: what the settler leaves behind."""
    customer = str(Pubkey(os.urandom(32)))
    done = [(new_id(), provider) for provider in islice(cycle(providers), count)]
    job_ids = [job_id for job_id, _ in done]
    receipts = [_receipt(network_key, network, customer, job_id, provider) for job_id, provider in done]
    holds = [(job_id, customer, COST, "settled", each.wallet, PART, COST - PART) for job_id, each in done]
    earned = Counter(provider.wallet for _, provider in done)
    owed = [(ledger.provider(wallet), PART * jobs) for wallet, jobs in earned.items()]
    async with database.transaction() as connection:
        await connection.execute(INSERT_JOBS, job_ids, [each.node_id for _, each in done], customer, COST)
        await connection.copy_records_to_table("hold", records=holds, columns=HOLD_COLUMNS)
        await connection.copy_records_to_table("receipt", records=receipts, columns=RECEIPT_COLUMNS)
        await ledger.post(
            connection,
            [
                Transfer("bench", str(new_id()), ledger.CHAIN, account, Amount(amount))
                for account, amount in [*owed, (ledger.TREASURY, (COST - PART) * count)]
            ],
        )
    return job_ids


def _receipt(network_key: Keypair, network: str, customer: str, job_id: UUID, provider: Provider) -> Sequence[object]:
    receipt_id, now = new_id(), iso(datetime.now(UTC))
    parts = split(COST, COST, PROVIDER_SHARE_BP)
    body = canonical(
        Receipt(
            receipt_id=str(receipt_id), job_id=str(job_id), customer=customer, provider=provider.wallet,
            node_id=str(provider.node_id), job_type="generic_compute", model="default", input_digest=DIGEST,
            result_digest=DIGEST, artifacts=(), unit="run", units=1, cost=parts.cost, provider_part=parts.provider,
            network_part=parts.network, verdict=Verdict.UNVERIFIED, assurance="none", created_at=now, started_at=now,
            ended_at=now, network=network,
        )
    )  # fmt: skip
    signature = base58.encode(keys.sign(network_key, body))
    return receipt_id, job_id, body, signature, keys.address_of(network_key)


class OneEach:
    """The peer: a chain transaction a job, which pays the provider and holds the receipt's digest in a memo.

    It keeps many requests open, skips the preflight, asks for statuses by 256, sends again what is not final, and signs
    with a fresh blockhash. In its favour: it stores nothing, so that a crash would lose or repeat payments, and reads
    no database.
    """

    def __init__(self, on: Cluster, rpc: Rpc) -> None:
        self._rpc, self._mint, self._program = rpc, on.chain.mint, on.chain.token_program
        self._key = Keypair()
        self.address = keys.address_of(self._key)
        self._source = tokens.ata(self.address, self._mint, self._program)
        self._accounts: dict[str, str] = {}
        self._senders = asyncio.Semaphore(SENDERS)
        self._blockhash, self._fresh_until = "", 0.0

    async def fund(self) -> None:
        await self._rpc.airdrop(self.address, 1_000 * SOL)
        await self._rpc.call("hypernode_faucet", self.address, 10**12)

    async def settle(self, providers: Sequence[Provider], count: int) -> float:
        """Pay and note so many jobs; the seconds until all are final."""
        began = time.perf_counter()
        waiting: dict[str, Signed] = {}
        signing = asyncio.create_task(self._send_all(providers, count, waiting))
        sent_at = time.perf_counter()
        while not signing.done() or waiting:
            await asyncio.sleep(LOOK_EVERY_S)
            await self._look(waiting)
            if signing.done() and time.perf_counter() - sent_at > SEND_AGAIN_S:
                sent_at = time.perf_counter()
                await asyncio.gather(*(self._send(signed) for signed in waiting.values()), return_exceptions=True)
        await signing
        return time.perf_counter() - began

    async def _send_all(self, providers: Sequence[Provider], count: int, waiting: dict[str, Signed]) -> None:
        async with asyncio.TaskGroup() as group:
            for number, provider in enumerate(islice(cycle(providers), count)):
                await self._senders.acquire()
                signed = self._sign(provider, number, await self._recent())
                waiting[signed.signature] = signed
                group.create_task(self._send(signed)).add_done_callback(lambda _: self._senders.release())

    def _sign(self, provider: Provider, number: int, blockhash: str) -> Signed:
        account = self._accounts.get(provider.wallet)
        if account is None:
            account = self._accounts[provider.wallet] = tokens.ata(provider.wallet, self._mint, self._program)
        digest = sha256(f"{provider.wallet} {number}".encode()).hexdigest()
        pay = tokens.transfer_checked(self._source, self._mint, account, self.address, PART, self._program)
        return sign_instructions([self._key], [pay, tokens.memo(digest, self.address)], blockhash)

    async def _send(self, signed: Signed) -> None:
        await self._rpc.send(signed.raw, skip_preflight=True)

    async def _recent(self) -> str:
        if time.perf_counter() > self._fresh_until:
            self._blockhash = (await self._rpc.latest_blockhash()).blockhash
            self._fresh_until = time.perf_counter() + FRESH_BLOCKHASH_S
        return self._blockhash

    async def _look(self, waiting: dict[str, Signed]) -> None:
        asked = list(waiting)
        for start in range(0, len(asked), MAX_STATUSES):
            page = asked[start : start + MAX_STATUSES]
            statuses = await self._rpc.signature_statuses(page)
            for signature, status in zip(page, statuses.values, strict=True):
                if status is not None and status.confirmation_status == "finalized":
                    if status.err is not None:
                        raise RuntimeError(f"{signature}: {status.err}")
                    del waiting[signature]
