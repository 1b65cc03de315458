"""`python -m visionsprat …`: what is done in a terminal.

A command imports what it needs by itself: accounts brings streamlit along, which --help should not wait for.
"""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import BinaryIO

import click

from visionsprat.accounts.invitations import HEADINGS, as_letters, as_rows, invite
from visionsprat.backups.archive import DAYS, MONTHS, WEEKS, backup, restore
from visionsprat.backups.check import check, left_open
from visionsprat.content.module import load_module
from visionsprat.domain.email_addresses import one_form
from visionsprat.domain.fields import clean_email, clean_group, clean_name
from visionsprat.domain.records import Contents, Level, NewAccount, Whom
from visionsprat.errors import CommandError, VisionspratError
from visionsprat.installation import backups_path, database_path
from visionsprat.mail.smtp import Failure, Letter, send
from visionsprat.settings import Smtp, load_settings
from visionsprat.staff.plan import EXPORTED, Preview, asks_once_more, export_rows, preview
from visionsprat.staff.spreadsheet import as_csv
from visionsprat.staff.table import MAX_BYTES, printable
from visionsprat.store import Store
from visionsprat.store.locks import IN_USE
from visionsprat.wording.letters import second_factor_removed, texts_released

#: In a letter about what was done in the terminal.
_WHO_RUNS_IT = "Den som sköter servern"
#: What every SQLite file begins with.
_DATABASE = b"SQLite format 3\0"
#: What SQLite keeps beside a database, by the end of its name. Cut off, it takes texts and processes along.
_COMPANIONS = ("-wal", "-shm", "-journal")


class _Formatter(click.HelpFormatter):
    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, args, "usage: " if prefix is None else prefix)


class _Context(click.Context):
    formatter_class = _Formatter


class _Command(click.Command):
    context_class = _Context


class _Commands(click.Group):
    context_class = _Context
    command_class = _Command


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns 0 when it is done, 1 when the input is at fault; wrong use ends with 2."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    try:
        with _commands.make_context("python -m visionsprat", given) as context:
            return int(_commands.invoke(context))
    except click.exceptions.Exit as done:  # after --help
        raise SystemExit(done.exit_code) from None
    except click.UsageError as wrong:
        wrong.show()
        raise SystemExit(wrong.exit_code) from None
    except VisionspratError as error:
        print(error, file=sys.stderr)
        return 1


@click.group(cls=_Commands, context_settings={"max_content_width": 110})
def _commands() -> None:
    """Visionsprat in the terminal."""


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
        raise click.BadParameter(f"{text!r} is not a port from 1 to 65535")
    return int(text)


@_commands.command("demo")
@click.option("--port", type=_port, default="8501", metavar="N", help="port to listen on (8501)")
def _demo(port: int) -> int:
    """Start the application with invented people on a throw-away data folder."""
    from visionsprat.terminal import demo

    return demo.run(port)


@_commands.command("add-account")
@click.argument("email", metavar="EMAIL")
@click.option("--name", required=True, metavar="NAME", help="the person's name")
@click.option("--group", metavar="G", help="make them a member of this group")
@click.option("--manages", metavar="G", help="make them a manager of this group")
@click.option("--admin", is_flag=True, help="make them an administrator")
def _add_account(email: str, name: str, group: str | None, manages: str | None, admin: bool) -> int:
    """Add an account; its password is the first line of standard input."""
    from visionsprat.accounts.authentication import hash_password

    email, name = clean_email(email), clean_name(name)
    member_of, managed = (None if each is None else clean_group(each) for each in (group, manages))
    hashed = hash_password(_password(), known=(*name.split(), email))
    account = NewAccount(email, name, hashed, is_admin=admin, member_of=member_of, manages=managed)
    with closing(Store(database_path(load_settings()))) as store:
        store.add_account(account)
    print(f"Added {email}.")
    return 0


@_commands.command("sign-out-everybody")
def _sign_out_everybody() -> int:
    """Sign everybody out, as after a leak."""
    with closing(Store(database_path(load_settings()))) as store:
        print(f"Ended {store.sign_out_everybody(None)} sessions. Everybody has to sign in again.")
    return 0


@_commands.command("reset-second-factor")
@click.argument("email", metavar="EMAIL")
def _reset_second_factor(email: str) -> int:
    """Take the second factor off an account whose person has lost it."""
    settings, email = load_settings(), clean_email(email)
    with closing(Store(database_path(settings))) as store:
        account_id = store.account_id(email)
        if account_id is None:
            raise CommandError(f"No account has the address {email}.")
        if not store.remove_second_factor(None, account_id):
            raise CommandError(f"{email} has no second factor: the password is enough already.")
        person = store.person(account_id)
    print(f"{email} signs in with the password alone now.")
    if settings.smtp is None or person is None:
        return 0
    return _send(settings.smtp, [second_factor_removed(person.name, email, _WHO_RUNS_IT)])


@_commands.command("import-staff")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--whole", is_flag=True, help="deactivate everybody who is not in the file")
@click.option("--yes", is_flag=True, help="do not ask")
@click.option("--deactivate-many", is_flag=True, help="with --yes: even if it deactivates more than a tenth")
@click.option("--groups-as-written", is_flag=True, help="groups that differ in capitals alone are different")
def _import_staff(file: Path, whole: bool, yes: bool, deactivate_many: bool, groups_as_written: bool) -> int:
    """Import a staff list (CSV or Excel): shows what will change and asks."""
    try:
        with file.open("rb") as opened:
            data = opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise CommandError(f"{file} can't be read: {error.strerror}.") from error
    with closing(Store(database_path(load_settings()))) as store:
        found = preview(
            data,
            store.directory(),
            whole=whole,
            as_written=groups_as_written,
            report=_bar("reading"),
        )
        plan = found.plan
        _describe(found)
        if plan.is_empty:
            return 0
        if yes and asks_once_more(plan, None) and not deactivate_many:
            raise CommandError(
                "The file deactivates more than a tenth of all accounts: add --deactivate-many."
            )
        if not yes and not _yes("Do this?"):
            raise CommandError("Nothing was changed.")
        store.apply_staff(plan, None, file.name, report=_bar("writing"))
    print("Done.")
    return 0


def _describe(found: Preview) -> None:
    plan = found.plan
    separator = f", separated by {found.separator}" if found.separator else ""
    sheet = f", from the sheet {printable(found.sheet)}" if found.sheet else ""
    print(f"Read {found.rows} rows as {found.encoding}{separator}{sheet}.")
    if found.heading_line > 1:
        print(f"The headings stand on line {found.heading_line}. What is above them is not used.")
    if found.example:
        print(f"See whether å, ä and ö are right. Line {found.example[0]} is read as: {found.example[1]}")
    for remark in found.remarks:
        print(remark)
    if found.joins_groups:
        print("Add --groups-as-written if such groups are different ones.")
    if found.ignored:
        print(f"Columns not used: {', '.join(found.ignored)}.")
    print(f"New: {len(plan.new)}. Changed: {len(plan.changed)}. Unchanged: {plan.unchanged}.")
    print(f"To be deactivated: {len(plan.deactivated)}. Not in the file: {len(plan.absent)}.")
    if plan.new_groups:
        print(f"New groups: {len(plan.new_groups)}.")


def _bar(what: str) -> Callable[[float], None]:
    """Report on a line of its own in a terminal, and not at all in a file."""

    def report(part: float) -> None:
        print(f"\r{what} {part:4.0%}", end="\n" if part == 1 else "", file=sys.stderr, flush=True)

    return report if sys.stderr.isatty() else lambda part: None


def _yes(question: str) -> bool:
    if not sys.stdin.isatty():
        raise CommandError("Nobody can be asked here: add --yes.")
    return input(f"{question} [y/N] ").strip().casefold() in {"y", "yes", "j", "ja"}


@_commands.command("invite")
@click.argument("emails", nargs=-1, metavar="[EMAIL]...")
@click.option("--group", metavar="PATH", help="the people of a group and of all below it")
@click.option("--never-signed-in", is_flag=True, help="only those who never signed in")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="write the CSV to a file only you can read",
)
@click.option("--send", "by_mail", is_flag=True, help="send each their link by e-mail")
def _invite(
    emails: tuple[str, ...], group: str | None, never_signed_in: bool, output: Path | None, by_mail: bool
) -> int:
    """Make links with which people choose a password: as CSV for a mail merge, or by e-mail."""
    if bool(emails) == bool(group or never_signed_in):
        raise click.UsageError("give addresses, or --group, --never-signed-in or both")
    settings = load_settings()
    if by_mail and settings.smtp is None:
        raise CommandError("No mail server is set: see VISIONSPRAT_SMTP_HOST in docs/operations.md.")
    # One that is no address is told like one that nobody has.
    named = frozenset(one_form(each).encode(errors="replace").decode() for each in emails)
    path = None if group is None else clean_group(group)
    if settings.url is None:
        print(f"VISIONSPRAT_URL is not set: the links begin with {settings.public_url()}.", file=sys.stderr)
    with closing(Store(database_path(settings))) as store:
        groups = {path: id for id, path in store.group_paths().items()}
        faults = [f"No active account has the address {each}." for each in store.unknown_emails(named)]
        if path is not None and path not in groups:
            faults.append(f"There is no group {path}.")
        if faults:
            raise CommandError("\n".join(faults))
        whom = Whom(named or None, None if path is None else groups[path], never_signed_in)
        by_letter = by_mail and not output  # what is in a file, too, others may have seen
        if not by_letter:
            whom = _warn_of_locks(store, whom)
        # The file is opened first: links that can't be written must not end those that people have.
        with _private_file(output) if output else nullcontext(sys.stdout.buffer) as file:
            made = invite(store, None, whom, settings.public_url(), by_letter=by_letter)
            if output or not by_mail:
                file.write(as_csv(HEADINGS, as_rows(made)))
    return _send(settings.smtp, as_letters(made)) if by_mail and settings.smtp else 0


def _warn_of_locks(store: Store, whom: Whom) -> Whom:
    """Say what links that are handed out do to people who have signed in before.

    Of many these are left out; those who are named get one.
    """
    unused = replace(whom, unused=True)
    used = store.count_invitees(whom) - store.count_invitees(unused)
    if not used:
        return whom
    if whom.emails is None:
        said = "Left out, as they have signed in before: {}. Use --send, or name their addresses."
    else:
        said = "Have signed in before: {}. What they have written is locked when they use the link."
    print(said.format(used), file=sys.stderr)
    return unused if whom.emails is None else whom


@_commands.command("unlock-texts")
@click.argument("email", metavar="EMAIL")
def _unlock_texts(email: str) -> int:
    """Release somebody's locked texts, once you are sure who has the account.

    A link that was handed out locks what its person wrote before. They unlock it with their old password, or
    an administrator who did not make the link releases it; where none can, this does. It stands in the
    record, and the person is told.
    """
    settings, email = load_settings(), clean_email(email)
    with closing(Store(database_path(settings))) as store:
        person = next((each for each in store.find_people(email).people if each.email == email), None)
        if person is None:
            raise CommandError(f"No account has the address {email}.")
        if not store.release_texts(None, person.id):
            raise CommandError(f"No texts of {email} are locked.")
    print(f"Released the texts of {email}.")
    if settings.smtp is None:
        return 0
    return _send(settings.smtp, [texts_released(person.name, email, _WHO_RUNS_IT)])


def _require_writable(path: Path) -> None:
    """Raises CommandError where a table would take the place of something that nobody has named."""
    if path.is_symlink() and (path.is_file() or not path.exists()):
        raise CommandError(f"{path} is a link to another file: name that file, or another one.")
    with suppress(OSError):
        if path.is_file() and _begins(path) == _DATABASE:
            raise CommandError(f"{path} is a database: choose another file.")
        if database := _belongs_to(path):
            raise CommandError(f"{path} belongs to the database {database}: choose another file.")


def _belongs_to(path: Path) -> Path | None:
    """The database that SQLite, or Visionsprat, keeps this file for, under whatever name it is reached."""
    own = database_path(load_settings())
    kept = {own.with_name(IN_USE): own, **{Path(f"{own}{end}"): own for end in _COMPANIONS}}
    for end in _COMPANIONS:  # of another database
        other = path.with_name(path.name.removesuffix(end))
        if other.name and other != path and other.is_file() and _begins(other) == _DATABASE:
            return other
    for each, database in kept.items():
        if path.resolve() == each.resolve() or (path.exists() and each.exists() and path.samefile(each)):
            return database
    return None


def _begins(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(len(_DATABASE))


@contextmanager
def _private_file(path: Path) -> Iterator[BinaryIO]:
    """A file that nobody else can read, even when it was there before."""
    _require_writable(path)
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            if path.is_file():  # and not /dev/null
                _make_private(path)
            yield file
    except OSError as error:
        raise CommandError(f"{path} can't be written: {error.strerror}.") from error


def _make_private(path: Path) -> None:
    try:
        path.chmod(0o600)
    except OSError as error:  # as on Samba; the file system gives all files the same mode
        said = f"{path} can't be made readable by you alone ({error.strerror}): see who can open its folder."
        print(said, file=sys.stderr)


def _send(smtp: Smtp, letters: Sequence[Letter]) -> int:
    bar, done = _bar("sending"), 0

    def report(failure: Failure | None) -> None:
        nonlocal done
        done += 1
        bar(done / len(letters))

    failures = send(smtp, letters, report)
    print(f"Sent {len(letters) - len(failures)} of {len(letters)} letters.")
    for failure in failures:
        print(failure, file=sys.stderr)
    return 1 if failures else 0


@_commands.command("export")
@click.argument("file", type=click.Path(path_type=Path), required=False, metavar="[FILE]")
def _export(file: Path | None) -> int:
    """Write the staff list as CSV, in a form that import-staff reads.

    To standard output if no FILE is given.
    """
    with closing(Store(database_path(load_settings()))) as store:
        table = as_csv(EXPORTED, export_rows(store.directory()))
    if file is None:
        sys.stdout.buffer.write(table)
    else:
        with _private_file(file) as opened:
            opened.write(table)
    return 0


@_commands.command(
    "backup",
    help="Copy the database into a folder, also while the server runs."
    f" Keeps the newest of each of the last {DAYS} days, {WEEKS} weeks and {MONTHS} months there.",
)
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
def _backup(folder: Path) -> int:
    path = backup(database_path(load_settings()), folder, datetime.now(timezone.utc))
    print(f"Wrote {path} and checked it.")
    return 0


@_commands.command("restore")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--yes", is_flag=True, help="do not ask")
def _restore(file: Path, yes: bool) -> int:
    """Put a backup in the database's place, while no server runs; what was there is kept."""
    database = database_path(load_settings())

    def agree(found: Contents) -> None:
        last = f", newest saved: {found.last_saved_at:%Y-%m-%d %H:%M} UTC" if found.last_saved_at else ""
        print(f"{file} is whole: {found.counted}{last}.")
        if not yes and not _yes(f"Put it in the place of {database}?"):
            raise CommandError("Nothing was changed.")

    kept = restore(file, database, datetime.now(timezone.utc), agree)
    print(f"Restored to {database} and checked. Everybody has to sign in again.")
    if kept:
        print(f"What was there before is kept as {kept}.")
    return 0


@_commands.command("check")
def _check() -> int:
    """Look whether the database is whole, and for what else needs care; changes nothing."""
    settings = load_settings()
    module, now = load_module(settings.content), datetime.now(timezone.utc)
    ended = 0
    found = check(database_path(settings), backups_path(settings), module, now)
    for finding in (*found, *left_open(settings)):
        if finding.level is Level.FAULT:
            print(finding.text, file=sys.stderr)
            ended = 1
        else:
            print(f"{finding.level.value:<4} {finding.text}")
    return ended


def _password() -> str:
    if sys.stdin.isatty():
        return getpass.getpass("Password: ")
    try:
        line = sys.stdin.readline()
        line.encode()  # some terminals let bytes that are not UTF-8 through as half surrogate pairs
    except UnicodeError:
        raise CommandError("The password on standard input is not UTF-8.") from None
    return line.rstrip("\r\n")
