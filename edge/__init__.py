"""The concentrator: reads meters, keeps every reading in one SQLite file, publishes until central has it."""
