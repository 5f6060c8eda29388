"""What the provider layer costs, beside bare calls of the same number, and how it bears a thousand sets at once."""
