"""What a skill consists of: its map of concepts, how a written one is cleaned, and what is asked next."""
