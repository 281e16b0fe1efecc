"""The browser of this session is told to take messages, by the script of the page in it, and told to stop.

Both are asked for with the token of the forms in a header, and answer without a word.
"""

from flask import request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from central.cabinet.room import cabinet
from central.db import writing
from central.faces.here import here, viewer
from central.figures import NotFound
from central.push import devices
from central.push.devices import Unfit
from central.push.services import Forbidden


@cabinet.post("/me/push")
def push_on() -> ResponseReturnValue:
    """`{endpoint, keys: {p256dh, auth}}`. 422: it is no address of a service that this server sends to."""
    made = here()
    settings = made.config.push
    if settings is None:
        raise NotFound("push")
    told = request.get_json(silent=True)
    try:
        with writing(made.source.engine).begin() as connection:
            devices.add(connection, viewer(), current_user.token, told, settings.services, made.now)
    except (Unfit, Forbidden):
        return "", 422
    return "", 204


@cabinet.post("/me/push/off")
def push_off() -> ResponseReturnValue:
    """`{endpoint}`: what is not there is off already."""
    made, told = here(), request.get_json(silent=True)
    endpoint = told.get("endpoint") if isinstance(told, dict) else None
    if not isinstance(endpoint, str):
        return "", 422
    with writing(made.source.engine).begin() as connection:
        devices.remove(connection, viewer(), endpoint, made.now)
    return "", 204
