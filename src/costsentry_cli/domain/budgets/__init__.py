"""AWS Budgets in words: what a budget's parts are as texts that can be compared and read back. Pure."""
