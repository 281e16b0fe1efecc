"""A figure reckoned anew from what its explanation says, as JSON: knows the rules and nothing of the program.

`reckon(tree)` takes a node {rule, of, value, unit, facts, parts, beside} and gives its value from its leaves alone.
"""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

KWH = 10**6


def nearest(value: Fraction) -> int:
    """Halves away from zero."""
    whole = int(abs(value) + Fraction(1, 2))
    return -whole if value < 0 else whole


def exact(given: Any) -> Fraction:
    return Fraction(str(given))


def reckon(node: dict[str, Any]) -> Any:
    facts, rule = node.get("facts", {}), node["rule"]
    parts = [reckon(part) for part in node.get("parts", ())]
    if rule in ("reading", "row", "stored", "decided"):
        return exact(node["value"])
    if rule == "price":
        return Decimal(node["value"])
    if rule == "off":
        return Fraction(0)
    if rule == "sum":
        return sum(parts, Decimal(0) if node["unit"] == "rub" else Fraction(0))
    if rule == "hour":
        return Decimal(parts[0].numerator) * parts[1] / KWH
    if rule == "hours":
        return sum(parts, Decimal(0)).quantize(Decimal("0.01"), ROUND_HALF_UP)
    if rule == "monthly":
        (price,) = parts
        return (price * facts["days"] / facts["of"]).quantize(Decimal("0.01"), ROUND_HALF_UP)
    if rule == "range":
        return ranged(facts, parts[0], parts[1:])
    if rule == "times" and node["unit"] == "rub/kWh":
        k = exact(facts["k"])
        return parts[0] * k.numerator / k.denominator
    if rule == "line":
        energy, price = parts
        assert energy.denominator == 1
        return (Decimal(energy.numerator) * price / KWH).quantize(Decimal("0.01"), ROUND_HALF_UP)
    if rule in ("difference", "roll_over"):
        start, end = (part - part % KWH if facts["whole"] else part for part in parts)
        return Fraction(
            nearest((end + (facts["register_end"] if rule == "roll_over" else 0) - start) * exact(facts["k"]))
        )
    if rule == "moved":
        value = parts[0] + (-1 if facts["back"] else 1) * sum(parts[1:])
        return value % facts["register_end"] if "register_end" in facts else value
    if rule == "divided":
        upto, whole = sum(facts["spans"][: facts["number"] + 1]), sum(facts["spans"])
        before = upto - facts["spans"][facts["number"]]
        return Fraction(nearest(sum(parts) * Fraction(upto, whole)) - nearest(sum(parts) * Fraction(before, whole)))
    if rule == "closed":
        rest, weights, number = max(parts[0] - facts["known"], Fraction(0)), facts["weights"], facts["number"]
        before, upto = (nearest(rest * Fraction(sum(weights[:end]), sum(weights))) for end in (number, number + 1))
        return Fraction(upto - before)
    if rule == "carried":
        before = exact(facts["before"])
        return Fraction(nearest(before + sum(parts)) - nearest(before))
    if rule == "times":
        return parts[0] * exact(facts["k"])
    if rule == "cut":
        length = facts["end"] - facts["begin"]
        since, until = (
            nearest(parts[0] * Fraction(facts[name] - facts["begin"], length)) for name in ("since", "until")
        )
        return Fraction(until - since)
    raise AssertionError(f"no rule for {rule}")


def ranged(facts: dict[str, Any], filled: Fraction, zones: list[Fraction]) -> Fraction:
    """One zone's part of a range: the ranges are filled one after the other, each by what is left of all zones."""
    upto, rest, found = filled + sum(zones), list(zones), Fraction(0)
    for lower, upper in zip(facts["limits"], [*facts["limits"][1:], None], strict=True):
        size = max((upto if upper is None else min(upto, upper)) - max(filled, lower), 0)
        if not size:
            continue
        upon = [nearest(size * sum(rest[:number], Fraction(0)) / sum(rest)) for number in range(len(rest) + 1)]
        taken = [after - before for before, after in pairwise(upon)]
        rest = [zone - one for zone, one in zip(rest, taken, strict=True)]
        if facts["lower"] <= lower and (facts["upper"] is None or lower < facts["upper"]):
            found += taken[facts["number"]]
    return found


def shown(node: dict[str, Any]) -> Any:
    """The value that the node says it has."""
    return Decimal(node["value"]) if node["unit"] in ("rub", "rub/kWh", "rub/month") else exact(node["value"])


def nodes(tree: dict[str, Any]) -> list[dict[str, Any]]:
    """All of a tree that have a value."""
    below = [one for part in (*tree.get("parts", ()), *tree.get("beside", ())) for one in nodes(part)]
    return [tree, *below] if tree["value"] is not None else below
