"""`python -m visionsprat …`: what is done in a terminal.

A command imports what it needs by itself: accounts brings streamlit along, which --help should not wait for.
"""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import BinaryIO

from visionsprat.accounts.invitations import HEADINGS, as_letters, as_rows, invite
from visionsprat.backups.archive import DAYS, MONTHS, WEEKS, backup, restore
from visionsprat.backups.check import check, left_open
from visionsprat.content.module import load_module
from visionsprat.domain.email_addresses import one_form
from visionsprat.domain.fields import clean_email, clean_group, clean_name
from visionsprat.domain.records import Contents, Level, NewAccount, Whom
from visionsprat.errors import VisionspratError
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


class FileUnusable(VisionspratError):
    """A file can't be read or written."""


class NoMailServer(VisionspratError):
    """Letters can't be sent."""


class NobodyThere(VisionspratError):
    """Some of those whom a command is about are not to be found; a line for each."""


class NotConfirmed(VisionspratError):
    """What would have been done was not said yes to."""


class PasswordUnreadable(VisionspratError):
    """Standard input holds no password that can be read."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns 0 when it is done, 1 when the input is at fault; argparse exits with 2."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options))
    except VisionspratError as error:
        print(error, file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m visionsprat", description="Visionsprat in the terminal.")
    commands = parser.add_subparsers(metavar="command", required=True)

    about = "start the application with invented people on a throw-away data folder"
    demo = commands.add_parser("demo", help=about, description=f"{about.capitalize()}.")
    demo.add_argument("--port", type=_port, default=8501, metavar="N", help="port to listen on (8501)")
    demo.set_defaults(command=_demo)

    about = "add an account; its password is the first line of standard input"
    add = commands.add_parser("add-account", help=about, description=f"{about.capitalize()}.")
    add.add_argument("email", metavar="EMAIL", help="the address to sign in with")
    add.add_argument("--name", required=True, help="the person's name")
    add.add_argument("--group", metavar="G", help="make them a member of this group")
    add.add_argument("--manages", metavar="G", help="make them a manager of this group")
    add.add_argument("--admin", action="store_true", help="make them an administrator")
    add.set_defaults(command=_add_account)
    about = "import a staff list (CSV or Excel): shows what will change and asks"
    staff = commands.add_parser("import-staff", help=about, description=f"{about.capitalize()}.")
    staff.add_argument("file", type=Path, metavar="FILE")
    staff.add_argument("--whole", action="store_true", help="deactivate everybody who is not in the file")
    staff.add_argument("--yes", action="store_true", help="do not ask")
    staff.add_argument(
        "--deactivate-many", action="store_true", help="with --yes: even if it deactivates more than a tenth"
    )
    staff.add_argument(
        "--groups-as-written", action="store_true", help="groups that differ in capitals alone are different"
    )
    staff.set_defaults(command=_import_staff)

    about = "make links with which people choose a password: as CSV for a mail merge, or by e-mail"
    invite = commands.add_parser("invite", help=about, description=f"{about.capitalize()}.")
    invite.add_argument("emails", nargs="*", metavar="EMAIL", help="these people")
    invite.add_argument("--group", metavar="PATH", help="the people of a group and of all below it")
    invite.add_argument("--never-signed-in", action="store_true", help="only those who never signed in")
    invite.add_argument(
        "--output", type=Path, metavar="FILE", help="write the CSV to a file only you can read"
    )
    invite.add_argument("--send", action="store_true", help="send each their link by e-mail")
    invite.set_defaults(command=_invite, wrong_use=invite.error)

    about = "release somebody's locked texts, once you are sure who has the account"
    why = (
        "A link that was handed out locks what its person wrote before. They unlock it with their old"
        " password, or an administrator who did not make the link releases it; where none can, this does."
        " It stands in the record, and the person is told."
    )
    unlock = commands.add_parser("unlock-texts", help=about, description=f"{about.capitalize()}. {why}")
    unlock.add_argument("email", metavar="EMAIL", help="the person's address")
    unlock.set_defaults(command=_unlock_texts)

    about = "sign everybody out, as after a leak"
    out = commands.add_parser("sign-out-everybody", help=about, description=f"{about.capitalize()}.")
    out.set_defaults(command=_sign_out_everybody)

    about = "take the second factor off an account whose person has lost it"
    reset = commands.add_parser("reset-second-factor", help=about, description=f"{about.capitalize()}.")
    reset.add_argument("email", metavar="EMAIL", help="the address they sign in with")
    reset.set_defaults(command=_reset_second_factor)

    about = "write the staff list as CSV, in a form that import-staff reads"
    export = commands.add_parser("export", help=about, description=f"{about.capitalize()}.")
    export.add_argument("file", type=Path, nargs="?", metavar="FILE", help="standard output if not given")
    export.set_defaults(command=_export)

    about = "copy the database into a folder, also while the server runs"
    kept = f"Keeps the newest of each of the last {DAYS} days, {WEEKS} weeks and {MONTHS} months there."
    back_up = commands.add_parser("backup", help=about, description=f"{about.capitalize()}. {kept}")
    back_up.add_argument("folder", type=Path, metavar="DIR")
    back_up.set_defaults(command=_backup)

    about = "put a backup in the database's place, while no server runs; what was there is kept"
    put_back = commands.add_parser("restore", help=about, description=f"{about.capitalize()}.")
    put_back.add_argument("file", type=Path, metavar="FILE")
    put_back.add_argument("--yes", action="store_true", help="do not ask")
    put_back.set_defaults(command=_restore)

    about = "look whether the database is whole, and for what else needs care; changes nothing"
    look = commands.add_parser("check", help=about, description=f"{about.capitalize()}.")
    look.set_defaults(command=_check)
    return parser


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 1 to 65535")
    return int(text)


def _demo(options: argparse.Namespace) -> int:
    from visionsprat.terminal import demo

    return demo.run(options.port)


def _add_account(options: argparse.Namespace) -> int:
    from visionsprat.accounts.authentication import hash_password

    email, name = clean_email(options.email), clean_name(options.name)
    member_of, manages = (
        None if group is None else clean_group(group) for group in (options.group, options.manages)
    )
    hashed = hash_password(_password(), known=(*name.split(), email))
    account = NewAccount(email, name, hashed, is_admin=options.admin, member_of=member_of, manages=manages)
    with closing(Store(database_path(load_settings()))) as store:
        store.add_account(account)
    print(f"Added {email}.")
    return 0


def _sign_out_everybody(_: argparse.Namespace) -> int:
    with closing(Store(database_path(load_settings()))) as store:
        print(f"Ended {store.sign_out_everybody(None)} sessions. Everybody has to sign in again.")
    return 0


def _reset_second_factor(options: argparse.Namespace) -> int:
    settings, email = load_settings(), clean_email(options.email)
    with closing(Store(database_path(settings))) as store:
        account_id = store.account_id(email)
        if account_id is None:
            raise NobodyThere(f"No account has the address {email}.")
        if not store.remove_second_factor(None, account_id):
            raise NobodyThere(f"{email} has no second factor: the password is enough already.")
        person = store.person(account_id)
    print(f"{email} signs in with the password alone now.")
    if settings.smtp is None or person is None:
        return 0
    return _send(settings.smtp, [second_factor_removed(person.name, email, _WHO_RUNS_IT)])


def _import_staff(options: argparse.Namespace) -> int:
    try:
        with options.file.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise FileUnusable(f"{options.file} can't be read: {error.strerror}.") from error
    with closing(Store(database_path(load_settings()))) as store:
        found = preview(
            data,
            store.directory(),
            whole=options.whole,
            as_written=options.groups_as_written,
            report=_bar("reading"),
        )
        plan = found.plan
        _describe(found)
        if plan.is_empty:
            return 0
        if options.yes and asks_once_more(plan, None) and not options.deactivate_many:
            raise NotConfirmed(
                "The file deactivates more than a tenth of all accounts: add --deactivate-many."
            )
        if not options.yes and not _yes("Do this?"):
            raise NotConfirmed("Nothing was changed.")
        store.apply_staff(plan, None, options.file.name, report=_bar("writing"))
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
        raise NotConfirmed("Nobody can be asked here: add --yes.")
    return input(f"{question} [y/N] ").strip().casefold() in {"y", "yes", "j", "ja"}


def _invite(options: argparse.Namespace) -> int:
    if bool(options.emails) == bool(options.group or options.never_signed_in):
        options.wrong_use("give addresses, or --group, --never-signed-in or both")
    settings = load_settings()
    if options.send and settings.smtp is None:
        raise NoMailServer("No mail server is set: see VISIONSPRAT_SMTP_HOST in docs/operations.md.")
    # One that is no address is told like one that nobody has.
    emails = frozenset(one_form(each).encode(errors="replace").decode() for each in options.emails)
    group = None if options.group is None else clean_group(options.group)
    if settings.url is None:
        print(f"VISIONSPRAT_URL is not set: the links begin with {settings.public_url()}.", file=sys.stderr)
    with closing(Store(database_path(settings))) as store:
        groups = {path: id for id, path in store.group_paths().items()}
        faults = [f"No active account has the address {each}." for each in store.unknown_emails(emails)]
        if group is not None and group not in groups:
            faults.append(f"There is no group {group}.")
        if faults:
            raise NobodyThere("\n".join(faults))
        group_id = None if group is None else groups[group]
        whom = Whom(emails or None, group_id, options.never_signed_in)
        by_letter = options.send and not options.output  # what is in a file, too, others may have seen
        if not by_letter:
            whom = _warn_of_locks(store, whom)
        # The file is opened first: links that can't be written must not end those that people have.
        with _private_file(options.output) if options.output else nullcontext(sys.stdout.buffer) as file:
            made = invite(store, None, whom, settings.public_url(), by_letter=by_letter)
            if options.output or not options.send:
                file.write(as_csv(HEADINGS, as_rows(made)))
    return _send(settings.smtp, as_letters(made)) if options.send and settings.smtp else 0


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


def _unlock_texts(options: argparse.Namespace) -> int:
    settings, email = load_settings(), clean_email(options.email)
    with closing(Store(database_path(settings))) as store:
        person = next((each for each in store.find_people(email).people if each.email == email), None)
        if person is None:
            raise NobodyThere(f"No account has the address {email}.")
        if not store.release_texts(None, person.id):
            raise NobodyThere(f"No texts of {email} are locked.")
    print(f"Released the texts of {email}.")
    if settings.smtp is None:
        return 0
    return _send(settings.smtp, [texts_released(person.name, email, _WHO_RUNS_IT)])


def _require_writable(path: Path) -> None:
    """Raises FileUnusable where a table would take the place of something that nobody has named."""
    if path.is_symlink() and (path.is_file() or not path.exists()):
        raise FileUnusable(f"{path} is a link to another file: name that file, or another one.")
    with suppress(OSError):
        if path.is_file() and _begins(path) == _DATABASE:
            raise FileUnusable(f"{path} is a database: choose another file.")
        if database := _belongs_to(path):
            raise FileUnusable(f"{path} belongs to the database {database}: choose another file.")


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
        raise FileUnusable(f"{path} can't be written: {error.strerror}.") from error


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


def _export(options: argparse.Namespace) -> int:
    with closing(Store(database_path(load_settings()))) as store:
        table = as_csv(EXPORTED, export_rows(store.directory()))
    if options.file is None:
        sys.stdout.buffer.write(table)
    else:
        with _private_file(options.file) as file:
            file.write(table)
    return 0


def _backup(options: argparse.Namespace) -> int:
    path = backup(database_path(load_settings()), options.folder, datetime.now(timezone.utc))
    print(f"Wrote {path} and checked it.")
    return 0


def _restore(options: argparse.Namespace) -> int:
    database = database_path(load_settings())

    def agree(found: Contents) -> None:
        last = f", newest saved: {found.last_saved_at:%Y-%m-%d %H:%M} UTC" if found.last_saved_at else ""
        print(f"{options.file} is whole: {found.counted}{last}.")
        if not options.yes and not _yes(f"Put it in the place of {database}?"):
            raise NotConfirmed("Nothing was changed.")

    kept = restore(options.file, database, datetime.now(timezone.utc), agree)
    print(f"Restored to {database} and checked. Everybody has to sign in again.")
    if kept:
        print(f"What was there before is kept as {kept}.")
    return 0


def _check(options: argparse.Namespace) -> int:
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
        raise PasswordUnreadable("The password on standard input is not UTF-8.") from None
    return line.rstrip("\r\n")
