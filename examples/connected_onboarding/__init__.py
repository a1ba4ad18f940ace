"""Customer onboarding with systems that are connected: a CRM, a mail server and a database."""
