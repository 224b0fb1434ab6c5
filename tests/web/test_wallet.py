"""The test wallet refuses what a real one would: else the tests with it would show nothing."""

import base64
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Error, Page
from solders.hash import Hash
from solders.keypair import Keypair
from solders.message import MessageV0, to_bytes_versioned
from solders.signature import Signature
from solders.system_program import TransferParams, transfer
from solders.transaction import VersionedTransaction

from hypernode.chain import signin
from hypernode.chain.keys import verify
from tests.web.wallet import Wallet

ORIGIN = "http://shop.test"
DO = """async ({ feature, method, input, account }) => {
  const api = { register: (wallet) => (window.wallet = wallet) };
  if (!window.wallet) window.dispatchEvent(new CustomEvent("wallet-standard:app-ready", { detail: api }));
  const unpack = (text) => Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
  for (const name of ["message", "transaction"]) if (input[name]) input[name] = unpack(input[name]);
  if (account === "own") input.account = window.wallet.accounts[0];
  if (account === "copy") input.account = { ...window.wallet.accounts[0] };
  const answer = await window.wallet.features[feature][method](input);
  const pack = (value) => (value instanceof Uint8Array ? btoa(String.fromCharCode(...value)) : value);
  return JSON.parse(JSON.stringify(answer ?? null, (key, value) => pack(value)));
}"""


@pytest.fixture
def page(browser: Browser, wallet: Wallet) -> Iterator[Page]:
    with browser.new_context() as context:
        context.route(f"{ORIGIN}/**", lambda route: route.fulfill(body="<p>A page", content_type="text/html"))
        wallet.install(context)
        page = context.new_page()
        page.goto(ORIGIN)
        yield page


def ask(page: Page, method: str, account: str = "own", **given: Any) -> Any:
    feature = f"{'standard' if method.endswith('onnect') else 'solana'}:{method}"
    input = {k: base64.b64encode(v).decode() if isinstance(v, bytes) else v for k, v in given.items()}
    return page.evaluate(DO, {"feature": feature, "method": method, "input": input, "account": account})


def payment(*payers: Keypair) -> MessageV0:
    steps = [
        transfer(TransferParams(from_pubkey=each.pubkey(), to_pubkey=Keypair().pubkey(), lamports=1)) for each in payers
    ]
    return MessageV0.try_compile(payers[0].pubkey(), steps, [], Hash.default())


def unsigned(message: MessageV0) -> bytes:
    return bytes(VersionedTransaction.populate(message, [Signature.default()]))


def test_it_gives_its_account_only_to_a_page_that_its_owner_trusts(page: Page, wallet: Wallet):
    assert ask(page, "connect", silent=True) == {"accounts": []}
    wallet.approves = False
    with pytest.raises(Error, match="rejected"):
        ask(page, "connect")
    wallet.approves = True
    assert [each["address"] for each in ask(page, "connect")["accounts"]] == [wallet.address]
    page.reload()
    assert len(ask(page, "connect", silent=True)["accounts"]) == 1
    ask(page, "disconnect")
    assert ask(page, "connect", silent=True) == {"accounts": []}


def test_it_signs_in_to_the_page_that_asks_alone(page: Page, wallet: Wallet):
    (given,) = ask(page, "signIn", statement="Hello", nonce="00ff00ff")

    message = base64.b64decode(given["signedMessage"])
    assert signin.parse(message).domain == "shop.test"
    assert signin.parse(message).nonce == "00ff00ff"
    assert verify(wallet.address, base64.b64decode(given["signature"]), message)
    for foreign in ({"domain": "bank.test"}, {"uri": "http://bank.test"}, {"address": str(Keypair().pubkey())}):
        with pytest.raises(Error, match="may not ask|none of this wallet's"):
            ask(page, "signIn", **foreign)


def test_it_signs_messages_but_no_chain_transaction_in_disguise(page: Page, wallet: Wallet):
    ask(page, "connect")
    (given,) = ask(page, "signMessage", message=b"I agree")
    assert verify(wallet.address, base64.b64decode(given["signature"]), b"I agree")

    with pytest.raises(Error, match="is a chain transaction"):
        ask(page, "signMessage", message=to_bytes_versioned(payment(wallet.keypair)))


def test_it_signs_its_part_of_a_chain_transaction_and_leaves_the_others(page: Page, wallet: Wallet):
    ask(page, "connect")
    other = Keypair()
    message = payment(other, wallet.keypair)
    half = VersionedTransaction.populate(message, [other.sign_message(to_bytes_versioned(message))] * 2)

    (given,) = ask(page, "signTransaction", transaction=bytes(half), chain="solana:localnet")

    signed = VersionedTransaction.from_bytes(base64.b64decode(given["signedTransaction"]))
    assert signed.message == message
    assert signed.verify_with_results() == [True, True]


def test_it_refuses_what_it_cannot_or_may_not_sign(page: Page, wallet: Wallet):
    ask(page, "connect")
    good = unsigned(payment(wallet.keypair))
    for fault, account, given in (
        ("not on solana:mainnet", "own", {"transaction": good, "chain": "solana:mainnet"}),
        ("no chain transaction", "own", {"transaction": good[:-1]}),
        ("no chain transaction", "own", {"transaction": good + b"\0"}),
        ("at most 1232 bytes", "own", {"transaction": good + bytes(1232)}),
        ("does not ask for this account", "own", {"transaction": unsigned(payment(Keypair()))}),
        ("none of this wallet's", "copy", {"transaction": good}),
        ("none of this wallet's", "none", {"transaction": good}),
    ):
        with pytest.raises(Error, match=fault):
            ask(page, "signTransaction", account, **given)
    wallet.approves = False
    with pytest.raises(Error, match="rejected"):
        ask(page, "signTransaction", transaction=good)


def test_it_sends_what_it_signs_and_passes_the_chain_s_refusal_on(page: Page, wallet: Wallet):
    ask(page, "connect")

    with pytest.raises(Error, match="(?i)blockhash"):
        ask(page, "signAndSendTransaction", transaction=unsigned(payment(wallet.keypair)), chain="solana:localnet")


def test_a_page_cannot_sign_before_it_was_trusted(page: Page):
    with pytest.raises(Error, match="not connected"):
        ask(page, "signMessage", account="none", message=b"I agree")
