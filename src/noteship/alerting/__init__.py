"""What a service tells Prometheus, watched there: rules that ring, and a dashboard for Grafana."""

from noteship.alerting.dashboard import dashboard
from noteship.alerting.declared import Declared
from noteship.alerting.rules import rules
from noteship.alerting.yaml_form import yaml_form

__all__ = ["Declared", "dashboard", "rules", "yaml_form"]
