"""Trying definitions out, with nothing outside touched."""
