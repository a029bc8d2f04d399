"""The protocol between a gateway and a page: `frames` that are sent, `close_codes` that end it."""
