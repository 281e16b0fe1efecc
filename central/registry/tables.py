"""Tables of the registry: who is supplied, where, through which meter, by which contract, at which price.

Everything with validity is a row `valid_from`, `valid_to` (exclusive, null = open). A mounting, a contract of a point
is valid by the instant; terms, prices and zone rules by the day, because a price starts at midnight of whichever zone
the point lies in. The tables hold what stands; `change_line` holds every version that ever stood, whole, and is only
added to. `changes.Change` is the one writer of both.
"""

from sqlalchemy import (
    JSON,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from central.db import Energy, Id, Seconds, metadata

organisation = Table(
    "organisation",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String(200), nullable=False, unique=True),
    Column("inn", String(12)),  # ИНН, 10 or 12 digits
    Column("phone", String(30)),
    Column("mail", String(254)),
    Column("address", String(300)),
    Column("hours", String(200)),  # when it is there for people, in its own words
    Column("reading_first_day", Integer),  # of a month, 1 to 31: since when readings are taken; null = on any day
    Column("reading_last_day", Integer),  # and till when, included; before the first = of the month after
    Column("silent_days", Integer, nullable=False, server_default="5"),  # of a meter: then they are taken on any day
)

node = Table(
    "node",
    metadata,
    Column("id", Id, primary_key=True),
    Column("organisation", ForeignKey("organisation.id"), nullable=False),
    Column("parent", ForeignKey("node.id"), index=True),
    Column("kind", String(20), nullable=False),  # branch | site | substation | switchboard | feeder
    Column("name", String(200), nullable=False),
    Column("path", String(1000), nullable=False),  # names from the top, joined by «\»
    Index("ix_node_organisation_parent_name", "organisation", "parent", "name"),
    Index("ix_node_organisation_path", "organisation", "path"),
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

monthly_line = Table(  # what is paid each month whatever was used
    "monthly_line",
    metadata,
    Column("id", Id, primary_key=True),
    Column("scheme", ForeignKey("zone_scheme.id"), nullable=False, index=True),
    Column("name", String(100), nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date),
    Column("amount", Numeric(14, 2), nullable=False),  # roubles a month
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
    Column("above", Energy),  # of a calendar month, all zones together: from so many mWh on; null = from the first
)

hour_price = Table(  # a scheme that has any is priced by the hour, and not by zones
    "hour_price",
    metadata,
    Column("id", Id, primary_key=True),
    Column("scheme", ForeignKey("zone_scheme.id"), nullable=False),
    Column("hour", Seconds, nullable=False),  # its beginning
    Column("amount", Numeric(14, 6), nullable=False),  # roubles per kWh
    UniqueConstraint("scheme", "hour"),
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
    Column(
        "kind", String(20), nullable=False, server_default="household"
    ),  # household | company | common | technical | …
    Column("order_code", String(60), unique=True),  # of the place of metering by order № 1021 of 06.10.2021
    Index("ix_point_organisation_code", "organisation", "code"),
)

point_terms = Table(  # how the point is billed; one row follows the other without a gap
    "point_terms",
    metadata,
    Column("id", Id, primary_key=True),
    Column("point", ForeignKey("point.id"), nullable=False, index=True),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date),
    Column("scheme", ForeignKey("zone_scheme.id"), nullable=False, index=True),
    Column("zone_source", String(10), nullable=False),  # registers | profile: which of the two bills
    Column("tariffs", JSON),  # zone -> tariff register, where this point differs from its scheme
    Column("power_max", Integer),  # permitted primary power, W
    Column("coefficient", Numeric(8, 6)),  # of the consumer's category, to every price per kWh; null = 1
)

meter_type = Table(  # the company's directory: what it says is proposed and checked, meters stand without it too
    "meter_type",
    metadata,
    Column("id", Id, primary_key=True),
    Column("maker", String(100), nullable=False),
    Column("name", String(100), nullable=False),
    Column("code", String(20)),  # of the maker, as <meter> of the topics begins: «mil»
    Column("serial_form", String(100)),  # # = a digit, all else as it is; several joined by «|»
    Column("digits", Integer),  # before the comma of a register, kWh: it begins anew at 10 to this power
    Column("verified_for", Integer),  # years between two verifications
    UniqueConstraint("maker", "name"),
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
    Column("made_in", Integer),  # year
    Index("ix_meter_serial", "serial"),
)

transformer = Table(
    "transformer",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", String(10), nullable=False),  # current | voltage
    Column("serial", String(40), nullable=False),
    Column("type", String(100), nullable=False),
    Column("primary", Numeric(14, 3), nullable=False),  # A or V
    Column("secondary", Numeric(14, 3), nullable=False),
    Column("accuracy", String(10), nullable=False),  # class: 0,5S
    UniqueConstraint("kind", "type", "serial"),
)

transformer_place = Table(
    "transformer_place",
    metadata,
    Column("id", Id, primary_key=True),
    Column("transformer", ForeignKey("transformer.id"), nullable=False, index=True),
    Column("point", ForeignKey("point.id"), nullable=False, index=True),
    Column("phase", String(3), nullable=False),  # A | B | C | ABC
    Column("valid_from", Seconds, nullable=False),
    Column("valid_to", Seconds),
)

verification = Table(  # of a meter or of a transformer
    "verification",
    metadata,
    Column("id", Id, primary_key=True),
    Column("meter", ForeignKey("meter.id"), index=True),
    Column("transformer", ForeignKey("transformer.id"), index=True),
    Column("verified_on", Date, nullable=False),
    Column("valid_until", Date, nullable=False, index=True),  # the first day on which it holds no more
    Column("document", String(100), nullable=False),
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
    Column("seals", String(200)),
    Column("reason", String(200)),  # why it was mounted or the ratio changed
    Column("end_act", String(100)),
    Column("end_reason", String(200)),  # why it was taken down
)

manual_reading = Table(  # registers that a person read off the meter
    "manual_reading",
    metadata,
    Column("id", Id, primary_key=True),
    Column("point", ForeignKey("point.id"), nullable=False, index=True),
    Column("mounting", ForeignKey("mounting.id"), nullable=False),
    Column("read_at", Seconds, nullable=False),
    Column("registers", JSON, nullable=False),  # field of the series -> mWh
    UniqueConstraint("mounting", "read_at"),
)

contract = Table(
    "contract",
    metadata,
    Column("id", Id, primary_key=True),
    Column("organisation", ForeignKey("organisation.id"), nullable=False),
    Column("number", String(60), nullable=False),
    Column("holder", String(200), nullable=False),
    Column("phone", String(30)),
    Column("mail", String(254)),
    Column("signed_on", Date),
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

concentrator = Table(  # what the company knows of an edge; `edge` has what the edge says of itself
    "concentrator",
    metadata,
    Column("id", Id, primary_key=True),
    Column("edge", ForeignKey("edge.name"), nullable=False, unique=True),
    Column("organisation", ForeignKey("organisation.id"), nullable=False, index=True),
    Column("node", ForeignKey("node.id"), index=True),
    Column("title", String(200), nullable=False),
    Column("address", String(300), nullable=False),
    Column("serial", String(40)),
    Column("phone", String(30)),  # of its SIM card
)

change = Table(  # one act of someone: what was entered, corrected or undone together
    "change",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", Seconds, nullable=False, index=True),
    Column("account", ForeignKey("account.id"), index=True),  # null = the command line
    Column("kind", String(40), nullable=False),  # mounting | replacement | import …
    Column("reason", Text, nullable=False),
    Column("undoes", ForeignKey("change.id"), unique=True),
)

change_line = Table(  # a row before and after; null = it was not there
    "change_line",
    metadata,
    Column("id", Id, primary_key=True),
    Column("change", ForeignKey("change.id"), nullable=False, index=True),
    Column("object", String(40), nullable=False),  # table
    Column("key", String(40), nullable=False),  # its primary key
    Column("before", JSON(none_as_null=True)),
    Column("after", JSON(none_as_null=True)),
)

change_subject = Table(  # on whose pages the change stands
    "change_subject",
    metadata,
    Column("kind", String(20), primary_key=True),  # point | meter | contract | node | scheme | edge | …
    Column("key", String(40), primary_key=True),
    Column("change", ForeignKey("change.id"), primary_key=True, index=True),
)

change_token = Table(  # of a form that was sent: sent twice, it is one change
    "change_token",
    metadata,
    Column("token", String(32), primary_key=True),  # digest of its page's token and of what was typed
    Column("change", ForeignKey("change.id"), nullable=False),
    Column("there", String(300), nullable=False),  # the page that its sender was shown then
)

document = Table(  # an act, a photo; the file itself lies under its hash, once
    "document",
    metadata,
    Column("id", Id, primary_key=True),
    Column("organisation", ForeignKey("organisation.id"), nullable=False),
    Column(
        "kind", String(20), nullable=False
    ),  # of what it is attached to: point | meter | mounting | contract | change
    Column("key", String(40), nullable=False),
    Column("name", String(200), nullable=False),
    Column("type", String(40), nullable=False),  # as its content says
    Column("size", Integer, nullable=False),
    Column("sha256", String(64), nullable=False, index=True),
    Column("added_at", Seconds, nullable=False),
    Column("account", ForeignKey("account.id")),
    Column("removed_at", Seconds),
    Column("removed_by", ForeignKey("account.id")),
    Index("ix_document_kind_key", "kind", "key"),
)
