"""The page that an address belongs to: where a person is led who opens, reloads or shares what only a form may ask for,
and where one goes back to whose form was refused as a whole."""

from flask import current_app, url_for
from werkzeug.exceptions import HTTPException


def page_of(address: str) -> str:
    """It itself, if it can be looked at, else the nearest one over it: of «/me/sessions/5/end» it is «/me»."""
    routes, path = current_app.url_map.bind(""), address.partition("?")[0]
    found = address
    while path:
        try:
            routes.match(path, method="GET")
        except HTTPException:  # no such address, or one of forms
            found = path = path.rpartition("/")[0]
        else:
            return found
    return url_for("cabinet.main")
