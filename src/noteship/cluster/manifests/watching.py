"""What Prometheus and Grafana are told of a service."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from noteship.cluster.manifests.evaluating import scraped, scraping
from noteship.cluster.manifests.labels import manifest, metadata, selector
from noteship.cluster.manifests.platform import Platform
from noteship.cluster.manifests.release import Release, Service

__all__ = ["watching"]

# By this label Grafana's own container beside it finds dashboards, where its chart installed that.
FOUND_BY = {"grafana_dashboard": "1"}
# By this one the examples of Grafana's operator choose their Grafana.
CHOSEN_BY = {"dashboards": "grafana"}


def watching(release: Release, platform: Platform) -> Iterator[dict[str, Any]]:
    """Monitors, a PrometheusRule and a dashboard, as far as the cluster takes them."""
    monitoring = release.monitoring
    if monitoring is None or (release.behind and not release.behind.is_weighed):
        # Where its pods are behind the stable release's Service, they are asked with that one's.
        return
    if platform.has_prometheus_operator:
        own = metadata(release, **monitoring.labels)
        if isinstance(release.shape, Service):
            endpoint = {"port": "http", **scraped(release, monitoring)}
            spec: dict[str, Any] = {"selector": {"matchLabels": selector(release)}, "endpoints": [endpoint]}
            yield manifest("monitoring.coreos.com/v1", "ServiceMonitor", own, spec=spec)
        if release.behind:
            return
        yield from scraping(release, platform)
        yield manifest("monitoring.coreos.com/v1", "PrometheusRule", own, spec=dict(monitoring.rules))
    if release.behind:
        return
    name, key = f"{release.name}-dashboard", f"{release.name}.json"
    yield manifest("v1", "ConfigMap", metadata(release, name, **FOUND_BY), data={key: monitoring.dashboard})
    if platform.has_grafana_operator:
        spec = {
            "instanceSelector": {"matchLabels": CHOSEN_BY},
            "allowCrossNamespaceImport": True,
            "configMapRef": {"name": name, "key": key},
        }
        yield manifest("grafana.integreatly.org/v1beta1", "GrafanaDashboard", metadata(release), spec=spec)
