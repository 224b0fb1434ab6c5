"""Signs receipts with the network's key."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from hypernode.chain import keys
from hypernode.coordinator.ids import new_id
from hypernode.domain.payment import Split
from hypernode.domain.receipt import Receipt, Verdict, canonical, input_digest, value_digest
from hypernode.ports import Executor
from hypernode.protocol.artifacts import ArtifactRef
from hypernode.protocol.wire import iso
from hypernode.store.database import Row
from hypernode.store.receipts import NewReceipt


class Claim(Protocol):
    """What a node handed in."""

    @property
    def result(self) -> dict[str, Any] | None:
        """What it says the job gave."""
        ...

    @property
    def artifacts(self) -> Sequence[ArtifactRef]:
        """The files that it uploaded."""
        ...

    @property
    def verdict(self) -> Verdict:
        """What checking it found."""
        ...


class Notary:
    """States what happened to a job, for anyone to verify."""

    def __init__(self, keypair: keys.Keypair, genesis_hash: str) -> None:
        self._keypair = keypair
        self.genesis_hash = genesis_hash
        self.address = keys.address_of(keypair)

    def receipt(
        self, row: Row, claim: Claim, executor: Executor, model: str, units: int, parts: Split, started_at: datetime
    ) -> NewReceipt:
        """The signed receipt of an ended attempt (a row of `store.jobs.end_leases`)."""
        receipt_id = new_id()
        body = canonical(
            Receipt(
                receipt_id=str(receipt_id),
                job_id=str(row["job_id"]),
                customer=row["wallet"],
                provider=row["provider"],
                node_id=str(row["node_id"]),
                job_type=row["job_type"],
                model=model,
                input_digest=input_digest(row["salt"], row["input"]),
                result_digest=value_digest(claim.result),
                artifacts=tuple(ref.sha256 for ref in sorted(claim.artifacts, key=lambda ref: ref.name)),
                unit=executor.unit.name,
                units=units,
                cost=parts.cost,
                provider_part=parts.provider,
                network_part=parts.network,
                verdict=claim.verdict,
                assurance=row["assurance"],
                created_at=iso(row["created_at"]),
                started_at=iso(started_at),
                ended_at=iso(row["ended_at"]),
                network=self.genesis_hash,
            )
        )
        return NewReceipt(receipt_id, row["job_id"], body, keys.sign_text(self._keypair, body), self.address)
