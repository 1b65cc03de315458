"""Which life of the database this is: a restore, which goes back in time, begins a new one.

In a new life nothing has a number that it may have had in one before. Browsers still hold texts from the
time that is lost, with the revisions they were written upon. So all revisions move on by a random number
(up to 2³²) above the highest, and so does the sequence of account ids. A save must be based on the stored
revision itself: no request has to carry an epoch, and drafts and pages of an older version are safe, too.
Answers carry it, by which a tab knows that the server has been restored.
"""

from __future__ import annotations

import secrets

from sqlite_utils import Database

#: So far, at random, new numbers may lie from the old ones, of which it is not known how far they went. All
#: stay far below 2**53, which is as far as a browser counts exactly.
_FAR = 2**32

_REVISIONS = ("reflections", "reflection_revisions", "locked_reflections", "locked_revisions")


def epoch(db: Database) -> str:
    """The name of this life of the database."""
    (name,) = db.execute("SELECT name FROM epoch").fetchone()
    return str(name)


def begin_epoch(db: Database) -> None:
    """Begin a new life, with revisions and ids of accounts that were in none before."""
    db.execute("UPDATE epoch SET name = ?", [secrets.token_hex(8)])
    known = " UNION ALL ".join(f"SELECT max(revision) FROM {table}" for table in _REVISIONS)
    (newest,) = db.execute(
        f"SELECT max(coalesce((SELECT max(r) FROM (SELECT 0 AS r UNION ALL {known})), 0),"
        " coalesce((SELECT max(max(erased_revision, locked_revision, first_revision)) FROM accounts), 0))"
    ).fetchone()
    lift = newest + 1 + secrets.randbelow(_FAR)
    for table in _REVISIONS:
        db.execute(f"UPDATE {table} SET revision = revision + ?", [lift])
    # Not erased_revision: what was written upon anything before it is erased in this life, too.
    db.execute(
        "UPDATE accounts SET first_revision = ?1,"
        " locked_revision = CASE WHEN locked_revision THEN locked_revision + ?1 ELSE 0 END",
        [lift],
    )
    # A page of somebody whose account is lost must not pass for one of whoever comes next.
    db.execute(
        "UPDATE sqlite_sequence SET seq = seq + ? WHERE name = 'accounts'", [1 + secrets.randbelow(_FAR)]
    )
