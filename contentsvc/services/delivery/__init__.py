"""The delivery engine: claim, send, record and reconcile deliveries."""
