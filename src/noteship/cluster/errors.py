"""What can go wrong with a cluster, each said in four parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from noteship import errors

__all__ = [
    "AdmissionRefused",
    "ApiNotServed",
    "BadClusterAnswer",
    "BadKubeconfig",
    "ClaimMissing",
    "ClaimUnbound",
    "ClusterBusy",
    "ClusterFailed",
    "ClusterUnauthorized",
    "ClusterUnreachable",
    "ClusterUntrusted",
    "FieldsOwnedByOthers",
    "LoginFailed",
    "NamespaceEnding",
    "NamespaceMissing",
    "NoClusterNamed",
    "NoLogs",
    "NoSuchContext",
    "ObjectChanged",
    "ObjectInvalid",
    "ObjectMissing",
    "PodSecurityRefused",
    "QuotaExceeded",
    "RightMissing",
    "WebhookDown",
]

_SERVER = "https://api.cluster.example.org:6443"
_MAIL = "Deployment mail in team-a"
# As many as are read at a glance; what is left out is counted.
SHOWN = 8


@dataclass(eq=False)
class NoClusterNamed(errors.EnvironmentLacks):
    """Neither a kubeconfig nor a pod's own account says where a cluster is."""

    looked: str

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact="nothing says which Kubernetes cluster is meant",
            where=self.looked,
            nearest="there is no such file, and this is no pod with a service account",
            remedy="log in with your cluster's own tool (`oc login`, or as its documentation says), or set KUBECONFIG",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("KUBECONFIG, else /home/ada/.kube/config")


@dataclass(eq=False)
class BadKubeconfig(errors.EnvironmentLacks):
    """A kubeconfig cannot be read or understood."""

    path: str
    reason: str

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact="the kubeconfig cannot be used",
            where=self.path,
            nearest=errors.cut(self.reason),
            remedy="log in anew with your cluster's own tool, which writes it, or name another one with KUBECONFIG",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("/home/ada/.kube/config", "the context 'team-a' names the user 'ada', who is not there")


@dataclass(eq=False)
class NoSuchContext(errors.UsageError):
    """A kubeconfig has no such context."""

    context: str
    path: str
    nearest: str = ""

    def parts(self) -> errors.Parts:
        """The message."""
        named = f"there is no context '{errors.cut(self.context, 200)}'" if self.context else "no context is chosen"
        return errors.Parts(
            fact=f"{named} in the kubeconfig",
            where=self.path,
            nearest=errors.cut(self.nearest, 300),
            remedy="name one of `kubectl config get-contexts`",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("produktion", "/home/ada/.kube/config", "production, staging")


@dataclass(eq=False)
class LoginFailed(errors.EnvironmentLacks):
    """What a kubeconfig names to get a token or a certificate does not give one."""

    what: str
    path: str
    reason: str
    hint: str = ""

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact=f"{errors.cut(self.what, 200)} gives no credentials for the cluster",
            where=self.path,
            nearest=errors.cut(self.reason),
            remedy=errors.cut(self.hint) or "log in anew with your cluster's own tool, then run again",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("the program 'kubelogin'", "/home/ada/.kube/config", "it is not installed")


@dataclass(eq=False)
class ClusterUnreachable(errors.EnvironmentLacks):
    """The cluster's API server does not answer; a later try may succeed."""

    retryable = True

    server: str
    reason: str
    proxy: str = ""

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact="the cluster does not answer",
            where=f"{self.server}, through the proxy {self.proxy}" if self.proxy else self.server,
            nearest=errors.cut(self.reason),
            remedy="see that you are in its network (VPN), that HTTPS_PROXY and NO_PROXY are right, then run again",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls(_SERVER, "connection refused")


@dataclass(eq=False)
class ClusterUntrusted(errors.EnvironmentLacks):
    """The certificate of the cluster, or of a proxy before it, is not trusted."""

    server: str
    reason: str

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact="the cluster's certificate is not trusted; nothing was sent",
            where=self.server,
            nearest=errors.cut(self.reason),
            remedy="name its authority in the kubeconfig (certificate-authority), or with SSL_CERT_FILE",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls(_SERVER, "self-signed certificate in certificate chain")


@dataclass(eq=False)
class ClusterUnauthorized(errors.EnvironmentLacks):
    """The cluster does not know who asks: no credentials, or ended ones."""

    server: str
    who: str

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact="the cluster does not accept the credentials",
            where=self.server,
            nearest=f"asked as {errors.cut(self.who, 200)}; tokens end after some hours",
            remedy="log in anew (`oc login`, or as your cluster's documentation says), then run again",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls(_SERVER, "the user 'ada' of /home/ada/.kube/config, with a token")


@dataclass(eq=False)
class RightMissing(errors.EnvironmentLacks):
    """The cluster knows who asks, and does not allow it."""

    verb: str
    resource: str
    namespace: str
    user: str
    reason: str = ""

    def parts(self) -> errors.Parts:
        """The message."""
        who = f"{errors.cut(self.user, 200)} may not" if self.user else "you may not"
        scope = f"in {self.namespace}" if self.namespace else "in the whole cluster"
        role = "a Role" if self.namespace else "a ClusterRole"
        admin = f"who administers {self.namespace}" if self.namespace else "the cluster's administrators"
        return errors.Parts(
            fact=f"{who} {self.verb} {self.resource} {scope}",
            where=f"namespace {self.namespace}" if self.namespace else "the cluster",
            nearest=errors.cut(self.reason),
            remedy=f"ask {admin} for {role} with the verb '{self.verb}' on {self.resource}",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("patch", "deployments.apps", "team-a", "ada")


@dataclass(eq=False)
class ObjectMissing(errors.WorkFailed):
    """An object that is needed is not in the cluster."""

    thing: str
    server: str

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact=f"there is no {self.thing}",
            where=self.server,
            nearest="it was deleted, has another name, or is in another namespace",
            remedy="see that context and namespace are the ones that you mean",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("Pod mail-7d9c-x2x in team-a", _SERVER)


@dataclass(eq=False)
class FieldsOwnedByOthers(errors.WorkFailed):
    """Fields that would be changed are set by another manager; nothing was changed."""

    thing: str
    conflicts: tuple[tuple[str, str], ...]

    def parts(self) -> errors.Parts:
        """The message."""
        managers = sorted({manager for manager, _ in self.conflicts})
        shown = [f"{field}, set by {manager}" for manager, field in self.conflicts[:SHOWN]]
        left = len(self.conflicts) - SHOWN
        return errors.Parts(
            fact=f"{self.thing} has fields that {', '.join(managers) or 'others'} set; nothing was changed",
            where=self.thing,
            nearest="\n".join(shown + ([f"and {left} more"] if left > 0 else [])),
            remedy="leave these fields to them, or let them give the fields up; or take them over:"
            " noteship render | kubectl apply --server-side --force-conflicts --field-manager=noteship -f -",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls(_MAIL, (("kubectl-edit", '.spec.template.spec.containers[name="serve"].image'),))


@dataclass(eq=False)
class ObjectChanged(errors.WorkFailed):
    """An object is no longer the one that was looked at."""

    retryable = True

    thing: str
    reason: str = ""

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact=f"{self.thing} was changed by someone else meanwhile; nothing was done to it",
            where=self.thing,
            nearest=errors.cut(self.reason),
            remedy="look at what it is now, and try again",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls(_MAIL, "the object has been modified")


@dataclass(eq=False)
class ObjectInvalid(errors.WorkFailed):
    """The cluster does not take an object as it is written; nothing was changed."""

    thing: str
    causes: tuple[tuple[str, str], ...]
    reason: str = ""

    def parts(self) -> errors.Parts:
        """The message."""
        shown = [f"{field}: {errors.cut(words, 200)}" for field, words in self.causes[:SHOWN]]
        left = len(self.causes) - SHOWN
        return errors.Parts(
            fact=f"the cluster does not take {self.thing} as it is written; nothing was changed",
            where=self.thing,
            nearest="\n".join(shown + ([f"and {left} more"] if left > 0 else [])) or errors.cut(self.reason),
            remedy="correct these fields; one that cannot be changed wants the object deleted and made anew",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls(_MAIL, (("spec.selector", "Invalid value: field is immutable"),))


@dataclass(eq=False)
class QuotaExceeded(errors.EnvironmentLacks):
    """A namespace's quota leaves less than is asked for; it may be freed."""

    retryable = True

    thing: str
    namespace: str
    quota: str
    lacking: tuple[tuple[str, str, str, str], ...]

    def parts(self) -> errors.Parts:
        """The message."""
        shown = [f"{each}: {used} of {limit} used, {asked} more asked" for each, asked, used, limit in self.lacking]
        return errors.Parts(
            fact=f"the quota '{self.quota}' leaves no room for {self.thing}",
            where=f"namespace {self.namespace}",
            nearest="\n".join(shown),
            remedy=f"ask for less, end what is not needed, or ask who administers {self.namespace} for more",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("Pod mail-train", "team-a", "team-a", (("requests.cpu", "2", "7", "8"),))


@dataclass(eq=False)
class PodSecurityRefused(errors.WorkFailed):
    """A namespace's Pod Security level does not admit a pod."""

    thing: str
    namespace: str
    level: str
    controls: tuple[tuple[str, str], ...]

    def parts(self) -> errors.Parts:
        """The message."""
        shown = [f"{control}: {words}" if words else control for control, words in self.controls]
        return errors.Parts(
            fact=f"Pod Security '{self.level}' does not admit {self.thing}",
            where=f"namespace {self.namespace}",
            nearest=errors.cut("\n".join(shown), 2_000),
            remedy="change what is named above in the pod's template; what noteship itself renders passes 'restricted'",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        said = 'pod or container "serve" must set securityContext.runAsNonRoot=true'
        return cls("Pod mail", "team-a", "restricted:latest", (("runAsNonRoot != true", said),))


@dataclass(eq=False)
class AdmissionRefused(errors.WorkFailed):
    """A rule of the cluster's own refuses an object."""

    thing: str
    namespace: str
    by: str
    reason: str

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact=f"{self.by} refuses {self.thing}",
            where=f"namespace {self.namespace}" if self.namespace else self.thing,
            nearest=errors.cut(self.reason),
            remedy="change what it names, or ask the cluster's administrators, whose rule it is",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls(_MAIL, "team-a", "the webhook 'policy.example.org'", "images must come from registry.example.org")


@dataclass(eq=False)
class WebhookDown(errors.EnvironmentLacks):
    """A webhook that the cluster asks before it takes an object does not answer."""

    retryable = True

    thing: str
    webhook: str
    reason: str

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact=f"the cluster cannot take {self.thing}: its webhook '{self.webhook}' does not answer",
            where=self.thing,
            nearest=errors.cut(self.reason),
            remedy="try again in a minute; if it lasts, the administrators must start what serves that webhook",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls(_MAIL, "mdeployment.kb.io", "connect: connection refused")


@dataclass(eq=False)
class NamespaceMissing(errors.EnvironmentLacks):
    """There is no such namespace."""

    namespace: str
    server: str

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact=f"there is no namespace '{self.namespace}'",
            where=self.server,
            remedy="name one that is there under [kubernetes] namespace, or ask the cluster's administrators for it",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("team-a", _SERVER)


@dataclass(eq=False)
class NamespaceEnding(errors.EnvironmentLacks):
    """A namespace is being deleted and takes nothing new."""

    namespace: str
    server: str

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact=f"the namespace '{self.namespace}' is being deleted and takes nothing new",
            where=self.server,
            remedy="name another one, or wait until it is gone and have it made anew",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("team-a", _SERVER)


@dataclass(eq=False)
class ApiNotServed(errors.EnvironmentLacks):
    """The cluster does not serve a kind."""

    api_version: str
    kind: str
    server: str
    nearest: str = ""

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact=f"the cluster does not serve {self.kind} of {self.api_version}",
            where=self.server,
            nearest=errors.cut(self.nearest, 300),
            remedy="leave out what needs it, or ask the cluster's administrators to install what serves it",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("serving.kserve.io/v1beta1", "InferenceService", _SERVER)


@dataclass(eq=False)
class ClaimMissing(errors.EnvironmentLacks):
    """A store is the bucket of a claim that is not there."""

    name: str
    namespace: str
    nearest: str = ""

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact=f"there is no ObjectBucketClaim {self.name} in {self.namespace}",
            where="[store] url",
            nearest=errors.cut(self.nearest),
            remedy="make it, or name its storage class, with which noteship makes it: [kubernetes.store] class",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("mail-store", "team-a", "mail-bucket")


@dataclass(eq=False)
class ClaimUnbound(errors.EnvironmentLacks):
    """A store is the bucket of a claim that has none."""

    retryable = True

    name: str
    namespace: str
    phase: str
    why: str

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact=f"ObjectBucketClaim {self.name} in {self.namespace} is {self.phase}, and there is no bucket to be had",
            where="[store] url",
            nearest=errors.cut(self.why, 300),
            remedy="correct its storage class, or ask who provides the cluster's buckets; then try again",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("mail-store", "team-a", "pending", "there is no storage class ceph-bucket")


@dataclass(eq=False)
class NoLogs(errors.WorkFailed):
    """A container has no logs to show."""

    thing: str
    reason: str

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact=f"{self.thing} has no logs to show",
            where=self.thing,
            nearest=errors.cut(self.reason),
            remedy="wait until the container has started, or name another container of the pod",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("Pod mail-7d9c-x2x in team-a", 'container "serve" is waiting to start: ContainerCreating')


@dataclass(eq=False)
class ClusterBusy(errors.EnvironmentLacks):
    """The cluster has too much to do just now."""

    retryable = True

    server: str
    reason: str

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact="the cluster is too busy to answer",
            where=self.server,
            nearest=errors.cut(self.reason),
            remedy="try again in a minute",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls(_SERVER, "429: too many requests")


@dataclass(eq=False)
class ClusterFailed(errors.EnvironmentLacks):
    """The cluster failed in a way that has no class of its own."""

    server: str
    doing: str
    reason: str

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact=f"the cluster failed to {self.doing}",
            where=self.server,
            nearest=errors.cut(self.reason),
            remedy="see to what is named above, or show it to the cluster's administrators",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls(_SERVER, f"apply {_MAIL}", "500 InternalError: etcdserver: mvcc: database space exceeded")


@dataclass(eq=False)
class BadClusterAnswer(errors.EnvironmentLacks):
    """What answers at the cluster's address does not speak as Kubernetes does."""

    server: str
    doing: str
    reason: str

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact=f"what answers is no Kubernetes API server: asked to {self.doing}",
            where=self.server,
            nearest=errors.cut(self.reason),
            remedy="see that the kubeconfig's server is the API's address, with no proxy or login page before it",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls(_SERVER, "get Pod mail in team-a", "status 200 with text/html")
