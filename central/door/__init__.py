"""The door: how people come in, and the check of a paper. Login, registration, the keys that letters bring, phones."""

from central.door import check, forgotten, joining, login, mail, phone, registration
from central.door.room import door

__all__ = ["check", "door", "forgotten", "joining", "login", "mail", "phone", "registration"]
