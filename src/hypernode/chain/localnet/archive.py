"""The localnet's memory: accounts and landed chain transactions in SQLite, which kill -9 does not touch."""

import sqlite3
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import msgspec
from solders.account import Account
from solders.pubkey import Pubkey

from hypernode.chain import tokens

_SCHEMA: Final = files("hypernode.chain.localnet").joinpath("archive.sql").read_text()
_TOKEN_OWNER: Final = slice(32, 64)
_LANDED: Final = "ordinal, signature, slot, time_s, wire, meta, memo"


class FolderInUse(RuntimeError):
    """Another localnet runs on the same folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"another localnet uses {folder}")
        self.folder = folder


@dataclass(frozen=True, slots=True)
class Landed:
    """A chain transaction in a block. `meta` is as getTransaction shows it."""

    ordinal: int
    signature: str
    slot: int
    time_s: int
    wire: bytes
    meta: Mapping[str, Any]
    memo: str | None

    @property
    def err(self) -> Any:
        """The runtime's error; None where it did what it says."""
        return self.meta["err"]


class Archive:
    """One folder's chain. Every write is one SQL transaction."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._sql = sqlite3.connect(folder / "chain.sqlite", isolation_level=None, timeout=0, check_same_thread=False)
        try:
            # WAL with NORMAL survives the death of the process, not of the machine: enough for play money.
            self._sql.executescript(
                "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
            )
            self._sql.executescript(_SCHEMA)
        except sqlite3.OperationalError as error:
            self._sql.close()
            raise FolderInUse(folder) from error

    def close(self) -> None:
        """Close the files."""
        self._sql.close()

    @contextmanager
    def _commit(self) -> Generator[None]:
        self._sql.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._sql.execute("ROLLBACK")
            raise
        self._sql.execute("COMMIT")

    def wipe(self) -> None:
        """Forget everything: a first start that was interrupted begins anew."""
        with self._commit():
            for table in ("meta", "account", "landed", "mention"):
                self._sql.execute(f"DELETE FROM {table}")

    def facts(self) -> dict[str, str]:
        """The chain's own facts: genesis hash, mint, clock."""
        return dict(self._sql.execute("SELECT key, value FROM meta"))

    def set_facts(self, **facts: str) -> None:
        """Set facts, all or none."""
        with self._commit():
            self._sql.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", facts.items())

    def record(
        self,
        landed: Landed | None,
        mentions: Sequence[Pubkey],
        changes: Mapping[Pubkey, Account | None],
        slot: int,
        final_slot: int,
    ) -> int:
        """Store a chain transaction (None at genesis) with the accounts it changed; returns its ordinal."""
        with self._commit():
            ordinal: int = self._sql.execute("SELECT coalesce(max(ordinal), 0) + 1 FROM landed").fetchone()[0]
            if landed is not None:
                self._sql.execute(
                    "INSERT INTO landed VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (ordinal, landed.signature, landed.slot, landed.time_s, landed.wire,
                     msgspec.json.encode(landed.meta).decode(), landed.memo),
                )  # fmt: skip
                rows = [(bytes(address), ordinal) for address in set(mentions)]
                self._sql.executemany("INSERT INTO mention VALUES (?, ?)", rows)
            for address, account in changes.items():
                self._write_version(bytes(address), account, ordinal, slot, final_slot)
        return ordinal

    def _write_version(self, address: bytes, account: Account | None, ordinal: int, slot: int, final_slot: int) -> None:
        self._sql.execute(
            "DELETE FROM account WHERE address = ?1 AND ordinal < "
            "(SELECT max(ordinal) FROM account WHERE address = ?1 AND slot <= ?2)",
            (address, final_slot),
        )
        if account is None:
            row = (0, bytes(32), b"", False, None)
        else:
            data = bytes(account.data)
            token_owner = data[_TOKEN_OWNER] if tokens.is_token_account(str(account.owner), data) else None
            row = (account.lamports, bytes(account.owner), data, account.executable, token_owner)
        self._sql.execute(
            "INSERT OR REPLACE INTO account VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (address, ordinal, slot, *row)
        )

    def newest_accounts(self) -> Iterator[tuple[Pubkey, Account]]:
        """All live accounts, to load a fresh virtual machine."""
        query = "SELECT address, max(ordinal), lamports, owner, data, executable FROM account GROUP BY address"
        for address, _, *fields in self._sql.execute(query):
            if account := _account(*fields):
                yield Pubkey(address), account

    def newest_slot(self) -> int:
        """The slot of the newest chain transaction; 0 in an empty archive."""
        row = self._sql.execute("SELECT slot FROM landed ORDER BY ordinal DESC LIMIT 1").fetchone()
        return row[0] if row else 0

    def knows(self, address: Pubkey) -> bool:
        """Whether a chain transaction ever changed the account (else it is the virtual machine's own, or nothing)."""
        return self._sql.execute("SELECT 1 FROM account WHERE address = ?", (bytes(address),)).fetchone() is not None

    def changed_since(self, address: Pubkey, slot: int) -> bool:
        """Whether the account has a version newer than a slot."""
        query = "SELECT 1 FROM account WHERE address = ? AND slot > ?"
        return self._sql.execute(query, (bytes(address), slot)).fetchone() is not None

    def account_at(self, address: Pubkey, slot: int) -> Account | None:
        """The account as of a slot that is final or newer."""
        query = (
            "SELECT lamports, owner, data, executable FROM account WHERE address = ? AND slot <= ? "
            "ORDER BY ordinal DESC LIMIT 1"
        )
        row = self._sql.execute(query, (bytes(address), slot)).fetchone()
        return _account(*row) if row else None

    def token_accounts(self, owner: Pubkey) -> list[Pubkey]:
        """Addresses of token accounts that belong, or lately belonged, to a wallet."""
        query = "SELECT DISTINCT address FROM account WHERE token_owner = ?"
        return [Pubkey(address) for (address,) in self._sql.execute(query, (bytes(owner),))]

    def find(self, signature: str) -> Landed | None:
        """A landed chain transaction."""
        row = self._sql.execute(f"SELECT {_LANDED} FROM landed WHERE signature = ?", (signature,)).fetchone()
        return _landed(row) if row else None

    def since(self, ordinal: int, slot: int) -> list[Landed]:
        """What landed after an ordinal, up to a slot, oldest first."""
        query = f"SELECT {_LANDED} FROM landed WHERE ordinal > ? AND slot <= ? ORDER BY ordinal"
        return [_landed(row) for row in self._sql.execute(query, (ordinal, slot))]

    def newest_ordinal(self, slot: int) -> int:
        """The ordinal of the last chain transaction up to a slot; 0 where there is none."""
        return self._sql.execute("SELECT coalesce(max(ordinal), 0) FROM landed WHERE slot <= ?", (slot,)).fetchone()[0]

    def history(self, address: Pubkey, slot: int, before: int, until: int, limit: int) -> list[Landed]:
        """What names an address, newest first: up to a slot, after ordinal `until` and before ordinal `before`."""
        columns = ", ".join(f"landed.{name}" for name in _LANDED.split(", "))
        query = (
            f"SELECT {columns} FROM mention JOIN landed USING (ordinal) WHERE mention.address = ? AND slot <= ? "
            "AND mention.ordinal < ? AND mention.ordinal > ? ORDER BY mention.ordinal DESC LIMIT ?"
        )
        return [_landed(row) for row in self._sql.execute(query, (bytes(address), slot, before, until, limit))]

    def count(self) -> int:
        """How many chain transactions landed."""
        return self._sql.execute("SELECT coalesce(max(ordinal), 0) FROM landed").fetchone()[0]


def _account(lamports: int, owner: bytes, data: bytes, executable: int) -> Account | None:
    return Account(lamports, data, Pubkey(owner), bool(executable)) if lamports else None


def _landed(row: tuple[int, str, int, int, bytes, str, str | None]) -> Landed:
    ordinal, signature, slot, time_s, wire, meta, memo = row
    return Landed(ordinal, signature, slot, time_s, wire, msgspec.json.decode(meta), memo)
