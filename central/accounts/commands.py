"""`uchet-central user`: accounts from the command line, for whoever has the machine. Every change is audited.

The password is asked for, or comes in one line of standard input (`--stdin`): never by an argument, which others see.
"""

import sys
import time
from pathlib import Path

import click
from sqlalchemy import Connection, Engine, select

from central.accounts import staff
from central.accounts.passwords import Passwords
from central.accounts.people import ROLES, NoAccount, add_account, set_password
from central.accounts.policy import Right
from central.accounts.tables import account
from central.config import load
from central.db import connect, writing
from central.registry.tables import node, organisation

RIGHTS = [right.value for right in Right]
ALL = "all"


@click.group()
def user() -> None:
    """Accounts: add, list, password."""


_from_stdin = click.option("--stdin", "from_stdin", is_flag=True, help="The password is one line of standard input.")


@user.command()
@click.argument("mail")
@click.option("--name", required=True)
@click.option("--role", type=click.Choice(ROLES), required=True)
@click.option("--organisation", "company", help="Its name; needed only when there are several.")
@click.option("--right", "rights", type=click.Choice([*RIGHTS, ALL]), multiple=True, help="Of an operator: may change.")
@click.option("--branch", "branches", multiple=True, help="Of an operator: sees only what is below this node (a path).")
@_from_stdin
@click.pass_obj
def add(
    path: Path,
    mail: str,
    name: str,
    role: str,
    company: str | None,
    rights: tuple[str, ...],
    branches: tuple[str, ...],
    from_stdin: bool,
) -> None:
    """Make an account that may log in at once."""
    if (role == "operator") != bool(rights):
        raise click.ClickException(f"--right is of an operator, and every operator's: {', '.join([*RIGHTS, ALL])}")
    engine = _database(path)
    password = _password(from_stdin)
    with writing(engine).begin() as connection:
        query = select(organisation.c.id, organisation.c.name)
        found = [row.id for row in connection.execute(query) if company in (None, row.name)]
        if len(found) != 1:
            raise click.ClickException(f"{len(found)} organisations fit: name one by --organisation")
        try:
            made = add_account(
                connection,
                Passwords(),
                organisation=found[0],
                mail=mail,
                name=name,
                password=password,
                role=role,
                now=int(time.time()),
            )
        except ValueError as error:
            raise click.ClickException(str(error)) from None
        if rights:
            nodes = [_node(connection, found[0], branch) for branch in branches]
            staff.give(connection, made, Right if ALL in rights else map(Right, rights), nodes, int(time.time()), None)
    click.echo(f"{mail} may log in as {role}")


def _node(connection: Connection, organisation_id: int, path: str) -> int:
    found = connection.scalar(select(node.c.id).where(node.c.organisation == organisation_id, node.c.path == path))
    if found is None:
        raise click.ClickException(f"there is no node {path!r}: name it by its whole path")
    return int(found)


@user.command("list")
@click.pass_obj
def list_accounts(path: Path) -> None:
    """All accounts: mail, role, state, name."""
    with _database(path).connect() as connection:
        for row in connection.execute(select(account).order_by(account.c.mail)):
            click.echo(f"{row.mail}\t{row.role}\t{row.state}\t{row.name}")


@user.command()
@click.argument("mail")
@_from_stdin
@click.pass_obj
def password(path: Path, mail: str, from_stdin: bool) -> None:
    """Set a new password; all sessions of the account end."""
    engine = _database(path)
    new = _password(from_stdin)
    with writing(engine).begin() as connection:
        try:
            set_password(connection, Passwords(), mail, new, int(time.time()))
        except (NoAccount, ValueError) as error:
            raise click.ClickException(str(error)) from None
    click.echo(f"the password of {mail} is set, its sessions have ended")


def _database(path: Path) -> Engine:
    return connect(load(path).sql_url)


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
