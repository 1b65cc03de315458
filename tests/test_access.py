"""Who may see what: every page and every route, asked for by everybody, at a really started server.

What is asked for is read from the application itself. A page or a route that is new fails here until
somebody has said for whom it is.
"""

from __future__ import annotations

import asyncio
import io
import json
import re
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.routing import BaseRoute, Mount, Route

from app import app
from tests.support.measured_server import Learner
from tests.support.server import Server
from tests.support.staff_lists import csv_file
from tests.support.streamlit_client import Tab
from visionsprat.accounts import authentication
from visionsprat.content.module import Module
from visionsprat.domain.records import Draft, NewAccount, Reflection
from visionsprat.domain.text_rules import MAX_CHARACTERS
from visionsprat.settings import ROOT
from visionsprat.store import Store
from visionsprat.terminal import commands
from visionsprat.ui.pages import CLAIM
from visionsprat.web.answers import ACCOUNT_HEADER
from visionsprat.web.api import MAX_BODY_BYTES
from visionsprat.web.routes import OwnRoutes

#: What only its author may ever meet again, and what it read before.
SECRET = "Vi matar uttern bakom reningsverket."
BEFORE = "Vi klappar igelkotten vid brandstationen."
QUESTION, ANOTHER = "skapande/innebar", "globala/gora"


class Role(StrEnum):
    VISITOR = "a visitor"
    LEARNER = "the learner"
    OTHER_MANAGER = "the manager of another group"
    MANAGER = "the manager of the learner's group"
    MANAGER_ABOVE = "the manager of a group above"
    ADMINISTRATOR = "an administrator who manages nothing"
    DEACTIVATED = "somebody deactivated, with a session from before"


#: Names that stand nowhere else. Somebody deactivated has been all that one can be.
PEOPLE = {
    Role.LEARNER: NewAccount(
        "leja@test.example", "Leja Testsson", None, member_of="Skogen/Norrängen/Hassellunden"
    ),
    Role.OTHER_MANAGER: NewAccount(
        "otto@test.example",
        "Otto Provberg",
        None,
        member_of="Skogen/Söderängen/Lindlunden",
        manages="Skogen/Söderängen/Lindlunden",
    ),
    Role.MANAGER: NewAccount(
        "marit@test.example",
        "Marit Exempel",
        None,
        member_of="Skogen/Norrängen/Hassellunden",
        manages="Skogen/Norrängen/Hassellunden",
    ),
    Role.MANAGER_ABOVE: NewAccount("ylva@test.example", "Ylva Modell", None, manages="Skogen/Norrängen"),
    Role.ADMINISTRATOR: NewAccount("ragna@test.example", "Ragna Påhittad", None, is_admin=True),
    Role.DEACTIVATED: NewAccount(
        "dagny@test.example",
        "Dagny Fiktiv",
        None,
        is_admin=True,
        member_of="Skogen/Norrängen/Hassellunden",
        manages="Skogen",
    ),
}
#: The manager above has this group, too: who manages several trees may see all of them at once.
FURTHER = "Havet/Klippan"
COLLEAGUES = (
    NewAccount("tora@test.example", "Tora Låtsas", None, member_of="Skogen/Norrängen/Asklunden"),
    NewAccount("sixten@test.example", "Sixten Prövare", None, member_of="Skogen/Söderängen/Lindlunden"),
    NewAccount("hilding@test.example", "Hilding Påhittad", None, member_of=FURTHER),
)
NAMES = {each.name for each in (*PEOPLE.values(), *COLLEAGUES)}
ADDRESSES = {each.email for each in (*PEOPLE.values(), *COLLEAGUES)}
GROUPS = {"Skogen", "Norrängen", "Söderängen", "Hassellunden", "Asklunden", "Lindlunden", "Havet", "Klippan"}

SIGNED_OUT = {Role.VISITOR, Role.DEACTIVATED}
SIGNED_IN = set(Role) - SIGNED_OUT
MANAGERS = {Role.OTHER_MANAGER, Role.MANAGER, Role.MANAGER_ABOVE}
ADMINISTRATORS = {Role.ADMINISTRATOR}

#: Who a manager sees on /min-grupp: the people in the groups they manage and below, and no others.
SEEN_BY = {
    Role.OTHER_MANAGER: {"Otto Provberg", "Sixten Prövare"},
    Role.MANAGER: {"Leja Testsson", "Marit Exempel"},
    Role.MANAGER_ABOVE: {"Leja Testsson", "Marit Exempel", "Tora Låtsas", "Hilding Påhittad"},
}
#: The groups that somebody meets anywhere, in the path of their own or below one that they manage.
GROUPS_OF = {
    Role.LEARNER: {"Skogen", "Norrängen", "Hassellunden"},
    Role.OTHER_MANAGER: {"Skogen", "Söderängen", "Lindlunden"},
    Role.MANAGER: {"Skogen", "Norrängen", "Hassellunden"},
    Role.MANAGER_ABOVE: {"Skogen", "Norrängen", "Hassellunden", "Asklunden", "Havet", "Klippan"},
    Role.ADMINISTRATOR: GROUPS,
}

#: For whom each page is, beside the themes. The others get the sign-in form, or "Sidan finns inte".
PAGES = {
    "": SIGNED_IN,
    "visionen": SIGNED_IN,
    "mina-reflektioner": SIGNED_IN,
    "mitt-konto": SIGNED_IN,
    "min-grupp": MANAGERS,
    "administration": ADMINISTRATORS,
    "tillganglighet": set(Role),
    "personuppgifter": set(Role),
    "inbjudan": set(Role),
    "glomt-losenord": set(Role),
    CLAIM: set(Role),
    "finns-inte": set[Role](),
}
SCRIPTS = {
    *("accessibility", "account", "administration", "claim", "code", "entry", "forgotten", "group"),
    *("invitation", "missing", "privacy", "reflections", "sign_in", "start", "theme", "vision"),
}


def everybody(status: int) -> dict[Role, int]:
    return dict.fromkeys(Role, status)


def only(roles: set[Role], status: int = 200, *, others: int = 404) -> dict[Role, int]:
    return {role: status if role in roles else others for role in Role}


#: What each route answers.
ROUTES = {
    "POST /api/reflections": only(SIGNED_IN, others=401),
    "GET /api/reflections/versions": only(SIGNED_IN, others=401),
    "POST /api/drafts/key": only(SIGNED_IN, others=401),
    "GET /api/session": only(SIGNED_IN, 204, others=401),
    "POST /api/sign-out": everybody(200),
    "GET /api/ticket": everybody(303),
    "GET /healthz": everybody(200),
    "GET /metrics": everybody(200),  # to all who ask from the machine itself
    "GET /assets": everybody(404),  # the folder itself
    "GET /api/personallista.csv": only(ADMINISTRATORS),
    "GET /api/handelser.csv": only(ADMINISTRATORS),
    "GET /api/min-grupp.csv": only(MANAGERS),
    "GET /api/min-grupp.xlsx": only(MANAGERS),
    "POST /api/inbjudningar.csv": only(ADMINISTRATORS),
    "GET /api/mina-uppgifter.json": only(SIGNED_IN),
    "GET /api/mina-uppgifter.txt": only(SIGNED_IN),
    "DELETE /api/reflections/versions": only(SIGNED_IN, 204, others=401),  # after what shows them
    **{
        f"{method} /api/{{path:path}}": everybody(404) for method in ("GET", "POST", "PUT", "PATCH", "DELETE")
    },
}
#: What a route has to be asked with.
ASKED_WITH = {
    "GET /api/reflections/versions": f"?question={QUESTION}",
    "DELETE /api/reflections/versions": f"?question={QUESTION}",
    "POST /api/inbjudningar.csv": "?aldrig=1",
}
#: Streamlit's own addresses, and places where a file might be thought to lie.
BESIDE = (
    *("/_stcore/health", "/_stcore/host-config", "/_stcore/script-health-check", "/_stcore/metrics"),
    *("/data/visionsprat.db", "/visionsprat.db", "/static/visionsprat.db", "/assets/visionsprat.db"),
    *("/app/static/data/visionsprat.db", "/assets/..%2f..%2f..%2fdata/visionsprat.db"),
)


@dataclass(frozen=True)
class House:
    """A server with people in it, one of whom has written."""

    server: Server
    ids: dict[Role, int]
    group_ids: dict[str, int]
    tokens: dict[Role, str]

    def headers(self, role: Role) -> dict[str, str]:
        return {"Cookie": Learner(0, self.tokens[role]).cookie} if role in self.tokens else {}


@dataclass
class Met:
    """All that a role has met: what was drawn at each page and query, and each route's answer."""

    addresses: set[str] = field(default_factory=set)
    pages: dict[tuple[str, str], str] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    #: Everything that came, by where it came from: frames of the websocket, headers and bodies.
    everything: dict[str, str] = field(default_factory=dict)


def token(store: Store, account_id: int) -> str:
    admitted = authentication.redeem(store, authentication.issue_ticket(store, account_id, "test"), "test")
    assert admitted is not None
    return admitted.token


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    # The log tells as much as it can.
    loud = {"VISIONSPRAT_LOG_LEVEL": "debug", "STREAMLIT_LOGGER_LEVEL": "debug"}
    server = Server(tmp_path_factory.mktemp("access"), environment=loud)
    with server.store() as store:
        ids = {role: store.add_account(person) for role, person in PEOPLE.items()}
        for person in COLLEAGUES:
            store.add_account(person)
        learner = ids[Role.LEARNER]
        assert isinstance(store.save_reflection(learner, Draft(QUESTION, BEFORE, 0)), Reflection)
        assert isinstance(store.save_reflection(learner, Draft(QUESTION, SECRET, 1)), Reflection)
        with closing(sqlite3.connect(server.database, isolation_level=None)) as database:
            # As an earlier sitting's text is kept.
            database.execute(
                "INSERT OR IGNORE INTO reflection_revisions"
                " (account_id, question_id, revision, text, saved_at)"
                " SELECT account_id, question_id, 1, ?, updated_at FROM reflections",
                [BEFORE],
            )
        tokens = {role: token(store, id) for role, id in ids.items()}
        store.set_active(ids[Role.ADMINISTRATOR], ids[Role.DEACTIVATED], False)
        group_ids = {path: id for id, path in store.group_paths().items()}
        store.set_manager(None, ids[Role.MANAGER_ABOVE], group_ids[FURTHER], True)
    yield House(server, ids, group_ids, tokens)
    server.stop()


@pytest.fixture(scope="module")
def met(house: House) -> dict[Role, Met]:
    """What everybody meets who asks for everything."""
    found = {role: Met() for role in Role}
    asyncio.run(_open_tabs(house, found))
    addresses = set().union(*(each.addresses for each in found.values()))
    asyncio.run(_visit_all(house, found, addresses))
    for role in Role:
        _ask_all(house, role, found[role], addresses)
    return found


async def _open_tabs(house: House, found: dict[Role, Met]) -> None:
    for role, each in found.items():
        async with _tab(house, role) as tab:
            await tab.visit("")
            each.addresses = tab.addresses


async def _visit_all(house: House, found: dict[Role, Met], addresses: set[str]) -> None:
    asked = [(address, query) for address in (*addresses, *PAGES) for query in _queries(house, address)]
    for role, each in found.items():
        async with _tab(house, role) as tab:
            for address, query in dict.fromkeys(asked):
                await tab.visit(address, query)
                each.pages[address, query] = tab.html
                frames = b"".join(tab.received).decode(errors="replace")
                each.everything[f"/{address}?{query}"] = frames


def _tab(house: House, role: Role) -> Tab:
    return Tab(house.server.url, Learner(0, house.tokens[role]) if role in house.tokens else None)


def _queries(house: House, address: str) -> list[str]:
    """What somebody curious would put behind an address."""
    learner = house.ids[Role.LEARNER]
    groups = [*house.group_ids.values(), 0, 999_999, "", "1+OR+1=1"]
    if address == "min-grupp":
        return ["", *(f"grupp={id}" for id in groups), "visa=inte-borjat", "visa=pa-vag", "visa=klara"]
    if address == "administration":
        people = [f"del=personer&person={id}" for id in (*house.ids.values(), 999_999, "1+OR+1=1")]
        parts = ("personer", "grupper", "personallista", "inbjudningar", "handelser", "hittapa")
        return [
            "",
            *(f"del={part}" for part in parts),
            *people,
            *(f"del=grupper&grupp={id}" for id in groups),
        ]
    return ["", f"konto={learner}&person={learner}&grupp={groups[0]}&kod=hittapa"]


def _ask_all(house: House, role: Role, met: Met, addresses: set[str]) -> None:
    learner = house.ids[Role.LEARNER]
    curious = f"?konto={learner}&account={learner}&person={learner}"
    files = [
        f"/api/min-grupp.{ending}?grupp={id}" for ending in ("csv", "xlsx") for id in house.group_ids.values()
    ]
    with httpx.Client(base_url=house.server.url, headers=house.headers(role), timeout=60) as client:
        for route in ROUTES:
            if route == "POST /api/sign-out":
                continue
            method, path = f"{route}{ASKED_WITH.get(route, '')}".split(" ")
            answer = client.request(
                method, path.replace("{path:path}", "hittapa"), **_body(house, method, path)
            )
            met.statuses[route] = answer.status_code
            met.everything[route] = _whole(answer)
            if method == "GET":
                further = path.partition("?")[0] + curious + ASKED_WITH.get(route, "").replace("?", "&")
                met.everything[f"{route} {curious}"] = _whole(client.get(further))
        for address in (*BESIDE, *files, *(f"/{address}" for address in addresses)):
            met.everything[f"GET {address}"] = _whole(client.get(address))
    with httpx.Client(base_url=house.server.url, headers=_headers_to_end(house, role)) as client:
        answer = client.post("/api/sign-out", headers={"Origin": house.server.url})
        met.statuses["POST /api/sign-out"] = answer.status_code
        met.everything["POST /api/sign-out"] = _whole(answer)


def _headers_to_end(house: House, role: Role) -> dict[str, str]:
    """Those of a session of its own, which may be ended; somebody who can't begin one uses the old."""
    if role not in SIGNED_IN:
        return house.headers(role)
    with house.server.store() as store:
        return {"Cookie": Learner(0, token(store, house.ids[role])).cookie}


def _body(house: House, method: str, path: str) -> dict[str, Any]:
    if method == "GET":
        return {}
    return {
        "headers": {"Origin": house.server.url},
        "json": {"question": ANOTHER, "text": "Mitt.", "based_on": 0},
    }


def _whole(answer: httpx.Response) -> str:
    """Headers and body; what is in an Excel file, too."""
    body = answer.content
    if body[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(body)) as workbook:
            body = b"".join(workbook.read(name) for name in workbook.namelist())
    return f"{answer.headers}\n{body.decode(errors='replace')}"


def what(html: str) -> str:
    """What a visitor has come to, by its heading."""
    heading = re.search(r"<h1.*?>(.*?)</h1>", html, re.S)
    assert heading is not None
    return {"Logga in": "sign-in form", "Sidan finns inte": "missing"}.get(heading[1], "page")


def beside_the_path(html: str) -> str:
    """The page itself: the path at the side says which steps one has visited."""
    return html.rpartition("</nav>")[2]


def routes_of_the_application() -> set[str]:
    """Our routes as app.py hands them over: method and path."""
    middleware: list[Any] = app._user_middleware
    (ours,) = [each for each in middleware if each.cls is OwnRoutes]
    routes: list[BaseRoute] = ours.kwargs["routes"]
    found = set()
    for route in routes:
        assert isinstance(route, Route | Mount)
        methods = (route.methods or set()) - {"HEAD"} if isinstance(route, Route) else {"GET"}
        found |= {f"{method} {route.path}" for method in methods}
    return found


# Pages and routes


def test_everything_has_been_said_to_be_for_somebody(met: dict[Role, Met], module: Module) -> None:
    found = set().union(*(each.addresses for each in met.values()))
    assert found | {CLAIM, "finns-inte"} == {*PAGES, *(theme.id for theme in module.themes)}
    assert routes_of_the_application() == set(ROUTES)
    # A page that the navigation names to nobody until they are there must be written into PAGES, too.
    assert {page.stem for page in (ROOT / "pages").glob("*.py")} == SCRIPTS


@pytest.mark.parametrize("role", Role)
def test_a_page_is_shown_to_those_it_is_for(met: dict[Role, Met], module: Module, role: Role) -> None:
    pages = PAGES | {theme.id: SIGNED_IN for theme in module.themes}
    instead = "sign-in form" if role in SIGNED_OUT else "missing"
    wanted = {asked: "page" if role in pages[asked[0]] else instead for asked in met[role].pages}
    assert {asked: what(html) for asked, html in met[role].pages.items()} == wanted


@pytest.mark.parametrize("role", Role)
def test_a_route_answers_those_it_is_for(met: dict[Role, Met], role: Role) -> None:
    assert met[role].statuses == {route: wanted[role] for route, wanted in ROUTES.items()}


@pytest.mark.parametrize("role", Role)
def test_what_is_not_for_somebody_looks_as_if_it_did_not_exist(met: dict[Role, Met], role: Role) -> None:
    made_up = beside_the_path(met[role].pages["finns-inte", ""])
    for (address, query), html in met[role].pages.items():
        if address in PAGES and role not in PAGES[address]:
            assert beside_the_path(html) == made_up, f"/{address}?{query}"
    nothing = met[role].everything["GET /api/{path:path}"].partition("\n")[2]
    for route, status in met[role].statuses.items():
        if status == 404 and route.startswith("GET /api/"):
            assert met[role].everything[route].partition("\n")[2] == nothing, route


def test_the_log_tells_who_asked_for_a_page_without_the_right_to_it(
    met: dict[Role, Met], house: House
) -> None:
    """Once a second at most, whoever asks."""
    told = [line for line in house.server.output.splitlines() if " event=Refused " in line]
    by = {int(found[1]) for line in told if (found := re.search(r" account=(\d+) outcome=right$", line))}
    assert by and by <= set(house.ids.values())


@pytest.mark.parametrize("role", Role)
def test_streamlits_own_page_shows_nowhere(met: dict[Role, Met], role: Role) -> None:
    assert leaks(met[role], "Streamlit Inc", '<html lang="en"') == []


# Names


@pytest.mark.parametrize("role", sorted(MANAGERS))
def test_a_manager_sees_their_own_people_and_nobody_elses(met: dict[Role, Met], role: Role) -> None:
    seen = met[role]
    for where in ("/min-grupp?", "GET /api/min-grupp.csv", "GET /api/min-grupp.xlsx"):
        listed = {name for name in NAMES if name in seen.everything[where]}
        assert listed == SEEN_BY[role] | ({PEOPLE[role].name} if where.startswith("/") else set())


@pytest.mark.parametrize("role", Role)
def test_nobody_meets_a_name_that_is_not_theirs_to_see(met: dict[Role, Met], role: Role) -> None:
    own = {PEOPLE[role].name} if role in SIGNED_IN else set()
    names = NAMES if role in ADMINISTRATORS else SEEN_BY.get(role, set()) | own
    addresses = {each.email for each in (*PEOPLE.values(), *COLLEAGUES) if each.name in names}
    hidden = (NAMES - names) | (ADDRESSES - addresses) | (GROUPS - GROUPS_OF.get(role, set()))
    assert leaks(met[role], *hidden) == []


def test_an_administrator_sees_everybody(met: dict[Role, Met], house: House) -> None:
    seen = met[Role.ADMINISTRATOR]
    for where in ("/administration?", "GET /api/personallista.csv"):
        assert {name for name in NAMES if name in seen.everything[where]} == NAMES
    learner = beside_the_path(seen.pages["administration", f"del=personer&person={house.ids[Role.LEARNER]}"])
    assert "Leja Testsson" in learner and "klar" not in learner.lower()


# Words


def leaks(met: Met, *needles: str) -> list[str]:
    return [
        f"{needle} at {where}"
        for where, came in met.everything.items()
        for needle in needles
        if needle in came
    ]


def test_the_author_meets_their_own_words(met: dict[Role, Met]) -> None:
    found = leaks(met[Role.LEARNER], SECRET)
    for where in ("/skapande?", "/mina-reflektioner?", "GET /api/mina-uppgifter.json"):
        assert f"{SECRET} at {where}" in found
    assert f"{BEFORE} at GET /api/mina-uppgifter.txt" in leaks(met[Role.LEARNER], BEFORE)
    assert not [each for each in found if "administration" in each or "min-grupp" in each]


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.LEARNER}))
def test_nobody_else_meets_a_word_of_it(met: dict[Role, Met], house: House, role: Role) -> None:
    assert leaks(met[role], SECRET, BEFORE) == []
    assert SECRET not in house.server.output and BEFORE not in house.server.output


# Errors


def post(house: House, role: Role, body: bytes, **headers: str) -> httpx.Response:
    known = {"Origin": house.server.url, "Content-Type": "application/json", **house.headers(role)}
    return httpx.post(
        f"{house.server.url}/api/reflections", content=body, headers={**known, **headers}, timeout=60
    )


def draft(text: str, question: str = QUESTION, based_on: object = 0) -> bytes:
    return json.dumps({"question": question, "text": text, "based_on": based_on}).encode()


@pytest.mark.parametrize("role", [Role.MANAGER, Role.ADMINISTRATOR])
def test_somebody_elses_conflict_is_about_their_own_text(house: House, role: Role) -> None:
    """They have the same question; also when they say that they are on the author's page."""
    assert post(house, role, draft("Eget.")).status_code == 200
    refused = post(house, role, draft("Annat."))
    assert (refused.status_code, refused.json()["text"]) == (409, "Eget.")
    pretended = post(house, role, draft("Annat."), **{ACCOUNT_HEADER: str(house.ids[Role.LEARNER])})
    assert pretended.status_code == 401
    assert SECRET not in _whole(refused) + _whole(pretended)


REFUSED: dict[str, tuple[int, bytes]] = {
    "cut off": (422, draft(SECRET)[:-20]),
    "without a question": (422, json.dumps({"text": SECRET}).encode()),
    "half a surrogate pair": (422, draft(f"{SECRET}\ud800")),
    "NUL": (422, draft(f"{SECRET}\0")),
    "for a question": (404, draft("Hej.", question=SECRET)),
    "for a revision": (422, draft("Hej.", based_on=SECRET)),
    "too long": (413, draft(SECRET * (1 + MAX_CHARACTERS // len(SECRET)))),
    "far too long": (413, draft(SECRET * (1 + MAX_BODY_BYTES // len(SECRET)))),
}


@pytest.mark.parametrize(("status", "body"), REFUSED.values(), ids=REFUSED)
def test_a_refusal_repeats_nothing(house: House, status: int, body: bytes) -> None:
    answer = post(house, Role.LEARNER, body)
    assert answer.status_code == status
    assert SECRET not in _whole(answer) + house.server.output


def test_an_answer_to_nobody_or_to_another_site_repeats_nothing(house: House) -> None:
    answers = {
        401: post(house, Role.DEACTIVATED, draft(SECRET)),
        403: post(house, Role.LEARNER, draft(SECRET), Origin="https://evil.example"),
        404: httpx.put(
            f"{house.server.url}/api/reflections/{SECRET}",
            content=draft(SECRET),
            headers={"Origin": house.server.url},
        ),
    }
    assert {status: answer.status_code for status, answer in answers.items()} == {s: s for s in answers}
    assert SECRET not in "".join(map(_whole, answers.values())) + house.server.output


def test_a_database_that_can_not_be_written_repeats_nothing(house: House) -> None:
    with closing(sqlite3.connect(house.server.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        answer = post(house, Role.LEARNER, draft(f"{SECRET} Och igelkotten.", based_on=2))
        other.execute("ROLLBACK")
    assert answer.status_code == 503
    assert SECRET not in _whole(answer) + house.server.output


def test_a_page_that_can_not_be_drawn_repeats_nothing(house: House) -> None:
    """A time that is none makes the author's own pages fail, with their texts at hand."""
    set_time = "UPDATE reflections SET updated_at = ? WHERE account_id = ? AND question_id = ?"
    row = (house.ids[Role.LEARNER], QUESTION)
    with closing(sqlite3.connect(house.server.database, isolation_level=None)) as database:
        (before,) = database.execute(
            "SELECT updated_at FROM reflections WHERE account_id = ? AND question_id = ?", row
        ).fetchone()
        database.execute(set_time, ("i går", *row))
        drawn, frames = asyncio.run(_visit(house, Role.LEARNER, "skapande"))
        database.execute(set_time, (before, *row))
    assert what(drawn) == "page" and "Något gick fel" in drawn
    (line,) = [each for each in house.server.output.splitlines() if "Traceback" in each]
    assert re.search(r' logger=visionsprat .* request=[\w-]+ error=".*ValueError"$', line)
    assert SECRET not in frames + house.server.output


async def _visit(house: House, role: Role, address: str) -> tuple[str, str]:
    async with _tab(house, role) as tab:
        await tab.visit(address)
        return tab.html, b"".join(tab.received).decode(errors="replace")


# The terminal

#: What each command is asked for here; those that are None start a server, want none to run, or have
#: nothing to do here.
COMMANDS: dict[str, list[str] | None] = {
    "demo": None,
    "add-account": ["nya@test.example", "--name", "Nya Testsson"],
    "import-staff": ["LIST", "--yes"],
    "export": [],
    "invite": ["leja@test.example"],
    "unlock-texts": None,
    "sign-out-everybody": [],
    "reset-second-factor": None,
    "backup": ["FOLDER"],
    "check": [],
    "restore": None,
}


def test_the_terminal_tells_nothing(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: Any
) -> None:
    monkeypatch.setenv("VISIONSPRAT_DATA", str(house.server.data))
    monkeypatch.setattr("sys.stdin", io.StringIO("häst batteri klammer\n"))
    staff_list = tmp_path / "list.csv"
    staff_list.write_bytes(csv_file([("ny@test.example", "Ny Testsson", "Skogen", "", "ja")]))
    with pytest.raises(SystemExit):
        commands.main(["--help"])
    said = capfdbinary.readouterr().out
    assert set(re.findall(rb"^  ([a-z][a-z-]+)(?: |$)", said, re.M)) == {name.encode() for name in COMMANDS}
    for command, arguments in COMMANDS.items():
        with pytest.raises(SystemExit):
            commands.main([command, "--help"])
        if arguments is not None:
            places = {"LIST": str(staff_list), "FOLDER": str(tmp_path / "copies")}
            assert commands.main([command, *(places.get(each, each) for each in arguments)]) == 0, command
        out, err = capfdbinary.readouterr()
        said += out + err
    assert b"leja@test.example" in said  # the export has been read
    assert SECRET.encode() not in said and BEFORE.encode() not in said
