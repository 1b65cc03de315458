"""Links and what is written already: whoever hands one out reads none of it, its author gets all back."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from itertools import count

import pytest

from tests.support.clock import Clock
from tests.support.stored import (
    OTHER,
    QUESTION,
    AddAccount,
    begin_session,
    kept,
    known_as,
    save,
    sql,
    texts,
    visit,
)
from visionsprat.domain.records import Action, Conflict, Draft, Reflection, Whom
from visionsprat.errors import NotAllowed, SignedOut
from visionsprat.store import Store
from visionsprat.store.locked import VOUCHING_AFTER

SECRET, EARLIER = "Vi matar uttern.", "Vi klappar igelkotten bakom brandstationen."
_links = (f"link {number}" for number in count())


@pytest.fixture
def chief(add_account: AddAccount) -> int:
    return add_account("chief@test.example", "Chief", is_admin=True, password_hash="hash of chief")


@pytest.fixture
def second(add_account: AddAccount, clock: Clock) -> int:
    """Another administrator, for long enough."""
    second = add_account("second@test.example", "Second", is_admin=True)
    clock.now += VOUCHING_AFTER
    return second


@pytest.fixture
def amina(store: Store, add_account: AddAccount) -> int:
    """Somebody who has signed in, and written."""
    amina = add_account(member_of="Vård")
    write(store, amina)
    return amina


def write(store: Store, account_id: int) -> None:
    begin_session(store, account_id, f"of {account_id}")
    save(store, account_id, EARLIER)
    store.end_session(f"of {account_id}")
    save(store, account_id, SECRET, based_on=1)
    begin_session(store, account_id, f"of {account_id}")


def only(email: str) -> Whom:
    return Whom(emails=frozenset({email}))


def take_over(
    store: Store, actor: int | None = None, *, email: str = "amina@test.example", by_letter: bool = False
) -> None:
    """What an administrator can do alone: make a link, and choose a password with it."""
    link = next(_links)
    assert len(known_as(store, link, store.invite(actor, only(email), by_letter=by_letter))) == 1
    store.use_invitation(link, f"hash chosen with {link}")


def forgotten(store: Store, email: str = "amina@test.example") -> None:
    """The link of a letter that somebody has asked for on the page, used by whoever reads the letter."""
    link = next(_links)
    assert known_as(store, link, store.add_password_link(email))
    store.use_invitation(link, f"hash chosen with {link}")


def all_read(store: Store, account_id: int) -> str:
    """All that the one who is in can read of what is written, by any method that gives texts out."""
    own = store.own_data(account_id)
    refused = store.save_reflection(account_id, Draft(QUESTION, "Ett försök.", 0))
    assert isinstance(refused, Conflict)
    return repr((texts(store, account_id), own, refused, store.earlier_texts(account_id, QUESTION)))


# What locks


def test_a_link_that_is_handed_out_opens_nothing_written_before(store: Store, chief: int, amina: int) -> None:
    take_over(store, chief)
    assert texts(store, amina) == {}
    found = all_read(store, amina)
    assert SECRET not in found and EARLIER not in found


def test_drafts_that_the_persons_browser_has_kept_stay_closed_until_the_texts_are_open(
    store: Store, chief: int, amina: int
) -> None:
    before = store.draft_key(begin_session(store, amina, "before"))
    take_over(store, chief)
    begin_session(store, amina, "of whoever has the link")
    with pytest.raises(NotAllowed):
        store.draft_key("of whoever has the link")
    assert unlock(store, amina)
    assert store.draft_key(begin_session(store, amina, "afterwards")) == before


def test_a_letter_to_an_address_that_nobody_has_corrected_leaves_all_open(
    store: Store, chief: int, amina: int
) -> None:
    take_over(store, chief, by_letter=True)
    forgotten(store)
    assert texts(store, amina) == {QUESTION: SECRET}
    assert store.text_locks(amina) == ()


@pytest.mark.parametrize("how", ["asked for on the page", "sent by the administrator"])
def test_a_letter_to_a_corrected_address_locks(store: Store, chief: int, amina: int, how: str) -> None:
    store.correct(chief, amina, "Amina", "chief2@test.example")
    if how == "asked for on the page":
        forgotten(store, "chief2@test.example")
    else:
        take_over(store, chief, email="chief2@test.example", by_letter=True)
    found = all_read(store, amina)
    assert SECRET not in found and EARLIER not in found


def test_an_address_that_its_person_has_confirmed_is_trusted_again(
    store: Store, chief: int, amina: int
) -> None:
    store.correct(chief, amina, "Amina", "amina2@test.example")
    seen = store.visitor(f"of {amina}")
    assert seen and seen.address_is_unproven
    store.confirm_address(amina)
    store.confirm_address(amina)
    assert store.audit_log(action=Action.ADDRESS_CONFIRMED).count == 1
    forgotten(store, "amina2@test.example")
    assert texts(store, amina) == {QUESTION: SECRET}


def test_signing_in_alone_does_not_prove_the_address(store: Store, chief: int, amina: int) -> None:
    """Told a plausible one, a person signs in with it, and somebody else reads its letters."""
    store.correct(chief, amina, "Amina", "amina2@test.example")
    begin_session(store, amina, "again")
    forgotten(store, "amina2@test.example")
    assert texts(store, amina) == {}


def test_an_administrators_own_address_is_in_doubt_too_until_they_have_confirmed_it(
    store: Store, chief: int
) -> None:
    """Whoever sits at their unlocked computer gets no letter that opens what they have written."""
    write(store, chief)
    store.correct(chief, chief, "Chief", "boss@test.example", checked="hash of chief")
    forgotten(store, "boss@test.example")
    assert texts(store, chief) == {}
    (lock,) = store.text_locks(chief, chief)
    assert not lock.may_release
    store.confirm_address(chief)
    forgotten(store, "boss@test.example")
    assert len(store.text_locks(chief)) == 1


@pytest.mark.parametrize("checked", [None, "", "hash of another password"])
def test_an_administrator_changes_their_own_address_with_their_password_alone(
    store: Store, chief: int, checked: str | None
) -> None:
    with pytest.raises(SignedOut):
        store.correct(chief, chief, "Chief", "boss@test.example", checked=checked)
    store.correct(chief, chief, "Chefen", "chief@test.example", checked=checked)
    person = store.person(chief)
    assert person and (person.name, person.email) == ("Chefen", "chief@test.example")
    assert not person.address_is_unproven


@pytest.mark.parametrize("whose", ["one's own", "another's"])
def test_a_link_that_an_administrator_makes_for_themself_or_gives_themself_opens_nothing(
    store: Store, chief: int, amina: int, whose: str
) -> None:
    write(store, chief)
    mine = whose == "one's own"
    take_over(store, chief, email="chief@test.example" if mine else "amina@test.example")
    assert texts(store, chief if mine else amina) == {}


def test_a_link_from_before_the_first_text_locks_when_it_is_used_after_it(
    store: Store, chief: int, add_account: AddAccount
) -> None:
    """Somebody with a password from the terminal signs in while an unused link of theirs lies about."""
    amina = add_account()
    known_as(store, "kept back", store.invite(chief, only("amina@test.example")))
    assert not store.invited("kept back").locks
    write(store, amina)
    assert store.invited("kept back").locks
    store.use_invitation("kept back", "hash")
    assert texts(store, amina) == {}


def test_a_letter_from_before_the_first_text_to_an_address_since_corrected_locks_too(
    store: Store, chief: int, add_account: AddAccount
) -> None:
    amina = add_account()
    store.correct(chief, amina, "Amina", "chief2@test.example")
    known_as(store, "kept back", store.invite(chief, only("chief2@test.example"), by_letter=True))
    write(store, amina)
    store.use_invitation("kept back", "hash")
    assert texts(store, amina) == {}


def test_the_first_letter_to_a_corrected_address_proves_it(
    store: Store, chief: int, add_account: AddAccount
) -> None:
    amina = add_account(password_hash=None)
    store.correct(chief, amina, "Amina", "amina2@test.example")
    take_over(store, chief, email="amina2@test.example", by_letter=True)
    write(store, amina)
    forgotten(store, "amina2@test.example")
    assert texts(store, amina) == {QUESTION: SECRET}


def test_after_a_link_that_was_handed_out_the_address_is_open_to_doubt(
    store: Store, chief: int, amina: int
) -> None:
    """Whoever came in by it may have seen to the address before."""
    take_over(store, chief)
    save(store, amina, "Skrivet efteråt.", based_on=first_revision(store, amina))
    forgotten(store)
    assert texts(store, amina) == {}
    assert len(store.text_locks(amina)) == 2


def test_somebody_new_is_invited_as_before(store: Store, chief: int, add_account: AddAccount) -> None:
    amina = add_account(password_hash=None)
    take_over(store, chief)
    visitor = store.visitor(begin_session(store, amina))
    assert visitor and not visitor.has_locks and not visitor.address_is_unproven
    assert store.audit_log(action=Action.LINK_MADE).count == 0


def test_a_session_from_before_ends_with_the_lock(store: Store, chief: int, amina: int) -> None:
    take_over(store, chief)
    assert store.visitor(f"of {amina}") is None


def test_deactivating_and_activating_again_opens_no_way(store: Store, chief: int, amina: int) -> None:
    known_as(store, "link", store.invite(chief, only("amina@test.example")))
    store.set_active(chief, amina, False)
    store.set_active(chief, amina, True)
    store.use_invitation("link", "hash")
    assert texts(store, amina) == {}


def test_a_file_for_many_leaves_out_whoever_has_signed_in(
    store: Store, chief: int, amina: int, add_account: AddAccount
) -> None:
    add_account("bengt@test.example", "Bengt", member_of="Vård", password_hash=None)
    (group,) = [id for id, path in store.group_paths().items() if path == "Vård"]
    made = store.invite(chief, Whom(group_id=group, unused=True))
    assert [each.person.email for each in made] == ["bengt@test.example"]
    assert store.count_invitees(Whom(group_id=group)) == 2
    assert store.count_invitees(Whom(group_id=group, unused=True)) == 1


# What is locked


def test_what_is_locked_goes_on_counting_for_the_manager(
    store: Store, chief: int, amina: int, clock: Clock
) -> None:
    (group,) = store.group_paths()
    store.set_manager(None, chief, group, True)
    begun = clock.now
    before = store.managed_members(chief, group, [QUESTION, OTHER])
    take_over(store, chief)
    clock.now += timedelta(days=3)
    assert store.managed_members(chief, group, [QUESTION, OTHER]) == before
    for text in ("Nytt.", "Nyare."):
        store.save_reflection(amina, Draft(QUESTION, text, 99))
    (member,) = store.managed_members(chief, group, [QUESTION, OTHER])
    assert member.answered_at == {QUESTION: begun}
    (seen,) = store.managed_groups(chief, [QUESTION, OTHER])
    assert seen.answered == {amina: 1}
    forgotten(store)  # a second lock with an answer to the same question
    assert store.managed_members(chief, group, [QUESTION, OTHER]) == before
    assert store.managed_groups(chief, [QUESTION, OTHER]) == (seen,)


def test_a_tab_that_still_shows_the_old_text_is_asked_and_nothing_of_it_is_lost(
    store: Store, chief: int, amina: int
) -> None:
    take_over(store, chief)
    refused = store.save_reflection(amina, Draft(QUESTION, f"{SECRET} Mer.", based_on=2))
    assert isinstance(refused, Conflict) and not refused.erased and refused.current.text == ""
    assert [text for _, text in kept(store, amina)] == [f"{SECRET} Mer."]


def test_the_own_copy_tells_that_there_are_locked_texts_and_none_of_their_words(
    store: Store, chief: int, amina: int, clock: Clock
) -> None:
    take_over(store, chief)
    own = store.own_data(amina)
    assert own and own.locks[0].texts == 1 and own.locks[0].first_saved_at == clock.now
    assert SECRET not in repr(own) and EARLIER not in repr(own)


@pytest.mark.parametrize("what", ["reflections", "account"])
def test_erasing_takes_what_is_locked_along_from_every_byte(
    store: Store, chief: int, amina: int, what: str
) -> None:
    take_over(store, chief)
    erase = store.erase_reflections if what == "reflections" else store.erase_account
    erase(amina)
    assert store.wipe()
    for end in ("", "-wal"):
        found = store.path.with_name(store.path.name + end).read_bytes()
        assert SECRET.encode() not in found and EARLIER.encode() not in found
    assert sql(store, "SELECT 1 FROM text_locks") == []


def test_what_is_erased_after_a_lock_is_not_brought_back_by_an_old_tab(
    store: Store, chief: int, amina: int
) -> None:
    take_over(store, chief)
    store.erase_reflections(amina)
    refused = store.save_reflection(amina, Draft(QUESTION, SECRET, based_on=2))
    assert isinstance(refused, Conflict) and refused.erased
    assert kept(store, amina) == []


# Unlocking


def unlock(store: Store, account_id: int) -> bool:
    (lock,) = [id for id, hash in store.old_passwords(account_id).items() if hash == "no hash"]
    return store.unlock_texts(account_id, lock)


def test_the_old_password_brings_all_back_and_is_the_password_again(
    store: Store, chief: int, amina: int, clock: Clock
) -> None:
    before = texts(store, amina), kept(store, amina)
    take_over(store, chief)
    begin_session(store, amina, "of whoever has the link")
    assert unlock(store, amina)
    assert (texts(store, amina), kept(store, amina)) == before
    found = store.credentials("amina@test.example")
    assert found and found.password_hash == "no hash"
    assert store.visitor("of whoever has the link") is None
    assert store.text_locks(amina) == () and not unlock_again(store, amina)


def first_revision(store: Store, account_id: int) -> int:
    """What a page says of a question without an answer."""
    return visit(store, account_id).erased_revision


def unlock_again(store: Store, account_id: int) -> bool:
    return store.unlock_texts(account_id, 1)


def test_what_was_written_meanwhile_stays_with_the_old_text_as_an_earlier_version(
    store: Store, chief: int, amina: int
) -> None:
    take_over(store, chief)
    new = store.save_reflection(amina, Draft(QUESTION, "Nytt.", based_on=first_revision(store, amina)))
    assert isinstance(new, Reflection)
    save(store, amina, "Annat.", based_on=first_revision(store, amina), question=OTHER)
    assert unlock(store, amina)
    assert texts(store, amina) == {QUESTION: "Nytt.", OTHER: "Annat."}
    assert [each.text for each in store.earlier_texts(amina, QUESTION)] == [SECRET, EARLIER]


def test_a_tab_left_open_writes_nothing_over_what_came_back(store: Store, chief: int, amina: int) -> None:
    take_over(store, chief)
    visitor = store.visitor(begin_session(store, amina))
    assert visitor
    store.release_texts(None, amina)
    refused = store.save_reflection(amina, Draft(QUESTION, "Nytt.", based_on=visitor.erased_revision))
    assert isinstance(refused, Conflict) and refused.current.text == SECRET


def test_a_new_text_that_was_emptied_gives_its_place_back(store: Store, chief: int, amina: int) -> None:
    take_over(store, chief)
    new = store.save_reflection(amina, Draft(QUESTION, "Nytt.", based_on=first_revision(store, amina)))
    assert isinstance(new, Reflection)
    save(store, amina, "", based_on=new.revision)
    assert unlock(store, amina)
    assert texts(store, amina) == {QUESTION: SECRET}
    assert (
        store.save_reflection(amina, Draft(QUESTION, "Mer.", based_on=new.revision + 1)).__class__ is Conflict
    )


def test_each_lock_has_its_own_old_password(store: Store, chief: int, amina: int) -> None:
    """Whoever came in by the first link knows the password before the second one, and no more."""
    take_over(store, chief)
    save(store, amina, "Skrivet av någon annan.", based_on=first_revision(store, amina))
    take_over(store, chief)
    mine, others = sorted(store.old_passwords(amina))
    assert store.unlock_texts(amina, others)
    assert texts(store, amina) == {QUESTION: "Skrivet av någon annan."}
    assert store.unlock_texts(amina, mine)
    assert [each.text for each in store.earlier_texts(amina, QUESTION)] == [SECRET, EARLIER]


def test_nobody_unlocks_anothers_texts(store: Store, chief: int, amina: int) -> None:
    take_over(store, chief)
    assert not store.unlock_texts(chief, 1)
    assert texts(store, amina) == {}


# Releasing


def test_another_administrator_releases_and_the_person_is_told(
    store: Store, chief: int, second: int, amina: int
) -> None:
    take_over(store, chief)
    (lock,) = store.text_locks(amina, second)
    assert lock.may_release
    assert store.release_texts(second, amina)
    assert texts(store, amina) == {QUESTION: SECRET}
    (told,) = store.text_locks(amina)
    assert told.released_by == "Second" and told.released_at
    (entry,) = store.audit_log(action=Action.TEXTS_RELEASED).entries
    assert (entry.actor, entry.subject) == ("second@test.example", "amina@test.example")
    assert store.old_passwords(amina) == {}
    store.know_of_release(amina)
    assert store.text_locks(amina) == ()
    assert not store.release_texts(second, amina)


def refused(store: Store, actor: int, account_id: int) -> bool:
    before = dump(store)
    assert not any(each.may_release for each in store.text_locks(account_id, actor))
    with pytest.raises(NotAllowed):
        store.release_texts(actor, account_id)
    assert dump(store) == before
    return True


def dump(store: Store) -> str:
    with closing(sqlite3.connect(store.path)) as db:
        return "\n".join(db.iterdump())


def test_whoever_made_the_link_or_changed_the_address_releases_nothing(
    store: Store, chief: int, second: int, amina: int
) -> None:
    take_over(store, chief)
    assert refused(store, chief, amina)
    store.release_texts(None, amina)
    store.correct(second, amina, "Amina", "second2@test.example")
    forgotten(store, "second2@test.example")
    assert refused(store, second, amina)
    assert store.release_texts(chief, amina)


def test_an_account_made_for_the_purpose_releases_nothing(
    store: Store, chief: int, second: int, amina: int, add_account: AddAccount, clock: Clock
) -> None:
    puppet = add_account("puppet@test.example", "Puppet", is_admin=True)
    promoted = add_account("promoted@test.example", "Promoted")
    clock.now += VOUCHING_AFTER - timedelta(seconds=1)
    store.set_administrator(chief, promoted, True)
    take_over(store, chief)
    assert refused(store, puppet, amina) and refused(store, promoted, amina)
    clock.now += timedelta(days=100)  # too late for this lock
    assert refused(store, puppet, amina)
    assert store.release_texts(second, amina)


def test_making_an_administrator_one_again_is_no_new_beginning_and_no_old_one(
    store: Store, chief: int, second: int, amina: int
) -> None:
    store.set_administrator(chief, second, True)
    take_over(store, chief)
    assert store.text_locks(amina, second)[0].may_release
    store.set_administrator(chief, second, False)
    store.set_administrator(chief, second, True)
    assert refused(store, second, amina)


def test_an_administrators_account_that_another_has_got_into_releases_nothing(
    store: Store, chief: int, second: int, amina: int
) -> None:
    take_over(store, chief, email="second@test.example")
    take_over(store, chief)
    assert refused(store, second, amina)


@pytest.mark.parametrize("who", ["oneself, an administrator", "a learner", "a deactivated administrator"])
def test_who_else_releases_nothing(
    store: Store, chief: int, second: int, amina: int, add_account: AddAccount, who: str
) -> None:
    learner = add_account("bengt@test.example", "Bengt")
    others = {"a learner": learner, "a deactivated administrator": second}
    if who.startswith("oneself"):
        store.set_administrator(None, amina, True)
    if who.startswith("a deactivated"):
        store.set_active(None, second, False)
    take_over(store, chief)
    assert refused(store, others.get(who, amina), amina)


def test_whoever_runs_the_server_releases_all(store: Store, chief: int, amina: int) -> None:
    take_over(store, chief)
    save(store, amina, "Nytt.", based_on=first_revision(store, amina))
    forgotten(store)
    assert store.release_texts(None, amina)
    assert texts(store, amina) == {QUESTION: "Nytt."}
    assert [each.text for each in store.earlier_texts(amina, QUESTION)] == [SECRET, EARLIER]
    (entry,) = store.audit_log(action=Action.TEXTS_RELEASED).entries
    assert (entry.actor, entry.subject) == ("", "amina@test.example")


def test_of_several_locks_an_administrator_releases_those_that_are_not_their_own_doing(
    store: Store, chief: int, second: int, amina: int
) -> None:
    take_over(store, chief)
    save(store, amina, "Nytt.", based_on=first_revision(store, amina))
    take_over(store, second)
    assert store.release_texts(second, amina)
    assert texts(store, amina) == {QUESTION: SECRET}
    assert refused(store, second, amina)
    assert refused(store, chief, amina)  # whose link has made the address doubtful before
    assert store.release_texts(None, amina)
    assert [each.text for each in store.earlier_texts(amina, QUESTION)] == ["Nytt.", EARLIER]


# The record


def test_the_record_tells_what_was_done_and_by_whom(store: Store, chief: int, amina: int) -> None:
    take_over(store, chief)
    assert unlock(store, amina)
    found = [(e.actor, e.action, e.details) for e in store.audit_log(about="amina").entries][:4]
    assert found == [
        ("amina@test.example", Action.TEXTS_UNLOCKED, ""),
        ("amina@test.example", Action.PASSWORD_CHOSEN, ""),
        ("amina@test.example", Action.TEXTS_LOCKED, ""),
        ("chief@test.example", Action.LINK_MADE, "att lämna över"),
    ]
