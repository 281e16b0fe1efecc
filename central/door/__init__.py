"""The door: how people come in. Login, registration, the keys that letters bring."""

from central.door import check, forgotten, joining, login, mail, registration
from central.door.room import door

__all__ = ["check", "door", "forgotten", "joining", "login", "mail", "registration"]
