"""Files to take home: routes that ask for the session and its rights each time.

Somebody without the right gets what a made-up address gives.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from visionsprat.accounts import token_hash
from visionsprat.directory import EXPORTED, export_rows
from visionsprat.front import not_found
from visionsprat.installation import installation
from visionsprat.records import Account, StoreUnavailable
from visionsprat.sheets import as_csv
from visionsprat.web import SESSION_COOKIE, unavailable

CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def attachment(body: bytes, name: str, media_type: str) -> Response:
    """A file for the browser to save; `name` is in ASCII."""
    return Response(
        body, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def signed_in(request: Request) -> Account | None:
    return installation().store.account_of_session(token_hash(request.cookies.get(SESSION_COOKIE, "")))


def staff_list(request: Request) -> Response:
    """GET /api/personallista.csv: everybody, in a form that can be imported again. For administrators."""
    try:
        account = signed_in(request)
        if account is None or not account.is_admin:
            return not_found()
        rows = export_rows(installation().store.directory())
    except StoreUnavailable:
        return unavailable()
    return attachment(as_csv(EXPORTED, rows), "personallista.csv", CSV)


def routes() -> list[BaseRoute]:
    return [Route("/api/personallista.csv", staff_list, methods=["GET"])]


def made_up() -> BaseRoute:
    """Any other address below /api, whatever the method. Comes after all other routes."""
    return Route(
        "/api/{path:path}", lambda request: not_found(), methods=["GET", "POST", "PUT", "PATCH", "DELETE"]
    )
