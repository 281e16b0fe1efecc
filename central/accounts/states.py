"""In which state an account is, and an application for a contract."""

from enum import StrEnum


class State(StrEnum):
    """Of an account."""

    CREATED = "created"  # the mail is not confirmed
    ACTIVATED = "activated"  # it is; an operator has not decided yet
    APPROVED = "approved"
    REJECTED = "rejected"
    BLOCKED = "blocked"  # by the company
    WITHDRAWN = "withdrawn"  # the consent was: closed, and erased on a day that was told
    ERASED = "erased"  # a stub without a person


class Stage(StrEnum):
    """Of an application."""

    WAITING = "waiting"
    APPROVED = "approved"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"  # with the consent


MAY_LOG_IN = (State.ACTIVATED, State.APPROVED)
