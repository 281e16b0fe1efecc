"""Formats of a document: each takes the same `Document` and writes a file. Nothing of a particular report is in them.

form.py         what a format is, what it refuses, and the lines around a table that all files have
csv.py          CSV, a line at a time
sheets.py       what both workbooks do alike
xlsx.py xls.py  Excel 2007+ and Excel 2003
paper.py        a table as it lies on paper
pdf.py          PDF: typst by the template `report.typ`, in a process of its own (`typesetting.py`)
fonts/          those of the paper, with their licence
"""

from collections.abc import Mapping

from central.faces.tables import XLSX
from central.reports.formats import csv, pdf, xls, xlsx
from central.reports.formats.form import Form, NotMade, Refused, TooManyColumns, TooManyRows

FORMS: Mapping[str, Form] = {  # word of an address -> format
    "pdf": Form("pdf", "application/pdf", pdf.MOST_ROWS, pdf.write),
    "xls": Form("xls", "application/vnd.ms-excel", None, xls.write),
    "xlsx": Form("xlsx", XLSX, None, xlsx.write),
    "csv": Form("csv", "text/csv; charset=utf-8", None, csv.write),
}

__all__ = ["FORMS", "Form", "NotMade", "Refused", "TooManyColumns", "TooManyRows"]
