"""A signed-in person's own password, asked for once more before what only they may do."""

from __future__ import annotations

from streamlit.delta_generator import DeltaGenerator

from visionsprat.accounts.authentication import SignInRefused, check
from visionsprat.errors import TooManyFailures, VisionspratError
from visionsprat.runtime.turns import TooBusy
from visionsprat.ui.context import browser, current_context
from visionsprat.ui.layout import warning
from visionsprat.wording.messages import TOO_BUSY, WRONG_PASSWORD, too_many

#: What accounts.check and hash_password raise besides Refused.
PROBLEMS = (SignInRefused, TooManyFailures, TooBusy)


def checked(password: str, field: str, place: DeltaGenerator | None) -> str:
    """The hash that the password in the field with this key was checked with; empty, and told, if wrong."""
    context = current_context()
    try:
        found = check(context.installation.store, context.account.email, password, browser())
    except PROBLEMS as problem:
        tell(problem, field, place)
        return ""
    return found.password_hash


def tell(problem: VisionspratError, field: str, place: DeltaGenerator | None) -> None:
    """Say why the password in the field with this key was not taken."""
    if isinstance(problem, TooManyFailures):
        warning(too_many(problem.until, current_context().now), place=place)
    elif isinstance(problem, TooBusy):
        warning(TOO_BUSY, place=place)
    else:
        warning(WRONG_PASSWORD, fields=[field], place=place)
