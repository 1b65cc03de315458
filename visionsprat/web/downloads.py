"""Files to take home."""

from __future__ import annotations

import json
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from visionsprat.accounts.invitations import HEADINGS, as_rows, invite
from visionsprat.domain import group_view
from visionsprat.domain.records import Account, Action, Whom
from visionsprat.installation import open_installation
from visionsprat.runtime.rate_limits import Limits, Rate
from visionsprat.staff.plan import EXPORTED, export_rows
from visionsprat.staff.spreadsheet import as_csv, as_xlsx
from visionsprat.web.index_page import not_found, site
from visionsprat.web.rights import at_the_rate_of, for_administrators, for_everybody, for_managers
from visionsprat.wording import own_copy
from visionsprat.wording.formats import STOCKHOLM, midnight, sortable
from visionsprat.wording.messages import ACTIONS

CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def attachment(body: bytes, name: str, media_type: str) -> Response:
    """A file for the browser to save; `name` is in ASCII."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(body, media_type=media_type, headers=headers)


def _downloads(limits: Limits) -> Rate:
    return limits.downloads


def _changes(limits: Limits) -> Rate:
    return limits.changes


@for_administrators
@at_the_rate_of(_downloads)
def staff_list(_: Request, account: Account) -> Response:
    """GET /api/personallista.csv: everybody, in a form that can be imported again."""
    rows = export_rows(open_installation().store.directory())
    return attachment(as_csv(EXPORTED, rows), "personallista.csv", CSV)


@for_administrators
@at_the_rate_of(_downloads)
def audit_log(request: Request, account: Account) -> Response:
    """GET /api/handelser.csv?vad=&om=&fran=&till=: what administrators have done."""
    asked = request.query_params
    try:
        action = Action(asked["vad"]) if asked.get("vad") else None
        since, until = midnight(asked.get("fran", "")), midnight(asked.get("till", ""))
        page = open_installation().store.audit_log(
            action=action,
            about=asked.get("om", ""),
            between=(since, until + timedelta(days=1) if until else None),
        )
    except ValueError:
        return not_found()
    rows = [(sortable(e.at), e.actor, ACTIONS[e.action], e.subject, e.details) for e in page.entries]
    return attachment(as_csv(("när", "vem", "vad", "om vem", "mer"), rows), "handelser.csv", CSV)


@for_administrators
@at_the_rate_of(_changes)
def invitations(request: Request, account: Account) -> Response:
    """POST /api/inbjudningar.csv?grupp=&aldrig=: make links and give them out.

    The file is the only place where the links are; the server keeps their hashes. Whoever has signed in
    before is left out: a link that others have had in their hands would lock what they have written.
    """
    asked = request.query_params
    group, never = asked.get("grupp", ""), bool(asked.get("aldrig"))
    if not (group or never) or not _is_id(group or "0"):
        return not_found()
    whom = Whom(group_id=int(group) if group else None, never_signed_in=never, unused=True)
    made = invite(open_installation().store, account.id, whom, site())
    return attachment(as_csv(HEADINGS, as_rows(made)), "inbjudningar.csv", CSV)


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 16


@for_managers
@at_the_rate_of(_downloads)
def group_file(request: Request, account: Account) -> Response:
    """GET /api/min-grupp.csv or .xlsx?grupp=&visa=: what a manager sees with that filter, all of it."""
    installation, asked = open_installation(), request.query_params
    groups = installation.store.managed_groups(account.id, installation.module.question_ids)
    view = group_view.asked_for(installation.module, groups, asked.get("grupp", ""), asked.get("visa", ""))
    found = installation.store.managed_members(account.id, view.chosen_id, installation.module.question_ids)
    members = group_view.shown(installation.module, found, view)
    themes = [theme.title for theme in installation.module.themes]
    headings = ["namn", "e-post", "grupp", *themes, "klara teman", "allt klart"]
    rows = [
        [
            member.name,
            member.email,
            ", ".join(member.groups),
            *("klart" if complete else "inte klart" for complete in member.themes),
            str(member.complete),
            f"{member.completed_at.astimezone(STOCKHOLM):%Y-%m-%d}" if member.completed_at else "",
        ]
        for member in members
    ]
    if request.url.path.endswith(".xlsx"):
        return attachment(as_xlsx(headings, rows, sheet="Min grupp"), "min-grupp.xlsx", XLSX)
    return attachment(as_csv(headings, rows), "min-grupp.csv", CSV)


@for_everybody
@at_the_rate_of(_downloads)
def own_data(request: Request, account: Account) -> Response:
    """GET /api/mina-uppgifter.json or .txt: all that is stored about the one who asks, and nobody else."""
    installation = open_installation()
    own = installation.store.own_data(account.id)
    if own is None:
        return not_found()
    if request.url.path.endswith(".json"):
        data = json.dumps(own_copy.as_data(own, installation.module), ensure_ascii=False, indent=2)
        return attachment(data.encode(), "mina-uppgifter.json", "application/json")
    text = own_copy.as_text(own, installation.module, installation.store.clock())
    return attachment(text.encode(), "mina-uppgifter.txt", "text/plain; charset=utf-8")


def routes() -> list[BaseRoute]:
    return [
        Route("/api/personallista.csv", staff_list, methods=["GET"]),
        Route("/api/inbjudningar.csv", invitations, methods=["POST"]),
        Route("/api/min-grupp.csv", group_file, methods=["GET"]),
        Route("/api/min-grupp.xlsx", group_file, methods=["GET"]),
        Route("/api/handelser.csv", audit_log, methods=["GET"]),
        Route("/api/mina-uppgifter.json", own_data, methods=["GET"]),
        Route("/api/mina-uppgifter.txt", own_data, methods=["GET"]),
    ]


def made_up() -> BaseRoute:
    """Any other address below /api, whatever the method. Comes after all other routes."""
    return Route(
        "/api/{path:path}", lambda request: not_found(), methods=["GET", "POST", "PUT", "PATCH", "DELETE"]
    )
