"""How stored notices leave the house: webhooks for the platforms, result mails for the students.

The outbox itself is a table and lives elsewhere; this room takes messages from it, sends them and says what became of
them. It knows neither HTTP routes nor SQL.
"""
