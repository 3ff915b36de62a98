"""The web pages, a blueprint per group of pages.

A view reads the request, calls one service and renders the response.
"""
