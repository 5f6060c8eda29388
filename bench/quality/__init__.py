"""How good the questions are that leave the gate: rules, sets, retakes, hostile text, and what it costs."""
