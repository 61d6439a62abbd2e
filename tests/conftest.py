"""What holds for the tests of all rooms."""

from __future__ import annotations

import hypothesis

# How long an example takes is the machine's matter, and says nothing of the law.
hypothesis.settings.register_profile(
    "untimed", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow], print_blob=True
)
hypothesis.settings.load_profile("untimed")
