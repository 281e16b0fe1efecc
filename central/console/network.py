"""The tree of the network beside every page of the registry, and the one search box."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from flask import current_app, render_template, request, url_for

from central.console.room import console
from central.faces.here import here, viewer
from central.faces.numbers import whole
from central.registry import tree
from central.registry.search.find import found
from central.registry.search.things import look_up
from central.registry.tree import Branch, Network

MOST = 25  # nodes that a filter of the tree shows
SHOWN = 10  # things of a kind on the page of the search
OPEN, FIND, PAGES = "open", "find", "part"  # arguments of any page that has the tree beside it


@dataclass(frozen=True, slots=True)
class Line:
    """A node as a line of the tree: where its triangle leads, and where its further children stand."""

    branch: Branch
    toggle: str
    page: str | None  # of the node itself
    current: bool
    earlier: str | None
    later: str | None
    lines: "tuple[Line, ...]"


@dataclass(frozen=True, slots=True)
class Column:
    """The tree as it stands beside a page. `asked`: what it is filtered by; `keep`: the page's other arguments."""

    network: Network
    lines: tuple[Line, ...]
    asked: str
    action: str
    keep: Sequence[tuple[str, str]]
    earlier: str | None
    later: str | None


@console.get("/network")
def network() -> str:
    return render_template("console/registry/network.html")


@console.get("/search")
def search() -> str:
    """What is found for `q`, a kind after the other; what cannot be is said with what can be looked for."""
    made, who = here(), viewer()
    text = request.args.get("q", "").strip()[:100]
    with made.source.engine.connect() as connection:
        groups = look_up(connection, who, text, SHOWN) if text else ()
    return render_template("console/registry/search.html", asked=text, groups=groups, shown=SHOWN)


@console.context_processor
def _for_templates() -> dict[str, object]:
    return {"network_column": column, "page_of": page_of}


def column(current: int | None = None) -> Column:
    """As the address says; `current`: the node that the page is about, open unless the address says otherwise."""
    opened = _numbers(request.args.getlist(OPEN)) if OPEN in request.args else [current] if current else []
    pages = dict(_pages(request.args.getlist(PAGES)))
    asked = request.args.get(FIND, "").strip()[:100]
    who = viewer()
    tops = who.branches
    with here().source.engine.connect() as connection:
        if asked:
            keys = [int(key) for key in found(connection, "node", who.organisation, asked, MOST + 1)]
            shown = tree.among(connection, who.organisation, keys[:MOST], cut=len(keys) > MOST, tops=tops)
        else:
            shown = tree.read(connection, who.organisation, opened, pages, tops)
    links = Links(shown.branches, pages)
    action = request.path if request.method == "GET" else url_for("console.network")
    keep = [pair for pair in request.args.items(multi=True) if pair[0] not in (OPEN, FIND, PAGES, "page")]
    lines = tuple(links.line(branch, current) for branch in shown.branches)
    return Column(shown, lines, asked, action, keep, *links.turns(0, shown.page, shown.more))


class Links:
    """Addresses of the same page with a node more or less open; only the deepest open ones stand in an address."""

    def __init__(self, branches: Sequence[Branch], pages: dict[int, int]) -> None:
        self.pages = pages
        self.above: dict[int, int | None] = {}
        for branch in _all(branches):
            if branch.open:
                self.above[branch.id] = branch.parent
        self.base = request.path if request.method == "GET" else url_for("console.network")
        self.keep = [pair for pair in request.args.items(multi=True) if pair[0] not in (OPEN, FIND, PAGES)]
        self.node = page_of("node")

    def line(self, branch: Branch, current: int | None) -> Line:
        """With all that is open below it."""
        changed = self._without(branch) if branch.open else {**self.above, branch.id: branch.parent}
        return Line(
            branch,
            self._address(changed, self.pages, branch.id),
            self.node(branch.id) if self.node else None,
            branch.id == current,
            *self.turns(branch.id, branch.page, branch.more),
            tuple(self.line(child, current) for child in branch.children),
        )

    def turns(self, key: int, page: int, more: bool) -> tuple[str | None, str | None]:
        """To the earlier and to the further children."""
        earlier = self._address(self.above, {**self.pages, key: page - 1}, key) if page > 1 else None
        return earlier, self._address(self.above, {**self.pages, key: page + 1}, key) if more else None

    def _without(self, branch: Branch) -> dict[int, int | None]:
        closed = {branch.id, *(below.id for below in _all(branch.children))}
        return {key: parent for key, parent in self.above.items() if key not in closed}

    def _address(self, opened: dict[int, int | None], pages: dict[int, int], key: int) -> str:
        deepest = opened.keys() - set(opened.values())
        pairs: list[tuple[str, object]] = [*self.keep, *((OPEN, one) for one in sorted(deepest) or ("",))]
        pairs += [(PAGES, f"{one}.{page}") for one, page in sorted(pages.items()) if page > 1]
        return f"{self.base}?{urlencode(pairs)}#node-{key}"


def page_of(kind: str) -> Callable[[object], str] | None:
    """Addresses of the pages of things of this kind (point, meter, contract, node, edge); None: it has no pages."""
    endpoint = f"console.{kind}"
    if endpoint not in current_app.view_functions:
        return None
    (rule,) = (rule for rule in current_app.url_map.iter_rules(endpoint) if "GET" in (rule.methods or ()))
    (name,) = rule.arguments
    values: dict[str, Any] = {name: 0}
    start = url_for(endpoint, **values).removesuffix("0")  # the router is not asked for each line
    return lambda key: start + quote(str(key), safe="")


def _all(branches: Sequence[Branch]) -> Iterator[Branch]:
    for branch in branches:
        yield branch
        yield from _all(branch.children)


def _numbers(given: Sequence[str]) -> list[int]:
    return [number for one in given if (number := whole(one)) is not None]


def _pages(given: Sequence[str]) -> Iterator[tuple[int, int]]:
    for one in given:
        numbers = _numbers(one.split("."))
        if len(numbers) == 2 and 0 < numbers[1] < 10_000:
            yield numbers[0], numbers[1]
