"""`python -m visionsprat …`: what is done in a terminal.

A command imports what it needs by itself: accounts brings streamlit along, which --help should not wait for.
"""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Sequence
from contextlib import closing

from visionsprat.errors import VisionspratError
from visionsprat.fields import clean_email, clean_group, clean_name
from visionsprat.installation import database_path
from visionsprat.records import NewAccount
from visionsprat.settings import load_settings
from visionsprat.store import Store


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
    return parser


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 1 to 65535")
    return int(text)


def _demo(options: argparse.Namespace) -> int:
    from visionsprat import demo

    return demo.run(options.port)


def _add_account(options: argparse.Namespace) -> int:
    from visionsprat.accounts import hash_password

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


def _password() -> str:
    if sys.stdin.isatty():
        return getpass.getpass("Password: ")
    try:
        line = sys.stdin.readline()
        line.encode()  # some terminals let bytes that are not UTF-8 through as half surrogate pairs
    except UnicodeError:
        raise PasswordUnreadable("The password on standard input is not UTF-8.") from None
    return line.rstrip("\r\n")
