"""The keys by which browsers keep secret what is not saved yet: for a live session of the account alone.

256 random bits of each account, made with it: a database restored from last night has the keys of those who
write today. A key is made anew when its person's reflections are erased, and goes with the account: what
any browser still keeps is then nobody's to read.
"""

from __future__ import annotations

from visionsprat.domain.tokens import new_key
from visionsprat.errors import TextsLocked
from visionsprat.store.base import Connections
from visionsprat.store.sessions import find_session

_KEY = """
    SELECT a.draft_key,
           EXISTS (SELECT 1 FROM text_locks l WHERE l.account_id = a.id AND l.released_at IS NULL)
    FROM accounts a WHERE a.id = ?
"""


class DraftKeys(Connections):
    def draft_key(self, token_hash: str, author_id: int | None = None) -> bytes | None:
        """The key of the person whose live session this is; None when there is no such session.

        `author_id` is whose page asks for it, where that is known. The key stays the same until the
        person's reflections are erased. Raises TextsLocked while their earlier texts are locked: whoever
        uses a link that others may have had is not to open what its person's browser has kept.
        """
        with self._read() as db:
            found = find_session(db, token_hash, self.clock())
            if found is None or author_id not in {None, found[0].id}:
                return None
            account_id = found[0].id
            key, is_locked = db.execute(_KEY, [account_id]).fetchone()
        if is_locked:
            raise TextsLocked("The earlier texts of this account are locked.")
        return key or self._make_key(account_id)

    def _make_key(self, account_id: int) -> bytes | None:
        """For an account that came past the store, and has none."""
        with self._write() as db:
            made = db.execute(
                "UPDATE accounts SET draft_key = coalesce(draft_key, ?) WHERE id = ? RETURNING draft_key",
                [new_key(), account_id],
            ).fetchone()
        return made[0] if made else None
