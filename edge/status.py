"""`uchet-edge status`: asks the running concentrator's page and puts the answer into lines."""

import json
import urllib.request
from collections.abc import Iterator, Mapping
from typing import Any


def ask(address: tuple[str, int]) -> dict[str, Any] | None:
    """The page's state; None = nobody answers there."""
    host, port = address
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://{host}:{port}/state.json", timeout=5) as answer:
            state: dict[str, Any] = json.load(answer)
            return state
    except (OSError, ValueError):
        return None


def lines(state: Mapping[str, Any]) -> Iterator[str]:
    uplink, journal = state["uplink"], state["journal"]
    word = "answers" if uplink["answering"] else "does not answer" if uplink["connected"] else "not connected"
    yield f"edge     {state['edge']}  clock {'trusted' if state['clock_trusted'] else 'NOT trusted'}"
    yield f"central  {word}" + (f": {uplink['trouble']}" if uplink["trouble"] else "")
    left = "unknown" if journal["days_left"] is None else f"{journal['days_left']:.0f}"
    yield f"journal  {journal['rows']} rows, {journal['waiting']} waiting, days of space left: {left}"
    running = state["configuration"]
    whose = f"central's, version {running['version']}, sha256 {running['sha256'][:16]}"
    yield f"config   {whose if running['version'] else 'edge.toml'}"
    if refused := running["refused"]:
        yield f"refused  central's version {refused['version']}: {refused['why']}"
    for notice in state["notices"]:
        yield f"notice   {notice}"
    for line in state["lines"]:
        yield f"line     {line['name']}  {line['url']}  {line['fault'] or 'up'}"
        for meter in (meter for meter in state["meters"] if meter["line"] == line["name"]):
            yield f"  meter  {meter['id']}  {meter['state']}  {meter['fault'] or ''}".rstrip()
