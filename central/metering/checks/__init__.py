"""May what came be believed? Named checks of one local day of a point, each with its limits and a trace.

    catalogue.py   THE table of checks: name, severity, limits and what they are by default for each kind of point
    evidence.py    what a check is given
    profile.py     of the places of the profile
    registers.py   of the registers, and of the profile against them
    journal.py     of the meter's journals and its clock
    network.py     of voltages and currents
    standing.py    of what stands at the point: meter, ratio, contract, how long it has been estimated

A check changes nothing: it finds. What becomes of a finding, a person decides (metering.md «Quality checks»).
"""
