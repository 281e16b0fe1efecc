"""News of a company to its consumers: written and dated by an operator, shown on their day, withdrawn and put back."""
