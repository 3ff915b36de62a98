"""Calendars, entries and deliveries as plain values; no Flask, SQL, Redis, network or clock."""
