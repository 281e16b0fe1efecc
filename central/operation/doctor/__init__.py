"""`uchet-central doctor`: looks at what central stands on and says, in Russian, what is wrong and what to do.

It changes nothing, tells no secret, and works while things are down: each question ends in time.

    findings.py    what is found, and how the questions are asked
    machine.py     data folder, clock, backup, keys
    stores.py      SQL and the series
    links.py       broker, mail, the programs themselves
    work.py        what waits: inbox, quarantine, days, jobs; the edges' clocks
    actions.py     the journal of actions
    command.py     the table of questions, and the command
"""
