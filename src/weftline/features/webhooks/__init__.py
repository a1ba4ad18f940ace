"""Outgoing webhooks: tenants' addresses that are told of events.

``planner`` follows the feed and plans deliveries; ``deliverer`` makes them; everything else is for those who manage
webhooks. What calls in from outside is a trigger; see ``weftline.features.triggers``.
"""
