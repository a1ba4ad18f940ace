"""The operator's tools: rolling back, retrying, passing over steps, changing data, starting anew."""
