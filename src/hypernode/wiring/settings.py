"""The settings of a coordinator: read once from the environment and `.env`, checked before anything starts."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

from pydantic import BeforeValidator, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from hypernode.coordinator.policy import Policy
from hypernode.domain import money
from hypernode.domain.assurance import AUDIT_SHARE
from hypernode.domain.money import Amount
from hypernode.domain.payment import BASIS_POINTS

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


class Auth(StrEnum):
    """How callers prove who they are."""

    OPEN = "open"  #: They are believed: only for one's own machine and worthless tokens.
    SIGNED = "signed"  #: By wallet signature, API key or node token.


class BadSettings(Exception):
    """The settings do not fit together; the message says what to change."""


def _hyper(value: object) -> object:
    return money.parse(value) if isinstance(value, str) else value


def _wallets(text: str) -> frozenset[str]:
    return frozenset(wallet.strip() for wallet in text.split(",") if wallet.strip())


Hyper = Annotated[Amount, BeforeValidator(_hyper)]


class Settings(BaseSettings):
    """One field a setting; its environment variable is the alias."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", populate_by_name=True)

    port: int = Field(default=3001, alias="PORT", ge=0, le=65_535, description="Port of the API.")
    host: str = Field(default="127.0.0.1", alias="HYPERNODE_HOST", description="Address that the API is bound to.")
    home: Path = Field(
        default=Path.home() / ".hypernode", alias="HYPERNODE_HOME", description="Folder for everything that is kept."
    )
    auth: Auth = Field(default=Auth.OPEN, alias="HYPERNODE_AUTH", description="`open` or `signed`.")
    public_url: str = Field(
        default="",
        alias="HYPERNODE_PUBLIC_URL",
        description="URL that people use; sign-ins name it. Empty: host and port.",
    )
    operators: str = Field(
        default="", alias="HYPERNODE_OPERATORS", description="Wallets that may make operator keys, with commas."
    )
    trusted_proxies: str = Field(
        default="",
        alias="HYPERNODE_TRUSTED_PROXIES",
        description="Addresses of reverse proxies whose X-Forwarded-For is believed, with commas.",
    )
    auditors: str = Field(
        default="",
        alias="HYPERNODE_AUDITORS",
        description="Wallets whose nodes' word on a result is enough, with commas, besides the operators'.",
    )
    audit_share: float = Field(
        default=AUDIT_SHARE,
        alias="HYPERNODE_AUDIT_SHARE",
        ge=0,
        le=1,
        description="Share of a known node's results that is checked where the customer leaves it to the network.",
    )
    audit_patience_s: float = Field(
        default=120,
        alias="HYPERNODE_AUDIT_PATIENCE_S",
        gt=0,
        description="A result that no node has begun to check by then is accepted unverified.",
    )
    database_url: str = Field(default="", alias="DATABASE_URL", description="PostgreSQL. Empty: an embedded one.")
    solana_rpc_url: str = Field(
        default="", alias="SOLANA_RPC_URL", description="Solana RPC. Empty: a localnet of our own."
    )
    public_rpc_url: str = Field(
        default="",
        alias="HYPERNODE_PUBLIC_RPC_URL",
        description="Solana RPC that browsers are told of. Empty: the localnet's, or the cluster's own public one.",
    )
    hyper_token_mint: str = Field(
        default="", alias="HYPER_TOKEN_MINT", description="The HYPER mint. Empty: the localnet's, else the real one."
    )
    mainnet: bool = Field(
        default=False, alias="HYPERNODE_MAINNET", description="Must be true to move money on Solana's mainnet."
    )
    payout_cap: Hyper | None = Field(
        default=None, alias="HYPERNODE_PAYOUT_CAP", description="Most HYPER that leaves in a day. Required on mainnet."
    )
    web_dir: Path | None = Field(
        default=None,
        alias="HYPERNODE_WEB_DIR",
        description="Folder of the built web app. Empty: the package's own, or `web/dist` of a clone.",
    )
    artifacts_url: str = Field(
        default="",
        alias="HYPERNODE_ARTIFACTS_URL",
        description="`s3://bucket/prefix` or a folder. Empty: a folder in the home.",
    )
    localnet_port: int = Field(
        default=0,
        alias="HYPERNODE_LOCALNET_PORT",
        ge=0,
        le=65_535,
        description="Port of the localnet. 0: any free one.",
    )
    token_2022: bool = Field(
        default=False, alias="HYPERNODE_TOKEN_2022", description="The localnet's HYPER is a Token-2022 mint."
    )
    up_node: bool = Field(default=True, alias="HYPERNODE_UP_NODE", description="`hypernode up` also starts a node.")
    rate_limit: str = Field(
        default="6000/minute", alias="HYPERNODE_RATE_LIMIT", description="Requests for each wallet, node or address."
    )
    log_level: str = Field(default="info", alias="HYPERNODE_LOG_LEVEL", description="debug, info, warning or error.")
    lease_ttl_s: int = Field(
        default=30,
        alias="HYPERNODE_LEASE_TTL_S",
        ge=1,
        description="Silence after which a connected node loses its jobs.",
    )
    poll_lease_ttl_s: int = Field(
        default=150, alias="HYPERNODE_POLL_LEASE_TTL_S", ge=1, description="The same for nodes that poll."
    )
    offline_after_s: float = Field(
        default=120, alias="HYPERNODE_OFFLINE_AFTER_S", gt=0, description="Silence after which a node is offline."
    )
    overtime_s: float = Field(
        default=60,
        alias="HYPERNODE_OVERTIME_S",
        ge=0,
        description="How long after the job's time a node that has not ended loses it.",
    )
    max_attempts: int = Field(
        default=3, alias="HYPERNODE_MAX_ATTEMPTS", ge=1, description="Attempts before a job fails."
    )
    provider_share_bp: int = Field(
        default=9_000,
        alias="HYPERNODE_PROVIDER_SHARE_BP",
        ge=0,
        le=BASIS_POINTS,
        description="Provider's part, basis points.",
    )
    least_payout: Hyper = Field(
        default=Amount(1_000), alias="HYPERNODE_LEAST_PAYOUT", description="Smaller earnings wait for more."
    )
    treasury_wallet: str = Field(
        default="",
        alias="HYPERNODE_TREASURY_WALLET",
        description="Wallet that the network's part is paid out to. Empty: it stays in the ledger.",
    )
    payout_every_s: float = Field(
        default=10, alias="HYPERNODE_PAYOUT_EVERY_S", gt=0, description="Pause between payouts."
    )
    anchor_at: int = Field(
        default=1_000, alias="HYPERNODE_ANCHOR_AT", ge=1, description="Receipts that are anchored at once."
    )
    anchor_every_s: float = Field(
        default=60, alias="HYPERNODE_ANCHOR_EVERY_S", gt=0, description="Longest wait of a receipt for its anchor."
    )
    chain_poll_s: float = Field(
        default=2, alias="HYPERNODE_CHAIN_POLL_S", gt=0, description="Pause between looks at the chain."
    )
    rpc_timeout_s: float = Field(
        default=15, alias="HYPERNODE_RPC_TIMEOUT_S", gt=0, description="Longest wait for an answer of the Solana RPC."
    )
    failpoint: str = Field(
        default="",
        alias="HYPERNODE_FAILPOINT",
        description="For tests: die by SIGKILL at this point of a payout or anchor.",
    )

    def policy(self) -> Policy:
        """The part of the settings that the use cases know."""
        return Policy(
            lease_ttl_s=self.lease_ttl_s,
            poll_lease_ttl_s=self.poll_lease_ttl_s,
            overtime_s=self.overtime_s,
            max_attempts=self.max_attempts,
            offline_after_s=self.offline_after_s,
            provider_share_bp=self.provider_share_bp,
            least_payout=self.least_payout,
            treasury_wallet=self.treasury_wallet or None,
            payout_every_s=self.payout_every_s,
            payout_cap=self.payout_cap,
            anchor_at=self.anchor_at,
            anchor_every_s=self.anchor_every_s,
            chain_poll_s=self.chain_poll_s,
            auditors=self.operator_wallets | _wallets(self.auditors),
            audit_share=self.audit_share,
            audit_patience_s=self.audit_patience_s,
        )

    @property
    def web_app(self) -> Path | None:
        """The folder of the built web app, where there is one."""
        package = Path(__file__).parents[1]
        places = [self.web_dir] if self.web_dir else [package / "web_app", package.parents[1] / "web" / "dist"]
        return next((place for place in places if (place / "index.html").is_file()), None)

    @property
    def operator_wallets(self) -> frozenset[str]:
        """The wallets of the network's operators."""
        return _wallets(self.operators)

    @property
    def url(self) -> str:
        """Where the API is reached."""
        return self.public_url or self.local_url

    @property
    def local_url(self) -> str:
        """Where this machine reaches the API."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"
