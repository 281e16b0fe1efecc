"""What becomes of the reading of one meter that was handed in."""

from enum import StrEnum


class Handed(StrEnum):
    """Each word as it stands in SQL."""

    ACCEPTED = "accepted"
    REVIEW = "review"  # somebody of the company looks at it
    DECLINED = "declined"
