"""What can go wrong between a program and the network."""

from typing import Final

import httpx
import msgspec

from hypernode.protocol.jobs import Job
from hypernode.protocol.wire import JsonObject

UNAUTHORIZED: Final = 401
_PASSING: Final = frozenset({429, 502, 503, 504})
_IN_FLIGHT: Final = "request_in_flight"


class ClientError(Exception):
    """Base of all errors that the SDK raises on purpose."""


class ApiError(ClientError):
    """The network said no. `code` is stable; `errors` names every bad field of a refused body."""

    def __init__(
        self, status: int, code: str, error: str, errors: list[JsonObject] | None = None, retry_after_s: float = 0
    ) -> None:
        self.status = status
        self.code = code
        self.error = error
        self.errors = errors or []
        self.retry_after_s = retry_after_s
        fields = [f"{each.get('path', '?')}: {each.get('expected', each)}" for each in self.errors]
        super().__init__("\n  ".join([error, *(field for field in fields if field not in error)]))

    @property
    def may_pass(self) -> bool:
        """Whether the same request may succeed later."""
        return self.status in _PASSING or self.code == _IN_FLIGHT


class Unreachable(ClientError):
    """No answer came. Whether the network acted on the request is unknown."""

    retry_after_s: Final = 0.0
    may_pass: Final = True

    def __init__(self, url: str, reason: Exception) -> None:
        super().__init__(f"cannot reach {url}: {str(reason) or type(reason).__name__}")
        self.url = url


class InvalidUrl(ClientError):
    """This is no address of a coordinator."""

    def __init__(self, url: str) -> None:
        super().__init__(f"{url} is no address of a coordinator, as http://127.0.0.1:3001 is one")


class NoWallet(ClientError):
    """The request speaks for a wallet, or signs for it, and the client was given none."""

    def __init__(self, needed: str) -> None:
        super().__init__(f"this needs a wallet: give the client {needed}")


class JobFailed(ClientError):
    """A job that was waited for ended without a result."""

    def __init__(self, job: Job) -> None:
        super().__init__(f"job {job.job_id} {job.status}{f': {job.error.message}' if job.error else ''}")
        self.job = job


class WrongContent(ClientError):
    """A download is not what its name, a SHA-256, says."""

    def __init__(self, sha256: str, actual: str) -> None:
        super().__init__(f"asked for artifact {sha256}, got content with SHA-256 {actual}")


class _Refusal(msgspec.Struct, rename="camel"):
    """What is read of an error's body, whoever wrote it: the network, or a proxy that knows no problem details."""

    error: str = ""
    code: str = ""
    errors: list[JsonObject] = []
    valid_types: list[str] = []


def api_error(response: httpx.Response) -> ApiError:
    """The error in an answer."""
    try:
        body = msgspec.json.decode(response.content, type=_Refusal)
    except msgspec.DecodeError:
        body = _Refusal()
    error = body.error or f"HTTP {response.status_code} from {response.url}"
    if body.valid_types:
        error += f": choose one of {', '.join(body.valid_types)}"
    wait_s = response.headers.get("retry-after", "")
    return ApiError(
        response.status_code,
        body.code or f"http_{response.status_code}",
        error,
        body.errors,
        float(wait_s) if wait_s.isdecimal() else 0.0,
    )
