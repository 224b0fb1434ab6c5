"""The frames between a node and its coordinator, the same over WebSocket and over HTTP long-poll.

Each WebSocket message, and each body of the HTTP fall-back, is a JSON array of frames: many events cost one write.
A lease is named by its id; a frame for a lease that is not live any more is answered by `Revoke`.
"""

from typing import Any

import msgspec

from hypernode.domain.isolation import Isolation
from hypernode.protocol.artifacts import ArtifactRef


class Frame(msgspec.Struct, rename="camel", tag_field="kind", omit_defaults=True, frozen=True):
    """Base of all frames; `kind` tells them apart."""


class Audit(msgspec.Struct, rename="camel", frozen=True):
    """What another node reported for the same input, to be checked and not to be run again."""

    output: dict[str, Any]
    units: int
    model: str
    fingerprint: dict[str, str]
    artifacts: list[ArtifactRef]
    seed: int  #: Drawn after the report: it chooses what is looked at.
    resume: str = ""  #: SHA-256 of the checkpoint that the attempt went on from.


class EngineOffer(msgspec.Struct, rename="camel", frozen=True):
    """A job type that the node can run."""

    job_type: str
    engine: str = ""
    models: list[str] = []  #: The first is what `default` means here.
    warm_models: list[str] = []  #: Those loaded already.
    price_per_unit: str | None = None  #: HYPER for the job type's unit of price; None: priced by time.
    audits: bool = False  #: It can check what other nodes report for this job type.


# --- node -> coordinator


class Hello(Frame, frozen=True, tag="hello"):
    """First frame of a connection: what the node offers now. May be sent again when that changes."""

    capacity: int = 1  #: Jobs it runs at once.
    engines: list[EngineOffer] = []
    leases: list[str] = []  #: Leases it still works on, after a reconnection.
    draining: bool = False  #: Finishes what it has and takes no more.
    isolation: Isolation = Isolation.NONE  #: What it proved of its sandbox.
    own_jobs_only: bool = False  #: It takes jobs of its own wallet alone.


class Beat(Frame, frozen=True, tag="beat"):
    """The node lives; renews the named leases."""

    leases: list[str] = []
    metrics: dict[str, Any] = {}


class Accept(Frame, frozen=True, tag="accept"):
    """The node takes an offer."""

    lease_id: str


class Decline(Frame, frozen=True, tag="decline"):
    """The node does not take an offer, and why. Costs the job no attempt."""

    lease_id: str
    reason: str


class Progress(Frame, frozen=True, tag="progress"):
    """How far a job is."""

    lease_id: str
    fraction: float
    message: str = ""


class Log(Frame, frozen=True, tag="log"):
    """Lines that the job wrote."""

    lease_id: str
    lines: list[str]


class Stream(Frame, frozen=True, tag="stream"):
    """A piece of the answer: for language models, text."""

    lease_id: str
    text: str


class Checkpoint(Frame, frozen=True, tag="checkpoint"):
    """The job's state so far, uploaded as an artifact: an attempt on another node can go on from it."""

    lease_id: str
    artifact: ArtifactRef


class Report(Frame, frozen=True, tag="report"):
    """The attempt is over: with a result, or with an error."""

    lease_id: str
    result: dict[str, Any] | None = None
    units: int = 0
    artifacts: list[ArtifactRef] = []
    fingerprint: dict[str, str] = {}
    model: str = ""  #: The model that answered.
    error: str = ""
    blames_input: bool = False  #: With an error: every honest node would fail alike.


NodeFrame = Hello | Beat | Accept | Decline | Progress | Log | Stream | Checkpoint | Report


# --- coordinator -> node


class Welcome(Frame, frozen=True, tag="welcome"):
    """Answer to Hello."""

    node_id: str
    beat_every_s: float
    lease_ttl_s: float  #: A lease lives this long after the last Beat that named it.


class Offer(Frame, frozen=True, tag="offer"):
    """A job for the node. It answers Accept or Decline within the lease's time."""

    lease_id: str
    job_id: str
    attempt: int
    job_type: str
    model: str
    input: dict[str, Any]
    max_duration_s: float
    customer: str = ""  #: The wallet whose job it is.
    audit: Audit | None = None  #: Check this claim and report the finding; there is nothing to run.
    resume: str = ""  #: SHA-256 of the latest checkpoint of an earlier attempt.


class Revoke(Frame, frozen=True, tag="revoke"):
    """The lease is over for the node: stop its work, report nothing more."""

    lease_id: str
    reason: str  #: stopped, lost


class Reported(Frame, frozen=True, tag="reported"):
    """The report was stored; the node may forget the job."""

    lease_id: str
    accepted: bool


CoordinatorFrame = Welcome | Offer | Revoke | Reported

encode = msgspec.json.Encoder().encode
decode_from_node = msgspec.json.Decoder(list[NodeFrame]).decode
decode_from_coordinator = msgspec.json.Decoder(list[CoordinatorFrame]).decode
