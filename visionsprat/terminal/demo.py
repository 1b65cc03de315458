"""A demonstration: the application on a throw-away data folder, with a group of invented people."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from visionsprat.accounts.authentication import hash_password
from visionsprat.content.module import Module, Question, load_module
from visionsprat.domain.records import Draft, NewAccount
from visionsprat.errors import CommandError
from visionsprat.installation import database_path
from visionsprat.settings import ROOT, load_settings
from visionsprat.store import Store

GROUP = "Hemtjänst Norr, team 3"


@dataclass(frozen=True)
class Person:
    """An invented person: how far they have come, and when they last wrote."""

    name: str
    complete: int  # this many themes from the first are complete ...
    begun: int  # ... and this many after them are begun
    days_ago: int
    role: str | None = None  # those with a role can sign in
    password: str | None = None

    @property
    def email(self) -> str:
        return f"{self.name.split()[0].lower()}@demo.example"


ALL = 1000
PEOPLE = (
    Person("Amina Testsson", complete=1, begun=2, days_ago=1, role="Learner", password="gul-cykel-i-regnet"),
    Person("Bengt Provberg", complete=3, begun=0, days_ago=2, role="Manager", password="kaffe-efter-rasten"),
    Person("Cecilia Exempel", complete=ALL, begun=0, days_ago=8),
    Person("David Påhittad", complete=0, begun=0, days_ago=0),
    Person("Elin Modell", complete=ALL, begun=0, days_ago=3),
    Person("Farid Prövare", complete=4, begun=1, days_ago=1),
    Person("Greta Fiktiv", complete=0, begun=1, days_ago=4),
    Person("Hugo Låtsas", complete=2, begun=1, days_ago=6, role="Administrator", password="mossa-under-bron"),
)

_ANSWERS = {
    "skapande/innebar": (
        "Att vi får prova egna lösningar utan att fråga tre chefer först. "
        "Idén om ett kort morgonmöte blev bra just för att vi bara började.",
        "Det händer varje dag, fast vi sällan kallar det så. När schemat spricker hittar vi på något nytt.",
        "Att den som har en bra idé också får tid att pröva den.",
    ),
    "skapande/gora": (
        "Ha en lapp i personalrummet för idéer och prova en i månaden.",
        "Fråga dem vi besöker vad de tycker om att göra. Någon bakar, någon målar, och det kan få ta plats.",
        "Låta dem som är på praktik berätta vad de ser. De har nya ögon.",
    ),
    "pulserande/innebar": (
        "För oss i hemtjänsten är det mötena i trapphuset. "
        "Vi är kanske de enda som vissa träffar på en hel dag, "
        "och då spelar det roll om vi har tid att skoja lite.",
        "Att även den som är gammal eller sjuk får vara med i det som händer i stan.",
        "Pulsen finns hos oss också, men vi märker den mest som stress på morgonen.",
    ),
    "pulserande/gora": (
        "Följa med ut oftare. En promenad till torget räcker långt.",
        "Berätta vad som händer i veckan hos dem som vill veta, och fråga om de vill gå dit.",
        "Planera in tio minuter extra hos någon varje vecka, bara för att prata.",
    ),
    "gemensamma/innebar": (
        "Att alla får lika god omsorg, vilket språk de än talar.",
        "Vi är åtta personer med fem modersmål. Det är en styrka när vi använder den.",
        "Att ingen är ensam med ett svårt beslut.",
    ),
    "gemensamma/gora": (
        "Hälsa på de nya i huset och berätta vilka vi är.",
        "Bjuda in anhöriga på kaffe två gånger om året.",
        "Turas om att leda mötet på torsdagar, så att alla kommer till tals.",
    ),
    "globala/innebar": (
        "Flera av oss har rötter i ett annat land. Världen finns redan i vårt personalrum.",
        "Att vi kan lära av hur man gör på andra sidan sundet.",
        "Att tekniken knyter ihop oss. Många vi besöker ringer videosamtal till barnbarn i andra länder.",
    ),
    "globala/gora": (
        "Lära oss hälsa på varandras språk. Det gör skillnad hos den som har glömt svenskan.",
        "Besöka en hemtjänstgrupp i Helsingør och se hur de planerar sina dagar.",
        "Hjälpa den som vill att komma i gång med videosamtal.",
    ),
    "balanserade/innebar": (
        "Att orka hela vägen till pensionen. Hållbarhet gäller oss också.",
        "Att vi cyklar mellan besöken när det går, och att schemat ger tid till det.",
        "Lugn hos den vi besöker, även när vi själva har bråttom.",
    ),
    "balanserade/gora": (
        "Byta två av bilarna mot elcyklar till våren.",
        "Slänga mindre mat. Beställa det som var och en faktiskt äter.",
        "Lägga rutterna så att vi slipper köra fram och tillbaka över stan.",
    ),
}
_OTHER_ANSWERS = (
    "Det vill jag gärna prata mer om när vi ses.",
    "Vi gör redan en del av det här, men vi kan bli bättre på att berätta om det.",
    "Jag tror att vi ska börja i det lilla och se vad som fungerar.",
)


def run(port: int) -> int:
    """Serve the demo until it is stopped or the server ends, and leave nothing behind."""
    module = load_module(load_settings().content)
    _require_usable(port)
    for number in {signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)}:
        signal.signal(number, _stop)
    try:
        with tempfile.TemporaryDirectory(prefix="visionsprat-demo-") as folder:
            environment = {**os.environ, "VISIONSPRAT_DATA": folder}
            # The demo has an address of its own; with https in it, no cookie would be kept.
            environment.pop("VISIONSPRAT_URL", None)
            fill(database_path(load_settings(environment)), module, datetime.now(timezone.utc))
            print(sign_ins(port), flush=True)
            return _serve(port, environment)
    except KeyboardInterrupt:
        return 0


def fill(database: Path, module: Module, now: datetime) -> None:
    """Make a database with the group in it, its answers written in the days before `now`."""
    clock = _Clock(now)
    with closing(Store(database, clock)) as store:
        for number, person in enumerate(PEOPLE):
            clock.now = now - timedelta(days=14)
            hashed = None if person.password is None else hash_password(person.password)
            account_id = store.add_account(
                NewAccount(
                    person.email,
                    person.name,
                    hashed,
                    is_admin=person.role == "Administrator",
                    member_of=GROUP,
                    manages=GROUP if person.role == "Manager" else None,
                )
            )
            clock.now = now.replace(hour=7, minute=7 * number) - timedelta(days=person.days_ago)
            for question in _answered(person, module):
                clock.now += timedelta(minutes=4)
                texts = _ANSWERS.get(question.id, _OTHER_ANSWERS)
                store.save_reflection(account_id, Draft(question.id, texts[number % len(texts)], 0))


def sign_ins(port: int) -> str:
    """What the terminal says: where the demo is and how to get in."""
    lines = [f"  {each.role:<15}{each.email:<20}{each.password}" for each in PEOPLE if each.role]
    return "\n".join(
        [
            f"\n  A demo of Visionsprat, with {len(PEOPLE)} invented people: http://localhost:{port}\n",
            *lines,
            "\n  Ctrl-C ends it and removes all that was written in it.\n",
        ]
    )


@dataclass
class _Clock:
    now: datetime

    def __call__(self) -> datetime:
        return self.now


def _answered(person: Person, module: Module) -> list[Question]:
    complete = [question for theme in module.themes[: person.complete] for question in theme.questions]
    begun = module.themes[person.complete : person.complete + person.begun]
    return complete + [theme.questions[0] for theme in begun]


def _require_usable(port: int) -> None:
    with socket.socket() as listener:
        if os.name == "posix":  # elsewhere it would share a port that is in use
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("", port))
        except OSError as error:
            raise CommandError(
                f"The demo can't listen on port {port}: {error.strerror}. Choose another with --port N."
            ) from None


def _serve(port: int, environment: dict[str, str]) -> int:
    command = [sys.executable, "-m", "streamlit", "run", "app.py"]
    command += ["--server.port", str(port), "--server.address", "localhost"]
    server = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        return 1 if server.wait() else 0
    finally:
        server.terminate()
        try:
            server.wait(timeout=10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _stop(*_: object) -> None:
    """End the demo at the first signal; those that follow must not interrupt the clearing up."""
    for number in {signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)}:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt
