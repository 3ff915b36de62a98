"""The Flask views of the web interface, with one blueprint for each group of pages.

A view reads the request, calls one service and renders the response.
"""
