"""The MQTT contract, version 1: topics, bodies, acknowledgement, chain (DESIGN «MQTT contract»).

topics.py  every topic, built and taken apart       chain.py   the hash that links rows
bodies.py  archive and event bodies                 control.py state, about, ack, live, health
Typed decoding everywhere: what does not fit raises Garbled with the reason, whatever the bytes are.
"""
