"""The OpenAPI description and a page to read it, served from here: no third party sees who reads."""

import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from litestar import Litestar, Request, get
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import SwaggerRenderPlugin
from litestar.response import File
from msgspec import Struct

from hypernode.api.errors import PROBLEM_TYPE
from hypernode.chain.verify import ReceiptFile
from hypernode.domain.errors import NotFound
from hypernode.protocol import limits
from hypernode.protocol.jobs import Event
from hypernode.protocol.schemas import components
from hypernode.protocol.wire import Problem

ASSETS: Final = "/docs/assets"
CREATES: Final = (
    "/api/jobs",
    "/api/nodes/register",
    "/api/keys",
    "/api/artifacts",
    "/api/wallets/{wallet}/withdraw",
)
"""Where a POST takes an Idempotency-Key."""
KEY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Any text; a request that is sent again with the same one gets the same answer.",
    "schema": {"type": "string", "minLength": 1, "maxLength": limits.MAX_TEXT},
}
BYTES: Final = {"type": "string", "format": "binary"}
PROTOCOL: Final = "hypernode.protocol."
REFERENCE: Final = "#/components/schemas/{name}"


class Page(SwaggerRenderPlugin):
    """The page; it shows the description as it is served."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """The page's HTML."""
        return super().render(request, described(request.app))


OPENAPI: Final = OpenAPIConfig(
    title="Hypernode",
    version=version("hypernode"),
    description="A GPU and agent-oriented compute network on Solana.",
    path="/docs",
    render_plugins=[
        Page(
            path="/",
            favicon=f"<link rel='icon' href='{ASSETS}/favicon-32x32.png'>",
            js_url=f"{ASSETS}/swagger-ui-bundle.js",
            css_url=f"{ASSETS}/swagger-ui.css",
            standalone_preset_js_url=f"{ASSETS}/swagger-ui-standalone-preset.js",
        )
    ],
)


@get("/openapi.json", include_in_schema=False)
async def openapi(request: Request[Any, Any, Any]) -> dict[str, Any]:
    """OpenAPI 3.1 of all routes."""
    return described(request.app)


@functools.lru_cache(maxsize=1)
def described(app: Litestar) -> dict[str, Any]:
    """The framework's description, with what the framework does not know: errors, keys, bodies that are no JSON."""
    whole = _without_one_of(app.openapi_schema.to_schema())
    whole["components"]["schemas"] = _schemas(whole["components"]["schemas"], whole["paths"])
    whole["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    whole["security"] = [{}, {"token": []}]
    problem = {"schema": {"$ref": REFERENCE.format(name="Problem")}}
    paths: dict[str, Any] = whole["paths"]
    for operation in (operation for item in paths.values() for operation in item.values()):
        answers: dict[str, Any] = operation["responses"]
        answers.pop("400", None)  # The framework's own form of a validation error.
        answers["4XX"] = {"description": "Refused, and why.", "content": {PROBLEM_TYPE: problem}}
        answers["5XX"] = {"description": "Our fault, or not now.", "content": {PROBLEM_TYPE: problem}}
    for path in CREATES:
        key = {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "schema": {"type": "string", "minLength": 1},
        }
        paths[path]["post"].setdefault("parameters", []).append(key)
    registered = paths["/api/nodes/register"]["post"]["responses"]
    registered["200"] = {**registered["201"], "description": "The machine was known; what was given is updated."}
    health = paths["/health"]["get"]["responses"]
    health["503"] = {**health["200"], "description": "What is down."}
    paths["/api/artifacts"]["post"]["requestBody"] = {"content": {"application/octet-stream": {"schema": BYTES}}}
    paths["/api/artifacts/{sha256}"]["get"]["responses"]["200"]["content"] = {"application/octet-stream": {}}
    paths["/api/jobs/{job_id}/events"]["get"]["responses"]["200"]["content"] = {"text/event-stream": {}}
    return whole


def _schemas(used: Iterable[str], paths: Mapping[str, Any]) -> dict[str, Any]:
    """The bodies: the framework's own schemas leave out formats, defaults and what the comments say."""
    named = {kind.__name__: kind for kind in _below(Struct) if kind.__module__.startswith(PROTOCOL)}
    kinds = [named[name] for name in used if name in named]
    schemas = components([*kinds, Problem, Event, ReceiptFile], REFERENCE)
    # The protocol, which clients import, does not know what a receipt looks like on the chain's side.
    schemas["ReceiptAnswer"]["properties"]["receipt"] = {"$ref": REFERENCE.format(name="ReceiptFile")}
    taken = _referred([operation.get("requestBody") for item in paths.values() for operation in item.values()], schemas)
    for name in schemas.keys() - taken:
        kind = named.get(name)
        if kind is None or not kind.__struct_config__.omit_defaults:
            _answer(schemas[name])
    return schemas


def _answer(schema: dict[str, Any]) -> None:
    """Of an answer nothing is ever left out."""
    if "properties" in schema:
        schema["required"] = list(schema["properties"])
        for field in schema["properties"].values():
            field.pop("default", None)


def _below(kind: type[Struct]) -> Iterator[type[Struct]]:
    for child in kind.__subclasses__():
        yield child
        yield from _below(child)


def _referred(part: Any, schemas: Mapping[str, Any]) -> set[str]:
    """The schemas that something refers to, and those that they refer to."""
    found: set[str] = set()
    left = [part]
    while left:
        for name in re.findall(r"'#/components/schemas/(\w+)'", str(left.pop())):
            if name not in found:
                found.add(name)
                left.append(schemas[name])
    return found


def _without_one_of(part: Any) -> Any:
    """The framework says that a number is exactly one of integer and number, which no integer is."""
    if isinstance(part, dict):
        return {"anyOf" if name == "oneOf" else name: _without_one_of(value) for name, value in part.items()}
    return [_without_one_of(value) for value in part] if isinstance(part, list) else part


_FILES: Final = {path.name: path for path in Path(str(files("swagger_ui") / "static")).iterdir() if path.is_file()}


@get(f"{ASSETS}/{{name:str}}", include_in_schema=False)
async def asset(name: str) -> File:
    """One of the page's scripts and styles, as the swagger-ui-py package ships them."""
    if name not in _FILES:
        raise NotFound("Asset")
    return File(_FILES[name], content_disposition_type="inline")
