"""People: accounts, login, sessions, audit; policy.py is THE answer to «may X see this, in which period»."""
