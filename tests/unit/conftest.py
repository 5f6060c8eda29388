"""How hypothesis works here."""

from hypothesis import HealthCheck, settings

# no example is timed: other tests of the run, and other programs, share the processor
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")
