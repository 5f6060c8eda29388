"""The sixteen faults of Failover Bench for writers of item lists, and its scoring."""
