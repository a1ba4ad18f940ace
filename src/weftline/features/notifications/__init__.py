"""Messages to people and programs about executions.

``action`` is what nodes of type ``notification`` run; ``notices`` tells of executions that failed; ``templates`` keeps
the words that a tenant has for either.
"""
