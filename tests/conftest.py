"""What holds for the tests of all rooms."""

from __future__ import annotations

import hypothesis

# Run by tests in environments of their own, which have the clients.
collect_ignore_glob = ["clients/*"]
# How long an example takes is the machine's matter, and says nothing of the law.
hypothesis.settings.register_profile(
    "untimed", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow], print_blob=True
)
hypothesis.settings.load_profile("untimed")
