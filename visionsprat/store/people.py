"""Accounts: whose they are, and how they sign in."""

from __future__ import annotations

from sqlite_utils import Database

from visionsprat.domain.records import Action, Credentials, NewAccount
from visionsprat.domain.text_rules import search_text
from visionsprat.domain.tokens import new_key
from visionsprat.errors import AlreadyClaimed, EmailTaken
from visionsprat.store.base import Connections, end_links
from visionsprat.store.events import Event, audit
from visionsprat.store.groups import group_id_of
from visionsprat.store.rights import require_admin


class People(Connections):
    def is_claimed(self) -> bool:
        """Whether the installation has any account."""
        with self._read() as db:
            return bool(db.execute("SELECT EXISTS (SELECT 1 FROM accounts)").fetchone()[0])

    def claim(self, account: NewAccount) -> int:
        """Make the very first account. Raises AlreadyClaimed when there is one. Returns its id."""
        with self._write() as db:
            if db.execute("SELECT 1 FROM accounts LIMIT 1").fetchone():
                raise AlreadyClaimed("This installation has its first account already.")
            return self._insert_account(db, account, None, by_oneself=True)

    def add_account(self, account: NewAccount, actor_id: int | None = None) -> int:
        """Make an account, and the groups it names if they are missing; returns its id. Raises EmailTaken."""
        with self._write() as db:
            require_admin(db, actor_id)
            return self._insert_account(db, account, actor_id)

    def _insert_account(
        self, db: Database, account: NewAccount, actor_id: int | None, *, by_oneself: bool = False
    ) -> int:
        now = self._now()
        inserted = db.execute(
            "INSERT INTO accounts (email, name, search_text, password_hash, is_admin, created_at, draft_key)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id",
            [
                account.email,
                account.name,
                search_text(account.name, account.email),
                account.password_hash,
                int(account.is_admin),
                now,
                new_key(),
            ],
        ).fetchone()
        if inserted is None:
            raise EmailTaken(account.email)
        account_id: int = inserted[0]
        for table, group in (("group_members", account.member_of), ("group_managers", account.manages)):
            if group is not None:
                db.execute(f"INSERT INTO {table} VALUES (?, ?)", [group_id_of(db, group), account_id])
        actor = account_id if by_oneself else actor_id
        audit(db, Event(now, actor, Action.ACCOUNT_ADDED, account_id=account_id))
        return account_id

    def credentials(self, email: str) -> Credentials | None:
        """The active account with this address, if it has a password."""
        with self._read() as db:
            row = db.execute(
                "SELECT id, password_hash FROM accounts"
                " WHERE email = ? AND is_active = 1 AND password_hash IS NOT NULL",
                [email],
            ).fetchone()
        return Credentials(row[0], row[1]) if row else None

    def renew_hash(self, checked: Credentials, password_hash: str) -> bool:
        """Store another hash of the same password; False when the password is no longer the one checked."""
        with self._write() as db:
            renewed = db.execute(
                "UPDATE accounts SET password_hash = ? WHERE id = ? AND password_hash = ? AND is_active",
                [password_hash, checked.account_id, checked.password_hash],
            )
            return bool(renewed.rowcount)

    def rename(self, account_id: int, name: str) -> None:
        with self._write() as db:
            db.execute(
                "UPDATE accounts SET name = ?, search_text = search_text(?, email)"
                " WHERE id = ? AND is_active",
                [name, name, account_id],
            )

    def set_password(self, account_id: int, password_hash: str, checked: str | None = None) -> bool:
        """Store a new password; end every session of the account and every link to choose another.

        False, and nothing is done, when the account is not active or its hash is no longer the one that
        the old password was `checked` with.
        """
        with self._write() as db:
            if not db.execute(
                "UPDATE accounts SET password_hash = ?1"
                " WHERE id = ?2 AND is_active AND (?3 IS NULL OR password_hash = ?3)",
                [password_hash, account_id, checked],
            ).rowcount:
                return False
            db.execute("DELETE FROM sessions WHERE account_id = ?", [account_id])
            end_links(db, account_id)
            audit(db, Event(self._now(), account_id, Action.PASSWORD_CHANGED, account_id=account_id))
            return True
