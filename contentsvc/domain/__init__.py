"""Value types and rules for calendars, entries and deliveries.

No module here uses Flask, SQL, Redis, the network or the clock.
"""
