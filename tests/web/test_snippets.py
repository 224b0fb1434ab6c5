"""The programs on the Agents page do what they say, as they are pasted: each is run, with a key, against a network."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from hypernode.chain.keys import Keypair
from hypernode.client import Client
from tests.network import Coordinator, TestNetwork
from tests.web.conftest import WEB

SNIPPETS = WEB / "src" / "pages" / "agents" / "snippets"
ANSWER = "The answer to this classic math problem is 4."
LIMIT = "2"


class Agent(NamedTuple):
    """Who runs a snippet: for this wallet, with this key, on this network."""

    url: str
    customer: Client
    key: str


@pytest.fixture(scope="module")
def agent(running: TestNetwork, served: Coordinator) -> Iterator[Agent]:
    """Where keys are needed: a coordinator that believes nobody, beside the one that has the node."""
    signed = running.coordinator(HYPERNODE_AUTH="signed").ready()
    with signed.client(Keypair()) as customer:
        customer.airdrop(hyper="5")
        customer.deposit("5")
        made = customer.create_key("agent", scopes=["jobs"], spending_limit=LIMIT)
        yield Agent(signed.url, customer, made.token)


@pytest.mark.parametrize(
    ("name", "program"),
    [("agent.sh", "bash"), ("agent.py", sys.executable), ("agent.mjs", "node")],
    ids=["curl", "Python", "JavaScript"],
)
def test_a_snippet_works_as_pasted(agent: Agent, tmp_path: Path, name: str, program: str):
    assert shutil.which(program), f"{program} is missing"
    text = (SNIPPETS / name).read_text()
    for place, value in (
        ("http://127.0.0.1:3001", agent.url),
        ("PASTE_YOUR_WALLET", agent.customer.address),
        ("hnk_PASTE_YOUR_KEY", agent.key),
    ):
        assert place in text
        text = text.replace(place, value)
    (tmp_path / name).write_text(text)

    ran = subprocess.run([program, name], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert (ran.returncode, ran.stderr) == (0, "")
    assert ANSWER in ran.stdout
    job = next(iter(agent.customer.jobs(wallet=agent.customer.address)))
    assert job.status == "completed"
    assert job.job_id in ran.stdout
