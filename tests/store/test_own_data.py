"""One's own data: a copy of all of it, and an erasure that leaves nothing in the database's files."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from tests.support.clock import Clock
from tests.support.stored import (
    QUESTION,
    STEPS,
    AddAccount,
    begin_session,
    kept,
    know_device,
    save,
    sql,
    visit,
)
from visionsprat.domain.records import (
    Action,
    Conflict,
    Draft,
    OwnData,
    OwnEvent,
    OwnFailure,
    OwnReflection,
    OwnSession,
    Reflection,
)
from visionsprat.errors import LastAdministrator
from visionsprat.store import Store
from visionsprat.store.own_data import ERASED
from visionsprat.store.schema import connect, migrations

EARLIER, REFUSED, NOW = "Den lila igelkotten", "Den randiga tumlaren", "Den prickiga måsen"
EMAIL = "amina@test.example"


@pytest.fixture
def chief(add_account: AddAccount) -> int:
    return add_account("chief@test.example", "Chief", is_admin=True)


@pytest.fixture
def amina(add_account: AddAccount, chief: int) -> int:
    return add_account(EMAIL, "Amina Testsson", member_of="Vård/Team 3", manages="Vård")


@pytest.fixture
def written(store: Store, amina: int, clock: Clock) -> int:
    """Amina, who has written, written over it a day later, and met a conflict."""
    save(store, amina, EARLIER)
    clock.now += timedelta(days=1)
    save(store, amina, NOW, based_on=1)
    assert isinstance(store.save_reflection(amina, Draft(QUESTION, REFUSED, 1)), Conflict)
    return amina


def files(store: Store) -> bytes:
    """What the database's file and its companions hold, byte by byte."""
    return b"".join(file.read_bytes() for file in sorted(store.path.parent.glob(f"{store.path.name}*")))


def traces(store: Store, *words: str) -> list[str]:
    held = files(store)
    return [word for word in words if word.encode() in held]


ERASURES: dict[str, Callable[[Store, int], None]] = {
    "reflections": lambda store, account_id: store.erase_reflections(account_id),
    "account": lambda store, account_id: store.erase_account(account_id),
}
either = pytest.mark.parametrize("erase", ERASURES.values(), ids=ERASURES)


# A copy


def test_a_copy_holds_all_that_is_stored(store: Store, written: int, chief: int, clock: Clock) -> None:
    begun = clock.now
    begin_session(store, written)
    know_device(store, written, "at work")
    store.record_visit(written, "token", "skapande", STEPS)
    store.begin_attempt(EMAIL, "192.0.2.7")
    store.note_password_request(EMAIL)
    store.set_password(chief, "another hash")
    store.set_manager(chief, written, 1, False)
    store.set_manager(chief, written, 1, True)
    first = begun - timedelta(days=1)
    assert store.own_data(written) == OwnData(
        email=EMAIL,
        name="Amina Testsson",
        is_admin=False,
        created_at=first,
        last_signed_in_at=begun,
        groups=("Vård/Team 3",),
        manages=("Vård",),
        reflections=(
            OwnReflection(
                QUESTION,
                NOW,
                begun,
                first,
                False,
                "",
                (Reflection(EARLIER, 1, first), Reflection(REFUSED, 3, begun)),
            ),
        ),
        visits={"skapande": begun},
        sessions=tuple(OwnSession(id, begun, begun, begun + timedelta(days=7)) for id in (1, 2)),
        devices=(begun,),
        invitations=(),
        failed_sign_ins=(OwnFailure(begun, "192.0.2.7"),),
        password_requests=(begun,),
        events=(
            OwnEvent(first, Action.ACCOUNT_ADDED, EMAIL, "", False),
            OwnEvent(begun, Action.MANAGER_REMOVED, EMAIL, "Vård", False),
            OwnEvent(begun, Action.MADE_MANAGER, EMAIL, "Vård", False),
        ),
    )


def test_a_copy_holds_every_column_about_a_person_but_secrets(store: Store) -> None:
    """When this fails, a table has got something new about people: put it into the copy, or here."""
    with closing(connect(store.path)) as db:
        about = {
            table: {column for (column,) in db.execute(f"SELECT name FROM pragma_table_info('{table}')")}
            for table in db.table_names()
            if table == "accounts" or any("accounts" in fk for fk in foreign_tables(db, table))
        }
    assert about == {
        "accounts": {
            *("id", "email", "name", "is_admin", "created_at", "last_signed_in_at"),
            *("password_hash", "is_active", "search_text", "erased_revision", "locked_revision"),
            *("draft_key", "first_revision"),
            *("address_unproven_since", "address_unproven_by", "admin_since"),
        },
        "sessions": {
            *("id", "token_hash", "ticket_hash", "account_id", "created_at", "last_seen_at"),
            *("expires_at", "is_kept", "device_kind"),
        },
        "devices": {"account_id", "token_hash", "signed_in_at"},
        "group_members": {"group_id", "account_id"},
        "group_managers": {"group_id", "account_id"},
        "reflections": {
            *("account_id", "question_id", "text", "revision", "bring_to_meeting"),
            *("created_at", "updated_at", "device_kind"),
        },
        "reflection_revisions": {
            *("account_id", "question_id", "revision", "text", "saved_at"),
            *("device_kind", "is_provisional"),
        },
        "visits": {"account_id", "step", "last_visited_at"},
        "invitations": {
            *("token_hash", "account_id", "expires_at", "used_at", "made_by", "made_at", "to_own_address")
        },
        "text_locks": {
            *("id", "account_id", "locked_at", "password_hash", "since", "link_by", "address_by"),
            *("released_at", "released_by"),
        },
        "locked_reflections": {
            *("account_id", "question_id", "revision", "lock_id", "text", "bring_to_meeting"),
            *("created_at", "updated_at", "device_kind"),
        },
        "locked_revisions": {
            *("account_id", "question_id", "revision", "lock_id", "text", "saved_at", "device_kind")
        },
        "second_factors": {"account_id", "secret", "set_at", "last_step"},
        "audit_log": {"at", "actor_id", "action", "subject", "actor", "subject_id", "details"},
    }


def foreign_tables(db: Database, table: str) -> list[str]:
    return [row[2] for row in db.execute(f"PRAGMA foreign_key_list({table})")]


def test_a_copy_is_of_ones_own_and_of_nobody_elses(store: Store, written: int, chief: int) -> None:
    assert NOW not in repr(store.own_data(chief))
    assert store.own_data(4711) is None


# Erasing


@either
def test_what_is_erased_is_in_no_byte_of_the_files(
    store: Store, written: int, erase: Callable[[Store, int], None], clock: Clock
) -> None:
    assert traces(store, EARLIER, REFUSED, NOW) == [EARLIER, REFUSED, NOW]
    erase(store, written)
    assert store.wipe()
    assert traces(store, EARLIER, REFUSED, NOW) == []
    store.close()
    with closing(Store(store.path, clock)) as restarted:
        restarted.check_health()
        assert traces(restarted, EARLIER, REFUSED, NOW) == []


@either
def test_copies_left_behind_where_pages_were_divided_go_too(
    store: Store, add_account: AddAccount, written: int, erase: Callable[[Store, int], None]
) -> None:
    """SQLite's secure_delete alone leaves some of these."""
    chance = random.Random(1)
    people = {written: "", **{add_account(f"p{number}@test.example"): "" for number in range(8)}}
    texts = {(id, f"theme/{number}"): ("", 0) for id in people for number in range(8)}
    for _ in range(1500):
        key = chance.choice(list(texts))
        text, revision = texts[key]
        text = (
            text[: len(text) // 3]
            if len(text) > 3000
            else text + f"mark-of-{key[0]} " * chance.randrange(1, 20)
        )
        texts[key] = (text, save(store, key[0], text, revision, key[1]).revision)
    erase(store, written)
    assert store.wipe()
    assert traces(store, *(f"mark-of-{id} " for id in people)) == [
        f"mark-of-{id} " for id in people if id != written
    ]


@either
def test_what_others_have_written_stays(
    store: Store, written: int, chief: int, erase: Callable[[Store, int], None]
) -> None:
    save(store, chief, "Kvar")
    erase(store, written)
    assert store.wipe()
    assert visit(store, chief).reflections[QUESTION].text == "Kvar"


@either
def test_while_somebody_reads_for_long_the_wiping_waits_for_the_next_start(
    store: Store,
    written: int,
    erase: Callable[[Store, int], None],
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with store._read() as db:
        db.execute("PRAGMA busy_timeout = 50")
    with closing(sqlite3.connect(store.path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM reflections").fetchall()
        erase(store, written)
        assert not store.wipe()
        assert sql(store, "SELECT * FROM reflections") == []
        assert traces(store, NOW) == [NOW]
        assert "still to be wiped" in caplog.text and NOW not in caplog.text
    with closing(Store(store.path, clock)) as another:
        assert traces(another, EARLIER, REFUSED, NOW) == []


def test_an_erasure_is_not_waited_for_by_the_one_who_asks(store: Store, written: int) -> None:
    """Others must be able to save meanwhile: the files are written anew later."""
    store.erase_reflections(written)
    assert store.wanted_wipings() == 1
    assert sql(store, "SELECT * FROM reflections") == sql(store, "SELECT * FROM reflection_revisions") == []


def test_where_nothing_is_gone_nothing_is_wiped(store: Store, written: int) -> None:
    store.erase_reflections(written)
    assert store.wipe()
    before = store.path.stat()
    for _ in range(3):
        store.erase_reflections(written)
        store.erase_account(4711)
        assert store.wanted_wipings() == 0
        assert store.wipe()
    assert store.path.stat().st_mtime_ns == before.st_mtime_ns


def test_after_a_wiping_of_ones_own_writing_goes_on(store: Store, written: int, chief: int) -> None:
    for number in range(20):
        save(store, chief, f"Text {number} " * 500, number)
    store.erase_reflections(written)
    assert store.wipe()
    assert save(store, chief, "Kort", 20).revision == 21


def test_of_two_erasures_at_once_the_second_is_wiped_too(
    store: Store, written: int, chief: int, clock: Clock
) -> None:
    save(store, chief, "Chefens vinröda räv")
    with store._write() as db:  # the second erasure commits between the first one's commit and its wiping
        db.execute("DELETE FROM reflections WHERE account_id = ?", [chief])
        (before,) = db.execute("PRAGMA user_version").fetchone()
        db.execute(f"PRAGMA user_version = {before + 1}")
    store.erase_reflections(written)
    assert store.wanted_wipings() == 2
    assert store.wipe()
    assert traces(store, NOW, "Chefens vinröda räv") == []
    assert sql(store, "PRAGMA user_version") == [(0,)]


def test_erased_reflections_are_gone_for_their_author_and_the_manager(
    store: Store, written: int, add_account: AddAccount
) -> None:
    manager = add_account("m@test.example", manages="Vård/Team 3")
    store.erase_reflections(written)
    assert (dict(visit(store, written).reflections), kept(store, written)) == ({}, [])
    (member,) = store.managed_members(manager, None, [QUESTION])
    assert member.answered_at == {}
    assert store.audit_log(about=EMAIL).count == 1  # nobody learns of it


def test_what_was_written_before_an_erasure_does_not_come_back_by_itself(
    store: Store, written: int, clock: Clock
) -> None:
    """Another tab still shows the erased text, and goes on."""
    store.erase_reflections(written)
    erased = visit(store, written).erased_revision
    for based_on, unanswered in ((0, ()), (2, ()), (2, ("",)), (3, (NOW,))):
        for _ in range(2):
            refused = store.save_reflection(written, Draft(QUESTION, NOW, based_on, unanswered))
            assert refused == Conflict(Reflection("", erased, clock.now), erased=True)
    assert kept(store, written) == []
    assert store.wipe()
    assert traces(store, NOW) == []


def test_a_question_not_answered_before_an_erasure_is_guarded_likewise(store: Store, written: int) -> None:
    store.erase_reflections(written)
    assert isinstance(store.save_reflection(written, Draft("globala/gora", "Från förr", 0)), Conflict)


def test_writing_goes_on_after_an_erasure_and_old_tabs_still_meet_it(
    store: Store, written: int, clock: Clock
) -> None:
    store.erase_reflections(written)
    new = save(store, written, "Nytt", based_on=visit(store, written).erased_revision)
    assert store.save_reflection(written, Draft(QUESTION, NOW, 2, (NOW, "Nytt"))) == Conflict(
        new, erased=True
    )
    assert kept(store, written) == []
    again = save(store, written, "Nytt igen", based_on=new.revision)
    assert again.revision == new.revision + 1
    store.erase_reflections(written)
    assert isinstance(store.save_reflection(written, Draft(QUESTION, "Nytt", new.revision)), Conflict)
    assert visit(store, written).erased_revision > again.revision


# An account


def test_nothing_of_an_erased_account_is_left_but_that_there_was_one(
    store: Store, written: int, chief: int
) -> None:
    begin_session(store, written)
    know_device(store, written, "at work")
    store.correct(chief, written, "Amina Ny", "ny@test.example")
    store.begin_attempt("ny@test.example")
    store.note_password_request("ny@test.example")
    store.set_active(chief, written, True)
    store.set_password(written, "another hash")
    assert len(traces(store, EMAIL, "ny@test.example", "Amina", "Testsson")) == 4
    store.erase_account(written)
    assert store.wipe()
    assert traces(store, EMAIL, "ny@test.example", "Amina", "Testsson") == []
    for table in (
        "reflections",
        "sessions",
        "group_members",
        "group_managers",
        "sign_in_failures",
        "password_requests",
        "devices",
    ):
        assert sql(store, f"SELECT * FROM {table}") == []
    newest = store.audit_log().entries[0]
    assert (newest.actor, newest.action, newest.subject) == (ERASED, Action.ERASED, ERASED)
    assert store.person(written) is None and store.account_of_session("token") is None


def test_an_address_that_is_part_of_another_leaves_that_alone(
    store: Store, amina: int, chief: int, add_account: AddAccount
) -> None:
    other = add_account("x" + EMAIL, "En annan")
    store.set_active(chief, other, False)
    store.erase_account(amina)
    assert store.audit_log(about="x" + EMAIL).count == 2


def test_the_last_administrator_cannot_be_erased(store: Store, chief: int, amina: int) -> None:
    with pytest.raises(LastAdministrator):
        store.erase_account(chief)
    assert store.person(chief) is not None
    store.set_administrator(chief, amina, True)
    store.erase_account(chief)
    with pytest.raises(LastAdministrator):
        store.erase_account(amina)


def test_an_account_erased_twice_is_no_fault(store: Store, amina: int) -> None:
    store.erase_account(amina)
    store.erase_account(amina)
    store.record_visit(amina, "token", "visionen", STEPS)


def test_nobody_gets_an_erased_accounts_id(store: Store, amina: int, add_account: AddAccount) -> None:
    """Drafts in browsers are kept by it."""
    store.erase_account(amina)
    assert add_account("new@test.example") > amina


def test_a_database_of_the_first_release_keeps_its_people_and_their_texts(
    tmp_path: Path, clock: Clock
) -> None:
    path = tmp_path / "first.db"
    with closing(connect(path)) as db:
        migrations.apply(db, stop_before="m002_organisation")
        db.execute(
            "INSERT INTO accounts VALUES (7, ?, 'Amina', NULL, 0, 1, '2026-11-12T08:00:00+00:00')", [EMAIL]
        )
        db.execute(
            "INSERT INTO reflections VALUES (7, ?, 'Hej', 1, 0, '', '2026-11-12T08:00:00+00:00')", [QUESTION]
        )
        db.execute("INSERT INTO audit_log VALUES ('2026-11-12T08:00:00+00:00', 7, 'password changed', '')")
    with closing(Store(path, clock)) as store:
        assert visit(store, 7).reflections[QUESTION].text == "Hej"
        assert store.audit_log().entries[0].subject == EMAIL
        store.erase_account(7)
        assert sql(store, "SELECT * FROM reflections") == []
