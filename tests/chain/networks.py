"""Networks that the chain tests run against: our localnet, and surfpool from npm as the measure of it."""

import asyncio
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from solders.pubkey import Pubkey
from solders.system_program import CreateAccountParams, create_account

from hypernode.chain import keys, localnet, tokens
from hypernode.chain.keys import Keypair
from hypernode.chain.rpc import Commitment, Rpc, RpcError
from hypernode.chain.transactions import Fate, Outcome, Signed, landed, sign_instructions

REPOSITORY = Path(__file__).parents[2]
SCRIPTS = Path(__file__).parent / "js"
NPM_FOLDER = Path(os.environ.get("HYPERNODE_NPM_CACHE", REPOSITORY / ".cache" / "npm"))
NPM_PACKAGES = ("@solana/surfpool-linux-x64-gnu@1.5.0", "@solana/web3.js@1", "@solana/spl-token")
FAST = ("--slot-ms", "50", "--finalize-slots", "4")
PATIENCE_S = 30.0
SOL = 10**9


@dataclass(frozen=True, slots=True)
class Network:
    """A running cluster."""

    name: str
    rpc_url: str
    ws_url: str


@dataclass(frozen=True, slots=True)
class Money:
    """A token on a network, and a treasury that holds SOL and all of it."""

    rpc: Rpc
    treasury: Keypair
    mint: str
    token_program: str

    async def balance(self, wallet: str, commitment: Commitment = "confirmed") -> int:
        """Base units of a wallet; 0 without account."""
        account = tokens.ata(wallet, self.mint, self.token_program)
        if await self.rpc.account(account, commitment) is None:
            return 0
        return await self.rpc.token_balance(account, commitment)

    async def blockhash(self) -> str:
        """One to sign with."""
        return (await self.rpc.latest_blockhash()).blockhash


async def until(true: Callable[[], Awaitable[Any]]) -> Any:
    """The first true answer."""
    async with asyncio.timeout(PATIENCE_S):
        while not (answer := await true()):
            await asyncio.sleep(0.02)
        return answer


async def final_fate(rpc: Rpc, signature: str, last_valid_block_height: int = 1 << 60) -> Fate:
    """What became of a chain transaction, once that is certain."""

    async def certain() -> Fate | None:
        fate = await landed(rpc, signature, last_valid_block_height)
        return fate if fate.outcome is not Outcome.UNKNOWN else None

    return await until(certain)


async def settle(rpc: Rpc, signed: Signed) -> Fate:
    """Send, and wait until the fate is certain."""
    await rpc.send(signed.raw)
    return await final_fate(rpc, signed.signature)


async def make_money(rpc: Rpc, token_program: str) -> Money:
    """A fresh mint like HYPER, whose supply a fresh treasury holds."""
    treasury, mint_key = Keypair(), Keypair()
    owner, mint = keys.address_of(treasury), keys.address_of(mint_key)
    await final_fate(rpc, await rpc.airdrop(owner, 100 * SOL))
    space = CreateAccountParams(
        from_pubkey=treasury.pubkey(),
        to_pubkey=mint_key.pubkey(),
        lamports=await rpc.min_rent(tokens.MINT_BYTES),
        space=tokens.MINT_BYTES,
        owner=Pubkey.from_string(token_program),
    )
    account = tokens.ata(owner, mint, token_program)
    instructions = [
        create_account(space),
        tokens.initialize_mint(mint, owner, token_program),
        tokens.create_ata(owner, owner, mint, token_program),
        tokens.mint_to(mint, account, owner, 10**15, token_program),
        tokens.remove_mint_authority(mint, owner, token_program),
    ]
    blockhash = (await rpc.latest_blockhash()).blockhash
    fate = await settle(rpc, sign_instructions([treasury, mint_key], instructions, blockhash))
    assert fate.outcome is Outcome.FINALIZED_OK
    return Money(rpc, treasury, mint, token_program)


class LocalnetProcess:
    """A localnet in a process of its own, which tests may kill and start again on the same folder."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> localnet.Localnet:
        """Start, and return once it answers."""
        command = [sys.executable, "-m", "hypernode.chain.localnet", "--folder", str(self.folder), "--port", "0"]
        process = subprocess.Popen([*command, *self._options])
        self._process = process
        return asyncio.run(self._answering(process))

    async def _answering(self, process: subprocess.Popen[bytes]) -> localnet.Localnet:
        async def answers() -> localnet.Localnet | None:
            assert process.poll() is None, "the localnet ended"
            state = localnet.read(self.folder)
            if state is None or state.pid != process.pid:
                return None
            rpc = Rpc(state.rpc_url)
            try:
                return state if await rpc.is_healthy() else None
            except RpcError:
                return None
            finally:
                await rpc.aclose()

        return await until(answers)

    def kill_soon(self) -> None:
        """SIGKILL, and carry on meanwhile."""
        assert self._process is not None
        self._process.kill()

    def kill(self) -> None:
        """SIGKILL, and wait for the end."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end; returns the exit status."""
        assert self._process is not None
        self._process.send_signal(number)
        return self._process.wait(PATIENCE_S)


@contextmanager
def surfpool(modules: Path) -> Iterator[Network]:
    """A surfpool that ends with the test, also when the test is killed: it watches its standard input."""
    process = subprocess.Popen(
        ["node", str(SCRIPTS / "surfpool.cjs")],
        env={**os.environ, "NODE_PATH": str(modules)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        state = json.loads(process.stdout.readline())
        yield Network("surfpool", state["rpcUrl"], state["wsUrl"])
    finally:
        process.kill()
        process.wait()


def node_modules() -> Path:
    """The npm packages, installed on first use. Raises RuntimeError with what is missing."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise RuntimeError("Node.js with npm is not installed")
    NPM_FOLDER.mkdir(parents=True, exist_ok=True)
    with (NPM_FOLDER / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        modules = NPM_FOLDER / "node_modules"
        if not all((modules / name.rpartition("@")[0]).exists() for name in NPM_PACKAGES[:2]):
            command = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(NPM_FOLDER)]
            installed = subprocess.run([*command, *NPM_PACKAGES], check=False, capture_output=True, text=True)
            if installed.returncode != 0:
                raise RuntimeError(f"npm could not install {NPM_PACKAGES}: {installed.stderr[-500:]}")
        return modules
