"""What a service tells Prometheus, watched there: rules that ring, and a dashboard for Grafana."""

from noteship.alerting.dashboard import dashboard
from noteship.alerting.declared import Declared
from noteship.alerting.rules import rules

__all__ = ["Declared", "dashboard", "rules"]
