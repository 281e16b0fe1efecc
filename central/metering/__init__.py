"""How readings become figures. Pure: every function returns the figure WITH its terms, and stores nothing."""
