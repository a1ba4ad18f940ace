"""What people are at work on: definitions that need not be complete yet."""
