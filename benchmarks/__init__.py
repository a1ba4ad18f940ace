"""What Weftline achieves on this machine, beside other systems on the same work."""
