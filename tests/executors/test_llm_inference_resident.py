"""One process of llm_inference that answers many jobs: at once, cancelled, out of time, over a socket."""

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from hypernode.executors.llm_inference import LlmInference
from hypernode.executors.llm_inference.loaded import Loaded
from hypernode.executors.llm_inference.settings import LlmSettings
from hypernode.ports import ExecutionFailed
from tests.executors.gguf_models import MODEL
from tests.executors.llm_jobs import Jobs, parsed

CANCEL_S = 2.0
SLOTS = 3
ENDLESS = {"prompt": "Count from 1 to 1000000, separated by commas.", "maxTokens": 3000}


class Cancelled(BaseException):
    """What a resident process raises within a job that is broken off."""


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> Jobs:
    return Jobs(LlmSettings(context=1024, slots=SLOTS), tmp_path_factory.mktemp("resident"))


def is_idle(jobs: Jobs) -> bool:
    """Whether llama.cpp works for nobody."""
    llama = jobs.executor._llama_cpp()
    with llama.serve(MODEL, "chat", None) as server:
        return not any(slot["is_processing"] for slot in server.get("/slots", patience_s=60))


def wait_until_idle(jobs: Jobs) -> float:
    started = time.monotonic()
    while not is_idle(jobs):
        assert time.monotonic() - started < 60
        time.sleep(0.02)
    return time.monotonic() - started


def test_one_loaded_model_answers_many_jobs_at_once(jobs: Jobs):
    questions = ["What is 2+2?", "Say hi.", "Name a colour."]
    alone = [jobs.answer(question, maxTokens=24).text for question in questions]
    overlap = threading.Barrier(SLOTS, timeout=60)

    def answer(question: str) -> tuple[str, str]:
        pieces: list[str] = []

        def stream(piece: str) -> None:
            if not pieces:
                overlap.wait()  # All have begun before any may go on.
            pieces.append(piece)

        outcome = jobs.executor.run(parsed(prompt=question, maxTokens=24), jobs.context(stream=stream))
        return outcome.output.text, "".join(pieces)

    with ThreadPoolExecutor(SLOTS) as pool:
        together = list(pool.map(answer, questions))

    assert [text for text, _ in together] == [streamed for _, streamed in together]
    assert "4" in together[0][0]
    # Batched together they round otherwise, so that the texts may part; they begin alike.
    assert all(text.split()[:1] == before.split()[:1] for (text, _), before in zip(together, alone, strict=True))


def test_a_warm_model_answers_without_loading(jobs: Jobs):
    jobs.answer("Say hi.", maxTokens=1)
    started = time.monotonic()
    jobs.answer("Say hi.", maxTokens=1)

    # 33 tokens to read and one to write; loading alone takes longer.
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("callback", ["stream", "progress"])
def test_a_cancelled_job_frees_its_slot_in_time_and_harms_no_other(jobs: Jobs, callback: str):
    wait_until_idle(jobs)
    cancelled_at: list[float] = []

    def cancel(*_: Any) -> None:
        time.sleep(0.3)
        cancelled_at.append(time.monotonic())
        raise Cancelled

    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(jobs.executor.run, parsed(prompt="Say hi.", maxTokens=12), jobs.context())
        with pytest.raises(Cancelled):
            jobs.executor.run(parsed(**ENDLESS), jobs.context(**{callback: cancel}))
        assert time.monotonic() - cancelled_at[0] < CANCEL_S
        assert other.result().output.text

    assert wait_until_idle(jobs) < CANCEL_S


def test_a_job_that_is_cancelled_while_its_prompt_is_read_ends_in_time(jobs: Jobs):
    wait_until_idle(jobs)
    beats: list[float] = []

    def progress(fraction: float, message: str) -> None:
        if message == "reading the prompt":
            beats.append(time.monotonic())
            raise Cancelled

    with pytest.raises(Cancelled):
        jobs.executor.run(parsed(prompt="word " * 400), jobs.context(progress=progress))

    assert time.monotonic() - beats[0] < CANCEL_S


def test_a_job_ends_at_its_time_limit(jobs: Jobs):
    jobs.answer("Say hi.", maxTokens=1)
    started = time.monotonic()

    # On some processors the model gives up counting at 122 tokens, which a fast one reaches in 1.3 s.
    with pytest.raises(ExecutionFailed, match="ran longer than 0.5 s") as failure:
        jobs.executor.run(parsed(**ENDLESS), jobs.context(max_duration_s=0.5))

    assert time.monotonic() - started < 0.5 + CANCEL_S
    assert not failure.value.blames_input


def test_progress_grows_to_the_end(jobs: Jobs):
    told: list[tuple[float, str]] = []
    context = jobs.context(progress=lambda fraction, message: told.append((fraction, message)))

    jobs.executor.run(parsed(prompt="Tell me a story.", maxTokens=60), context)

    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions)
    assert all(0 <= fraction <= 1 for fraction in fractions)
    assert told[0][1] == f"loading {MODEL}"


def test_a_model_makes_room_for_another_when_nobody_uses_it():
    loaded: Loaded[str] = Loaded()
    loads: list[str] = []

    def load(name: str) -> str:
        loads.append(name)
        return name

    def use(file: str, variant: str = "chat", *, keep: bool = True) -> Any:
        return loaded.use(Path(file), variant, lambda: load(f"{file} {variant}"), keep=keep)

    with use("a"), use("a"), use("b"), use("a"):
        pass
    with use("a"), use("b"):
        pass
    assert loads == ["a chat", "b chat"]  # Those in use stay, and the last ones, too.

    with use("a"), use("a", "embed"), use("a", "adapted", keep=False):
        pass
    with use("a"), use("a", "embed"), use("a", "adapted", keep=False):
        pass
    assert loads[2:] == ["a embed", "a adapted", "a adapted"]  # An adapter's goes with its job.

    with use("c"):
        pass
    with use("a"):
        pass
    assert loads[5:] == ["c chat", "a chat"]


@pytest.fixture
def relay(tmp_path: Path, jobs: Jobs) -> Iterator[Path]:
    """A unix socket that leads to an OpenAI-compatible server, as a sandbox binds it into a job."""
    llama = jobs.executor._llama_cpp()
    path = tmp_path / "openai.sock"
    with llama.serve(MODEL, "chat", None) as server, socket.socket(socket.AF_UNIX) as listener:
        host, port = server.url.removeprefix("http://").split(":")
        listener.bind(str(path))
        listener.listen()

        def pump(source: socket.socket, sink: socket.socket) -> None:
            while data := source.recv(65_536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

        def accept() -> None:
            while True:
                try:
                    inner, _ = listener.accept()
                except OSError:
                    return
                outer = socket.create_connection((host, int(port)))
                threading.Thread(target=pump, args=(inner, outer), daemon=True).start()
                threading.Thread(target=pump, args=(outer, inner), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield path
        listener.shutdown(socket.SHUT_RDWR)


def test_a_model_server_is_reached_through_the_socket_of_the_sandbox(jobs: Jobs, relay: Path):
    # Nothing listens at the address itself: within a sandbox there is no network.
    settings = LlmSettings.from_environment(
        {
            "HYPERNODE_OPENAI_URL": "http://127.0.0.1:9",
            "HYPERNODE_OPENAI_URL_SOCKET": str(relay),
            "HYPERNODE_OPENAI_KEY": jobs.executor._llama_cpp()._key,
        }
    )
    executor = LlmInference(settings)

    assert executor.probe().models[0] == MODEL
    outcome = executor.run(parsed(prompt="What is 2+2?", maxTokens=24), jobs.context())
    assert "4" in outcome.output.text
    assert outcome.fingerprint["engine"] == "openai-compatible server"
