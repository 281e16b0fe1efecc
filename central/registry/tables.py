"""Tables of the registry: who is supplied, where, through which meter, by which contract, at which price.

Everything with validity is a row `valid_from`, `valid_to` (exclusive, null = open). A mounting, a contract of a point
is valid by the instant; prices and zone rules by the day, because a price starts at midnight of whichever zone the
point lies in.
"""

from sqlalchemy import JSON, Column, Date, ForeignKey, Index, Integer, Numeric, String, Table, UniqueConstraint

from central.db import Energy, Id, Seconds, metadata

organisation = Table(
    "organisation",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String(200), nullable=False, unique=True),
)

node = Table(
    "node",
    metadata,
    Column("id", Id, primary_key=True),
    Column("organisation", ForeignKey("organisation.id"), nullable=False),
    Column("parent", ForeignKey("node.id"), index=True),
    Column("kind", String(20), nullable=False),  # site | substation | switchboard | feeder
    Column("name", String(200), nullable=False),
    Column("path", String(1000), nullable=False),  # names from the top, joined by «\»
)

zone_scheme = Table(
    "zone_scheme",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String(200), nullable=False, unique=True),
    Column("tariffs", JSON, nullable=False),  # zone -> tariff register of the meter; 0 = the total
    Column("billing_reading", String(10), nullable=False),  # exact | whole_kwh
)

zone_rule = Table(
    "zone_rule",
    metadata,
    Column("id", Id, primary_key=True),
    Column("scheme", ForeignKey("zone_scheme.id"), nullable=False, index=True),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date),
    Column("months", Integer, nullable=False),  # bit 0 = January
    Column("day_kind", String(10), nullable=False),  # any | workday | weekend
    Column("start", Integer, nullable=False),  # minutes of the day, [start, end)
    Column("end", Integer, nullable=False),
    Column("zone", String(20), nullable=False),
    Column("tz", String(60)),  # null = the point's own
)

price = Table(
    "price",
    metadata,
    Column("id", Id, primary_key=True),
    Column("scheme", ForeignKey("zone_scheme.id"), nullable=False, index=True),
    Column("zone", String(20), nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date),
    Column("amount", Numeric(14, 6), nullable=False),  # roubles per kWh
)

point = Table(
    "point",
    metadata,
    Column("id", Id, primary_key=True),
    Column("organisation", ForeignKey("organisation.id"), nullable=False),
    Column("node", ForeignKey("node.id"), index=True),
    Column("code", String(40), nullable=False, unique=True),
    Column("name", String(200), nullable=False),  # the consumer's own: «Квартира»
    Column("address", String(300), nullable=False),
    Column("tz", String(60), nullable=False),
    Column("zone_source", String(10), nullable=False),  # registers | profile: which of the two bills
    Column("scheme", ForeignKey("zone_scheme.id"), nullable=False),
    Column("tariffs", JSON),  # zone -> tariff register, where this point differs from its scheme
    Column("power_max", Integer),  # permitted primary power, W
    Index("ix_point_organisation_code", "organisation", "code"),
)

meter = Table(
    "meter",
    metadata,
    Column("id", String(40), primary_key=True),  # <meter> of the topics
    Column("serial", String(40), nullable=False),
    Column("type", String(100), nullable=False),
    Column("maker", String(100), nullable=False),
    Column("register_end", Energy),  # where a register begins anew, mWh; null = not known: no roll-over is believed
    Column("resolution", Energy, nullable=False),  # the last digit of a register, mWh
)

mounting = Table(
    "mounting",
    metadata,
    Column("id", Id, primary_key=True),
    Column("point", ForeignKey("point.id"), nullable=False, index=True),
    Column("meter", ForeignKey("meter.id"), nullable=False, index=True),
    Column("valid_from", Seconds, nullable=False),
    Column("valid_to", Seconds),
    Column("wires", Integer, nullable=False),
    Column("ki", Numeric(14, 6), nullable=False),
    Column("ku", Numeric(14, 6), nullable=False),
    Column("values_are", String(10), nullable=False),  # secondary | primary
    Column("clock_offset", Integer, nullable=False),  # minutes east of UTC that the meter's clock runs at
    Column("period", Integer, nullable=False),  # of the load profile, seconds
    Column("reg_start", JSON),  # field of the series -> mWh, from the act
    Column("reg_end", JSON),
    Column("act", String(100), nullable=False),
)

contract = Table(
    "contract",
    metadata,
    Column("id", Id, primary_key=True),
    Column("organisation", ForeignKey("organisation.id"), nullable=False),
    Column("number", String(60), nullable=False),
    Column("holder", String(200), nullable=False),
    UniqueConstraint("organisation", "number"),
)

contract_point = Table(
    "contract_point",
    metadata,
    Column("id", Id, primary_key=True),
    Column("contract", ForeignKey("contract.id"), nullable=False, index=True),
    Column("point", ForeignKey("point.id"), nullable=False, index=True),
    Column("valid_from", Seconds, nullable=False),
    Column("valid_to", Seconds),
)
