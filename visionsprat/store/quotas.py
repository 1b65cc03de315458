"""How much is kept of what somebody has written before: more than anybody who writes has use for.

Somebody who wants to fill the disk gets no further. Nothing that was called saved is thrown away for it:
what would need more room is refused, and stays in the browser. It is counted, not stored, and only when a
version is to be kept; provisional ones go first. The answer is 423 and not a 5xx: one person's quota is no
fault of the server.
"""

from __future__ import annotations

from sqlite_utils import Database

#: Earlier and refused texts of one question, of one person in all, and their bytes in UTF-8. An hour of
#: writing makes one to three: these are a hundred hours with one question, or 250 of the longest texts.
MOST_OF_QUESTION = 200
MOST_OF_PERSON = 1_000
MOST_BYTES = 5_000_000
#: From this part of one of them on it is told.
NEARLY = 0.8

# Without the one text that is about to be written, which may be there already: provisionally, or sent before.
_KEPT = """
    SELECT count(*) FILTER (WHERE question_id = ?2), count(*), coalesce(sum(length(CAST(text AS BLOB))), 0)
    FROM reflection_revisions WHERE account_id = ?1 AND NOT (question_id = ?2 AND revision = ?3)
"""
_PROVISIONAL = """
    SELECT question_id, revision FROM reflection_revisions
    WHERE account_id = ? AND is_provisional ORDER BY saved_at LIMIT 1
"""


def fullness(db: Database, key: list[object], revision: int = -1, text: str = "") -> float:
    """Which part of the room would be taken with this text as well: above 1 when it has no place.

    `key` is the account and the question.
    """
    of_question, of_person, size = db.execute(_KEPT, [*key, revision]).fetchone()
    more = int(revision >= 0)
    full: float = max(
        (of_question + more) / MOST_OF_QUESTION,
        (of_person + more) / MOST_OF_PERSON,
        (size + len(text.encode())) / MOST_BYTES,
    )
    return full


def make_room(db: Database, key: list[object], revision: int, text: str) -> float:
    """As fullness, after taking away as many of the person's provisional texts as is needed, oldest first."""
    account_id, question_id = key
    while (full := fullness(db, key, revision, text)) > 1:
        oldest = db.execute(_PROVISIONAL, [account_id]).fetchone()
        if oldest is None or oldest == (question_id, revision):
            break
        db.execute(
            "DELETE FROM reflection_revisions WHERE account_id = ? AND question_id = ? AND revision = ?",
            [account_id, *oldest],
        )
    return full
