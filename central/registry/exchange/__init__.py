"""The registry as a workbook of Excel: a template, an import told before it is done, an export of the same form.

comma.py     one sheet as CSV
sheets.py    the sheets as data: columns, captions, help, examples     cells.py   what stands in a cell <-> a value
opening.py   whether a file is a workbook that may be opened at all    reading.py its rows, every wrong cell told
rows.py      a row against the registry: new, changed, the same, or refused
importing.py a whole file in one change, whole or not at all; what it would do, told without doing it
writing.py   the template and the export                               cli.py     `uchet-central registry`

Each row goes through the same functions as a form (`enter`). What decides on figures is never changed silently: a cell
that differs from what stands is wrong, with what to do instead. An empty cell changes nothing.
"""
