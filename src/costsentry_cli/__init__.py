"""Declare, meter and reconcile what Amazon Bedrock costs you."""

__version__ = "0.1.0"
