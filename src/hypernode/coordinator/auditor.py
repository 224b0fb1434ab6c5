"""Has results checked before they are paid: by audits, ordinary jobs on other nodes whose customer is the network."""

import asyncio
import dataclasses
import os
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, Final
from uuid import UUID

import msgspec
import structlog
from msgspec.structs import replace

from hypernode.coordinator.canceller import Canceller
from hypernode.coordinator.demands import demand_of
from hypernode.coordinator.ids import new_id
from hypernode.coordinator.intake import SALT_BYTES
from hypernode.coordinator.loops import heard
from hypernode.coordinator.matchmaker import Matchmaker
from hypernode.coordinator.policy import Policy
from hypernode.coordinator.sessions import Held
from hypernode.coordinator.settler import Ended, Ending, Settler
from hypernode.domain.assurance import Assurance, Judgement, Opinion, is_checked, judge
from hypernode.domain.demand import ARTIFACT_MODEL, Demand
from hypernode.domain.errors import StaleLease
from hypernode.domain.job import TERMINAL, JobState
from hypernode.domain.lease import LeaseEvent
from hypernode.domain.money import ZERO, Amount
from hypernode.domain.receipt import Verdict
from hypernode.ports import Finding
from hypernode.protocol.frames import Audit
from hypernode.protocol.jobs import MAX_NAMES, Requirements
from hypernode.store import admissions, events, jobs, ledger, verifications
from hypernode.store.admissions import Admitted, NewJob
from hypernode.store.database import Connection, Database, Row
from hypernode.store.events import NewEvent

log: Final = structlog.get_logger(__name__)

SEED_BITS: Final = 63  #: It is stored as a bigint.
PRIORITY: Final = 10  #: A provider waits for its pay.
SWEEP_EVERY_S: Final = 5.0
MAX_FORSAKEN: Final = 100
MAX_KNOWN: Final = 1_000_000
NOBODY: Final = "no node could check it"


@dataclasses.dataclass(frozen=True, slots=True)
class _Plan:
    """Who may check a result, and for how much."""

    requirements: Requirements
    budget: Amount
    demand: Demand


class Auditor:
    """Opens audits as results come in, and concludes when they are done. Every coordinator runs one."""

    def __init__(
        self,
        database: Database,
        matchmaker: Matchmaker,
        settler: Settler,
        policy: Policy,
        network_wallet: str,
        canceller: Canceller,
    ) -> None:
        self._database = database
        self._matchmaker = matchmaker
        self._settler = settler
        self._policy = policy
        self._wallet = network_wallet
        self._trusted = policy.auditors | {network_wallet}
        self._canceller = canceller
        self._passed: dict[UUID, int] = {}
        self._news = asyncio.Event()

    # --- opening

    async def open(
        self, held: Held, node_id: UUID, provider: str, ending: Ending, fingerprint: dict[str, str]
    ) -> Ended | None:
        """Have a result checked, if it is chosen and a node can; None: it is to be accepted as it is.

        Raises StaleLease if the attempt was not live.
        """
        if held.audit or not await self._is_chosen(held.assurance, node_id):
            return None
        job = (await jobs.get(self._database, [held.job_id]))[0]
        claim = Audit(
            ending.result or {}, ending.units, ending.model, fingerprint, list(ending.artifacts), _seed(), held.resume
        )
        plan = await self._plan(job, claim, {node_id}, {provider})
        if plan is None:
            log.info("nobody_can_check", job=str(held.job_id), job_type=held.job_type)
            return None
        async with self._database.transaction() as connection:
            if await verifications.report(connection, held.lease_id) is None:
                raise StaleLease
            await self._write(connection, job, held.lease_id, claim, plan)
        ended = Ended(held.lease_id, node_id, held.job_id, held.wallet, LeaseEvent.REPORT, False, JobState.RUNNING)
        self._settler.tell(ended)
        self._matchmaker.refill()
        return ended

    async def _is_chosen(self, assurance: str, node_id: UUID) -> bool:
        if assurance == Assurance.NONE:
            return False
        if node_id not in self._passed:
            if len(self._passed) >= MAX_KNOWN:
                self._passed.clear()
            self._passed[node_id] = await verifications.passed(self._database, node_id)
        luck = random.SystemRandom().random()
        return is_checked(Assurance(assurance), self._passed[node_id], luck, self._policy.audit_share)

    async def _plan(self, job: Row, claim: Audit, nodes: set[UUID], wallets: set[str]) -> _Plan | None:
        """The best way to have a claim checked: by the operator's nodes before strangers, for nothing before for pay.

        What the customer asked of a node is asked of an auditor too. It is none of the given nodes and wallets, and not
        the customer's: who would get the money back has no say.
        """
        asked = msgspec.convert(job["requirements"], Requirements)
        asked = replace(
            asked,
            deny_nodes=[*asked.deny_nodes, *map(str, nodes)],
            deny_wallets=[*asked.deny_wallets, *wallets, job["wallet"]],
        )
        if max(len(asked.deny_nodes), len(asked.deny_wallets)) > MAX_NAMES:
            return None
        model = job["model"] if job["model"].startswith(ARTIFACT_MODEL) else claim.model or job["model"]
        budgets = (ZERO, await self._affordable(job["budget"])) if job["budget"] else (ZERO,)
        for requirements in self._preferences(asked):
            for budget in budgets:
                demand = demand_of(job["job_type"], model, requirements, budget)
                demand = dataclasses.replace(demand, customer=self._wallet, audit=True)
                if self._matchmaker.index.match(demand, busy=True) is not None:
                    return _Plan(requirements, budget, demand)
        return None

    def _preferences(self, asked: Requirements) -> Iterator[Requirements]:
        trusted = [wallet for wallet in self._trusted if not asked.allow_wallets or wallet in asked.allow_wallets]
        if trusted:
            # The operator knows what its auditors can check: they need not be as large as what they check.
            anything = replace(asked, min_vram=0, min_ram=0, gpu_model="", cuda_version="")
            yield replace(anything, allow_wallets=sorted(trusted)[:MAX_NAMES])
        yield asked

    async def _affordable(self, budget: Amount) -> Amount:
        """What the network has to spend on the check of a job with this budget: at most the budget itself."""
        state = await ledger.balances(self._database, [ledger.TREASURY, ledger.customer(self._wallet)])
        return min(budget, Amount(sum(state.values())))

    async def _write(self, connection: Connection, job: Row, lease_id: UUID, claim: Audit, plan: _Plan) -> None:
        audit_id = new_id()
        audit = NewJob(
            job_id=audit_id,
            wallet=self._wallet,
            job_type=job["job_type"],
            model=plan.demand.model,
            input=job["input"],
            requirements=msgspec.to_builtins(plan.requirements),
            budget=plan.budget,
            max_duration_s=job["max_duration_s"],
            priority=PRIORITY,
            assurance=Assurance.NONE,
            salt=os.urandom(SALT_BYTES),
            key_id=None,
            audit_of=job["job_id"],
        )
        await verifications.insert(connection, audit_id, lease_id, msgspec.to_builtins(claim))
        await verifications.link(connection, job["job_id"], audit_id, claim.artifacts)
        if plan.budget:
            await ledger.fund_audit(connection, audit_id, self._wallet, plan.budget)
            await ledger.hold(connection, [(audit_id, self._wallet, plan.budget)])
        checking = {"state": "checking", "auditJobId": str(audit_id)}
        told = [NewEvent(job["job_id"], job["wallet"], "verification", checking)]
        await admissions.admit(connection, [Admitted(audit, JobState.QUEUED, datetime.now(UTC))], told)

    # --- concluding

    def ended(self, ended: Ended) -> None:
        """An attempt is over."""
        if ended.audit:
            self._news.set()

    async def run(self) -> None:
        """Conclude until cancelled."""
        while True:
            for audit_id in await verifications.forsaken(self._database, self._policy.audit_patience_s, MAX_FORSAKEN):
                await self._canceller.withdraw(audit_id)
            rows = await verifications.opinions(self._database)
            for _, audits in groupby(rows, key=lambda row: row["lease_id"]):
                await self._consider(list(audits))
            await heard(self._news, SWEEP_EVERY_S)

    async def _consider(self, audits: Sequence[Row]) -> None:
        """Judge one result by all audits of it, once they are done."""
        if any(audit["state"] not in TERMINAL for audit in audits):
            return
        findings = [_finding(audit) for audit in audits]
        opinions = [
            Opinion(found.verdict, audit["auditor"] in self._trusted)
            for found, audit in zip(findings, audits, strict=True)
        ]
        judgement = judge(opinions, another=True)
        if judgement is None and not await self._ask_another(audits[0]):
            judgement = judge(opinions, another=False)
        if judgement is not None:
            await self._conclude(audits, findings, judgement)

    async def _ask_another(self, first: Row) -> bool:
        """Get a second opinion; False if no further node can give one."""
        job = (await jobs.get(self._database, [first["job_id"]]))[0]
        claim = replace(msgspec.convert(first["claim"], Audit), seed=_seed())
        nodes, wallets = {first["node_id"], first["auditor_id"]}, {first["provider"], first["auditor"]}
        plan = await self._plan(job, claim, nodes, wallets)
        if plan is None:
            return False
        async with self._database.transaction() as connection:
            await self._write(connection, job, first["lease_id"], claim, plan)
        self._matchmaker.refill()
        return True

    async def _conclude(self, audits: Sequence[Row], findings: Sequence[Finding], judgement: Judgement) -> None:
        audit, found = audits[judgement.by], findings[judgement.by]
        evidence = {
            "evidence": found.evidence,
            "figures": dict(found.figures),
            "auditJobId": str(audit["audit_id"]),
            "auditor": None if audit["auditor_id"] is None else str(audit["auditor_id"]),
        }
        node_id = audits[0]["node_id"]
        if judgement.proven:
            await self._suspend(node_id)  # First, or the job could come back to it.
        try:
            await self._settler.end(_ending(audits[0], judgement.verdict, evidence))
        except StaleLease:
            return  # Another coordinator has concluded.
        log.info("result_checked", job=str(audits[0]["job_id"]), node=str(node_id), verdict=judgement.verdict)
        if judgement.verdict is Verdict.PASSED:
            self._passed[node_id] = self._passed.get(node_id, 0) + 1
            await verifications.count_pass(self._database, node_id)
        if judgement.by:  # The first auditor called a result forged that was none.
            await verifications.blame(self._database, audits[0]["auditor_id"])

    async def _suspend(self, node_id: UUID) -> None:
        async with self._database.transaction() as connection:
            if await verifications.suspend(connection, node_id):
                log.warning("node_suspended", node=str(node_id))
                await events.notify(connection, events.NODES_CHANNEL, str(node_id))
        self._matchmaker.remove(node_id)


def _seed() -> int:
    """Drawn after the result is known, so that no node can foresee what is looked at."""
    return random.SystemRandom().getrandbits(SEED_BITS)


def _finding(audit: Row) -> Finding:
    """What an audit that is over has found."""
    if audit["state"] == JobState.COMPLETED:
        return msgspec.convert(audit["result"], Finding)
    error: dict[str, str] = audit["error"] or {}
    reason = error.get("message", NOBODY)
    return Finding(Verdict.UNVERIFIED, f"the check did not come about: {reason}")


def _ending(row: Row, verdict: Verdict, evidence: dict[str, Any]) -> Ending:
    """What becomes of the attempt whose result was checked."""
    claim = msgspec.convert(row["claim"], Audit)
    if verdict is Verdict.FAILED:
        reason = f"the result failed its check: {evidence['evidence']}"
        return Ending(row["lease_id"], LeaseEvent.FAIL, reason, verdict=verdict, evidence=evidence)
    return Ending(
        row["lease_id"],
        LeaseEvent.SUCCEED,
        result=claim.output,
        units=claim.units,
        model=claim.model,
        artifacts=claim.artifacts,
        verdict=verdict,
        evidence=evidence,
    )
