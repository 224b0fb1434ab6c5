"""The web app as the coordinator serves it: pages, files, what keeps them safe, and what is none of it."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.api.parties import Connection, problem
from tests.network import TestNetwork

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
SCRIPT = b"export const nothing = 0;\n" * 100
INDEX = b'<!doctype html><script type="module" src="/assets/index-Bo3b.js"></script>'
FILES = {
    "index.html": INDEX,
    "robots.txt": b"User-agent: *\n",
    "assets/index-Bo3b.js": SCRIPT,
    "assets/geist.woff2": bytes(range(256)) * 8,
    ".vite/manifest.json": b"{}",
}


@pytest.fixture(scope="module")
def built(api_network: TestNetwork, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A coordinator with a built app."""
    folder = tmp_path_factory.mktemp("web")
    for name, content in FILES.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    yield from asked(api_network, folder)


@pytest.fixture(scope="module")
def unbuilt(api_network: TestNetwork, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A coordinator without one."""
    yield from asked(api_network, tmp_path_factory.mktemp("empty"))


def asked(network: TestNetwork, folder: Path) -> Iterator[httpx.Client]:
    coordinator = network.coordinator(HYPERNODE_WEB_DIR=str(folder)).ready()
    with Connection(coordinator.url) as client:
        yield client
    coordinator.stop()


def policy(answer: httpx.Response) -> dict[str, list[str]]:
    """The directives of an answer's Content-Security-Policy."""
    parts = (part.split() for part in answer.headers["content-security-policy"].split(";"))
    return {name: values for name, *values in parts}


@pytest.mark.parametrize("path", ["/", "/jobs/0190a1b2", "/network?window=7d", "/verify/a/b", "/metricsx"])
def test_every_path_that_a_browser_opens_gives_the_page(built: httpx.Client, path: str):
    answer = built.get(path, headers=BROWSER)

    assert answer.status_code == 200
    assert answer.content == INDEX
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", ["/", "/assets/index-Bo3b.js"])
def test_what_a_browser_has_already_is_not_sent_again(built: httpx.Client, path: str):
    etag = built.get(path, headers=BROWSER).headers["etag"]

    again = built.get(path, headers={**BROWSER, "If-None-Match": etag})
    changed = built.get(path, headers={**BROWSER, "If-None-Match": '"another"'})

    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    assert changed.status_code == 200


@pytest.mark.parametrize("path", ["/", "/assets/index-Bo3b.js", "/assets/geist.woff2"])
def test_nothing_foreign_gets_into_the_page(built: httpx.Client, path: str):
    answer = built.get(path, headers=BROWSER)

    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin-allow-popups"
    directives = policy(answer)
    assert directives["default-src"] == ["'none'"]
    assert directives["script-src"] == directives["style-src"] == directives["font-src"] == ["'self'"]
    for forbidden in ("frame-ancestors", "base-uri", "form-action"):
        assert directives[forbidden] == ["'none'"]
    assert not {"'unsafe-inline'", "'unsafe-eval'", "*"} & {value for values in directives.values() for value in values}
    assert {"'self'", "https:", "http://127.0.0.1:*", "ws://127.0.0.1:*"} <= set(directives["connect-src"])


@pytest.mark.parametrize(
    ("path", "kind", "content"),
    [
        ("/assets/index-Bo3b.js", "text/javascript; charset=utf-8", SCRIPT),
        ("/assets/geist.woff2", "font/woff2", FILES["assets/geist.woff2"]),
    ],
)
def test_files_named_by_their_content_are_kept_for_ever(built: httpx.Client, path: str, kind: str, content: bytes):
    answer = built.get(path)

    assert answer.content == content
    assert answer.headers["content-type"] == kind
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert built.get("/robots.txt").headers["cache-control"] == "no-cache"


def test_a_script_is_sent_packed_to_those_who_unpack_it(built: httpx.Client):
    with built.stream("GET", "/assets/index-Bo3b.js", headers={"Accept-Encoding": "br, gzip"}) as packed:
        raw = b"".join(packed.iter_raw())
    plain = built.get("/assets/index-Bo3b.js", headers={"Accept-Encoding": "identity"})
    font = built.get("/assets/geist.woff2", headers={"Accept-Encoding": "gzip"})

    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["vary"] == "Accept-Encoding"
    assert len(raw) < len(SCRIPT) / 4
    assert gzip.decompress(raw) == plain.content == SCRIPT
    assert "content-encoding" not in plain.headers
    assert "content-encoding" not in font.headers


@pytest.mark.parametrize(
    "path",
    ["/api", "/api/none", "/health/none", "/metrics/none", "/openapi.json/none", "/assets/none.js",
     "/assets/../index.html", "/assets/%2e%2e/index.html", "/.vite/manifest.json"],
)  # fmt: skip
def test_what_is_not_there_is_not_there_for_a_program(built: httpx.Client, path: str):
    problem(built.get(path, headers={"Accept": "application/json"}), 404, "endpoint_not_found", "Endpoint not found")


@pytest.mark.parametrize("path", ["/api", "/api/none", "/assets/none.js"])
def test_what_is_the_apis_is_no_page_for_a_browser_either(built: httpx.Client, path: str):
    problem(built.get(path, headers=BROWSER), 404, "endpoint_not_found", "Endpoint not found")


def test_a_page_is_read_and_nothing_else(built: httpx.Client):
    problem(built.post("/", headers=BROWSER), 404, "endpoint_not_found")
    problem(built.delete("/network", headers=BROWSER), 404, "endpoint_not_found")
    problem(built.post("/assets/index-Bo3b.js"), 405, "method_not_allowed")


def test_the_apis_own_answers_are_as_ever(built: httpx.Client):
    assert built.get("/health", headers=BROWSER).json()["status"] == "healthy"
    assert built.get("/docs", headers=BROWSER).headers["content-type"].startswith("text/html")
    assert "content-security-policy" not in built.get("/docs", headers=BROWSER).headers
    assert built.get("/docs/none", headers=BROWSER).status_code == 404
    problem(built.get("/api/jobs/nothing", headers=BROWSER), 404, "not_found", "Job not found")


def test_the_files_are_for_this_machine_in_open_mode(built: httpx.Client):
    problem(built.get("/assets/index-Bo3b.js", headers={"Host": "evil.example"}), 403, "forbidden_host")


@pytest.mark.parametrize("path", ["/", "/network"])
def test_without_a_built_app_the_page_says_how_to_build_it(unbuilt: httpx.Client, path: str):
    answer = unbuilt.get(path, headers=BROWSER)

    assert answer.status_code == 200
    assert "make web" in answer.text
    assert policy(answer)["default-src"] == ["'none'"]
    assert unbuilt.get("/api/jobs").json()["success"] is True
