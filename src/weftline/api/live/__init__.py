"""Live updates over HTTP: server-sent events, and the WebSocket."""
