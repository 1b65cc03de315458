"""What Visionsprat says, in Swedish.

One word for each thing on the screen; tests/wording/test_words.py knows those that must not come instead.

    svar            what somebody has written under one question; all of theirs are their reflektioner
    text            what stands in the box, letter by letter: it can be too long, or changed elsewhere
    klar            with a theme when all its questions have answers; gått igenom: all of them, to oneself
    återställ       an earlier version, or what was deleted just now
    grupp           the people one works with; arbetsgrupp only where the first one is named
    mejl            one message; e-post is the way it goes and the name of a field, e-postadress where to
    spara           keep; ladda ner: take a file home
    radera          what one has written, or one's account: it can't be brought back
    ta bort         from a group, or from a role; avaktivera: an account that is kept but can't be used
    möte            where the group talks about it
    tvåstegsinloggning
                    lösenord och en kod från en app; reservkod: en som går att använda i stället, en gång
    säkerhetskopia, tidigare version, inbjudan, händelse, webbläsare, kakor
    den som sköter servern: for whatever only the terminal can help with; hör av dig till: how one asks
"""

from __future__ import annotations

from datetime import datetime, timedelta

from visionsprat.domain.fields import MAX_PASSWORD_CHARACTERS, MIN_PASSWORD_CHARACTERS, Fault
from visionsprat.domain.records import Action, Show
from visionsprat.domain.text_rules import MOST_MARKS
from visionsprat.errors import InvitationExpired, InvitationUsed, InvitationVoid
from visionsprat.mail.smtp import Trouble as MailTrouble
from visionsprat.staff.plan import MAX_DEPTH, MAX_GROUPS, MAX_PLACES, Oddity, Problem
from visionsprat.staff.rows import MAX_COLUMNS, MAX_ROWS
from visionsprat.staff.table import Trouble
from visionsprat.wording.formats import STOCKHOLM, number, thousands, when

#: What is wrong with something filled in, and what to do.
FAULTS = {
    Fault.EMAIL: "Det där ser inte ut som en e-postadress. Skriv den så här: namn@exempel.se.",
    Fault.NAME: "Skriv ett namn, högst 100 tecken.",
    Fault.NAME_MARKS: f"Någon bokstav i namnet har fler än {MOST_MARKS} accenttecken. Ta bort några.",
    Fault.GROUP_MARKS: f"Någon bokstav i namnet har fler än {MOST_MARKS} accenttecken. Ta bort några.",
    Fault.GROUP: "Skriv gruppens namn, högst 100 tecken och utan tecknet |.",
    Fault.GROUP_CIRCLE: "En grupp kan inte ligga under en grupp med samma namn. Välj ett annat namn.",
    Fault.PASSWORD_SHORT: f"Lösenordet är för kort. Det ska ha minst {MIN_PASSWORD_CHARACTERS} tecken.",
    Fault.PASSWORD_LONG: f"Lösenordet är för långt. Det får ha högst {MAX_PASSWORD_CHARACTERS} tecken.",
    Fault.PASSWORD_COMMON: (
        "Lösenordet är för lätt att gissa. Pröva flera ord som inte hör ihop. "
        "Ett enda ord med ett årtal räcker inte, och inte heller ditt namn."
    ),
}


#: Why a staff list can't be read.
TROUBLE = {
    Trouble.EMPTY: "Filen är tom. Välj en annan fil.",
    Trouble.TOO_BIG: "Filen är för stor. Den får vara högst 20 MB. Dela upp den i flera.",
    Trouble.TOO_MANY_ROWS: f"Filen har fler än {thousands(MAX_ROWS)} rader. Dela upp den i flera.",
    Trouble.TOO_WIDE: (
        f"Rad {{about}} har fler än {thousands(MAX_COLUMNS)} celler. "
        "Kontrollera att varje person står på en egen rad."
    ),
    Trouble.FAR: ("Cellen {about} ligger långt utanför listan. Töm den, spara filen och välj den igen."),
    Trouble.TOO_MUCH: (
        "Filen tar för lång tid eller för mycket minne att läsa. "
        "Spara bara bladet med listan, som CSV UTF-8, och välj den filen i stället."
    ),
    Trouble.TOO_MANY_GROUPS: (
        f"Listan har för många grupper. Högst {thousands(MAX_GROUPS)} olika får finnas, "
        f"och högst {thousands(MAX_PLACES)} om man räknar varje persons grupper för sig."
    ),
    Trouble.BUSY: "Servern läser en annan fil just nu. Vänta en stund och välj filen igen.",
    Trouble.NOT_EXCEL: (
        "Filen ser ut som en Excelfil men går inte att öppna. Spara den en gång till som .xlsx eller CSV."
    ),
    Trouble.LOCKED: "Excelfilen är låst med ett lösenord. Spara den utan lösenord.",
    Trouble.ENCODING: "Rad {about} innehåller tecken som inte går att läsa. Spara filen som CSV UTF-8.",
    Trouble.MIXED: (
        "Filen blandar två sätt att skriva å, ä och ö: rad {about} är inte som de andra. "
        "Spara den en gång till som CSV UTF-8."
    ),
    Trouble.UNSURE: (
        "Det går inte att veta hur filen skriver å, ä och ö: rad {about} kan läsas på två sätt. "
        "Spara den en gång till som CSV UTF-8."
    ),
    Trouble.OTHER_KIND: (
        "Filen är av typen {about}, vad den än heter. "
        "Öppna den i programmet den hör till och spara den som .xlsx eller CSV UTF-8."
    ),
    Trouble.NUL: "Rad {about} innehåller ett tecken som inte hör hemma i en textfil. Ta bort det.",
    Trouble.QUOTES: (
        "Citattecknen stämmer inte från rad {about} och framåt. "
        "Kontrollera att varje text som börjar med ett citattecken också slutar med ett."
    ),
    Trouble.HEADINGS: "Rubrikraden saknar en rubrik för {about}. Lägg till den.",
    Trouble.HEADING_ERROR: "Rubriken {about} är ett felvärde. Skriv rubriken som text.",
    Trouble.DOUBLED: "Två rubriker betyder samma sak: {about}. Behåll en av kolumnerna.",
    Trouble.BOTH: "Använd antingen kolumnen chef eller kolumnen chef_för, inte båda.",
}

#: What is wrong with a cell of a staff list, and what to do.
PROBLEMS = {
    Problem.EMAIL: "är ingen e-postadress",
    Problem.EMAIL_DOUBLED: (
        "finns också på rad {about}. Behåll en av raderna, med alla personens grupper och tecknet | emellan"
    ),
    Problem.ERROR: "är ett felvärde. Rätta formeln eller skriv det som ska stå där",
    Problem.UNCALCULATED: "är en formel utan värde. Öppna filen i Excel och spara den en gång till",
    Problem.UNSEEN: "har ett tecken som inte syns ({about}). Skriv texten en gång till",
    Problem.SPOILT: (
        "har fått å, ä eller ö förstörda redan innan. Ladda ner listan på nytt ur systemet den kommer från"
    ),
    Problem.NAME: "ska vara ett namn på 1 till 100 tecken",
    Problem.GROUP: "ska vara en grupp, till exempel Vård/Norr/Team 3, med namn på 1 till 100 tecken",
    Problem.MARKS: f"har en bokstav med fler än {MOST_MARKS} accenttecken",
    Problem.GROUP_CIRCLE: "lägger en grupp under en grupp med samma namn",
    Problem.GROUP_DEEP: f"har fler än {MAX_DEPTH} nivåer",
    Problem.MANAGER_UNKNOWN: "finns varken i filen eller bland kontona",
    Problem.ACTIVE: "ska vara ja eller nej",
    Problem.TOO_MANY: "är en cell mer än det finns rubriker. Kanske ska en text stå inom citattecken",
    Problem.LAST_ADMINISTRATOR: (
        "är den sista administratören och kan inte avaktiveras. Gör någon annan till administratör först"
    ),
}

#: What was read otherwise than it stands in a cell.
ODDITIES = {
    Oddity.UNSEEN: "innehöll ett tecken som inte syns ({about}). Det är borttaget",
    Oddity.LINK: "läses som adressen {about}",
    Oddity.ADDRESS: "är samma adress som {about} och sparas så",
    Oddity.GROUP: "läses som gruppen {about}, som är skriven så på annat håll",
    Oddity.LEVELS: "läses som gruppen {about}, för snedstreck betyder att en grupp ligger under en annan",
}

READ_AS = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "windows-1252": "Windows-1252",
    "cp850": "MS-DOS (teckentabell 850)",
    "mac-roman": "Macintosh (Mac Roman)",
    "xlsx": "Excel",
    "semicolon": "semikolon",
    "comma": "komma",
    "tab": "tabb",
    "bar": "lodstreck",
    "other": "det tecken som filen själv anger",
}

#: What the server alone holds while a page stands open, and what to do when it has it no more: it was
#: restarted, or the page was without it for too long. shell/restarted.js says it where it finds it gone.
HELD = {
    "file": (
        "Servern har inte kvar filen: den har startat om, eller så har sidan varit utan kontakt för länge. "
        "Ingenting har ändrats. Välj filen en gång till."
    ),
    "link": ("Servern har startat om, så länken visas inte längre. Gör en ny om du inte hann kopiera den."),
    "key": (
        "Servern har startat om. Tvåstegsinloggningen är inte på. "
        "Börja om, och ta bort det som du lade till i appen."
    ),
    "codes": (
        "Servern har startat om, så reservkoderna visas inte längre. Gör nya om du inte hann spara dem."
    ),
    "step": "Servern har startat om. Logga in en gång till.",
}

SHOW = {
    Show.ALL: "Alla",
    Show.NEVER_SIGNED_IN: "Har aldrig loggat in",
    Show.ADMINISTRATORS: "Administratörer",
    Show.DEACTIVATED: "Avaktiverade",
    Show.WITHOUT_GROUP: "Utan grupp",
}

_ASK_WHY = "Be den som sköter servern att ta reda på varför."
#: Why a letter was not sent, and what to do.
NOT_SENT = {
    MailTrouble.ADDRESS: "E-postservern säger nej till adressen. Kontrollera att den är rätt.",
    MailTrouble.LATER: "E-postservern tar inte emot mejl till adressen just nu. Försök igen senare.",
    MailTrouble.CHARACTERS: "E-postservern klarar inte tecknen i adressen. Kontrollera att den är rätt.",
    MailTrouble.REFUSED: f"E-postservern säger nej till mejlet. {_ASK_WHY}",
    MailTrouble.UNREACHABLE: "E-postservern går inte att nå. Försök igen senare.",
    MailTrouble.ENCRYPTION: f"E-postservern kan inte ta emot mejl på ett säkert sätt. {_ASK_WHY}",
    MailTrouble.CREDENTIALS: f"E-postservern säger nej till Visionsprats eget lösenord. {_ASK_WHY}",
}

#: Why nobody can choose a password with a link, and what to do.
VOID = {
    InvitationUsed: (
        "Länken är redan använd",
        "Den går bara att använda en gång. Logga in med lösenordet som valdes med den.",
    ),
    InvitationExpired: ("Länken har gått ut", "Den gällde bara en viss tid."),
    InvitationVoid: (
        "Länken gäller inte",
        "Kontrollera att du fick med hela adressen. Har du fått flera länkar är det bara den senaste som "
        "gäller.",
    ),
}

#: What the audit log tells of.
ACTIONS = {
    Action.ACCOUNT_ADDED: "Lade till en person",
    Action.PASSWORD_CHANGED: "Bytte lösenord",
    Action.DEACTIVATED: "Avaktiverade",
    Action.REACTIVATED: "Aktiverade igen",
    Action.STAFF_IMPORTED: "Läste in en personallista",
    Action.CORRECTED: "Rättade namn eller e-postadress",
    Action.MADE_MEMBER: "Lade till i en grupp",
    Action.MEMBER_REMOVED: "Tog bort från en grupp",
    Action.MADE_MANAGER: "Gjorde till chef för en grupp",
    Action.MANAGER_REMOVED: "Tog bort som chef för en grupp",
    Action.MADE_ADMINISTRATOR: "Gjorde till administratör",
    Action.ADMINISTRATOR_REMOVED: "Tog bort som administratör",
    Action.SIGNED_OUT: "Loggade ut överallt",
    Action.EVERYBODY_SIGNED_OUT: "Loggade ut alla",
    Action.GROUP_MADE: "Lade till en grupp",
    Action.GROUP_RENAMED: "Bytte namn på en grupp",
    Action.GROUP_MOVED: "Flyttade en grupp",
    Action.GROUP_MERGED: "Slog ihop en grupp med en annan",
    Action.GROUP_REMOVED: "Tog bort en grupp",
    Action.ERASED: "Raderade sitt konto",
    Action.RESTORED: "Återställde en säkerhetskopia",
    Action.INVITED: "Bjöd in",
    Action.PASSWORD_CHOSEN: "Valde lösenord med en inbjudan",
    Action.LINK_MADE: "Gjorde en ny länk till någon som har loggat in förut",
    Action.TEXTS_LOCKED: "Låste tidigare texter",
    Action.TEXTS_UNLOCKED: "Låste upp sina texter",
    Action.TEXTS_RELEASED: "Släppte låsta texter",
    Action.ADDRESS_CONFIRMED: "Bekräftade sin e-postadress",
    Action.SECOND_FACTOR_SET: "Slog på tvåstegsinloggning",
    Action.SECOND_FACTOR_REMOVED: "Tog bort tvåstegsinloggning",
    Action.RECOVERY_CODES_MADE: "Gjorde nya reservkoder",
    Action.RECOVERY_CODE_USED: "Använde en reservkod",
}

EMAIL_TAKEN = "Det finns redan ett konto med den e-postadressen."
NOT_ADMINISTRATOR = "Du är inte administratör längre. Det du valde nu är inte gjort."
LAST_ADMINISTRATOR = "Det här är den sista administratören. Gör någon annan till administratör först."
LAST_ADMINISTRATOR_SELF = (
    "Du är den sista administratören. Gör någon annan till administratör först, så kan du radera ditt konto."
)
LETTER_COMES = (
    "Om det finns ett konto med den adressen kommer ett mejl dit om en stund. "
    "Länken i mejlet gäller i ett dygn. Kommer inget mejl? Titta i skräpposten. "
    "Det går att be om tre mejl i timmen."
)
#: In place of what the organisation has not filled in, on the pages that the law wants.
NOT_FILLED_IN = "Uppgiften saknas ännu."
NO_COOKIES = "Webbläsaren tar inte emot kakor. Tillåt kakor för den här webbplatsen och ladda om sidan."
CODE_WRONG = (
    "Koden stämmer inte, eller så är den redan använd. Skriv den som appen visar nu. "
    "Går det inte? Kontrollera att mobilens klocka går rätt."
)
NO_CODE = "Skriv koden från appen."
PASSWORD_ADVICE = f"Minst {MIN_PASSWORD_CHARACTERS} tecken. Gärna några ord som inte hör ihop."
TOO_BUSY = "Många loggar in just nu. Vänta en liten stund och försök igen."
WRONG_PASSWORD = "Det nuvarande lösenordet stämmer inte."


def too_many(until: datetime, now: datetime) -> str:
    """That one has to wait with signing in, and how long."""
    if until - now <= timedelta(minutes=1):
        return "Det har blivit för många försök. Vänta en minut och försök igen."
    # Rounded up: at the time that is named, it works.
    local = (until + timedelta(minutes=1) - timedelta(microseconds=1)).astimezone(STOCKHOLM)
    return f"Det har blivit för många försök. Vänta till {local:%H:%M} och försök igen."


def recovery_codes(left: int) -> str:
    """How many recovery codes are left, as in "sju reservkoder kvar"."""
    if left == 1:
        return "en reservkod kvar"
    return f"{number(left) if left else 'inga'} reservkoder kvar"


def saved(moment: datetime, now: datetime) -> str:
    """When something was saved, as in "Sparat i dag 14:03" or "Sparat 12 november 2026, 09:41"."""
    return f"Sparat {when(moment, now)}"
