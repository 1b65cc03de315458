"""What letters say, in Swedish."""

from __future__ import annotations

from visionsprat.mail import Letter
from visionsprat.records import Invited
from visionsprat.ui.text import minute

_INVITATION = (
    "Hej {name}!",
    "Du är inbjuden till Visionsprat. Där läser du om visionen Helsingborg 2035 och skriver vad du tänker "
    "om den, i din egen takt. Det tar ungefär 25 minuter och du kan pausa när du vill. Det du skriver kan "
    "bara du läsa.",
    "Börja med att välja ett lösenord:",
    "{link}",
    "Länken är bara för dig och går att använda en gång. Den gäller till {until}. Nästa gång loggar du in "
    "med din e-postadress, {email}, och lösenordet.",
    "Har du frågor? Hör av dig till din chef. Det går inte att svara på det här mejlet.",
)
_NEW_PASSWORD = (
    "Hej {name}!",
    "Någon har bett om ett nytt lösenord till ditt konto i Visionsprat. Var det du? Välj ett här:",
    "{link}",
    "Länken är bara för dig och går att använda en gång. Den gäller till {until}.",
    "Var det inte du? Då behöver du inte göra något. Ditt lösenord är samma som förut.",
    "Det går inte att svara på det här mejlet.",
)
_PASSWORD_CHOSEN = (
    "Hej {name}!",
    "Någon har valt ett nytt lösenord till ditt konto i Visionsprat med en länk. Var det du? Då behöver du "
    "inte göra något.",
    "Var det inte du? Då kan någon annan ha kommit in på ditt konto. Välj ett nytt lösenord genast med "
    "”Glömt lösenordet?” på sidan där du loggar in, och hör av dig till din administratör.",
    "Det går inte att svara på det här mejlet.",
)
_SECOND_FACTOR_REMOVED = (
    "Hej {name}!",
    "En administratör har tagit bort tvåstegsinloggningen för ditt konto i Visionsprat. Nu räcker "
    "lösenordet för att logga in. Har du bett om det? Slå gärna på den igen på Mitt konto när du kan.",
    "Har du inte bett om det? Byt lösenord genast på Mitt konto, och hör av dig till den som sköter servern.",
    "Det går inte att svara på det här mejlet.",
)


def invitation(person: Invited, link: str) -> Letter:
    return _letter(person, link, "Välkommen till Visionsprat", _INVITATION)


def new_password(person: Invited, link: str) -> Letter:
    return _letter(person, link, "Nytt lösenord till Visionsprat", _NEW_PASSWORD)


def password_chosen(person: Invited) -> Letter:
    return _letter(person, "", "Ditt lösenord till Visionsprat är bytt", _PASSWORD_CHOSEN)


def second_factor_removed(name: str, email: str) -> Letter:
    text = "\n\n".join(_SECOND_FACTOR_REMOVED).format(name=name)
    return Letter(name, email, "Tvåstegsinloggningen till Visionsprat är borttagen", f"{text}\n")


def _letter(person: Invited, link: str, subject: str, paragraphs: tuple[str, ...]) -> Letter:
    text = "\n\n".join(paragraphs).format(
        name=person.name, email=person.email, link=link, until=minute(person.expires_at)
    )
    return Letter(person.name, person.email, subject, f"{text}\n")
