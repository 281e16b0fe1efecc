"""Notices on a phone: Web Push (RFC 8030, 8291, 8292), to whoever turned it on in the browser of a session of his.

tables.py    devices, what is to be told, what goes to which device
keys.py      the key by which the services of browsers know this server: made once, sealed by the web's secret
devices.py   a browser is added and taken away
services.py  which addresses may be asked at all
asking.py    something is to be told; telling.py: what is due goes to the devices, few a day and not at night
message.py   PURE: what a message says, encrypted and signed
sending.py   one request to a service; job.py: the job `push`
"""
