"""What reports are made of: the question, Cost Explorer's expression of it, exact folds of the answers, rows."""
