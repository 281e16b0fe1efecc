"""The door: how people come in. Login, registration, the keys that letters bring."""

from central.door import forgotten, joining, login, mail, phone, registration
from central.door.room import door

__all__ = ["door", "forgotten", "joining", "login", "mail", "phone", "registration"]
