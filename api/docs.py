"""The interactive OpenAPI page at ``/docs``, served whole from this host."""

import base64
import hashlib
import re
from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import FileResponse, HTMLResponse, Response

from data.errors import NotFound

FILES = Path(__file__).parent / "web" / "docs"
# Only what is listed is served, so no path of a request ever reaches the disk.
ASSETS = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon.png": "image/png",
}
SAFE = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}


def docs_router(app: FastAPI) -> APIRouter:
    """Return the routes of ``/docs`` for ``app``, which is made with ``docs_url=None``."""
    router = APIRouter(prefix="/docs", include_in_schema=False)
    page = _page(app.title)
    headers = {
        **SAFE,
        "Content-Security-Policy": _policy(page),
        # The key that a visitor typed stays in the browser; the page itself may change.
        "Cache-Control": "no-cache",
    }

    @router.get("")
    async def show_docs() -> HTMLResponse:
        """Return the page."""
        return HTMLResponse(page, headers=headers)

    @router.get("/assets/{name}")
    async def download_asset(name: str) -> Response:
        """Return a file that the page needs."""
        if name not in ASSETS:
            raise NotFound
        return FileResponse(
            FILES / name,
            media_type=ASSETS[name],
            headers={**SAFE, "Cache-Control": "public, max-age=86400"},
        )

    return router


def _page(title: str) -> str:
    """Return the page; its addresses are relative, so it works below a proxy's prefix too."""
    response = get_swagger_ui_html(
        openapi_url="openapi.json",
        title=title,
        swagger_js_url="docs/assets/swagger-ui-bundle.js",
        swagger_css_url="docs/assets/swagger-ui.css",
        swagger_favicon_url="docs/assets/favicon.png",
        # Without validatorUrl Swagger UI would send the document to its maker's validator.
        swagger_ui_parameters={"persistAuthorization": True, "validatorUrl": None},
    )
    return bytes(response.body).decode()


def _policy(page: str) -> str:
    """Return a policy under which only the script that stands in ``page`` runs inline."""
    scripts = re.findall(r"<script>(.*?)</script>", page, flags=re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in scripts]
    allowed = " ".join(f"'sha256-{value}'" for value in hashes)
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src 'self' {allowed}",
            # Swagger UI writes style attributes.
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data:",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        ]
    )
