"""DLMS/COSEM (IEC 62056) without a line: bytes in, bytes and events out.

axdr      values                          hdlc, wrapper  frames and packets, and how to find them in a stream
cursor    reading APDUs                   acse, apdu     association; GET and the error APDUs
link      numbering, segments, repeats    association    the tables of states
client    one meter's client              server         a meter's side, for any client
profile   captured columns to rows        uniform        the fast way through a profile's buffer
"""
