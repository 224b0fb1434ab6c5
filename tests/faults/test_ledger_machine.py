"""Every order of events that money can see, by chance: the books add up after each single step."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import suppress
from typing import Any, ClassVar
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from hypernode.chain.keys import Keypair, address_of
from hypernode.chain.rpc import Blockhash, Head, Status, Statuses
from hypernode.chain.tokens import TOKEN_PROGRAM, Mint
from hypernode.coordinator.canceller import Canceller
from hypernode.coordinator.funder import Funder
from hypernode.coordinator.ids import new_id
from hypernode.coordinator.intake import Intake
from hypernode.coordinator.matchmaker import Matchmaker
from hypernode.coordinator.notary import Notary
from hypernode.coordinator.offers import Offers
from hypernode.coordinator.payer import Payer
from hypernode.coordinator.policy import Policy
from hypernode.coordinator.sessions import Sessions
from hypernode.coordinator.settler import DECLINED, EXPIRED, Ended, Ending, Settler
from hypernode.coordinator.vault import Vault
from hypernode.domain.errors import InsufficientBalance, NotCancellable, SpendingLimitReached, StaleLease
from hypernode.domain.job import TERMINAL
from hypernode.domain.lease import MOVES as LEASE_MOVES
from hypernode.domain.lease import OPEN, LeaseEvent
from hypernode.domain.money import Amount, to_text
from hypernode.domain.node import NodeEvent
from hypernode.executors import load
from hypernode.ports import Executor
from hypernode.protocol.jobs import CreateJob, Requirements
from hypernode.store import access, jobs, ledger, nodes
from hypernode.store.database import Database
from hypernode.store.jobs import NewLease
from hypernode.store.nodes import Registration
from tests.faults.actors import DONE, RESULT, wasm

EXAMPLES = 30
STEPS = 40
CUSTOMERS = [address_of(Keypair()) for _ in range(2)]
PROVIDERS = [address_of(Keypair()) for _ in range(2)]
KEY_LIMIT = Amount(60)
HOURLY = Amount(3_600_000_000)
"""A base unit in a microsecond: whatever runs costs something."""
UNIT_PRICE = Amount(10)
FAR = 10**9

picks = st.integers(0, 10**6)
wallets = st.sampled_from(CUSTOMERS)
amounts = st.integers(1, 100)

WRONG = """
SELECT 'all balances' AS what, sum(balance)::text AS detail FROM account HAVING sum(balance) <> 0
UNION ALL SELECT 'below zero', account FROM account WHERE balance < 0 AND account <> 'chain'
UNION ALL SELECT 'hold', job_id::text FROM hold
    WHERE state <> 'held' AND provider_part + network_part + refund <> amount
UNION ALL SELECT 'two live leases', job_id::text FROM lease WHERE state IN ('offered', 'running')
    GROUP BY job_id HAVING count(*) > 1
UNION ALL SELECT 'running without lease', job_id::text FROM job WHERE (state = 'running') <>
    EXISTS (SELECT 1 FROM lease WHERE lease.job_id = job.job_id AND lease.state IN ('offered', 'running'))
UNION ALL SELECT 'accepted twice', job_id::text FROM lease WHERE state IN ('succeeded', 'revoked')
    GROUP BY job_id HAVING count(*) > 1
UNION ALL SELECT 'completed without result', job_id::text FROM job WHERE (state = 'completed') <>
    EXISTS (SELECT 1 FROM lease WHERE lease.job_id = job.job_id AND lease.state = 'succeeded')
UNION ALL SELECT 'job and hold', job.job_id::text FROM job LEFT JOIN hold USING (job_id)
    WHERE budget > 0 AND coalesce(hold.state, 'none') <> ALL (CASE job.state
        WHEN 'pending' THEN ARRAY['none'] WHEN 'completed' THEN ARRAY['settled'] WHEN 'failed' THEN ARRAY['released']
        WHEN 'cancelled' THEN ARRAY['none', 'released', 'settled'] ELSE ARRAY['held'] END)
UNION ALL SELECT 'job and parts', job.job_id::text FROM job JOIN hold USING (job_id)
    WHERE job.cost <> provider_part + network_part
UNION ALL SELECT 'receipts', job.job_id::text FROM job LEFT JOIN lease ON lease.job_id = job.job_id
    AND lease.state IN ('succeeded', 'revoked') LEFT JOIN receipt ON receipt.job_id = job.job_id
    WHERE (lease.job_id IS NULL) <> (receipt.job_id IS NULL)
UNION ALL SELECT 'earned', account FROM account WHERE account LIKE 'provider:%' AND balance <>
    (SELECT coalesce(sum(provider_part), 0) FROM hold WHERE 'provider:' || provider = account AND payout_id IS NULL)
UNION ALL SELECT 'payout', payout.payout_id::text FROM payout LEFT JOIN hold USING (payout_id)
    WHERE kind = 'earnings' GROUP BY payout.payout_id HAVING payout.amount <> coalesce(sum(provider_part), 0)
UNION ALL SELECT 'outgoing', balance::text FROM account WHERE account = 'outgoing' AND balance <>
    (SELECT coalesce(sum(amount), 0) FROM payout WHERE state <> 'finalized')
UNION ALL SELECT 'chain', balance::text FROM account WHERE account = 'chain' AND balance <>
    (SELECT coalesce(sum(amount), 0) FROM payout WHERE state = 'finalized') - (SELECT sum(amount) FROM deposit)
UNION ALL SELECT 'batched in vain', payout_id::text FROM payout JOIN chain_transaction USING (signature)
    WHERE (payout.state = 'finalized') <> (chain_transaction.state = 'finalized') OR chain_transaction.state = 'failed'
UNION ALL SELECT 'key', spent::text FROM api_key WHERE spent <> (SELECT coalesce(sum(CASE
    WHEN state IN ('pending', 'queued', 'running') THEN budget ELSE cost END), 0)
    FROM job WHERE job.key_id = api_key.key_id)
"""


STATUSES = {
    "landed": Status(1, None, "finalized"),
    "failed": Status(1, {"InstructionError": [0, {"Custom": 1}]}, "finalized"),
}
ENDS = [event for event, move in LEASE_MOVES.items() if move.target not in OPEN]


class Chain:
    """The RPC as the payer sees it; a test decides what becomes of each transaction."""

    def __init__(self) -> None:
        self.fates: dict[str, str] = {}

    async def latest_blockhash(self) -> Blockhash:
        return Blockhash(address_of(Keypair()), FAR)  # No two batches are alike.

    async def accounts(self, addresses: list[str]) -> list[object]:
        return [object() for _ in addresses]

    async def head(self, _commitment: str) -> Head:
        return Head(FAR, FAR)

    async def is_healthy(self) -> bool:
        return True

    async def send(self, raw: bytes) -> None:
        assert raw

    async def signature_statuses(self, signatures: list[str], *, search_history: bool) -> Statuses:
        assert search_history
        return Statuses(FAR, [STATUSES.get(self.fates.get(signature, "")) for signature in signatures])


class ExpiringChain(Chain):
    """The same, once the last block in which anything could land is past."""

    async def head(self, _commitment: str) -> Head:
        return Head(FAR, FAR + 1)


class Money(RuleBasedStateMachine):
    """The use cases on a real database."""

    database: ClassVar[Database]
    loop: ClassVar[asyncio.AbstractEventLoop]
    tables: ClassVar[str]
    executors: ClassVar[dict[str, Executor]]

    def __init__(self) -> None:
        super().__init__()
        self.jobs: list[UUID] = []
        self.over: dict[UUID, tuple[Any, ...]] = {}
        self.leases: list[UUID] = []
        self.ended: list[Ended] = []
        self.keys: dict[str, UUID] = {}
        self.nodes: list[Any] = []
        database = self.database
        executors = self.executors
        self.chain = Chain()
        vault = Vault(Keypair(), Mint(address_of(Keypair()), TOKEN_PROGRAM, 10**15))
        policy = Policy(least_payout=Amount(5))
        offers = Offers(database, Sessions())
        self.matchmaker = Matchmaker(database, offers)
        self.settler = Settler(database, executors, Notary(Keypair(), address_of(Keypair())), policy)
        self.settler.listeners.append(self.ended.append)
        self.intake = Intake(database, executors, self.matchmaker, offers)
        self.funder = Funder(database, self.matchmaker)
        self.canceller = Canceller(database, executors, self.matchmaker, self.settler)
        self.payers = [
            Payer(database, chain, vault, policy, lambda _point: None)  # type: ignore[arg-type]
            for chain in (self.chain, ExpiringChain())
        ]
        self.payers[1]._rpc.fates = self.chain.fates  # type: ignore[attr-defined]

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    def rows(self, statement: str, *arguments: object) -> list[Any]:
        return self.run(self.database.fetch(statement, *arguments))

    @initialize(
        budgets=st.lists(st.sampled_from([0, 7, 50, 400]), min_size=3, max_size=8),
        leased=st.integers(0, 8), done=st.integers(0, 8),
    )  # fmt: skip
    def begin(self, budgets: list[int], leased: int, done: int) -> None:
        """Something goes on already: some jobs wait, some run, some are done."""
        self.run(self.database.execute(f"TRUNCATE {self.tables} RESTART IDENTITY CASCADE"))
        for wallet in CUSTOMERS:
            self.keys[wallet] = uuid4()
            self.run(
                access.insert_key(
                    self.database, self.keys[wallet], wallet, "", uuid4().bytes, ["jobs"], KEY_LIMIT, None
                )
            )
        for number, wallet in enumerate(PROVIDERS):
            self.nodes.append(self.run(self._node(wallet, number)))
        for wallet in CUSTOMERS:
            self.deposit_anew(wallet, 300)
        for number, budget in enumerate(budgets):
            self.submit(CUSTOMERS[number % 2], budget, number % 4 == 1, number % 3 == 2, 1)
        for number in range(min(leased, len(self.jobs))):
            self.lease(number, number % 2)
        for lease_id in self.leases[:done]:
            self.run(self.settler.end(_ending(lease_id, LeaseEvent.SUCCEED, False, False, 10**9)))

    async def _node(self, wallet: str, number: int) -> Any:
        async with self.database.transaction() as connection:
            price = HOURLY if number else Amount(0)
            given = Registration(new_id(), wallet, f"machine {number}", uuid4().bytes, price=price)
            row = (await nodes.register(connection, [given]))[0]
        unit_price = None if number else to_text(UNIT_PRICE)
        offers = [{"jobType": "generic_compute", "pricePerUnit": unit_price}]
        return await nodes.connect(self.database, row["node_id"], NodeEvent.HEARTBEAT, 1, offers, uuid4())

    # --- money in and out

    @rule(name=st.integers(0, 3), wallet=wallets, amount=amounts)
    def deposit(self, name: int, wallet: str, amount: int) -> None:
        """Seen perhaps for the second time, and then with another content: the first counts."""

        async def credit() -> None:
            async with self.database.transaction() as connection:
                await ledger.credit_deposits(connection, [(f"signature {name}", 0, wallet, Amount(amount), 1)])

        self.run(credit())

    @rule(wallet=wallets, amount=st.integers(50, 500))
    def deposit_anew(self, wallet: str, amount: int) -> None:
        async def credit() -> None:
            async with self.database.transaction() as connection:
                seen = [(str(uuid4()), place, wallet, Amount(amount), 1) for place in (0, 1)]
                await ledger.credit_deposits(connection, seen)

        self.run(credit())

    @rule(wallet=wallets, amount=amounts, number=st.integers(0, 5))
    def withdraw(self, wallet: str, amount: int, number: int) -> None:
        with suppress(InsufficientBalance):
            self.run(self.payers[0].withdraw(UUID(int=number), wallet, Amount(amount)))

    @rule()
    def gather(self) -> None:
        self.run(self.payers[0].gather())

    @rule(fate=st.sampled_from(["landed", "failed", None]))
    def gather_and_pay(self, fate: str | None) -> None:
        self.run(self.payers[0].gather())
        self.run(self.payers[0].pay())
        if fate:
            for row in self.rows("SELECT signature FROM chain_transaction WHERE state IN ('signed', 'sent')"):
                self.chain.fates[row["signature"]] = fate
            self.run(self.payers[0].pay())

    @rule()
    def gather_twice_at_once(self) -> None:
        async def both() -> None:
            await asyncio.gather(self.payers[0].gather(), self.payers[1].gather())

        self.run(both())

    @rule(later=st.booleans())
    def pay(self, later: bool) -> None:
        """Sign what is due, and look at what is on its way."""
        if later:
            self.run(self.database.execute("UPDATE payout SET due_at = now() WHERE state = 'due'"))
        self.run(self.payers[0].pay())

    @rule(pick=picks, fate=st.sampled_from(["landed", "failed"]))
    def land(self, pick: int, fate: str) -> None:
        opened = self.rows(
            "SELECT signature FROM chain_transaction WHERE state IN ('signed', 'sent') ORDER BY created_at, signature"
        )
        if opened:
            self.chain.fates[opened[pick % len(opened)]["signature"]] = fate
            self.run(self.payers[0].pay())

    @rule()
    def expire_transactions(self) -> None:
        self.run(self.payers[1]._broadcaster.follow())

    # --- jobs

    @rule(
        wallet=wallets, budget=st.sampled_from([0, 1, 7, 50, 400]), free_node=st.booleans(), keyed=st.booleans(),
        count=st.integers(1, 3),
    )  # fmt: skip
    def submit(self, wallet: str, budget: int, free_node: bool, keyed: bool, count: int) -> None:
        if free_node:  # For the first of them.
            self.matchmaker.put(self.nodes[0], slots=1, ttl_s=60)
        ids = [new_id() for _ in range(count)]

        def request() -> CreateJob:
            return CreateJob(
                wallet_address=wallet, job_type="generic_compute", input=wasm(DONE),
                budget=to_text(Amount(budget)), requirements=Requirements(),
            )  # fmt: skip

        async def together() -> list[Any]:
            key = self.keys[wallet] if keyed else None
            submissions = (self.intake.submit(request(), job_id, key) for job_id in ids)
            return await asyncio.gather(*submissions, return_exceptions=True)

        for job_id, answer in zip(ids, self.run(together()), strict=True):
            if isinstance(answer, SpendingLimitReached):
                continue
            assert not isinstance(answer, BaseException), answer
            self.jobs.append(job_id)
        if free_node:
            self.matchmaker.remove(self.nodes[0]["node_id"])
        self._note_leases()

    @precondition(lambda self: self.jobs)
    @rule(pick=picks, node=st.integers(0, 1))
    def lease(self, pick: int, node: int) -> None:
        """As the matchmaker claims: for a job that may not be queued at all."""
        prices = (HOURLY, None) if node else (Amount(0), UNIT_PRICE)
        new = NewLease(new_id(), self.nodes[node]["node_id"], *prices, 60)

        async def claim() -> None:
            async with self.database.transaction() as connection:
                await jobs.claim(connection, [(self.jobs[pick % len(self.jobs)], new)])

        self.run(claim())
        self._note_leases()

    @precondition(lambda self: self.jobs)
    @rule(pick=picks, node=st.integers(0, 1), event=st.sampled_from([LeaseEvent.SUCCEED, LeaseEvent.FAIL]))
    def lease_and_end(self, pick: int, node: int, event: LeaseEvent) -> None:
        before = len(self.leases)
        self.lease(pick, node)
        if len(self.leases) > before:
            (row,) = self.rows("SELECT lease_id FROM lease ORDER BY offered_at DESC, lease_id DESC LIMIT 1")
            self.run(self.settler.end(_ending(row["lease_id"], event, False, False, 10**9)))

    @precondition(lambda self: self.leases)
    @rule(pick=picks)
    def accept(self, pick: int) -> None:
        self.run(jobs.accept_leases(self.database, [self._lease(pick)]))

    @precondition(lambda self: self.leases)
    @rule(
        pick=picks,
        event=st.sampled_from([LeaseEvent.SUCCEED, LeaseEvent.SUCCEED, LeaseEvent.FAIL, LeaseEvent.EXPIRE]),
        declined=st.booleans(), blames_input=st.booleans(), units=st.sampled_from([0, 10**9, 10**11]),
    )  # fmt: skip
    def end(self, pick: int, event: LeaseEvent, declined: bool, blames_input: bool, units: int) -> None:
        lease_id = self._lease(pick)
        was_live = self._is_live(lease_id)
        try:
            self.run(self.settler.end(_ending(lease_id, event, declined, blames_input, units)))
        except StaleLease:
            assert not was_live
        else:
            assert was_live

    @precondition(lambda self: self.leases)
    @rule(pick=picks, events=st.lists(st.sampled_from(ENDS), min_size=2, max_size=4), stop=st.booleans())
    def end_in_many_ways_at_once(self, pick: int, events: list[LeaseEvent], stop: bool) -> None:
        lease_id = self._lease(pick)
        was_live = self._is_live(lease_id)

        async def race() -> list[Any]:
            ends = [self.settler.end(_ending(lease_id, event, False, False, 10**9)) for event in events]
            if stop:
                owner = await self.database.row(
                    "SELECT job_id, wallet FROM job JOIN lease USING (job_id) WHERE lease_id = $1", lease_id
                )
                assert owner is not None
                ends.append(self.canceller.cancel(owner["job_id"], owner["wallet"], stop_running=True))  # type: ignore[arg-type]
            return await asyncio.gather(*ends, return_exceptions=True)

        answers = self.run(race())
        won = sum(isinstance(answer, Ended) for answer in answers)
        unexpected = [a for a in answers if isinstance(a, Exception) and not isinstance(a, StaleLease | NotCancellable)]
        assert unexpected == []
        assert won <= was_live
        assert stop or won == was_live

    @precondition(lambda self: self.jobs)
    @rule(pick=picks, stop=st.booleans())
    def cancel(self, pick: int, stop: bool) -> None:
        job_id = self.jobs[pick % len(self.jobs)]
        (job,) = self.rows("SELECT state, wallet FROM job WHERE job_id = $1", job_id)
        refused = job["state"] in TERMINAL or (job["state"] == "running" and not stop)
        try:
            self.run(self.canceller.cancel(job_id, job["wallet"], stop_running=stop))
        except NotCancellable:
            assert refused
        else:
            assert not refused

    @rule(wallet=wallets)
    def fund(self, wallet: str) -> None:
        self.run(self.funder.fund(wallet))

    # --- what must hold

    @invariant()
    def the_books_add_up(self) -> None:
        assert self.run(ledger.faults(self.database)) == []
        assert [tuple(row) for row in self.rows(WRONG)] == []

    @invariant()
    def what_is_over_stays_as_it_is(self) -> None:
        rows = self.rows(
            "SELECT job_id, state, cost, units, verdict, ended_at, result::text FROM job WHERE state = ANY ($1)",
            sorted(TERMINAL),
        )
        now = {row["job_id"]: tuple(row) for row in rows}
        for job_id, before in self.over.items():
            assert now.get(job_id) == before
        self.over = now

    # --- help

    def _note_leases(self) -> None:
        in_order = "SELECT lease_id FROM lease ORDER BY array_position($1::uuid[], job_id), attempt"
        self.leases = [row["lease_id"] for row in self.rows(in_order, self.jobs)]

    def _lease(self, pick: int) -> UUID:
        """The newer ones more often: those are the live ones."""
        return self.leases[-1 - pick % min(len(self.leases), 4)] if pick % 3 else self.leases[pick % len(self.leases)]

    def _is_live(self, lease_id: UUID) -> bool:
        (row,) = self.rows("SELECT state IN ('offered', 'running') AS live FROM lease WHERE lease_id = $1", lease_id)
        return row["live"]


def _ending(lease_id: UUID, event: LeaseEvent, declined: bool, blames_input: bool, units: int) -> Ending:
    if event is LeaseEvent.SUCCEED:
        return Ending(lease_id, event, result=dict(RESULT), units=units)
    if event is LeaseEvent.EXPIRE:
        return Ending(lease_id, event, EXPIRED)
    if event is LeaseEvent.FAIL and declined:
        return Ending(lease_id, event, DECLINED)
    return Ending(lease_id, event, "it broke", blames_input=blames_input and event is LeaseEvent.FAIL)


@pytest.fixture
def money(database_url: str) -> Iterator[type[Money]]:
    loop = asyncio.new_event_loop()
    Money.loop = loop
    Money.executors = load()
    Money.database = loop.run_until_complete(Database.open(database_url))
    names = loop.run_until_complete(
        Money.database.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename !~ '^_?pogo'")
    )
    Money.tables = ", ".join(f'"{row["tablename"]}"' for row in names)
    try:
        yield Money
    finally:
        loop.run_until_complete(Money.database.close())
        loop.close()


def test_the_books_add_up_whatever_happens(money: type[Money]):
    run_state_machine_as_test(
        money,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
