"""The store: its connections and files, and what happens when the database is in trouble."""

from __future__ import annotations

import inspect
import os
import shutil
import sqlite3
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.stored import FIRST, QUESTION, STEPS, begin_session, save, sql, texts
from visionsprat.domain.records import Attempt, Credentials, Directory, Draft, NewAccount, StaffPlan, Whom
from visionsprat.errors import InvitationVoid, NotAllowed, SignedOut, StoreUnavailable
from visionsprat.store import Store, files
from visionsprat.store.errors import translated
from visionsprat.store.schema import connect

if TYPE_CHECKING:
    from tests.support.clock import Clock
    from tests.support.stored import AddAccount

# The database itself


def test_each_connection_has_foreign_keys_wal_and_full_synchronous(store: Store) -> None:
    with closing(connect(store.path)) as db:
        for pragma, value in (
            ("foreign_keys", 1),
            ("journal_mode", "wal"),
            ("synchronous", 2),
            ("secure_delete", 1),
        ):
            assert db.execute(f"PRAGMA {pragma}").fetchone()[0] == value


def test_a_reflection_of_nobody_is_a_bug_of_ours_and_surfaces_as_it_is(store: Store) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        store.save_reflection(999, Draft(QUESTION, "Hej", 0))


def test_strict_tables_refuse_a_value_of_the_wrong_type(store: Store, amina: int) -> None:
    save(store, amina, "Hej")
    with pytest.raises(sqlite3.IntegrityError, match="cannot store TEXT value in INTEGER column"):
        sql(store, "UPDATE reflections SET revision = 'ett'")


def test_everything_of_an_account_goes_with_it(store: Store, amina: int, clock: Clock) -> None:
    save(store, amina, "igår")
    clock.now += timedelta(days=1)
    save(store, amina, "i dag", based_on=1)
    begin_session(store, amina)
    with closing(connect(store.path)) as db:
        db.execute("DELETE FROM accounts WHERE id = ?", [amina])
    for table in ("reflections", "reflection_revisions", "sessions"):
        assert sql(store, f"SELECT count(*) FROM {table}") == [(0,)]


def test_a_healthy_database_is_healthy_with_and_without_accounts(
    store: Store, add_account: AddAccount
) -> None:
    store.check_health()
    add_account()
    store.check_health()


def test_the_store_can_be_used_again_after_it_was_closed(store: Store, amina: int) -> None:
    store.close()
    assert save(store, amina, "Hej").revision == 1


def test_a_database_that_has_gone_away_is_not_begun_anew(store: Store) -> None:
    store.close()
    store.path.unlink()
    with pytest.raises(StoreUnavailable, match="unable to open"):
        store.check_health()
    assert not store.path.exists()


# Trouble

EMPTY_PLAN = StaffPlan(Directory({}, frozenset(), frozenset()), (), (), 0, (), ())


def look_at_link(store: Store) -> None:
    with suppress(InvitationVoid):
        store.invited("link")


def end_own(store: Store) -> None:
    with suppress(SignedOut):
        store.end_own_session("token", 1)


def forbidden(call: Callable[[], object]) -> None:
    with suppress(NotAllowed):
        call()


CALLS: dict[str, Callable[[Store], object]] = {
    "visitor": lambda store: store.visitor("token"),
    "account_of_session": lambda store: store.account_of_session("token"),
    "is_claimed": lambda store: store.is_claimed(),
    "credentials": lambda store: store.credentials("amina@test.example"),
    "own_sessions": lambda store: store.own_sessions("token"),
    "managed_groups": lambda store: store.managed_groups(1, [QUESTION]),
    "managed_members": lambda store: store.managed_members(1, None, [QUESTION]),
    "group_rows": lambda store: store.group_rows(),
    "directory": lambda store: store.directory(),
    "find_people": lambda store: store.find_people("a"),
    "count_people": lambda store: store.count_people(),
    "person": lambda store: store.person(1),
    "group_paths": lambda store: store.group_paths(),
    "audit_log": lambda store: store.audit_log(),
    "own_data": lambda store: store.own_data(1),
    "earlier_texts": lambda store: store.earlier_texts(1, QUESTION),
    "is_nearly_full": lambda store: store.is_nearly_full(1, QUESTION),
    "wanted_wipings": lambda store: store.wanted_wipings(),
    "wipe": lambda store: store.wipe(),  # it writes when something has been erased
    "count_invitees": lambda store: store.count_invitees(Whom()),
    "unknown_emails": lambda store: store.unknown_emails(frozenset({"amina@test.example"})),
    "invited": lambda store: look_at_link(store),
    "text_locks": lambda store: store.text_locks(1),
    "old_passwords": lambda store: store.old_passwords(1),
    "draft_key": lambda store: store.draft_key("token"),
    "account_id": lambda store: store.account_id("amina@test.example"),
    "password_holds": lambda store: store.password_holds(1, "no hash"),
    "second_factor": lambda store: store.second_factor(1),
    "record_visit": lambda store: store.record_visit(1, "token", "visionen", STEPS),
    "add_ticket": lambda store: store.add_ticket(1, "ticket"),
    "redeem_ticket": lambda store: store.redeem_ticket("ticket", "token"),
    "end_session": lambda store: store.end_session("token"),
    "end_sessions": lambda store: store.end_sessions(1),
    "claim": lambda store: store.claim(FIRST),
    "add_account": lambda store: store.add_account(NewAccount("new@test.example", "Ny", None)),
    "rename": lambda store: store.rename(1, "Ny"),
    "set_password": lambda store: store.set_password(1, "hash"),
    "renew_hash": lambda store: store.renew_hash(Credentials(1, "hash"), "another"),
    "end_own_session": lambda store: end_own(store),
    "sign_out_everybody": lambda store: store.sign_out_everybody(None),
    "begin_attempt": lambda store: store.begin_attempt("amina@test.example"),
    "forget_failures": lambda store: store.forget_failures(Attempt("amina@test.example", "")),
    "save_reflection": lambda store: store.save_reflection(1, Draft(QUESTION, "Hej", 0)),
    "save_in_session": lambda store: store.save_in_session("token", None, Draft(QUESTION, "Hej", 0)),
    "apply_staff": lambda store: store.apply_staff(EMPTY_PLAN, None, "personal.csv"),
    "correct": lambda store: store.correct(None, 1, "Ny", "ny@test.example"),
    "set_member": lambda store: store.set_member(None, 1, 1, True),
    "set_manager": lambda store: store.set_manager(None, 1, 1, True),
    "make_group": lambda store: store.make_group(None, "Team 3"),
    "rename_group": lambda store: store.rename_group(None, 1, "Team 4"),
    "move_group": lambda store: store.move_group(None, 1, None),
    "merge_group": lambda store: store.merge_group(None, 1, 2),
    "remove_group": lambda store: store.remove_group(None, 1),
    "set_administrator": lambda store: store.set_administrator(None, 1, True),
    "set_active": lambda store: store.set_active(None, 1, True),
    "sign_out_everywhere": lambda store: store.sign_out_everywhere(None, 1),
    "erase_reflections": lambda store: store.erase_reflections(1),
    "erase_earlier_texts": lambda store: store.erase_earlier_texts(1, QUESTION),
    "erase_account": lambda store: store.erase_account(1),
    "invite": lambda store: store.invite(None, Whom()),
    "add_password_link": lambda store: store.add_password_link("amina@test.example"),
    "note_password_request": lambda store: store.note_password_request("amina@test.example"),
    "use_invitation": lambda store: store.use_invitation("link", "hash"),
    "unlock_texts": lambda store: store.unlock_texts(1, 1),
    "release_texts": lambda store: store.release_texts(None, 1),
    "know_of_release": lambda store: store.know_of_release(1),
    "confirm_address": lambda store: store.confirm_address(1),
    "set_second_factor": lambda store: forbidden(lambda: store.set_second_factor(1, "secret", 1, [], "")),
    "use_step": lambda store: store.use_step(1, "secret", 1, 1),
    "use_recovery_code": lambda store: store.use_recovery_code(1, "hash"),
    "replace_recovery_codes": lambda store: store.replace_recovery_codes(1, "secret", []),
    "turn_off_second_factor": lambda store: store.turn_off_second_factor(1),
    "remove_second_factor": lambda store: store.remove_second_factor(None, 1),
    "check_health": lambda store: store.check_health(),
}
#: What else is waited for: a database that can't be looked at is not said to be damaged.
LOOKS: dict[str, Callable[[Store], object]] = {"faults": lambda store: files.faults(store.path)}
#: The methods before this one only read.
READS = list(CALLS)[: list(CALLS).index("record_visit")]
WRITES = [name for name in CALLS if name not in READS]
Outcomes = dict[str, Exception | None]


def test_no_method_is_left_out_here() -> None:
    methods = {name for name, _ in inspect.getmembers(Store, inspect.isfunction) if not name.startswith("_")}
    assert methods - {"close"} == set(CALLS)


def outcome(store: Store, name: str) -> Exception | None:
    try:
        (CALLS | LOOKS)[name](store)
    except Exception as error:
        return error
    return None


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Outcomes]]:
    """What comes of every method while another connection writes, and while one has the database alone.

    Each waits its five seconds, so all of them wait at once.
    """
    outcomes: dict[str, Outcomes] = {}
    with ThreadPoolExecutor(2 * len(CALLS | LOOKS)) as pool:
        waiting, blockers, stores = {}, [], []
        for kind in ("writing", "alone"):
            store = Store(tmp_path_factory.mktemp(kind) / "visionsprat.db")
            store.add_account(NewAccount("amina@test.example", "Amina", "hash"))
            store.close()
            blocker = sqlite3.connect(store.path, isolation_level=None)
            if kind == "alone":
                blocker.execute("PRAGMA locking_mode = EXCLUSIVE")
            blocker.execute("BEGIN IMMEDIATE")
            blocker.execute("UPDATE accounts SET name = 'Låst'")
            waiting[kind] = {name: pool.submit(outcome, store, name) for name in CALLS | LOOKS}
            blockers.append(blocker)
            stores.append(store)
        for kind, futures in waiting.items():
            outcomes[kind] = {name: future.result() for name, future in futures.items()}
    for blocker in blockers:
        blocker.close()
    yield outcomes
    for store in stores:
        store.check_health()
        store.close()


@pytest.mark.parametrize("name", [*READS, *LOOKS])
def test_reading_goes_on_while_another_writes(locked: dict[str, Outcomes], name: str) -> None:
    assert locked["writing"][name] is None


@pytest.mark.parametrize("name", WRITES)
def test_writing_is_unavailable_while_another_writes_for_long(locked: dict[str, Outcomes], name: str) -> None:
    assert isinstance(locked["writing"][name], StoreUnavailable)


@pytest.mark.parametrize("name", [*CALLS, *LOOKS])
def test_everything_is_unavailable_while_another_has_the_database_alone(
    locked: dict[str, Outcomes], name: str
) -> None:
    assert isinstance(locked["alone"][name], StoreUnavailable)


def test_a_save_waits_for_another_process_that_is_soon_done(store: Store, amina: int) -> None:
    with (
        closing(sqlite3.connect(store.path, isolation_level=None)) as other,
        ThreadPoolExecutor(1) as pool,
    ):
        other.execute("BEGIN IMMEDIATE")
        saving = pool.submit(save, store, amina, "Hej")
        wait([saving], timeout=0.2)  # as long as one that does not wait has to fail
        other.execute("ROLLBACK")
        assert saving.result().revision == 1


@pytest.fixture
def hampered(store: Store, amina: int) -> Callable[[str], None]:
    """Hamper the store's one connection with a pragma: no chmod stops root, who may run the tests."""

    def hamper(pragma: str) -> None:
        with store._read() as db:
            db.execute(f"PRAGMA {pragma}")

    return hamper


@pytest.mark.parametrize("name", WRITES)
def test_writing_is_unavailable_when_the_database_is_read_only(
    store: Store, hampered: Callable[[str], None], name: str
) -> None:
    hampered("query_only = ON")
    with pytest.raises(StoreUnavailable, match="readonly"):
        CALLS[name](store)


def test_nothing_is_lost_when_the_disk_is_full_and_saving_goes_on_afterwards(
    store: Store, amina: int, hampered: Callable[[str], None]
) -> None:
    save(store, amina, "Hej")
    hampered("max_page_count = 1")
    with pytest.raises(StoreUnavailable, match="full"):
        store.save_reflection(amina, Draft(QUESTION, "x" * 20_000, 1))
    assert texts(store, amina) == {QUESTION: "Hej"}
    hampered("max_page_count = 1000000")
    assert save(store, amina, "x" * 20_000, based_on=1).revision == 2


#: What SQLite says of its surroundings, in its own words.
SURROUNDINGS = [
    "database is locked",
    "database table is locked: accounts",
    "locking protocol",
    "access permission denied",
    "attempt to write a readonly database",
    "unable to open database file",
    "disk I/O error",
    "database or disk is full",
    "database disk image is malformed",
    "file is not a database",
]


@pytest.mark.parametrize("words", SURROUNDINGS)
def test_what_sqlite_says_of_its_surroundings_makes_the_store_unavailable(words: str) -> None:
    with pytest.raises(StoreUnavailable, match=words), translated():
        raise sqlite3.OperationalError(words)


def spoil_whole(path: Path) -> None:
    path.write_bytes(b"this is no database. " * 1000)


def spoil_inside(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))


def make_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("spoil", [spoil_whole, spoil_inside, make_folder])
def test_a_database_that_is_none_is_told_at_the_start(
    store: Store, amina: int, spoil: Callable[[Path], None]
) -> None:
    store.close()
    spoil(store.path)
    with pytest.raises(StoreUnavailable):
        Store(store.path)


def test_a_database_damaged_while_the_server_runs_is_unavailable(store: Store, amina: int) -> None:
    save(store, amina, "Hej")
    store.close()
    spoil_inside(store.path)
    with pytest.raises(StoreUnavailable, match="malformed"):
        store.save_reflection(amina, Draft(QUESTION, "Hopp", 1))
    with pytest.raises(StoreUnavailable, match="malformed"):
        store.check_health()


@pytest.mark.parametrize("end", ["", "-wal", "-shm"])
def test_nothing_is_saved_into_a_file_that_is_no_longer_there(store: Store, amina: int, end: str) -> None:
    """SQLite would go on writing into it, and what was saved would be gone with the process."""
    save(store, amina, "Hej")
    file = Path(f"{store.path}{end}")
    aside = file.rename(file.with_name("aside"))
    for call in (lambda: store.save_reflection(amina, Draft(QUESTION, "Hopp", 1)), store.check_health):
        with pytest.raises(StoreUnavailable, match="data folder"):
            call()
    shutil.copy(aside, file)
    with pytest.raises(StoreUnavailable, match="Another file has taken the place of"):
        store.save_reflection(amina, Draft(QUESTION, "Hopp", 1))
    aside.replace(file)
    assert save(store, amina, "Hopp", based_on=1).revision == 2


@pytest.mark.parametrize("left", [0, 0.5, 1 - 1e-9], ids=["nothing", "half", "all but one byte"])
def test_nothing_is_saved_behind_a_gap_in_the_log(store: Store, amina: int, left: float) -> None:
    """SQLite would not notice, and bring the gap into the database."""
    for number in range(20):
        save(store, amina, f"text {number}", based_on=number)
    log = Path(f"{store.path}-wal")
    whole = log.read_bytes()
    os.truncate(log, int(len(whole) * left))
    for call in (lambda: store.save_reflection(amina, Draft(QUESTION, "Hopp", 20)), store.check_health):
        with pytest.raises(StoreUnavailable, match=f"{log} has been cut off"):
            call()
    with pytest.raises(StoreUnavailable, match="disk I/O error"):  # and not "damaged"
        files.faults(store.path)
    log.write_bytes(whole)
    assert save(store, amina, "Hopp", based_on=20).revision == 21
    store.close()
    assert files.faults(store.path) == []


def test_a_log_that_has_been_emptied_into_the_database_is_no_trouble(store: Store, amina: int) -> None:
    save(store, amina, "Hej")
    assert sql(store, "PRAGMA wal_checkpoint(TRUNCATE)") == [(0, 0, 0)]
    assert save(store, amina, "Hopp", based_on=1).revision == 2


def test_a_connection_that_could_not_write_is_not_used_again(
    store: Store, amina: int, hampered: Callable[[str], None]
) -> None:
    """One that was opened while the file was read-only would stay so, whatever is mended."""
    hampered("query_only = ON")
    with pytest.raises(StoreUnavailable):
        store.check_health()
    assert save(store, amina, "Hej").revision == 1


def test_a_connection_whose_transaction_can_not_be_ended_is_not_used_again(store: Store, amina: int) -> None:
    with pytest.raises(sqlite3.DatabaseError, match="not authorized"), store._write() as db:
        db.conn.set_authorizer(refuse_rollback)
        raise StoreUnavailable("Trouble in the middle of it.")
    assert save(store, amina, "Hej").revision == 1


def refuse_rollback(action: int, name: str | None, *_: object) -> int:
    end = (action, name) == (sqlite3.SQLITE_TRANSACTION, "ROLLBACK")
    return sqlite3.SQLITE_DENY if end else sqlite3.SQLITE_OK


def test_a_text_that_has_become_none_is_told_and_nothing_of_it(store: Store, amina: int) -> None:
    save(store, amina, "Hej")
    token = begin_session(store, amina)
    sql(store, "UPDATE reflections SET text = CAST(x'48454d4c4947ff' AS TEXT)")
    with pytest.raises(StoreUnavailable) as caught:
        store.visitor(token)
    assert str(caught.value) == "The database is damaged: a text in it is none."
    assert "HEML" not in "".join(traceback.format_exception(caught.value))


def test_a_data_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("not a folder", encoding="utf-8")
    with pytest.raises(StoreUnavailable, match="data folder"):
        Store(tmp_path / "data" / "visionsprat.db")
