"""What the routes call: the use cases of one coordinator."""

from dataclasses import dataclass

from hypernode.blobs import Blobs
from hypernode.chain.rpc import Rpc
from hypernode.coordinator.access import Access
from hypernode.coordinator.anchorer import Anchorer
from hypernode.coordinator.bus import Bus
from hypernode.coordinator.canceller import Canceller
from hypernode.coordinator.catalogue import Catalogue
from hypernode.coordinator.dispatcher import Dispatcher
from hypernode.coordinator.intake import Intake
from hypernode.coordinator.matchmaker import Matchmaker
from hypernode.coordinator.payer import Payer
from hypernode.coordinator.quoter import Quoter
from hypernode.coordinator.registry import Registry
from hypernode.coordinator.sessions import Sessions
from hypernode.coordinator.vault import Vault
from hypernode.store.database import Database


@dataclass(frozen=True, slots=True)
class ChainFacts:
    """Which chain the money is on."""

    network: str  #: localnet, devnet, testnet, mainnet-beta or the genesis hash
    genesis_hash: str
    explorer_url: str
    anchor_key: str
    localnet_rpc_url: str | None  #: Where it is the operator's own localnet.
    public_rpc_url: str | None  #: For anybody's browser; never the operator's own, which may hold a key.


@dataclass(frozen=True, slots=True)
class Services:
    """All that the routes need."""

    open_auth: bool
    database: Database
    rpc: Rpc
    blobs: Blobs
    vault: Vault
    chain: ChainFacts
    registry: Registry
    sessions: Sessions
    matchmaker: Matchmaker
    dispatcher: Dispatcher
    intake: Intake
    quoter: Quoter
    canceller: Canceller
    bus: Bus
    payer: Payer
    anchorer: Anchorer
    access: Access
    catalogue: Catalogue
    units: dict[str, str]  #: Job type -> its unit's name.
