"""Limits that hold under any concurrency: reserve the worst case, make the call, settle what it took.

Each limit has one counter per window; ``committed`` = ``settled`` + what is held. A hold is taken only while
``committed`` stays within the ceiling, in one atomic step, so no number of clients can pass it.
"""
