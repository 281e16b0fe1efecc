"""Commands of central at the edge: only what central has signed, in time, once.

verdict.py  PURE: may this be done, and what is the answer when not
clerk.py    the rules over the journal's file: taken before it is done, done once, a known id answered with its reply
desk.py     hears, lets the clerk work in the journal's thread, tells the readers and the log
wanted.py   what meters are to be asked at this moment, and what they answered: between the desk and the readers
"""
