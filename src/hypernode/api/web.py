"""The web app: its files, and its page for every path that a browser opens and that is none of the API's."""

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler

INDEX: Final = "index.html"
ASSETS: Final = "assets"
"""The folder of files whose names tell their content: they never change."""
OTHERS: Final = frozenset({"api", "health", "metrics", "openapi.json", "docs", ASSETS})
"""First parts of paths that are no page's."""
FOR_EVER: Final = "public, max-age=31536000, immutable"
ASK_FIRST: Final = "no-cache"
LEAST_PACKED_BYTES: Final = 1_024
"""Smaller files are sent as they are."""
TYPES: Final = {
    ".css": "text/css",
    ".html": "text/html",
    ".ico": "image/x-icon",
    ".js": "text/javascript",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
PACKED: Final = frozenset({".css", ".html", ".js", ".json", ".svg", ".txt", ".webmanifest"})
"""What gets smaller by gzip."""
# The reader's own RPC may be anywhere, or on this machine. Nothing else leaves the page, and nothing foreign gets in.
POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "font-src 'self'",
        "connect-src 'self' https: wss: http://localhost:* http://127.0.0.1:* ws://localhost:* ws://127.0.0.1:*",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'none'",
    )
)
SECURITY: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # Wallets open windows of their own, which answer to the page.
    "Cross-Origin-Opener-Policy": "same-origin-allow-popups",
    "Cross-Origin-Resource-Policy": "same-origin",
}
UNBUILT: Final = b"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Hypernode</title>
<h1>Hypernode</h1>
<p>The network runs, and its API with it. The web app has not been built yet.</p>
<p>In a clone run <code>make web</code>, which needs Node.js 20 or newer with npm; then start again.</p>
<p><a href="/docs">The API's description</a></p>
</html>
"""

AnyRequest = Request[Any, Any, Any]


@dataclass(frozen=True)
class Asset:
    """A file, ready to be sent."""

    content: bytes
    suffix: str
    cache_control: str

    @cached_property
    def etag(self) -> str:
        """Names the content."""
        return f'"{sha256(self.content).hexdigest()[:32]}"'

    @cached_property
    def packed(self) -> bytes | None:
        """The content by gzip, where that is worth it."""
        if self.suffix not in PACKED or len(self.content) < LEAST_PACKED_BYTES:
            return None
        return gzip.compress(self.content, mtime=0)

    def answer(self, request: AnyRequest) -> Response[bytes]:
        """The file, or that the browser has it already."""
        headers = {**SECURITY, "Cache-Control": self.cache_control, "ETag": self.etag, "Vary": "Accept-Encoding"}
        if self.etag in request.headers.get("if-none-match", ""):
            return Response(b"", status_code=304, headers=headers)
        content = self.content
        if self.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
            content, headers["Content-Encoding"] = self.packed, "gzip"
        return Response(content, headers=headers, media_type=TYPES.get(self.suffix, "application/octet-stream"))


class WebApp:
    """The files of a built app, in memory; without one, a page that says how to build it."""

    def __init__(self, folder: Path | None) -> None:
        self._files = {} if folder is None else dict(_files(folder))
        self._page = self._files.pop(f"/{INDEX}", Asset(UNBUILT, ".html", ASK_FIRST))

    def routes(self) -> list[HTTPRouteHandler]:
        """One route for all files, if there are any."""
        files = self._files

        @get(list(files), include_in_schema=False, sync_to_thread=False)
        def file(request: AnyRequest) -> Response[bytes]:
            """A file of the web app."""
            return files[request.url.path].answer(request)

        return [file] if files else []

    def page(self, request: AnyRequest) -> Response[bytes] | None:
        """The page, if a browser wants one where nothing else is."""
        first = request.url.path.split("/")[1]
        if request.method != "GET" or first in OTHERS or "text/html" not in request.headers.get("accept", ""):
            return None
        return self._page.answer(request)


def _files(folder: Path) -> Iterator[tuple[str, Asset]]:
    """Each file by its path; what builds leave for other tools is hidden."""
    for path in sorted(folder.rglob("*")):
        inner = path.relative_to(folder)
        if path.is_file() and not any(part.startswith(".") for part in inner.parts):
            cache_control = FOR_EVER if inner.parts[0] == ASSETS else ASK_FIRST
            yield f"/{inner.as_posix()}", Asset(path.read_bytes(), path.suffix, cache_control)


def page_for(request: AnyRequest) -> Response[bytes] | None:
    """The page of the application that was asked, if it serves one."""
    web: WebApp | None = request.app.state.get("web")
    return None if web is None else web.page(request)
