"""What the registry does not take: a sentence for the person who enters it, and the field it stands beside."""

from flask_babel import LazyString


class Refused(ValueError):
    """`field`: the argument that is wrong, None = the whole. `str()` is the sentence, in the reader's language."""

    def __init__(self, field: str | None, sentence: LazyString | str) -> None:
        super().__init__(field, sentence)
        self.field = field
        self.sentence = sentence

    def __str__(self) -> str:
        return str(self.sentence)


class Overlap(Refused):
    """Two things would be valid at the same time, or one ends before it begins; the sentence names both sides."""
