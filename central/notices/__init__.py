"""Notices: what people are told of their points, each thing once, in the cabinet and by letter.

marks.py     the worker: a meter's journal came, somebody is to look what happened there
making.py    the job `notices`: out of the journals, one notice for each case, for each who saw the point then
ahead.py     the job `notices_ahead`: a verification that ends, a meter that is silent
letters.py   what is due by letter, one letter an account
choices.py   what a person wants to be told, and how
board.py     what a viewer finds in the cabinet, and the company in the console
delay.py     how long it took from the event to the notice
"""
