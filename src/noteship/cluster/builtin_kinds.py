"""What the cluster in memory serves from the start: the kinds of Kubernetes 1.36 that noteship has to do with."""

from __future__ import annotations

from noteship.cluster.cluster import Resource

__all__ = ["BUILTIN", "FIELDS"]

_VERBS = frozenset({"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"})
_NAMESPACED = {
    "v1": (
        *(("ConfigMap", "configmaps"), ("Event", "events"), ("LimitRange", "limitranges")),
        *(("PersistentVolumeClaim", "persistentvolumeclaims"), ("Pod", "pods"), ("ResourceQuota", "resourcequotas")),
        *(("Secret", "secrets"), ("Service", "services"), ("ServiceAccount", "serviceaccounts")),
    ),
    "apps/v1": (("Deployment", "deployments"), ("ReplicaSet", "replicasets"), ("StatefulSet", "statefulsets")),
    "autoscaling/v2": (("HorizontalPodAutoscaler", "horizontalpodautoscalers"),),
    "batch/v1": (("CronJob", "cronjobs"), ("Job", "jobs")),
    "coordination.k8s.io/v1": (("Lease", "leases"),),
    "networking.k8s.io/v1": (("Ingress", "ingresses"), ("NetworkPolicy", "networkpolicies")),
    "policy/v1": (("PodDisruptionBudget", "poddisruptionbudgets"),),
    "rbac.authorization.k8s.io/v1": (("Role", "roles"), ("RoleBinding", "rolebindings")),
}
_GLOBAL = {
    "v1": (("Namespace", "namespaces"), ("Node", "nodes"), ("PersistentVolume", "persistentvolumes")),
    "apiextensions.k8s.io/v1": (("CustomResourceDefinition", "customresourcedefinitions"),),
    "storage.k8s.io/v1": (("StorageClass", "storageclasses"),),
    "rbac.authorization.k8s.io/v1": (("ClusterRole", "clusterroles"), ("ClusterRoleBinding", "clusterrolebindings")),
}

BUILTIN = tuple(
    Resource(version, kind, plural, is_namespaced, _VERBS)
    for is_namespaced, versions in ((True, _NAMESPACED), (False, _GLOBAL))
    for version, kinds in versions.items()
    for kind, plural in kinds
)
# Which fields can be selected by, beside name and namespace.
FIELDS = {
    "Event": {
        *("involvedObject.kind", "involvedObject.name", "involvedObject.namespace", "involvedObject.uid"),
        *("reason", "type"),
    },
    "Job": {"status.successful"},
    "Pod": {"spec.nodeName", "spec.restartPolicy", "status.phase"},
    "Secret": {"type"},
}
