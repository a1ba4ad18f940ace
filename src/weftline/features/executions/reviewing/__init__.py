"""The review lifecycle: drafts, people's answers, validation, submission, approval."""
