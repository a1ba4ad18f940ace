"""Mail: messages are written to an outbox with the act they tell of, and sent from there.

``outbox.post`` writes one, ``mailer.Mailer`` sends them, ``service.MailService`` shows them to platform operators.
"""
