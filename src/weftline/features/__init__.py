"""What the product can do, one folder a capability; knows nothing of claims and leases."""
