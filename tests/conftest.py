"""What holds for the tests of all rooms."""

from __future__ import annotations

import signal
import threading

import hypothesis

# Run by tests in environments of their own, which have the clients.
collect_ignore_glob = ["clients/*"]
# How long an example takes is the machine's matter, and says nothing of the law.
hypothesis.settings.register_profile(
    "untimed", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow], print_blob=True
)
hypothesis.settings.load_profile("untimed")
# Where the tests themselves are not to be interrupted (nohup, a shell's background), what they start still is.
if threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)
