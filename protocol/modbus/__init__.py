"""Modbus registers as values (pymodbus does the transport and the PDU).

template.py  what a kind of meter has, and where      values.py  words -> integers, floats, energy
requests.py  which registers are asked for together   rtu.py     frames of the serial line, for checks and tests
"""
