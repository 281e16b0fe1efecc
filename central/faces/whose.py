"""Whose things a browser keeps for the time without a network: a word for the account that says nothing about it.

Each page carries it. What is kept goes when it is another's than of who looks now: after a logout, a session that was
ended, another account.
"""

import hmac
from hashlib import sha256

from flask import current_app, session
from flask_login import current_user

NOBODY = "nobody"  # a guest, or staff: nothing is kept of them


def whose() -> str:
    viewer = current_user.viewer if current_user.is_authenticated else None
    if viewer is None or viewer.staff:
        return NOBODY
    secret = str(current_app.secret_key).encode()
    return hmac.new(secret, f"kept of {viewer.account}".encode(), sha256).hexdigest()[:32]


def keeps() -> bool:
    """Whether figures stay in this browser: where the person wanted to be remembered, so not on a borrowed one."""
    return whose() != NOBODY and bool(session.permanent)
