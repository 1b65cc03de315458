"""A server with somebody of each kind, and a window for each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser

from tests.support.mailbox import Mailbox
from tests.support.people import (
    Person,
    add_person,
)
from tests.support.roles import Role
from tests.support.server import Server
from tests.support.windows import Window, open_window
from visionsprat.content.module import load_module
from visionsprat.settings import ROOT


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, port: int) -> Iterator[Server]:
    """A server that offers letters; none is sent here."""
    server = Server(tmp_path_factory.mktemp("server"), port=port, environment=Mailbox(port=1).environment)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def people(server: Server) -> dict[Role, Person | None]:
    """Somebody of each kind, with something to see on every page: answers, gaps, colleagues, long names."""
    long = "Ett Mycket Långt Namn På En Enhet Som Knappast Får Plats"
    begun = add_person(server, "Amina Testsson", member_of="Team 3")
    complete = add_person(
        server, "Ett Mycket Långt Namn Som Knappast Får Plats Testsson-Provberg", member_of="Team 3"
    )
    for number, question in enumerate(load_module(ROOT / "content").questions):
        complete.write(question.id, "Vi prövar något nytt varje vecka, och pratar om hur det gick. " * 4)
        if number < 3:
            begun.write(question.id, "Vi pratar om hur det gick.")
    add_person(server, "Åsa Testsson", member_of=f"Vård/{long}/Team 1", manages="Vård")
    manager = add_person(server, "Bengt Provberg", member_of=f"Vård/{long}/Team 1", manages="Vård")
    chief = add_person(server, "Ragna Påhittad", member_of="Team 9", manages="Team 9", is_admin=True)
    with server.store() as store:
        ids = {path: id for id, path in store.group_paths().items()}
        store.set_manager(chief.id, manager.id, ids["Team 3"], True)
        store.make_group(chief.id, "Tomma gruppen")
        store.set_active(chief.id, add_person(server, "Dagny Fiktiv", member_of="Vård").id, False)
    return {
        Role.VISITOR: None,
        Role.BEGUN: begun,
        Role.COMPLETE: complete,
        Role.MANAGER: manager,
        Role.ADMINISTRATOR: chief,
    }


@pytest.fixture(scope="module")
def windows(
    browser: Browser, server: Server, people: dict[Role, Person | None]
) -> Iterator[Callable[[Role], Window]]:
    """One window for each role, opened when it is first needed."""
    opened: dict[Role, Window] = {}

    def window(role: Role) -> Window:
        if role not in opened:
            opened[role] = open_window(browser, server, people[role])
        return opened[role]

    yield window
    for each in opened.values():
        each.page.context.close()
