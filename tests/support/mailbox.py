"""A real mail server for tests: takes letters, refuses what it is told to."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from visionsprat.settings import Smtp, load_settings

#: A certificate for localhost that nobody trusts of themself, and its key.
CERTIFICATE = Path(__file__).parents[1] / "fixtures" / "localhost.pem"
USER, PASSWORD = "visionsprat", "hemligt ord"


class Mailbox:
    """aiosmtpd's handler: keeps what comes."""

    def __init__(self, port: int = 0) -> None:
        self.letters: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.connections = 0
        #: What the server answers to an address instead of taking it.
        self.refused: dict[str, str] = {}
        #: After so many letters over one connection the server ends it.
        self.most = 1_000_000
        self.port = port
        self._of_session: WeakKeyDictionary[Session, int] = WeakKeyDictionary()

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, host: str, answers: list[str]
    ) -> list[str]:
        self.connections += session.host_name is None
        session.host_name = host
        self._of_session[session] = 0
        return answers

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._of_session[session] == self.most:
            assert server.transport is not None
            server.transport.close()
            return "421 Too many letters"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if answer := self.refused.get(address):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        letter = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        self.recipients += envelope.rcpt_tos
        self._of_session[session] += 1
        return "250 OK"

    def text(self, number: int = -1) -> str:
        return str(self.letters[number].get_content()).replace("\r\n", "\n")

    def link(self, number: int = -1) -> str:
        """The link in a letter."""
        return str(re.findall(r"^https?://\S+$", self.text(number), flags=re.M)[0])

    @property
    def environment(self) -> dict[str, str]:
        """The settings with which letters come here."""
        return {
            "VISIONSPRAT_SMTP_HOST": "localhost",
            "VISIONSPRAT_SMTP_PORT": str(self.port),
            "VISIONSPRAT_SMTP_SECURITY": "none",
            "VISIONSPRAT_MAIL_FROM": "Visionsprat på jobbet <visionsprat@test.example>",
        }

    def smtp(self, **more: str) -> Smtp:
        found = load_settings({**self.environment, **more}).smtp
        assert found is not None
        return found


@contextmanager
def mail_server(*, starttls: bool = False, sign_in: bool = False) -> Iterator[Mailbox]:
    mailbox = Mailbox()
    options: dict[str, Any] = {}
    if starttls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATE)
        options |= {"tls_context": context, "require_starttls": True}
    if sign_in:
        options |= {"authenticator": _authenticate, "auth_required": True, "auth_require_tls": starttls}
    with socket.create_server(("localhost", 0)) as free:
        mailbox.port = free.getsockname()[1]
    controller = Controller(mailbox, hostname="localhost", port=mailbox.port, **options)
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()


def _authenticate(server: SMTP, session: Session, envelope: Envelope, how: str, data: Any) -> AuthResult:
    given = (data.login, data.password) if isinstance(data, LoginPassword) else ()
    return AuthResult(success=given == (USER.encode(), PASSWORD.encode()), handled=False)
