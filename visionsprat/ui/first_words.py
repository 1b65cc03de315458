"""The words that come with the index page, to be read before Streamlit's front end has arrived.

They are drawn from the same templates as the pages, in Streamlit's own class names, so that one stylesheet
places both alike, and give way to them: they can be read 5 s before Streamlit has come on a phone's line.
Nothing in them is personal, and nothing of a page that the visitor may not see: such pages get their frame
alone. They know whether the session is alive (one query), and nothing else about anybody.
"""

from __future__ import annotations

import functools
import re

from markupsafe import Markup
from starlette.requests import Request

from visionsprat.accounts.invitations import ADDRESS as INVITATION
from visionsprat.content.declarations import Declarations
from visionsprat.content.module import Module
from visionsprat.domain.progress import progress
from visionsprat.domain.tokens import token_hash
from visionsprat.errors import StoreUnavailable
from visionsprat.installation import open_installation
from visionsprat.ui.layout import render
from visionsprat.ui.pages import CLAIM, steps
from visionsprat.web.cookies import session_token
from visionsprat.wording.messages import NOT_FILLED_IN

#: For everybody, and the same for all.
_PUBLIC = {"tillganglighet", "personuppgifter"}
_FRAME_ALONE = {INVITATION, CLAIM, "glomt-losenord"}


def first_words(request: Request) -> str:
    """HTML to stand in the index page at the address that was asked for."""
    installation = open_installation()
    token = session_token(request.cookies)
    try:
        signed_in = bool(token) and installation.store.account_of_session(token_hash(token)) is not None
    except StoreUnavailable:
        return ""
    address = request.url.path.strip("/")
    return _drawn(
        installation.module,
        installation.declarations,
        _kind(installation.module, address, signed_in),
        signed_in,
    )


def _kind(module: Module, address: str, signed_in: bool) -> str | None:
    """The address if its page has words for this visitor, else None: only so many are drawn and kept."""
    if address in _PUBLIC:
        return address
    if not signed_in:
        return None if address in _FRAME_ALONE else ""
    return address if address in {*dict(steps(module)), "mitt-konto"} else None


@functools.lru_cache(maxsize=128)
def _drawn(module: Module, declarations: Declarations, address: str | None, signed_in: bool) -> str:
    page = render(
        "first.html",
        module=module,
        address=address,
        signed_in=signed_in,
        steps=steps(module),
        theme=next((each for each in module.themes if each.id == address), None) if signed_in else None,
        words=_words(module, declarations, address, signed_in),
    )
    # Streamlit's page brings the same ids.
    return re.sub(r' (?:id="[^"]*"|tabindex="-1")', "", page)


def _words(module: Module, declarations: Declarations, address: str | None, signed_in: bool) -> Markup:
    if address is None:
        return Markup()
    if address in _PUBLIC:
        accessible = address == "tillganglighet"
        declaration = declarations.accessibility if accessible else declarations.privacy
        return render("declaration.html", declaration=declaration, missing=NOT_FILLED_IN)
    if not signed_in:
        return render(
            "sign_in.html",
            welcome=module.welcome,
            sentence=module.vision.sentence,
            themes=module.themes,
        )
    if address == "":
        return render(
            "start.html",
            new=True,
            name="",
            welcome=module.welcome,
            sentence=module.vision.sentence,
            next=None,
            progress=progress(module, ()),
        )
    if address == "visionen":
        return render("vision.html", vision=module.vision)
    if address in {theme.id for theme in module.themes}:
        return render("theme.html", theme=module.theme(address))
    title, lead = {
        "mina-reflektioner": ("Mina reflektioner", "Läs igenom före mötet. Bara du ser det här."),
        "mitt-konto": ("Mitt konto", ""),
    }[address]
    return render("heading.html", title=title, lead=lead)
