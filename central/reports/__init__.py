"""Reports: the right table as a page, PDF, Excel 2003, Excel 2007+ and CSV, all of them made from one description.

    description.py   what a report and its table are: columns, rows, marks, lines of sums, a document
    asked.py         what an address asks of a report: points, period, precision, switches, columns, filters
    catalogue.py     which reports there are: a file of `standard/` each
    making.py        a report run for a viewer: rows filtered, added up and counted on their way, one at a time
    personal.py      a report kept under a name, for one person or for all who see a contract
    tables.py        these, when they are sent, and the files that were made
    profiles.py      days and intervals of a point as reports take them, and the pages that explain them
    stepping.py      the same by the steps that were asked for: half-hours, hours, days, months
    drawing.py       charts of what all points used together
    values.py        a cell as a number, a date or a text, rounded as it was asked for: the same in every format

No figure is computed here: `standard/` takes them from `central.figures`, which asks the policy; a sum of a table is
the sum of its rows in whole mWh, rounded once.
"""
