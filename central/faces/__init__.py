"""What the cabinet and the console share: rights, words, formats, charts, periods. None computes a figure."""
