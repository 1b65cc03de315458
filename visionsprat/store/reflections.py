"""What people write: each text with its revisions."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlite_utils import Database

from visionsprat.errors import SignedOut
from visionsprat.records import Conflict, Reflection
from visionsprat.store.connections import Connections, iso, moment
from visionsprat.store.sessions import SEEN_AGAIN, find_session, note_alive
from visionsprat.writing import clean, is_blank, nfc

#: A text is kept as an earlier version once it has rested this long ...
SITTING = timedelta(minutes=10)
#: ... or when a save takes away more than this many characters at once, or more than half of it.
LARGE_DELETION = 200

_EARLIER = """
    SELECT text, max(revision), saved_at FROM reflection_revisions
    WHERE account_id = ?1 AND question_id = ?2 AND NOT is_blank(text) AND text NOT IN
        (SELECT text FROM reflections WHERE account_id = ?1 AND question_id = ?2)
    GROUP BY text ORDER BY max(revision) DESC
"""


class Reflections(Connections):
    def save_reflection(
        self, account_id: int, question_id: str, text: str, based_on: int, unanswered: Collection[str] = ()
    ) -> Reflection | Conflict:
        """Store `text` as the account's reflection when `based_on` is the newest revision (0: none yet).

        The same text again is a no-op. When a newer revision with another text is stored, both are
        kept and the Conflict shows the stored one, unless that is one of `unanswered`: texts that the
        same writer sent before and got no answer about. A text written upon one that has been erased
        since is a Conflict too, and is not kept. Returns after COMMIT.
        Raises TextTooLong, TextRefused, StoreUnavailable.
        """
        text = clean(text)
        with self._write() as db:
            return _save(db, [account_id, question_id], text, self.clock(), based_on, unanswered)

    def save_in_session(
        self,
        token_hash: str,
        author_id: int | None,
        question_id: str,
        text: str,
        based_on: int,
        unanswered: Collection[str] = (),
    ) -> Reflection | Conflict:
        """As save_reflection, for the person whose live session this is. Saving keeps the session alive.

        `author_id` is whose page the text was written on, where that is known: nothing is saved in
        another person's name. Raises SignedOut besides.
        """
        now = self.clock()
        with self._write() as db:
            found = find_session(db, token_hash, now)
            if found is None or author_id not in {None, found[0].id}:
                raise SignedOut("There is no live session of the person who wrote.")
            account, last_seen_at = found
            if now - last_seen_at > SEEN_AGAIN:
                note_alive(db, token_hash, now)
            return _save(db, [account.id, question_id], clean(text), now, based_on, unanswered)

    def earlier_texts(self, account_id: int, question_id: str) -> tuple[Reflection, ...]:
        """The account's earlier and refused texts that are kept, each once, the newest first."""
        with self._read() as db:
            rows = db.execute(_EARLIER, [account_id, question_id]).fetchall()
        return tuple(Reflection(text, revision, moment(at)) for text, revision, at in rows)


def _save(
    db: Database, key: list[object], text: str, now: datetime, based_on: int, unanswered: Collection[str]
) -> Reflection | Conflict:
    current, erased_revision = _current(db, key, now)
    if text == current.text:
        return current
    if based_on < erased_revision:
        return Conflict(current, erased=True)
    kept_revision, kept_text = _newest_kept(db, key)
    saved = Reflection(text, max(kept_revision, current.revision) + 1, now)
    unseen = current.revision > based_on
    if unseen and current.text not in map(nfc, unanswered):
        if text != kept_text or kept_revision < current.revision:  # a refused text may be sent again
            _keep(db, key, saved)
        return Conflict(current)
    refused_since = kept_revision > current.revision
    if not is_blank(current.text) and (
        unseen or refused_since or _worth_keeping(current, saved) or _is_kept(db, key, text)
    ):
        _keep(db, key, current)
    _put(db, key, saved, newly_answered=is_blank(current.text))
    return saved


def _current(db: Database, key: list[object], now: datetime) -> tuple[Reflection, int]:
    """The stored text, and the revision before which everything of the account is erased."""
    text, revision, at, erased = db.execute(
        "SELECT r.text, r.revision, r.updated_at, a.erased_revision FROM (SELECT ? AS account, ? AS question)"
        " LEFT JOIN accounts a ON a.id = account"
        " LEFT JOIN reflections r ON r.account_id = account AND r.question_id = question",
        key,
    ).fetchone()
    erased = erased or 0
    return (Reflection("", erased, now) if text is None else Reflection(text, revision, moment(at))), erased


def _newest_kept(db: Database, key: list[object]) -> tuple[int, str | None]:
    row: tuple[int, str] | None = db.execute(
        "SELECT revision, text FROM reflection_revisions WHERE account_id = ? AND question_id = ?"
        " ORDER BY revision DESC LIMIT 1",
        key,
    ).fetchone()
    return row or (0, None)


def _is_kept(db: Database, key: list[object], text: str) -> bool:
    """Whether an earlier text comes back: what it takes the place of must be there to go back to."""
    found = db.execute(
        "SELECT 1 FROM reflection_revisions WHERE account_id = ? AND question_id = ? AND text = ?",
        [*key, text],
    )
    return found.fetchone() is not None


def _worth_keeping(current: Reflection, saved: Reflection) -> bool:
    rested = abs(saved.saved_at - current.saved_at) > SITTING  # a clock set back hides how long
    shrunk = len(current.text) - len(saved.text) > min(LARGE_DELETION, len(current.text) / 2)
    return rested or shrunk


def _keep(db: Database, key: list[object], kept: Reflection) -> None:
    db.execute(
        "INSERT OR IGNORE INTO reflection_revisions VALUES (?, ?, ?, ?, ?)",
        [*key, kept.revision, kept.text, iso(kept.saved_at)],
    )


def _put(db: Database, key: list[object], saved: Reflection, *, newly_answered: bool) -> None:
    # created_at is when the answer last went from blank to something: completion is dated by it.
    at = iso(saved.saved_at)
    db.execute(
        "INSERT INTO reflections (account_id, question_id, text, revision, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET text = excluded.text,"
        " revision = excluded.revision, updated_at = excluded.updated_at,"
        " created_at = CASE WHEN ? THEN excluded.created_at ELSE created_at END",
        [*key, saved.text, saved.revision, at, at, newly_answered],
    )
