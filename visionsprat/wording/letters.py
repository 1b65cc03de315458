"""What letters say, in Swedish."""

from __future__ import annotations

from visionsprat.domain.records import Invited
from visionsprat.mail.smtp import Letter
from visionsprat.wording.formats import minute

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
_NEW_LINK = (
    "Hej {name}!",
    "En administratör har gjort en länk till dig, så att du kan välja ett nytt lösenord i Visionsprat:",
    "{link}",
    "Länken är bara för dig och går att använda en gång. Den gäller till {until}. Du loggar in med din "
    "e-postadress, {email}.",
    "Minns du ditt lösenord? Då behöver du inte länken. Har du inte bett om den? Hör av dig till din chef.",
    "Det går inte att svara på det här mejlet.",
)
_LOCKS = (
    "När du använder länken låses det du har skrivit tidigare, tills du har visat att det är ditt. Vi gör så "
    "för att ingen annan ska kunna läsa det, eftersom din e-postadress är ändrad och du inte har bekräftat "
    "den. Du låser upp med ditt gamla lösenord, eller med hjälp av en administratör."
)
_LOCKED = (
    "Det som var skrivet på kontot är låst, så att ingen kan läsa det. Det låses upp med det gamla "
    "lösenordet på Mitt konto, eller med hjälp av en administratör."
)
_ADDRESS_CORRECTED = (
    "Hej {name}!",
    "En administratör har ändrat e-postadressen till ditt konto i Visionsprat från {email} till {to}.",
    "Stämmer det? Då behöver du inte göra något mer än att logga in med den nya adressen.",
    "Stämmer det inte? Hör av dig till din chef eller till en annan administratör genast. Det du har skrivit "
    "kan ingen annan läsa: det låses om någon väljer ett nytt lösenord genom den nya adressen.",
    "Det går inte att svara på det här mejlet.",
)
_TEXTS_RELEASED = (
    "Hej {name}!",
    "{by} har släppt de texter som var låsta på ditt konto i Visionsprat. Nu kan du läsa dem igen när du "
    "loggar in.",
    "Har du inte bett om det? Byt lösenord på Mitt konto genast, och hör av dig till din chef.",
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
_SECOND_FACTOR_TURNED_OFF = (
    "Hej {name}!",
    "Någon har stängt av tvåstegsinloggningen på Mitt konto i Visionsprat, med ditt lösenord och en kod. Nu "
    "räcker lösenordet för att logga in. Var det du? Då behöver du inte göra något.",
    "Var det inte du? Byt lösenord genast på Mitt konto, slå på tvåstegsinloggningen igen och hör av dig "
    "till den som sköter servern.",
    "Det går inte att svara på det här mejlet.",
)
_SECOND_FACTOR_REMOVED = (
    "Hej {name}!",
    "{by} har tagit bort tvåstegsinloggningen för ditt konto i Visionsprat. Nu räcker "
    "lösenordet för att logga in. Har du bett om det? Slå gärna på den igen på Mitt konto när du kan.",
    "Har du inte bett om det? Byt lösenord genast på Mitt konto, och hör av dig till den som sköter servern.",
    "Det går inte att svara på det här mejlet.",
)


def invitation(person: Invited, link: str) -> Letter:
    return _letter(person, link, "Välkommen till Visionsprat", _INVITATION)


def new_password(person: Invited, link: str) -> Letter:
    return _letter(person, link, "Nytt lösenord till Visionsprat", _with_lock(_NEW_PASSWORD, _LOCKS, person))


def new_link(person: Invited, link: str) -> Letter:
    """In place of an invitation, to somebody who has signed in before."""
    return _letter(person, link, "Nytt lösenord till Visionsprat", _with_lock(_NEW_LINK, _LOCKS, person))


def password_chosen(person: Invited) -> Letter:
    paragraphs = _with_lock(_PASSWORD_CHOSEN, _LOCKED, person)
    return _letter(person, "", "Ditt lösenord till Visionsprat är bytt", paragraphs)


def address_corrected(name: str, email: str, to: str) -> Letter:
    """To the address that somebody had until now."""
    text = "\n\n".join(_ADDRESS_CORRECTED).format(name=name, email=email, to=to)
    return Letter(name, email, "Din e-postadress i Visionsprat är ändrad", f"{text}\n")


def texts_released(name: str, email: str, by: str) -> Letter:
    text = "\n\n".join(_TEXTS_RELEASED).format(name=name, by=by)
    return Letter(name, email, "Dina låsta texter i Visionsprat är släppta", f"{text}\n")


def _with_lock(paragraphs: tuple[str, ...], locks: str, person: Invited) -> tuple[str, ...]:
    """With what is said about a lock, before the last paragraph, if the link brings one."""
    return (*paragraphs[:-1], locks, paragraphs[-1]) if person.locks else paragraphs


def second_factor_turned_off(name: str, email: str) -> Letter:
    """To whoever has done it themself, or is said to have."""
    text = "\n\n".join(_SECOND_FACTOR_TURNED_OFF).format(name=name)
    return Letter(name, email, "Tvåstegsinloggningen till Visionsprat är avstängd", f"{text}\n")


def second_factor_removed(name: str, email: str, by: str = "En administratör") -> Letter:
    text = "\n\n".join(_SECOND_FACTOR_REMOVED).format(name=name, by=by)
    return Letter(name, email, "Tvåstegsinloggningen till Visionsprat är borttagen", f"{text}\n")


def _letter(person: Invited, link: str, subject: str, paragraphs: tuple[str, ...]) -> Letter:
    text = "\n\n".join(paragraphs).format(
        name=person.name, email=person.email, link=link, until=minute(person.expires_at)
    )
    return Letter(person.name, person.email, subject, f"{text}\n")
