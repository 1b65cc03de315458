"""h. What a city of 10,000 people costs the pages of managers and administrators, against a group of 100."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import closing
from pathlib import Path

from tests.bench.report import Figure, heading, median, show
from tests.bench.runs import SETTLE
from tests.support.measured_server import OURS, Learner, Server, serve
from tests.support.streamlit_client import Tab
from tests.support.walk import ANSWER, THEMES
from visionsprat.accounts import authentication
from visionsprat.domain.records import Draft
from visionsprat.staff.plan import preview
from visionsprat.store import Store

TEAM = 25
#: Who looks at what: the query of the address, by the name it is shown under.
PAGES = (
    ("administration", "", "people"),
    ("administration", "del=grupper", "groups"),
    ("administration", "del=handelser", "what has been done"),
    ("administration", "del=personer&person=7", "one person"),
    ("min-grupp", "", "a manager of one team"),
    ("min-grupp", "", "a manager of everybody"),
)


async def sizes(folder: Path, small: int, large: int, rounds: int) -> None:
    """CPU of a rerun with `large` accounts as a multiple of that with `small`, the same team size in both."""
    heading("h", f"server CPU of a rerun with {large} accounts, against {small}")
    for name in ("small", "large"):
        (folder / name).mkdir()
    with serve(folder / "small", OURS) as few, serve(folder / "large", OURS) as many:
        found = [_city(few, small), _city(many, large)]
        for address, query, what in PAGES:
            who = 1 if what == "a manager of one team" else 0
            spent: dict[int, list[float]] = defaultdict(list)
            async with Tab(few.url, found[0][who]) as one, Tab(many.url, found[1][who]) as other:
                for count in range(rounds + 1):  # the first round warms up
                    for place, server, tab in ((0, few, one), (1, many, other)):
                        before = server.cpu()
                        await tab.visit(address, query)
                        await asyncio.sleep(SETTLE)
                        if count:
                            spent[place].append(server.cpu() - before)
            less, more = median(spent[0]), median(spent[1])
            show(Figure(f"/{address}, {what}", more / less, "×", 3, f"{more:.1f} ms of {less:.1f} ms"))


def _city(server: Server, people: int) -> tuple[Learner, Learner]:
    """Fill the server's database: teams of TEAM people in forty districts, half of the people half-way.

    Returns an administrator who manages everybody, and the manager of one team.
    """
    rows = ["e-post;namn;grupp;chef_för"]
    for number in range(people):
        team = number // TEAM
        manages = "Staden" if number == 0 else f"Staden/Område {team % 40}/Team {team}" if number == 1 else ""
        rows.append(
            f"p{number}@bench.example;Person {number};Staden/Område {team % 40}/Team {team};{manages}"
        )
    with closing(Store(server.database)) as store:
        plan = preview("\n".join(rows).encode(), store.directory()).plan
        store.apply_staff(plan, None, "bench.csv")
        ids = {each.email: each.id for each in store.find_people("", limit=people).people}
        for number in range(0, people, 2):
            for questions in list(THEMES.values())[:2]:
                store.save_reflection(ids[f"p{number}@bench.example"], Draft(questions[0], ANSWER, 0))
        store.set_administrator(None, ids["p0@bench.example"], True)
        return _session(store, ids["p0@bench.example"]), _session(store, ids["p1@bench.example"])


def _session(store: Store, account: int) -> Learner:
    admitted = authentication.redeem(
        store, authentication.issue_ticket(store, account, browser="bench"), browser="bench"
    )
    assert admitted is not None
    return Learner(account, admitted.token)
