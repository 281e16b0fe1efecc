"""Operation: what tells an administrator how central is, and what to do.

alarms.py     THE list of alarms: a name for the log, what it means, what to do
pulse.py      which loop of a process turned last when: alive or hung
probes.py     questions to the stores that end in time: ready or not
metrics/      what Prometheus is told, a module a program
listener.py   /metrics, /health/live, /health/ready on a port of their own
watch.py      a program under watch: listener, systemd's watchdog
backlog.py    what waits in SQL, for the metrics and the doctor
doctor/       `uchet-central doctor`
"""
