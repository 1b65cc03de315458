"""Who may change what: asked within the transaction that changes it."""

from __future__ import annotations

from sqlite_utils import Database

from visionsprat.errors import LastAdministrator, NotAllowed


def require_admin(db: Database, actor_id: int | None) -> None:
    """Raises NotAllowed unless the actor is an active administrator, or the terminal (None)."""
    if actor_id is None:
        return
    found = db.execute("SELECT 1 FROM accounts WHERE id = ? AND is_admin AND is_active", [actor_id])
    if found.fetchone() is None:
        raise NotAllowed("Only an administrator may do this.")


def require_another_admin(db: Database, account_id: int) -> None:
    """Raises LastAdministrator when this account is the only active administrator."""
    administrators = db.execute("SELECT id FROM accounts WHERE is_admin AND is_active").fetchall()
    if administrators == [(account_id,)]:
        raise LastAdministrator("Nobody would be left who can administer.")
