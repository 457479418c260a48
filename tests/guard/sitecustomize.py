"""Imported at its start by every Python that a test runs, through PYTHONPATH."""

from guard_hook import install_here

install_here()
