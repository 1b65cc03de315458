"""A restore goes back in time: what is known from the lost time never passes for something newer."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.stored import FIRST, OTHER, QUESTION, kept, save, visit
from visionsprat.backups.archive import backup, restore
from visionsprat.domain.records import Conflict, Draft, NewAccount, Reflection
from visionsprat.store import Store
from visionsprat.store.locked import lock_texts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.clock import Clock

NOW = datetime(2026, 11, 12, 8, 0, tzinfo=timezone.utc)


class Machine:
    """A database that goes back to its backup, as often as is wished."""

    def __init__(self, store: Store, folder: Path, clock: Clock) -> None:
        self.store, self._folder, self._clock = store, folder, clock
        self._restored = 0

    def back_up(self) -> None:
        path = backup(self.store.path, self._folder, NOW)
        assert path is not None
        self._path = path

    def restore(self) -> Store:
        self.store.close()
        self._restored += 1
        restore(self._path, self.store.path, NOW + timedelta(seconds=self._restored), lambda found: None)
        self.store = Store(self.store.path, self._clock)
        return self.store


@pytest.fixture
def machine(store: Store, tmp_path: Path, clock: Clock) -> Iterator[Machine]:
    machine = Machine(store, tmp_path / "backups", clock)
    yield machine
    with closing(machine.store):
        pass


def write_on(store: Store, account_id: int, *texts: str, question: str = QUESTION) -> int:
    """Save one text after the other as a device does that knows what is stored. The last one's revision."""
    for text in texts:
        visitor = visit(store, account_id)
        before = visitor.reflections.get(question)
        based_on = before.revision if before else visitor.erased_revision
        revision = save(store, account_id, text, based_on, question).revision
    return revision


@pytest.mark.parametrize("question", [QUESTION, OTHER], ids=["answered before", "not answered yet"])
@pytest.mark.parametrize("saves", range(6))
def test_a_tab_from_the_lost_time_overwrites_nothing_unseen(
    machine: Machine, amina: int, question: str, saves: int
) -> None:
    """However many times another device has saved since: one of the numbers was the tab's own."""
    save(machine.store, amina, "före")
    machine.back_up()
    known = write_on(machine.store, amina, "ett", "ett två", "ett två tre", question=question)
    store = machine.restore()
    if saves:
        write_on(store, amina, *(f"annat {number}" for number in range(saves)), question=question)
    stored = visit(store, amina).reflections.get(question)
    refused = store.save_reflection(amina, Draft(question, "ett två tre fyra", known))
    assert isinstance(refused, Conflict)
    assert refused.current.text == (stored.text if stored else "")
    assert visit(store, amina).reflections.get(question) == stored
    assert "ett två tre fyra" in {text for _, text in kept(store, amina)}


def test_after_two_restores_of_one_backup_neither_lost_time_passes_for_the_newest(
    machine: Machine, amina: int
) -> None:
    machine.back_up()
    first = write_on(machine.store, amina, "ett", "två")
    second = write_on(machine.restore(), amina, "tre", "fyra")
    store = machine.restore()
    newest = write_on(store, amina, "fem", "sex")
    assert len({first, second, newest}) == 3
    for known in (first, second):
        assert isinstance(store.save_reflection(amina, Draft(QUESTION, f"från {known}", known)), Conflict)
    assert newest < 2**53  # as far as a browser counts


def test_a_number_higher_than_the_stored_one_is_no_proof_of_having_seen_it(store: Store, amina: int) -> None:
    there = save(store, amina, "nyare")
    assert store.save_reflection(amina, Draft(QUESTION, "min", 7)) == Conflict(there)


def test_each_restore_begins_an_epoch_and_no_start_does(machine: Machine, amina: int, clock: Clock) -> None:
    names = [machine.store.epoch]
    machine.back_up()
    machine.store.close()
    with closing(Store(machine.store.path, clock)) as again:
        assert again.epoch == names[0]
    names += [machine.restore().epoch, machine.restore().epoch]
    assert len(set(names)) == 3


def test_those_who_go_on_after_a_restore_are_not_asked(machine: Machine, amina: int) -> None:
    save(machine.store, amina, "före")
    machine.back_up()
    store = machine.restore()
    visitor = visit(store, amina)
    saved = save(store, amina, "före och efter", visitor.reflections[QUESTION].revision)
    assert isinstance(save(store, amina, "nytt", visitor.erased_revision, OTHER), Reflection)
    assert saved.revision == visitor.reflections[QUESTION].revision + 1


def test_earlier_and_locked_texts_come_through_a_restore_in_their_order(machine: Machine, amina: int) -> None:
    store = machine.store
    save(store, amina, "x" * 20)
    save(store, amina, "y", based_on=1)
    with store._write() as db:  # as a link does that others may have had
        lock_texts(db, amina, "2026-11-12T08:00:00.000+00:00", link_by=None, made_at=NOW.isoformat())
    machine.back_up()
    store = machine.restore()
    write_on(store, amina, "nytt")
    store.release_texts(None, amina)
    earlier = [each.text for each in store.earlier_texts(amina, QUESTION)]
    assert earlier == ["y", "x" * 20]
    assert visit(store, amina).reflections[QUESTION].text == "nytt"


def test_nobody_gets_the_number_of_an_account_that_is_lost(machine: Machine) -> None:
    """A page of its person, still open, would else pass for one of whoever comes next."""
    machine.store.add_account(FIRST)
    machine.back_up()
    lost = machine.store.add_account(NewAccount("bengt@test.example", "Bengt", None))
    store = machine.restore()
    assert store.add_account(NewAccount("cecilia@test.example", "Cecilia", None)) != lost


def test_what_was_erased_before_a_backup_is_erased_after_its_restore(machine: Machine, amina: int) -> None:
    save(machine.store, amina, "erased")
    machine.store.erase_reflections(amina)
    machine.back_up()
    store = machine.restore()
    write_on(store, amina, "nytt")
    refused = store.save_reflection(amina, Draft(QUESTION, "erased", 1))
    assert isinstance(refused, Conflict)
    assert refused.erased
    assert kept(store, amina) == []
