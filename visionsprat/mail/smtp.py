"""Letters: handed to the mail server over one connection, and which of them it did not take, and why."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import localtime, make_msgid
from enum import Enum

from visionsprat.domain.email_addresses import for_mail
from visionsprat.errors import VisionspratError
from visionsprat.settings import Smtp
from visionsprat.telemetry import metrics

#: How long, in seconds, the mail server may take over each thing it is asked.
PATIENCE = 20.0


class Trouble(Enum):
    """Why a letter was not sent, in the terminal's words."""

    ADDRESS = "the mail server refuses the address"
    LATER = "the mail server takes no letter to the address now; try again later"
    CHARACTERS = "the mail server takes no address with such characters"
    REFUSED = "the mail server refuses the letter"
    UNREACHABLE = "the mail server can't be reached, or broke the connection"
    ENCRYPTION = "the mail server offers no encryption, or its certificate is not trusted"
    CREDENTIALS = "the mail server refuses the user name and password"


class NotSent(VisionspratError):
    """A letter was not taken; `trouble` says why."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(f"Not sent: {trouble.value}.")
        self.trouble = trouble


@dataclass(frozen=True)
class Letter:
    name: str
    email: str
    subject: str
    #: Holds a link that nobody else may see.
    text: str = field(repr=False)


@dataclass(frozen=True)
class Failure:
    email: str
    trouble: Trouble

    def __str__(self) -> str:
        """For the terminal."""
        return f"{self.email}: {self.trouble.value}."


Report = Callable[[Failure | None], object]


def send(smtp: Smtp, letters: Sequence[Letter], report: Report = lambda failure: None) -> tuple[Failure, ...]:
    """Send them all, and return which could not be. `report` hears of each, with its failure if any."""
    failures = []
    with _Connection(smtp) as connection:
        for letter in letters:
            failure = None
            try:
                connection.send(letter)
            except NotSent as error:
                failure = Failure(letter.email, error.trouble)
                failures.append(failure)
            metrics.LETTERS.labels("failed" if failure else "sent").inc()
            report(failure)
    return tuple(failures)


class _Connection:
    """To the mail server: opened at the first letter, and anew when the server has ended it."""

    def __init__(self, smtp: Smtp) -> None:
        self._smtp = smtp
        self._server: smtplib.SMTP | None = None
        #: Why no connection can be opened; the letters that are left don't wait for it one by one.
        self._hopeless: NotSent | None = None

    def __enter__(self) -> _Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def send(self, letter: Letter) -> None:
        """Raises NotSent."""
        message = _message(self._smtp.sender, letter)
        was_open = self._server is not None
        try:
            self._hand_over(message, for_mail(letter.email))
        except NotSent as error:
            # Servers take so and so many letters over one connection.
            if error.trouble is not Trouble.UNREACHABLE or not was_open:
                raise
            self._hand_over(message, for_mail(letter.email))

    def _hand_over(self, message: EmailMessage, to: str) -> None:
        server = self._server = self._server or self._connect()
        try:
            server.send_message(message, self._smtp.sender.addr_spec, [to])
        except (OSError, UnicodeError) as error:
            trouble = _why_not_taken(error)
            if trouble is Trouble.UNREACHABLE:
                self._close()
            raise NotSent(trouble) from error

    def _connect(self) -> smtplib.SMTP:
        if self._hopeless is None:
            try:
                return _connect(self._smtp)
            except NotSent as error:
                self._hopeless = error
        raise self._hopeless

    def _close(self) -> None:
        if self._server is not None:
            with suppress(OSError):
                self._server.quit()
            self._server = None


def _connect(smtp: Smtp) -> smtplib.SMTP:
    """Never goes on in the clear when encryption was asked for. Raises NotSent."""
    # All of smtplib's own errors are OSErrors.
    trouble = Trouble.UNREACHABLE
    server: smtplib.SMTP | None = None
    try:
        context = ssl.create_default_context()
        if smtp.security == "tls":
            server = smtplib.SMTP_SSL(smtp.host, smtp.port, timeout=PATIENCE, context=context)
        else:
            server = smtplib.SMTP(smtp.host, smtp.port, timeout=PATIENCE)
        if smtp.security == "starttls":
            server.ehlo()
            trouble = Trouble.ENCRYPTION
            server.starttls(context=context)
        if smtp.user is not None and smtp.password is not None:
            trouble = Trouble.CREDENTIALS
            server.login(smtp.user, smtp.password)
        return server
    except (OSError, UnicodeError) as error:
        if server is not None:
            server.close()
        if isinstance(error, ssl.SSLError):
            trouble = Trouble.ENCRYPTION
        elif isinstance(error, smtplib.SMTPServerDisconnected) or not isinstance(
            error, smtplib.SMTPException
        ):  # a network's error, whatever was being asked
            trouble = Trouble.UNREACHABLE
        raise NotSent(trouble) from error


def _why_not_taken(error: Exception) -> Trouble:
    if isinstance(error, (smtplib.SMTPNotSupportedError, UnicodeError)):
        return Trouble.CHARACTERS
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        ((code, _),) = error.recipients.values()
        lasting = Trouble.ADDRESS
    elif isinstance(error, smtplib.SMTPResponseException):
        code, lasting = error.smtp_code, Trouble.REFUSED
    else:
        return Trouble.UNREACHABLE
    if code == 421:  # the server closes the connection
        return Trouble.UNREACHABLE
    return Trouble.LATER if 400 <= code < 500 else lasting


def _message(sender: Address, letter: Letter) -> EmailMessage:
    """Raises NotSent when the address can't stand in a letter."""
    message = EmailMessage()
    try:
        message["From"] = sender
        message["To"] = Address(letter.name, addr_spec=for_mail(letter.email))
        message["Subject"] = letter.subject
    except (ValueError, MessageError) as error:
        raise NotSent(Trouble.CHARACTERS) from error
    message["Date"] = localtime()
    message["Message-ID"] = make_msgid(domain=sender.domain)
    # Nobody's holiday greeting is wanted back.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text, cte="quoted-printable")
    return message
