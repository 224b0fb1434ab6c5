"""What every command that talks to the network shares: its options, its client, its output, its exit codes."""

import functools
import inspect
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import IntEnum
from pathlib import Path
from typing import Annotated, Any, Concatenate, Final, ParamSpec

import msgspec
import typer
from rich.console import Console, RenderableType

from hypernode.client import (
    ApiError,
    Client,
    ClientError,
    InvalidKeyFile,
    InvalidUrl,
    Keypair,
    NoWallet,
    Unreachable,
    is_wallet_address,
    load_wallet,
)

P = ParamSpec("P")

DEFAULT_URL: Final = "http://127.0.0.1:3001"
PANEL: Final = "Network"
_WIDTH_IN_A_PIPE: Final = 200


class ExitCode(IntEnum):
    """What a script can tell a failure by."""

    REFUSED = 1  #: The network, or a check, said no.
    USAGE = 2  #: The command line is wrong.
    UNREACHABLE = 3  #: No answer.


HINTS: Final = {
    "not_authenticated": "Sign in with --wallet KEYFILE, or send an API key with --token.",
    "unauthorized": "It belongs to another wallet: choose the owner's with --wallet.",
    "insufficient_balance": "`hypernode wallet deposit` adds HYPER, `hypernode wallet balance` shows what is there.",
    "not_cancellable": "If it runs, --stop-running stops it; what was done is paid.",
    "missing_scope": "`hypernode keys create --scope ...` makes a key that allows more.",
    "http_404": "Is this the address of a Hypernode coordinator? See --url.",
}


@dataclass(frozen=True, slots=True)
class Session:
    """The options that hold for every command."""

    url: str = DEFAULT_URL
    token: str | None = None
    wallet: str | None = None  #: A key file or an address, as given.
    json: bool = False

    def client(self) -> Client:
        """A client for the network, speaking for the wallet."""
        return Client(self.url, token=self.token, wallet=wallet_of(self.wallet) if self.wallet else None)

    def show(self, answer: Any, view: RenderableType) -> None:
        """Print an answer: for people a view of it, with --json the answer."""
        if self.json:
            print_json(answer)
        else:
            console().print(view)


def console(*, stderr: bool = False) -> Console:
    """Where people read. A pipe gets long lines, so that no id is folded."""
    stream = sys.stderr if stderr else sys.stdout
    return Console(
        stderr=stderr, width=None if stream.isatty() else _WIDTH_IN_A_PIPE, markup=False, highlight=False, emoji=False
    )


def print_json(answer: Any, *, indent: int = 2) -> None:
    """One JSON value on stdout; on one line where the indent is negative."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(answer), indent=indent).decode() + "\n")
    sys.stdout.flush()


def wallet_of(text: str) -> Keypair | str:
    """The wallet that an option names: a key file's, or an address."""
    path = Path(text).expanduser()
    if path.is_file():
        return load_wallet(path)
    if is_wallet_address(text):
        return text
    raise typer.BadParameter(f"{text} is neither a key file nor a Solana address. `hypernode wallet new` makes one.")


Url = Annotated[
    str | None,
    typer.Option(
        "--url",
        help=f"The coordinator (HYPERNODE_URL; by default {DEFAULT_URL}).",
        metavar="URL",
        rich_help_panel=PANEL,
    ),
]
Wallet = Annotated[
    str | None,
    typer.Option(
        "--wallet",
        help="A Solana key file, or an address (HYPERNODE_WALLET).",
        metavar="FILE|ADDRESS",
        rich_help_panel=PANEL,
    ),
]
Token = Annotated[
    str | None,
    typer.Option(
        "--token", help="An API key or session token (HYPERNODE_TOKEN).", metavar="TOKEN", rich_help_panel=PANEL
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.", rich_help_panel=PANEL)]

_SHARED: Final = [
    inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
    for name, default, annotation in (
        ("url", None, Url), ("wallet", None, Wallet), ("token", None, Token), ("json", False, Json),
    )
]  # fmt: skip


def root(
    context: typer.Context, url: Url = None, wallet: Wallet = None, token: Token = None, json: Json = False
) -> None:
    """A GPU compute network on Solana: verified results, certain pay, portable receipts."""
    environment = Session(
        url=os.environ.get("HYPERNODE_URL") or DEFAULT_URL,
        token=os.environ.get("HYPERNODE_TOKEN") or None,
        wallet=os.environ.get("HYPERNODE_WALLET") or None,
    )
    context.obj = _with(environment, url=url, wallet=wallet, token=token, json=json)


def command(
    app: typer.Typer, name: str | None = None
) -> Callable[[Callable[Concatenate[Session, P], None]], Callable[Concatenate[Session, P], None]]:
    """Make a function a command; it gets a Session first. The shared options hold before and after its name."""

    def add(function: Callable[Concatenate[Session, P], None]) -> Callable[Concatenate[Session, P], None]:
        def run(context: typer.Context, **given: Any) -> None:
            shared = {each.name: given.pop(each.name) for each in _SHARED}
            session = _with(context.obj, **shared)
            with reporting(session):
                function(session, **given)  # pyright: ignore[reportCallIssue] - Typer calls by the signature below.

        own = list(inspect.signature(function).parameters.values())[1:]
        first = inspect.Parameter("context", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
        parameters = [first, *(each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in own), *_SHARED]
        functools.update_wrapper(run, function)
        vars(run).pop("__wrapped__")
        run.__signature__ = inspect.Signature(parameters)
        run.__annotations__ = {each.name: each.annotation for each in parameters}
        app.command(name)(run)
        return function

    return add


class reporting:
    """Turns the errors that a user can act on into a sentence on stderr and an exit code."""

    def __init__(self, session: Session) -> None:
        self._json = session.json

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        match error:
            case NoWallet():
                self._end(
                    ExitCode.USAGE,
                    error,
                    "--wallet FILE or HYPERNODE_WALLET names one; `hypernode wallet new` makes one.",
                )
            case InvalidKeyFile() | InvalidUrl():
                self._end(ExitCode.USAGE, error)
            case Unreachable():
                self._end(ExitCode.UNREACHABLE, error, "`hypernode up` starts a network here; --url names another one.")
            case ApiError():
                self._end(ExitCode.REFUSED, error, HINTS.get(error.code, ""), code=error.code)
            case ClientError():
                self._end(ExitCode.REFUSED, error)
            case _:
                pass

    def _end(self, exit_code: ExitCode, error: Exception, hint: str = "", *, code: str = "") -> None:
        if self._json:
            problem = {"error": str(error), "code": code or type(error).__name__, "hint": hint}
            sys.stderr.write(msgspec.json.encode(problem).decode() + "\n")
        else:
            console(stderr=True).print(f"Error: {error}", *([hint] if hint else []), sep="\n")
        raise typer.Exit(exit_code) from error


def _with(session: Session, *, json: bool, **given: str | None) -> Session:
    """The session with the options that were given."""
    return replace(session, json=session.json or json, **{name: value for name, value in given.items() if value})
