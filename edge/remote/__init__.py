"""The configuration that central sends: files.py keeps it, and the key that secrets are sealed to; remote.py judges it;
arrival.py is where it comes in.
"""
