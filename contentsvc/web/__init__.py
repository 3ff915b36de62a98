"""The pages: a blueprint a page group. A view reads the request, calls one service and answers."""
