"""Work across tenants, for operators of the platform: every act with a reason, and recorded."""
