"""The API's reference as files, readable without a server: the OpenAPI document, pages of its operations and errors.

``python -m weftline.api.reference DIRECTORY`` writes them (``make reference``); tests compare what is committed with
what would be written, and tell a change that breaks callers from one that does not.
"""
