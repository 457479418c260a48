"""IAM policies: the least that allows what a command calls, and what makes callers use profiles."""
