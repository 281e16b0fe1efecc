"""The one search box: serial, address, contract, name, code, phone.

words.py  a text as words, and what was typed as the beginnings it asks for       tables.py  the index
index.py  which words a thing is found by; kept right by every change             find.py    what is found
"""
