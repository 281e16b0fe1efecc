"""The registry: who is supplied, where, through which meter, by which contract, at which price.

enter.py makes rows and refuses overlaps, look.py finds them; schemes.py holds the zones of the population.
"""
