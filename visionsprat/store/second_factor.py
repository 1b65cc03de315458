"""The second factor of those who have set one up: its secret, the codes that are used, and recovery codes.

The newest used step is stored, by one conditional statement: a code used twice at once lets in once. After
the clock was set back, steps far ahead don't count, or nobody could sign in until then. A factor outlives
the administrator's role: it could be taken away unseen otherwise, by taking the role and giving it back.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlite_utils import Database

from visionsprat.domain.records import Action, SecondFactor
from visionsprat.errors import NotAllowed
from visionsprat.store.base import Connections
from visionsprat.store.events import Event, audit
from visionsprat.store.rights import require_admin
from visionsprat.store.times import moment

# Steps so far ahead were used before the clock was set back; until then no code would be right.
_USE_STEP = """
    UPDATE second_factors SET last_step = :step
    WHERE account_id = :account_id AND secret = :secret AND (last_step < :step OR last_step > :now + 1)
"""


class SecondFactors(Connections):
    def second_factor(self, account_id: int) -> SecondFactor | None:
        """What the account has set up, whether or not its person is an administrator still."""
        with self._read() as db:
            return find_second_factor(db, account_id)

    def account_id(self, email: str) -> int | None:
        """Whose address this is; a deactivated account's, too."""
        with self._read() as db:
            found = db.execute("SELECT id FROM accounts WHERE email = ?", [email]).fetchone()
        return int(found[0]) if found else None

    def password_holds(self, account_id: int, password_hash: str) -> bool:
        """Whether the account is active and still has the password that this is the hash of."""
        with self._read() as db:
            found = db.execute(
                "SELECT 1 FROM accounts WHERE id = ? AND password_hash = ? AND is_active",
                [account_id, password_hash],
            )
            return found.fetchone() is not None

    def set_second_factor(
        self, account_id: int, secret: str, step: int, code_hashes: Iterable[str], token_hash: str
    ) -> bool:
        """Ask the person for a code from now on, and end all their sessions but the one with this hash.

        `step` is that of the code that they have confirmed it with. False when they have one already. Raises
        NotAllowed for anybody who is no administrator.
        """
        with self._write() as db:
            require_admin(db, account_id)
            now = self._now()
            made = db.execute(
                "INSERT INTO second_factors VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                [account_id, secret, now, step],
            )
            if not made.rowcount:
                return False
            _add_codes(db, account_id, code_hashes)
            db.execute(
                "DELETE FROM sessions WHERE account_id = ? AND token_hash IS NOT ?", [account_id, token_hash]
            )
            audit(db, Event(now, account_id, Action.SECOND_FACTOR_SET, account_id=account_id))
        return True

    def use_step(self, account_id: int, secret: str, step: int, now: int) -> bool:
        """Use up the code of a step, and of all before it. False when that has been done already.

        `now` is the step that it is at present.
        """
        with self._write() as db:
            wanted = {"account_id": account_id, "secret": secret, "step": step, "now": now}
            return bool(db.execute(_USE_STEP, wanted).rowcount)

    def use_recovery_code(self, account_id: int, code_hash: str) -> bool:
        """Use up a recovery code. False when there is no such code, or no longer."""
        with self._write() as db:
            used = db.execute(
                "DELETE FROM recovery_codes WHERE account_id = ? AND code_hash = ?", [account_id, code_hash]
            )
            if used.rowcount:
                audit(db, Event(self._now(), account_id, Action.RECOVERY_CODE_USED, account_id=account_id))
            return bool(used.rowcount)

    def replace_recovery_codes(self, account_id: int, secret: str, code_hashes: Iterable[str]) -> bool:
        """Put new recovery codes in the place of all others. False when the factor is no longer this one."""
        with self._write() as db:
            found = db.execute(
                "SELECT 1 FROM second_factors WHERE account_id = ? AND secret = ?", [account_id, secret]
            )
            if found.fetchone() is None:
                return False
            db.execute("DELETE FROM recovery_codes WHERE account_id = ?", [account_id])
            _add_codes(db, account_id, code_hashes)
            audit(db, Event(self._now(), account_id, Action.RECOVERY_CODES_MADE, account_id=account_id))
        return True

    def turn_off_second_factor(self, account_id: int) -> bool:
        """Ask the person for their password alone from now on. They do it themselves. False: had none."""
        with self._write() as db:
            return self._remove(db, account_id, account_id)

    def remove_second_factor(self, actor_id: int | None, account_id: int) -> bool:
        """Take away the factor of somebody who has lost it. False when they had none.

        Raises NotAllowed unless the actor is another administrator, or the terminal (None).
        """
        with self._write() as db:
            require_admin(db, actor_id)
            if actor_id == account_id:
                raise NotAllowed("One's own is turned off with the password and a code.")
            return self._remove(db, actor_id, account_id)

    def _remove(self, db: Database, actor_id: int | None, account_id: int) -> bool:
        removed = db.execute("DELETE FROM second_factors WHERE account_id = ?", [account_id])
        if removed.rowcount:
            audit(db, Event(self._now(), actor_id, Action.SECOND_FACTOR_REMOVED, account_id=account_id))
        return bool(removed.rowcount)


def find_second_factor(db: Database, account_id: int) -> SecondFactor | None:
    row = db.execute(
        "SELECT secret, set_at, (SELECT count(*) FROM recovery_codes r WHERE r.account_id = f.account_id)"
        " FROM second_factors f WHERE account_id = ?",
        [account_id],
    ).fetchone()
    return SecondFactor(row[0], moment(row[1]), row[2]) if row else None


def _add_codes(db: Database, account_id: int, code_hashes: Iterable[str]) -> None:
    db.conn.executemany(
        "INSERT INTO recovery_codes (account_id, code_hash) VALUES (?, ?)",
        [(account_id, each) for each in code_hashes],
    )
