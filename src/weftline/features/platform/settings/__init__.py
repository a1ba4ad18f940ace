"""What the platform sets, and tenants fall back to."""
