"""The OpenAPI description and a page to read it, served from here: no third party sees who reads."""

from importlib.metadata import version
from importlib.resources import files
from typing import Any, Final

from litestar import Request, get
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import SwaggerRenderPlugin
from litestar.router import Router
from litestar.static_files import create_static_files_router

ASSETS: Final = "/docs/assets"

OPENAPI: Final = OpenAPIConfig(
    title="Hypernode",
    version=version("hypernode"),
    description="A GPU and agent-oriented compute network on Solana.",
    path="/docs",
    render_plugins=[
        SwaggerRenderPlugin(
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
    return request.app.openapi_schema.to_schema()


def assets() -> Router:
    """The page's scripts and styles, as the swagger-ui-py package ships them."""
    return create_static_files_router(
        path=ASSETS, directories=[str(files("swagger_ui") / "static")], include_in_schema=False
    )
