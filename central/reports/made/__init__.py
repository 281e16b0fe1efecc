"""Files of reports: asked for, made, kept for thirty days, and proved for five years.

    desk.py      asking for a file, within limits; what became of it; cancelling, making again, removing
    making.py    a file made: at once while its page waits, or by the job `report`, which begins anew if it broke off
    files.py     where files lie: under their SHA-256, whole or not at all
    codes.py     the code that stands in a document
    proof.py     what anybody who has the code may know of a document, and whether a file is that document
    telling.py   the notice and the letter that it is ready, or why it is not
    sending.py   the letter that a schedule asks for, with the file
    keeping.py   what goes, and when

Points and period are fixed as it is asked for; figures are those of the moment in which it is made. It is given out to
who asked for it, as long as he may see all that it tells of: (point, since, until), each of them whole.
"""
