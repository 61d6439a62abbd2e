"""What Prometheus and Grafana are told of a service."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from noteship.cluster.manifests.labels import manifest, metadata, selector
from noteship.cluster.manifests.parts import Monitoring
from noteship.cluster.manifests.platform import Platform
from noteship.cluster.manifests.release import Release, Service

__all__ = ["watching"]

# By this label Grafana's own container beside it finds dashboards, where its chart installed that.
FOUND_BY = {"grafana_dashboard": "1"}
# By this one the examples of Grafana's operator choose their Grafana.
CHOSEN_BY = {"dashboards": "grafana"}


def watching(release: Release, platform: Platform) -> Iterator[dict[str, Any]]:
    """A ServiceMonitor, a PrometheusRule and a dashboard, as far as the cluster takes them."""
    service = release.shape
    if not isinstance(service, Service) or service.monitoring is None:
        return
    monitoring = service.monitoring
    if platform.has_prometheus_operator:
        scraped = {
            "selector": {"matchLabels": selector(release)},
            "endpoints": [_endpoint(release, service, monitoring)],
        }
        own = metadata(release, **monitoring.labels)
        yield manifest("monitoring.coreos.com/v1", "ServiceMonitor", own, spec=scraped)
        yield manifest("monitoring.coreos.com/v1", "PrometheusRule", own, spec=dict(monitoring.rules))
    name, key = f"{release.name}-dashboard", f"{release.name}.json"
    yield manifest("v1", "ConfigMap", metadata(release, name, **FOUND_BY), data={key: monitoring.dashboard})
    if platform.has_grafana_operator:
        spec = {
            "instanceSelector": {"matchLabels": CHOSEN_BY},
            "allowCrossNamespaceImport": True,
            "configMapRef": {"name": name, "key": key},
        }
        yield manifest("grafana.integreatly.org/v1beta1", "GrafanaDashboard", metadata(release), spec=spec)


def _endpoint(release: Release, service: Service, monitoring: Monitoring) -> dict[str, Any]:
    certificate, token = service.access.certificate, monitoring.token
    tls = {
        "ca": {"secret": {"name": certificate, "key": "ca.crt"}},
        "serverName": f"{release.service_name}.{release.namespace}.svc",
    }
    return {
        "port": "http",
        "path": "/metrics",
        "scheme": "https" if certificate else "http",
        # The service's own labels `release` and `version` are those that rules and dashboard look for.
        "honorLabels": True,
        **({"tlsConfig": tls} if certificate else {}),
        **(
            {"authorization": {"type": "Bearer", "credentials": {"name": token.secret, "key": token.key}}}
            if token
            else {}
        ),
    }
