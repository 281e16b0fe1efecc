"""What is entered first, from the command line: the company that this server is of, and its tariff schemes.

uchet-central organisation add «СНТ «Ромашка»» --phone …
uchet-central scheme add «Трёхзонный» --zones 3 --from 2026-01-01 --price peak=9.32 --price night=3.71 …
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import click
from sqlalchemy import select

from central import typed
from central.config import load
from central.db import connect, writing
from central.registry import enter
from central.registry.changes import Change, entering
from central.registry.enter.network import EARLIEST
from central.registry.refusals import Refused
from central.registry.schemes import ONE_ZONE, THREE_ZONES, TWO_ZONES
from central.registry.tables import organisation as organisations
from central.registry.tables import zone_scheme

ZONES = {"1": ONE_ZONE, "2": TWO_ZONES, "3": THREE_ZONES}


@click.group()
def organisation() -> None:
    """Companies: add, list."""


@organisation.command("add")
@click.argument("name")
@click.option("--inn", help="Ten or twelve digits.")
@click.option("--phone", help="For consumers.")
@click.option("--mail", help="For consumers.")
@click.option("--address")
@click.option("--hours", help="When it is there for people.")
@click.pass_obj
def add_organisation(path: Path, /, name: str, **about: str | None) -> None:
    """Enter a company. The same name twice is refused."""
    with _change(path, "organisation") as change:
        enter.add_organisation(change, name, **about)
    click.echo(f"{name} is entered; its administrator: uchet-central user add MAIL --name … --role administrator")


@organisation.command("list")
@click.pass_obj
def list_organisations(path: Path) -> None:
    """Names, in the order in which they were entered."""
    with connect(load(path).sql_url).connect() as connection:
        for name in connection.scalars(select(organisations.c.name).order_by(organisations.c.id)):
            click.echo(name)


@click.group()
def scheme() -> None:
    """Tariff schemes: add, list."""


@scheme.command("add")
@click.argument("name")
@click.option("--zones", type=click.Choice(list(ZONES)), required=True, help="One rate, day and night, or three zones.")
@click.option("--price", "prices", multiple=True, metavar="ZONE=ROUBLES", help="For one kWh; repeat for each zone.")
@click.option(
    "--from", "since", type=click.DateTime(["%Y-%m-%d"]), required=True, help="The prices hold from this day."
)
@click.pass_obj
def add_scheme(path: Path, name: str, zones: str, prices: tuple[str, ...], since: datetime) -> None:
    """Enter a scheme of the population (order 1473-э) with its prices; later prices are entered in the console."""
    spec = ZONES[zones]
    amounts = dict(_price(text, list(spec.tariffs)) for text in prices)
    with _change(path, "scheme") as change:
        key = enter.add_scheme(change, name, spec, EARLIEST)
        for zone, amount in amounts.items():
            enter.set_price(change, key, zone, amount, since.date())
    lacking = [zone for zone in spec.tariffs if zone not in amounts]
    click.echo(f"{name} is entered" + (f"; without a price: {', '.join(lacking)}" if lacking else ""))


@scheme.command("list")
@click.pass_obj
def list_schemes(path: Path) -> None:
    """Names with their zones."""
    with connect(load(path).sql_url).connect() as connection:
        for row in connection.execute(select(zone_scheme).order_by(zone_scheme.c.id)):
            click.echo(f"{row.name}\t{' '.join(row.tariffs)}")


def _price(text: str, zones: list[str]) -> tuple[str, Decimal]:
    zone, _sign, amount = text.partition("=")
    if zone not in zones:
        raise click.BadParameter(f"{zone!r} is no zone of this scheme: {', '.join(zones)}", param_hint="--price")
    price = typed.number(amount)
    if price is None:
        raise click.BadParameter(f"{amount!r} is no price: 6.43", param_hint="--price")
    return zone, price


@contextmanager
def _change(path: Path, kind: str) -> Iterator[Change]:
    engine = connect(load(path).sql_url)
    try:
        with writing(engine).begin() as connection, entering(connection, at=int(time.time()), kind=kind) as change:
            yield change
    except Refused as refused:
        raise click.ClickException(str(refused)) from None
    finally:
        engine.dispose()
