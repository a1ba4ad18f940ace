"""Systems on this machine, for the examples whose workflows work with other systems."""
