"""The schema of central's SQL, step by step. A revision is never changed after it was published."""
