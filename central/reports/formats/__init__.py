"""Formats of a document: each takes the same `Document` and writes a file."""
