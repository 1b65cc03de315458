"""What people write: each text with its revisions, and optimistic concurrency between tabs and devices.

A save carries the revision it was based on. The same text is no change; a newer stored text that differs is
a conflict: both are kept, the refused one as a revision, and the person chooses. Texts that the same editor
sent and got no answer about (`unanswered`) are none of those. Texts are cleaned before the write lock is
asked for.

An earlier text is kept when a sitting has ended, when much of it goes, at once or slowly, when much is
replaced by one save, and when a save that had not seen it overwrites it; tests/store/test_interleavings.py
says exactly what is found again. What goes slowly is measured against the fullest text of the sitting,
which waits from its first lost character as a provisional row that nobody sees: an hour of writing makes
one to three versions. The answer to a save says what much of it took away, and its editor offers that back:
no other place says what much is. A version is brought back by an ordinary save of its text: so that needs
no route of its own, and is undone in the same way.
"""

from __future__ import annotations

from bisect import bisect
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlite_utils import Database

from visionsprat.domain.records import Conflict, Draft, Reflection
from visionsprat.domain.text_rules import TextRefused, TextTooLong, clean, is_blank
from visionsprat.errors import SignedOut, VersionsFull
from visionsprat.store.base import Connections, want_wiping
from visionsprat.store.quotas import NEARLY, fullness, make_room
from visionsprat.store.sessions import SEEN_AGAIN, find_session, note_alive
from visionsprat.store.times import iso, moment

#: A text is kept as an earlier version once it has rested this long ...
SITTING = timedelta(minutes=10)
#: ... or when more than this many characters of it have gone within a sitting, or more than half of it,
#: or a save puts others in their place.
LARGE_DELETION = 200
#: Saves that follow one another within this are one deletion: what it leaves on its way is no version.
ONE_DELETION = timedelta(seconds=10)

_EARLIER = """
    SELECT text, max(revision), saved_at, device_kind FROM reflection_revisions
    WHERE account_id = ?1 AND question_id = ?2 AND NOT is_provisional AND NOT is_blank(text) AND text NOT IN
        (SELECT text FROM reflections WHERE account_id = ?1 AND question_id = ?2)
    GROUP BY text HAVING max(revision) < ?3 ORDER BY max(revision) DESC LIMIT ?4
"""


class Reflections(Connections):
    def save_reflection(
        self, account_id: int, draft: Draft, *, device_kind: str = ""
    ) -> Reflection | Conflict:
        """Store the draft as the account's reflection when it is based on the stored revision.

        The same text again is a no-op. When another revision with another text is stored, both are
        kept and the Conflict shows the stored one, unless that is one of those `unanswered`: texts that the
        same writer sent before and got no answer about. A text written upon one that has been erased
        since is a Conflict too, and is not kept. Returns after COMMIT.
        Raises TextTooLong, TextRefused, StoreUnavailable, and VersionsFull when what goes by it has to be
        kept as an earlier text and there is no room: then nothing is changed.
        """
        draft = _as_stored(draft)
        with self._write() as db:
            return _save(db, [account_id, draft.question], draft, self.clock(), device_kind)

    def save_in_session(
        self, token_hash: str, author_id: int | None, draft: Draft, *, device_kind: str = ""
    ) -> Reflection | Conflict:
        """As save_reflection, for the person whose live session this is. Saving keeps the session alive.

        `author_id` is whose page the text was written on, where that is known: nothing is saved in
        another person's name. Raises SignedOut besides.
        """
        draft = _as_stored(draft)  # before others have to wait for us
        now = self.clock()
        with self._write() as db:
            found = find_session(db, token_hash, now)
            if found is None or author_id not in {None, found[0].id}:
                raise SignedOut("There is no live session of the person who wrote.")
            account, last_seen_at = found
            if now - last_seen_at > SEEN_AGAIN:
                note_alive(db, token_hash, now)
            return _save(db, [account.id, draft.question], draft, now, device_kind)

    def earlier_texts(
        self, account_id: int, question_id: str, before: int = 2**63 - 1, most: int = -1
    ) -> tuple[Reflection, ...]:
        """The account's earlier and refused texts that are kept, each once, the newest first.

        Those of revisions `before` one, and so many at the `most` (-1: all).
        """
        with self._read() as db:
            rows = db.execute(_EARLIER, [account_id, question_id, before, most]).fetchall()
        return tuple(Reflection(text, revision, moment(at), kind) for text, revision, at, kind in rows)

    def is_nearly_full(self, account_id: int, question_id: str) -> bool:
        """Whether there will soon be no room for more of the account's earlier texts."""
        with self._read() as db:
            return fullness(db, [account_id, question_id]) >= NEARLY

    def erase_earlier_texts(self, account_id: int, question_id: str) -> None:
        """Take away all earlier texts to one question for good; the current one stays."""
        with self._write() as db:
            gone = db.execute(
                "DELETE FROM reflection_revisions WHERE account_id = ? AND question_id = ?",
                [account_id, question_id],
            )
            if gone.rowcount:
                want_wiping(db)


@dataclass(frozen=True)
class Sitting:
    """What a save finds of the sitting that it belongs to."""

    #: The text that had most, if the sitting goes on; else the current one.
    fullest: Reflection
    current: Reflection
    #: The text that was kept last among the earlier ones.
    kept: Reflection | None


@dataclass(frozen=True)
class Gone:
    """What has become of the texts that a save took the place of."""

    #: Which part of the room for earlier texts is taken, if any was kept.
    full: float = 0.0
    #: The fullest one, when much of it is gone.
    deleted: str = ""


def _as_stored(draft: Draft) -> Draft:
    """What the store makes of a draft. Texts sent before that it would refuse it has not got."""
    stored = []
    for text in draft.unanswered:
        with suppress(TextRefused, TextTooLong):
            stored.append(clean(text))
    return Draft(draft.question, clean(draft.text), draft.based_on, tuple(stored))


def _save(
    db: Database, key: list[object], draft: Draft, now: datetime, device_kind: str
) -> Reflection | Conflict:
    text = draft.text
    current, erased_revision = _current(db, key, now)
    if text == current.text:
        return replace(current, deleted=_deleted_by(db, key, current, now))
    if draft.based_on < erased_revision:
        return Conflict(current, erased=True)
    newest, is_provisional = _newest_revision(db, key, now)
    saved = Reflection(text, max(newest.revision, current.revision) + 1, now, device_kind)
    # A higher one than there is comes from a time that a restore has taken away.
    unseen = current.revision != draft.based_on
    if unseen and current.text not in draft.unanswered:
        if text == newest.text and newest.revision > current.revision:
            return Conflict(current)  # a refused text is sent again
        full = make_room(db, key, saved.revision, text)
        if full <= 1:
            _keep(db, key, saved)
        return Conflict(replace(current, nearly_full=full >= NEARLY), is_kept=full <= 1)
    refused_since = newest.revision > current.revision
    rested = abs(now - current.saved_at) > SITTING  # a clock set back hides how long
    fullest = newest if is_provisional and not rested else current
    sitting = Sitting(fullest, current, None if is_provisional else newest)
    in_any_case = unseen or refused_since or rested or _is_kept(db, key, text)
    gone = _keep_what_goes(db, key, saved, sitting, in_any_case=in_any_case)
    _put(db, key, saved, newly_answered=is_blank(current.text))
    return replace(saved, nearly_full=gone.full >= NEARLY, deleted=gone.deleted)


def _current(db: Database, key: list[object], now: datetime) -> tuple[Reflection, int]:
    """The stored text, and the revision before which everything of the account is erased."""
    text, revision, at, kind, erased = db.execute(
        "SELECT r.text, coalesce(r.revision, max(a.erased_revision, a.locked_revision, a.first_revision), 0),"
        " r.updated_at, r.device_kind, coalesce(a.erased_revision, 0)"
        " FROM (SELECT ? AS account, ? AS question) LEFT JOIN accounts a ON a.id = account"
        " LEFT JOIN reflections r ON r.account_id = account AND r.question_id = question",
        key,
    ).fetchone()
    nothing = Reflection("", revision, now)
    return (nothing if text is None else Reflection(text, revision, moment(at), kind)), erased


def _newest_revision(db: Database, key: list[object], now: datetime) -> tuple[Reflection, bool]:
    """The newest of the earlier and refused texts, and whether it is there provisionally."""
    row = db.execute(
        "SELECT text, revision, saved_at, device_kind, is_provisional FROM reflection_revisions"
        " WHERE account_id = ? AND question_id = ? ORDER BY revision DESC LIMIT 1",
        key,
    ).fetchone()
    if row is None:
        return Reflection("", 0, now), False
    return Reflection(row[0], row[1], moment(row[2]), row[3]), bool(row[4])


def _is_kept(db: Database, key: list[object], text: str) -> bool:
    """Whether an earlier text comes back: what it takes the place of must be there to go back to."""
    found = db.execute(
        "SELECT 1 FROM reflection_revisions"
        " WHERE account_id = ? AND question_id = ? AND text = ? AND NOT is_provisional",
        [*key, text],
    )
    return found.fetchone() is not None


def _deleted_by(db: Database, key: list[object], saved: Reflection, now: datetime) -> str:
    """What a save took away that comes once more, as its answer was lost: the text that was kept last."""
    kept, is_provisional = _newest_revision(db, key, now)
    is_earlier = kept.revision < saved.revision and not is_provisional and not is_blank(kept.text)
    goes_on = abs(now - saved.saved_at) <= SITTING
    return kept.text if is_earlier and goes_on and _much_goes(kept.text, saved.text) else ""


def _keep_what_goes(
    db: Database, key: list[object], saved: Reflection, sitting: Sitting, *, in_any_case: bool
) -> Gone:
    """Keep the fullest text of the sitting when much of it has gone, and the current one when much goes now.

    The fullest one waits provisionally among the earlier texts, unseen, from when something of it goes
    until much has gone or as much is there again. Measured anew from the text that was `kept` last.
    Raises VersionsFull.
    """
    fullest, current, kept = sitting.fullest, sitting.current, sitting.kept
    full, deleted = 0.0, ""
    goes_on = abs(saved.saved_at - current.saved_at) <= ONE_DELETION
    replaced = _passage_gone(current.text, saved.text) > LARGE_DELETION

    def adds(each: Reflection) -> bool:
        only_left = goes_on and kept is not None and not _passage_gone(each.text, kept.text)
        return not is_blank(each.text) and not only_left

    for each in (fullest, current):
        much = _much_goes(each.text, saved.text) and adds(each)
        if much:
            deleted = deleted or each.text
        is_replaced = (in_any_case and not is_blank(each.text)) or (replaced and adds(each))
        if much or (each is current and is_replaced):
            full = make_room(db, key, each.revision, each.text)
            if full > 1:
                raise VersionsFull("There is no room for more of this person's earlier texts.")
            _keep(db, key, each)
            kept = each
    waiting = current if kept is fullest else fullest
    if kept is not current and len(waiting.text) > len(saved.text) and adds(waiting):
        if fullness(db, key, waiting.revision, waiting.text) <= 1:
            _keep(db, key, waiting, provisionally=True)
    else:
        _forget_provisional(db, key)
    return Gone(full, deleted)


def _much_goes(before: str, after: str) -> bool:
    return len(before) - len(after) > min(LARGE_DELETION, len(before) / 2)


def _passage_gone(before: str, after: str) -> int:
    """How many characters of `before` lie between what both begin with and what both end with."""
    if after.startswith(before):
        return 0  # at once, as it is what a save mostly brings
    start = _alike(before, after)
    return len(before) - start - _alike(before[start:][::-1], after[start:][::-1])


def _alike(one: str, other: str) -> int:
    """With how many characters both begin. Found by halving: a loop over them costs twice a whole save."""
    lengths = range(1, min(len(one), len(other)) + 1)
    return bisect(lengths, False, key=lambda length: one[:length] != other[:length])


def _keep(db: Database, key: list[object], text: Reflection, *, provisionally: bool = False) -> None:
    db.execute(
        "INSERT INTO reflection_revisions"
        " (account_id, question_id, revision, text, saved_at, device_kind, is_provisional)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET is_provisional = min(is_provisional, excluded.is_provisional)",
        [*key, text.revision, text.text, iso(text.saved_at), text.device_kind, int(provisionally)],
    )


def _forget_provisional(db: Database, key: list[object]) -> None:
    db.execute(
        "DELETE FROM reflection_revisions WHERE account_id = ? AND question_id = ? AND is_provisional", key
    )


def _put(db: Database, key: list[object], saved: Reflection, *, newly_answered: bool) -> None:
    # created_at is when the answer last went from blank to something: completion is dated by it.
    at = iso(saved.saved_at)
    db.execute(
        "INSERT INTO reflections"
        " (account_id, question_id, text, revision, created_at, updated_at, device_kind)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET text = excluded.text,"
        " revision = excluded.revision, updated_at = excluded.updated_at,"
        " device_kind = excluded.device_kind,"
        " created_at = CASE WHEN ? THEN excluded.created_at ELSE created_at END",
        [*key, saved.text, saved.revision, at, at, saved.device_kind, newly_answered],
    )
