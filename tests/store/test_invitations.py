"""Invitations: who gets a link, how long it lives, and what choosing a password with it does."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.clock import Clock
from tests.support.stored import AddAccount, known_as, sql
from visionsprat.domain.records import Action, Whom
from visionsprat.domain.tokens import token_hash
from visionsprat.errors import InvitationExpired, InvitationUsed, InvitationVoid, NotAllowed
from visionsprat.store import Store
from visionsprat.store.invitations import (
    INVITATION_LIFE,
    MARKS_KEY,
    MAX_REQUESTS,
    MAX_REQUESTS_OF_CLIENT,
    PASSWORD_LINK_LIFE,
    REQUESTS_REMEMBERED,
    client_mark,
)

EVERYBODY = Whom()


@pytest.fixture
def chief(add_account: AddAccount) -> int:
    return add_account("chief@test.example", "Chief", is_admin=True, member_of="Ledning")


@pytest.fixture
def amina(add_account: AddAccount) -> int:
    return add_account(member_of="Vård/Norr/Team 3", password_hash=None)


@pytest.fixture
def bengt(add_account: AddAccount) -> int:
    return add_account("bengt@test.example", "Bengt", member_of="Vård/Norr")


def only(email: str) -> Whom:
    return Whom(emails=frozenset({email}))


def invite(store: Store, email: str, link: str) -> None:
    assert len(known_as(store, link, store.invite(None, only(email)))) == 1


def group(store: Store, path: str) -> int:
    (id,) = [id for id, each in store.group_paths().items() if each == path]
    return id


def begin_session(store: Store, account_id: int, token: str) -> None:
    store.add_ticket(account_id, f"ticket of {token}")
    assert store.redeem_ticket(f"ticket of {token}", token)


def dump(store: Store) -> str:
    with closing(sqlite3.connect(store.path)) as db:
        return "\n".join(db.iterdump())


def emails(store: Store, whom: Whom) -> list[str]:
    found = [each.person.email.split("@")[0] for each in store.invite(None, whom)]
    assert store.count_invitees(whom) == len(found)
    return found


def test_whom_a_link_is_made_for(
    store: Store, chief: int, amina: int, bengt: int, add_account: AddAccount
) -> None:
    away = add_account("away@test.example", "Away", member_of="Vård/Norr")
    store.set_active(None, away, False)
    begin_session(store, bengt, "token")
    norr, vård = group(store, "Vård/Norr"), group(store, "Vård")
    assert emails(store, EVERYBODY) == ["amina", "bengt", "chief"]
    assert emails(store, Whom(never_signed_in=True)) == ["amina", "chief"]
    assert emails(store, Whom(group_id=norr)) == emails(store, Whom(group_id=vård)) == ["amina", "bengt"]
    assert emails(store, Whom(group_id=group(store, "Vård/Norr/Team 3"))) == ["amina"]
    assert emails(store, Whom(group_id=vård, never_signed_in=True)) == ["amina"]
    assert emails(store, Whom(emails=frozenset({"BENGT@test.example", "away@test.example"}))) == ["bengt"]
    assert emails(store, Whom(emails=frozenset())) == []
    assert emails(store, Whom(group_id=4711)) == []


def test_a_link_tells_whose_it_is_and_looking_does_not_use_it_up(
    store: Store, amina: int, clock: Clock
) -> None:
    invite(store, "amina@test.example", "link")
    before = dump(store)
    for _ in range(3):
        found = store.invited("link")
    assert (found.account_id, found.email, found.name) == (amina, "amina@test.example", "Amina Testsson")
    assert (found.groups, found.has_password) == (("Vård/Norr/Team 3",), False)
    assert found.expires_at == clock.now + INVITATION_LIFE == clock.now + timedelta(days=14)
    assert dump(store) == before


def test_choosing_a_password_lets_in_once_and_signs_out_everywhere(
    store: Store, amina: int, clock: Clock
) -> None:
    begin_session(store, amina, "token")
    store.begin_attempt("amina@test.example")
    invite(store, "amina@test.example", "link")
    assert store.use_invitation("link", "new hash") == amina
    found = store.credentials("amina@test.example")
    assert found is not None and found.password_hash == "new hash"
    assert store.account_of_session("token") is None
    assert 'INTO "sign_in_failures"' not in dump(store)
    for use in (store.invited, lambda link: store.use_invitation(link, "another hash")):
        with pytest.raises(InvitationUsed):
            use("link")
    assert store.credentials("amina@test.example") == found


@pytest.mark.parametrize("life", ["invitation", "password"])
def test_a_link_lives_as_long_as_it_says(store: Store, amina: int, clock: Clock, life: str) -> None:
    if life == "invitation":
        invite(store, "amina@test.example", "link")
    else:
        assert known_as(store, "link", store.add_password_link("amina@test.example"))
    clock.now += (INVITATION_LIFE if life == "invitation" else PASSWORD_LINK_LIFE) - timedelta(seconds=1)
    store.invited("link")
    clock.now += timedelta(seconds=1)
    for use in (store.invited, lambda link: store.use_invitation(link, "hash")):
        with pytest.raises(InvitationExpired):
            use("link")
    assert store.credentials("amina@test.example") is None


ENDINGS: dict[str, Callable[[Store, int], object]] = {
    "a newer invitation": lambda store, id: invite(store, "amina@test.example", "newer"),
    "a password changed meanwhile": lambda store, id: store.set_password(id, "hash"),
    "a corrected address": lambda store, id: store.correct(None, id, "Amina", "a@test.example"),
    "a deactivated account": lambda store, id: store.set_active(None, id, False),
    "another link used": lambda store, id: (
        known_as(store, "other", store.add_password_link("amina@test.example")),
        store.use_invitation("other", "hash"),
    ),
}


@pytest.mark.parametrize("name", ENDINGS)
def test_what_ends_a_link(store: Store, amina: int, clock: Clock, name: str) -> None:
    invite(store, "amina@test.example", "link")
    clock.now += timedelta(days=1)
    ENDINGS[name](store, amina)
    for use in (store.invited, lambda link: store.use_invitation(link, "stolen")):
        with pytest.raises(InvitationVoid) as caught:
            use("link")
        assert caught.type is InvitationVoid
    found = store.credentials("amina@test.example")
    assert found is None or found.password_hash != "stolen"


def test_a_corrected_name_leaves_the_link(store: Store, amina: int) -> None:
    invite(store, "amina@test.example", "link")
    store.correct(None, amina, "Åsa", "amina@test.example")
    assert store.invited("link").name == "Åsa"


def test_whoever_asks_for_a_new_password_in_anothers_name_does_not_end_their_invitation(
    store: Store, amina: int, clock: Clock
) -> None:
    invite(store, "amina@test.example", "link")
    known_as(store, "first", store.add_password_link("amina@test.example"))
    known_as(store, "second", store.add_password_link("amina@test.example"))
    assert store.invited("link") and store.invited("second")
    with pytest.raises(InvitationVoid):
        store.invited("first")


def test_a_made_up_link_is_none(store: Store, amina: int) -> None:
    with pytest.raises(InvitationVoid):
        store.invited("made up")
    with pytest.raises(InvitationVoid):
        store.use_invitation("made up", "hash")


def test_nobody_gets_a_link_to_an_address_without_an_active_account(store: Store, amina: int) -> None:
    store.set_active(None, amina, False)
    assert store.add_password_link("amina@test.example") is None
    assert store.add_password_link("nobody@test.example") is None
    assert store.unknown_emails(frozenset({"amina@test.example", "nobody@test.example"})) == (
        "amina@test.example",
        "nobody@test.example",
    )


def test_a_link_for_each_or_for_none(store: Store, chief: int, amina: int, bengt: int) -> None:
    refuse = "CREATE TRIGGER refuse BEFORE INSERT ON invitations WHEN new.account_id = {} BEGIN {}; END"
    sql(store, refuse.format(bengt, "SELECT raise(ABORT, 'no link for Bengt')"))
    before = dump(store)
    with pytest.raises(sqlite3.IntegrityError):
        store.invite(chief, EVERYBODY)
    assert dump(store) == before


def test_the_codes_of_links_are_all_different_and_nowhere_but_in_them(
    store: Store, chief: int, amina: int, bengt: int
) -> None:
    made = store.invite(chief, EVERYBODY)
    assert len({each.code for each in made}) == len(made) == 3
    for each in made:
        assert store.invited(token_hash(each.code)) == each.person
        assert each.code not in repr(each) and each.code not in dump(store)


@pytest.mark.parametrize("who", ["learner", "deactivated administrator", "nobody"])
def test_only_an_active_administrator_invites(
    store: Store, chief: int, amina: int, bengt: int, who: str
) -> None:
    actor = {"learner": bengt, "deactivated administrator": chief, "nobody": 4711}[who]
    if who.startswith("deactivated"):
        store.set_administrator(None, amina, True)
        store.set_active(None, chief, False)
    before = dump(store)
    with pytest.raises(NotAllowed):
        store.invite(actor, EVERYBODY)
    assert dump(store) == before


def test_invitations_are_recorded_one_by_one_and_in_bulk_with_a_count(
    store: Store, chief: int, amina: int, bengt: int
) -> None:
    invite(store, "amina@test.example", "link")
    store.use_invitation("link", "hash")
    store.invite(chief, Whom(group_id=group(store, "Vård")))
    store.invite(chief, Whom(group_id=4711))
    used, bulk = Action.PASSWORD_CHOSEN, Action.INVITED
    assert [(e.actor, e.subject, e.details) for e in store.audit_log(action=bulk).entries] == [
        ("chief@test.example", "Vård", "2 personer"),
        ("", "amina@test.example", ""),
    ]
    assert [(e.actor, e.subject) for e in store.audit_log(action=used).entries] == [
        ("amina@test.example", "amina@test.example")
    ]


def test_a_link_long_gone_is_forgotten(store: Store, amina: int, clock: Clock) -> None:
    invite(store, "amina@test.example", "link")
    store.use_invitation("link", "hash")
    clock.now += timedelta(days=120)
    invite(store, "amina@test.example", "newer")
    with pytest.raises(InvitationVoid) as caught:
        store.invited("link")
    assert caught.type is InvitationVoid


def test_a_new_password_can_be_asked_for_a_few_times_an_hour(store: Store, amina: int, clock: Clock) -> None:
    for email in ("amina@test.example", "nobody@test.example"):
        asked = [store.note_password_request(email) for _ in range(MAX_REQUESTS + 1)]
        assert asked == [True] * MAX_REQUESTS + [False]
    assert not store.note_password_request("AMINA@test.example")
    clock.now += REQUESTS_REMEMBERED
    assert store.note_password_request("amina@test.example")


def test_ten_thousand_are_invited_within_seconds(store: Store) -> None:
    with store._write() as db:
        db.conn.executemany(
            "INSERT INTO accounts (email, name, search_text, created_at) VALUES (?, ?, ?, '')",
            [(f"p{n}@test.example", f"Person {n}", f"person {n}") for n in range(10_000)],
        )
    begun = time.monotonic()
    assert len(store.invite(None, Whom(never_signed_in=True))) == 10_000
    assert len(store.invite(None, Whom(never_signed_in=True))) == 10_000
    assert time.monotonic() - begun < 10
    with store._read() as db:
        assert db.execute("SELECT count(*) FROM invitations").fetchone() == (10_000,)


def test_one_client_gets_no_letters_to_ever_new_addresses(store: Store, clock: Clock) -> None:
    asked = [store.note_password_request(f"{n}@test.example", "mark") for n in range(MAX_REQUESTS_OF_CLIENT)]
    assert all(asked)
    assert not store.note_password_request("amina@test.example", "mark")
    assert store.note_password_request("amina@test.example", "another")
    assert store.note_password_request("bengt@test.example", "")  # this machine: all who come by a proxy
    clock.now += REQUESTS_REMEMBERED
    assert store.note_password_request("amina@test.example", "mark")


def test_nor_do_many_clients_together(store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("visionsprat.store.invitations.MAX_REQUESTS_IN_ALL", 3)
    asked = [store.note_password_request(f"{n}@test.example", f"mark {n}") for n in range(4)]
    assert asked == [True, True, True, False]


def test_a_client_has_the_same_mark_in_every_process_and_after_each_start(
    store: Store, clock: Clock, tmp_path: Path
) -> None:
    with ThreadPoolExecutor(8) as pool:
        marks = set(pool.map(lambda _: client_mark(store.path, "203.0.113.1"), range(50)))
    with closing(Store(store.path, clock)) as again:
        assert {client_mark(again.path, "203.0.113.1")} == marks
    assert client_mark(store.path, "203.0.113.2") not in marks
    assert client_mark(store.path, "") == ""
    assert "203" not in "".join(marks)
    key = store.path.with_name(MARKS_KEY)
    assert key.stat().st_mode & 0o77 == 0
    assert [each.name for each in store.path.parent.glob("*marks*")] == [MARKS_KEY]
    with closing(Store(tmp_path / "another" / "visionsprat.db", clock)) as another:
        assert client_mark(another.path, "203.0.113.1") not in marks
