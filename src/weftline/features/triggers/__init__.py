"""Triggers: what a published version declares, what becomes of it, and webhooks, which are called from outside."""
