"""The MQTT contract, version 1: topics, bodies, acknowledgement, chain (DESIGN «MQTT contract»).

topics.py  every topic, built and taken apart       chain.py   the hash that links rows
bodies.py  archive and event bodies                 control.py state, about, ack, live, health
command.py signed commands and their replies   configuration.py  what an edge reads: lines, meters, schedule
signed.py  central's signature over both        sealing.py        a meter's password that only its edge can open
Central repeats an open command at each `about` and each minute until a reply or its expiry; the edge executes it once,
and answers a known id with the reply it gave. An edge takes only what central's key has signed for it (`verify`).
Typed decoding everywhere: what does not fit raises Garbled with the reason, whatever the bytes are.
"""
