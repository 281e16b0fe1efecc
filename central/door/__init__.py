"""The door: how people come in. Login, registration, the keys that letters bring."""

from central.door import forgotten, login, mail, registration
from central.door.room import door

__all__ = ["door", "forgotten", "login", "mail", "registration"]
