"""Manifests of every release on every kind of cluster."""

from __future__ import annotations

import argparse
import itertools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
import yaml

from noteship.cli.verbs import VERBS
from noteship.cluster import restricted, sccs
from noteship.cluster.manifests import (
    Access,
    BadRelease,
    Behind,
    Bundle,
    Destination,
    Edge,
    InferenceService,
    Job,
    Platform,
    Proxy,
    Release,
    Replicas,
    Resources,
    Schedule,
    SecretKey,
    Service,
    SettingWithoutEffect,
    StoreAccess,
    Stream,
    edges,
    render,
    selected,
)
from noteship.cluster.network import Attempt, NetworkPod, Outside, decide
from noteship.cluster.pods import PodTemplate, templates
from noteship.yaml_form import documents

from . import releases
from .planted import planted
from .releases import DIGEST, IMAGE, STORE, TOKENS, cases, release

Manifest = Mapping[str, Any]
# The same loader in C, where PyYAML was built with it.
FAST = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
CASES = list(cases())
RENDERED = [(made, platform, render(made, platform)) for made, platform in CASES]


def kinds(made: Release, platform: Platform) -> list[str]:
    return [each["kind"] for each in render(made, platform).manifests]


def one(made: Release, platform: Platform, kind: str) -> Any:
    """The one manifest of a kind."""
    (found,) = (each for each in render(made, platform).manifests if each["kind"] == kind)
    return found


def every() -> Iterator[tuple[Release, Platform, Manifest]]:
    for made, platform, rendered in RENDERED:
        yield from ((made, platform, each) for each in rendered.manifests)


def every_pod() -> Iterator[tuple[Release, Platform, PodTemplate]]:
    for made, platform, manifest in every():
        yield from ((made, platform, pod) for pod in templates(manifest))


def test_every_pod_passes_pod_security_and_openshift() -> None:
    """Whatever is set, `restricted` refuses nothing, nor v2 on OpenShift, nor v3 where there are user namespaces."""
    counted = 0
    for _, platform, manifest in every():
        assert restricted.violations(manifest) == ()
        if platform.is_openshift:
            assert sccs.violations(manifest, sccs.RESTRICTED_V2) == ()
        if platform.is_openshift and platform.has_user_namespaces:
            assert sccs.violations(manifest, sccs.RESTRICTED_V3) == ()
        counted += sum(1 for _ in templates(manifest))
    assert counted == len(CASES)


def test_every_pod_keeps_the_rules_beyond_the_standards() -> None:
    """No token where none is needed, a read-only root, limits for all, an image by digest, /tmp that cannot grow."""
    for made, platform, pod in every_pod():
        spec, (container,) = pod.spec, pod.containers
        assert spec["automountServiceAccountToken"] is made.needs_api
        assert spec["enableServiceLinks"] is False
        assert spec["serviceAccountName"] == "mail"
        assert spec["terminationGracePeriodSeconds"] >= 30
        assert container.context["readOnlyRootFilesystem"] is True
        assert container.context["seccompProfile"] == pod.context["seccompProfile"] == {"type": "RuntimeDefault"}
        assert "@sha256:" in container.fields["image"]
        for part in ("requests", "limits"):
            counted = set() if made.queue and platform.has_kueue else {"ephemeral-storage"}
            assert {"cpu", "memory"} | counted <= container.fields["resources"][part].keys()
        for volume in spec["volumes"]:
            assert volume.get("emptyDir", {"sizeLimit": "1"})["sizeLimit"]
        assert container.fields["volumeMounts"][0] == {"name": "tmp", "mountPath": "/tmp"}
        assert container.fields["terminationMessagePolicy"] == "FallbackToLogsOnError"


def test_services_are_probed_and_given_time() -> None:
    """Services have three probes on paths of the server's own, and stop within their time, without any pod missing."""
    for made, platform, pod in every_pod():
        if not isinstance(made.shape, Service):
            continue
        (container,) = pod.containers
        probes = {
            name: container.fields[name]["httpGet"] for name in ("startupProbe", "readinessProbe", "livenessProbe")
        }
        assert [each["path"] for each in probes.values()] == ["/health/ready", "/health/ready", "/health/live"]
        assert {each["scheme"] for each in probes.values()} == {"HTTPS" if made.shape.access.certificate else "HTTP"}
        drained = int(next(word for word in container.fields["args"] if "--drain" in word).partition("=")[2])
        slept = container.fields["lifecycle"]["preStop"]["sleep"]["seconds"] if platform.can_sleep else 0
        # Requests under way get 30 seconds of the server, whatever it waits for before.
        assert drained + slept == 8
        assert pod.spec["terminationGracePeriodSeconds"] >= drained + slept + 30
        if isinstance(made.shape, InferenceService):
            strategy = one(made, platform, "InferenceService")["spec"]["predictor"]["deploymentStrategy"]
        else:
            strategy = one(made, platform, "Deployment")["spec"]["strategy"]
        assert strategy["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": "25%"}


def test_only_the_user_depends_on_openshift() -> None:
    """On OpenShift user, group and volumes' group are left to it; everything else is the same."""
    for made, platform in CASES:
        here, there = (render(made, replace(platform, is_openshift=each)) for each in (False, True))
        own = (pod.context for each in here.manifests for pod in templates(each))
        assert all({"runAsUser", "runAsGroup", "fsGroup"} <= each.keys() and each["runAsUser"] > 0 for each in own)
        of_user = r'"(runAsUser|runAsGroup|fsGroup)": 65532, |(?<="noteship.dev/template": )"[0-9a-f]{12}"'
        assert len({re.sub(of_user, "", json.dumps(each.manifests)) for each in (here, there)}) == 1
        assert here.left_out == there.left_out


def test_the_same_release_is_the_same_bytes() -> None:
    """Rendered twice, keys and documents have one order; what is written as YAML is read as the same values."""
    for made, platform in CASES[:: len(CASES) // 60]:
        first, second = (documents(render(made, platform).manifests) for _ in range(2))
        assert first == second
        assert list(yaml.load_all(first, FAST)) == [
            json.loads(json.dumps(each)) for each in render(made, platform).manifests
        ]


def test_the_order_is_that_of_applying() -> None:
    """Accounts, files and the network's policy are there before the pods, and the way in comes last."""
    order = [
        "ServiceAccount",
        "ClusterRoleBinding",
        "ConfigMap",
        "NetworkPolicy",
        "Deployment",
        "Service",
        "PodDisruptionBudget",
        "HorizontalPodAutoscaler",
        "ServiceMonitor",
        "PrometheusRule",
        "ConfigMap",
        "GrafanaDashboard",
        "HTTPRoute",
    ]
    service = Service(
        releases.REVIEWS, Replicas(2, 10), releases.EDGES["gateway"], releases.monitoring(releases.REVIEWS)
    )
    assert kinds(release(service), releases.PLATFORMS["full"]) == order


def test_names_and_labels_are_kubernetes_own() -> None:
    """Every manifest is of the release's namespace, and is labelled for selecting, cost and pruning."""
    for _, _, rendered in RENDERED:
        seen = set()
        for each in rendered.manifests:
            metadata = each["metadata"]
            assert (each["kind"], metadata["name"]) not in seen
            seen.add((each["kind"], metadata["name"]))
            assert re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", metadata["name"])
            assert ("namespace" in metadata) == (each["kind"] != "ClusterRoleBinding")
            assert selected("mail").items() <= metadata["labels"].items()
            assert {"noteship.dev/team", "noteship.dev/project", "noteship.dev/release"} <= metadata["labels"].keys()
            assert all(re.fullmatch(r"[\w.-]{1,63}", value) for value in metadata["labels"].values())


def test_long_names_have_room_for_what_belongs_to_them() -> None:
    """The longest name of a release leads to names that Kubernetes takes; a longer one is refused."""
    long = replace(CASES[0][0], name="a" * 40)
    assert max(len(each["metadata"]["name"]) for each in render(long, CASES[0][1]).manifests) <= 63
    with pytest.raises(BadRelease, match="at most 40"):
        replace(long, name="a" * 41)


def test_no_secret_is_in_a_variable() -> None:
    """Secrets are named, and mounted as files that only the pod's user and group read; variables have none."""
    for _, _, manifest in every():
        assert "secretKeyRef" not in json.dumps(manifest)
        assert "envFrom" not in json.dumps(manifest)
        for pod in templates(manifest):
            for volume in pod.spec["volumes"]:
                if "projected" in volume:
                    assert volume["projected"]["defaultMode"] == 0o440
                    assert all("items" in next(iter(source.values())) for source in volume["projected"]["sources"])


def test_other_files_have_another_name_and_roll_the_pods() -> None:
    """Files are never changed under pods that read them: other contents are another ConfigMap, which the pods name."""
    before, after = release(), release(settings=releases.SETTINGS + "# changed\n")
    names = [one(each, Platform(), "ConfigMap")["metadata"]["name"] for each in (before, after)]
    assert len(set(names)) == 2
    assert one(before, Platform(), "ConfigMap")["immutable"] is True
    for name, each in zip(names, (before, after), strict=True):
        assert name in json.dumps(one(each, Platform(), "Deployment"))
    assert "ConfigMap" not in kinds(release(settings=""), Platform())


def test_a_range_of_replicas_is_the_autoscalers() -> None:
    """With a range the Deployment says no number, so that applying it undoes nothing; one replica has no budget."""
    assert "replicas" not in one(release(Service(TOKENS, Replicas(2, 10))), Platform(), "Deployment")["spec"]
    fixed = release(Service(TOKENS, Replicas(3, 3)))
    assert one(fixed, Platform(), "Deployment")["spec"]["replicas"] == 3
    assert "PodDisruptionBudget" in kinds(fixed, Platform())
    assert "HorizontalPodAutoscaler" not in kinds(fixed, Platform())
    spread = one(fixed, Platform(), "Deployment")["spec"]["template"]["spec"]["topologySpreadConstraints"]
    assert [each["topologyKey"] for each in spread] == ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]
    single = release()
    assert "PodDisruptionBudget" not in kinds(single, Platform())
    assert "topologySpreadConstraints" not in one(single, Platform(), "Deployment")["spec"]["template"]["spec"]


# Each ability of a cluster, the kinds that it lets be, and what is said without it.
ABILITIES = [
    ("has_metrics", {"HorizontalPodAutoscaler"}, "always 2 of them"),
    ("has_prometheus_operator", {"ServiceMonitor", "PrometheusRule"}, "no Prometheus operator"),
    ("has_grafana_operator", {"GrafanaDashboard"}, "ConfigMap mail-dashboard has it"),
    ("has_gateways", {"HTTPRoute"}, "no Gateway API"),
    ("can_sleep", set(), "older than 1.30"),
]


@pytest.mark.parametrize(("ability", "of_it", "line"), ABILITIES)
def test_what_the_cluster_does_not_serve_is_left_out_with_a_line(ability: str, of_it: set[str], line: str) -> None:
    """Without an ability its kinds are not rendered, a line says so, and everything else stays."""
    service = Service(TOKENS, Replicas(2, 10), releases.EDGES["gateway"], releases.monitoring(TOKENS))
    able = releases.PLATFORMS["full"]
    unable = replace(able, **{ability: False})
    whole, less = render(release(service), able), render(release(service), unable)
    assert whole.left_out == ()
    assert line in "".join(less.left_out)
    assert len(less.left_out) == 1
    assert {each["kind"] for each in whole.manifests} - {each["kind"] for each in less.manifests} == of_it


def test_a_way_in_is_what_the_cluster_has() -> None:
    """A Route where there are routes, a Gateway's where one is named, else an Ingress; without any a line."""
    openshift, plain, bare = Platform.openshift(), Platform(), Platform(has_ingresses=False)
    service = Service(TOKENS, edge=Edge("mail.example.org"))
    assert kinds(release(service), openshift)[-1] == "Route"
    assert kinds(release(service), plain)[-1] == "Ingress"
    assert "within the cluster" in render(release(service), bare).left_out[-1]
    own = release(Service(releases.ACCESSES["tls"], edge=Edge("mail.example.org")))
    assert one(own, openshift, "Route")["spec"]["tls"]["termination"] == "passthrough"
    with pytest.raises(BadRelease, match="speaks TLS"):
        render(own, plain)


def test_a_platform_is_known_by_its_api_groups() -> None:
    """Each ability follows from its group alone; OpenShift brings where its routers, DNS and Prometheus are."""
    assert Platform.of((), 36, has_ingresses=True) == Platform(has_metrics=False)
    full = {
        "gateway.networking.k8s.io",
        "monitoring.coreos.com",
        "grafana.integreatly.org",
        "kueue.x-k8s.io",
        "serving.kserve.io",
    }
    found = Platform.of({*full, "metrics.k8s.io"}, 36, has_ingresses=True)
    assert replace(found, has_user_namespaces=True) == releases.PLATFORMS["full"]
    groups = {"security.openshift.io", "route.openshift.io", "monitoring.coreos.com", "metrics.k8s.io"}
    assert Platform.of(groups, 33, has_ingresses=True) == Platform.openshift()
    assert [Platform.of((), minor, has_ingresses=False).can_sleep for minor in (29, 30)] == [False, True]


def pod_of(made: Release, platform: Platform) -> NetworkPod:
    """As the network sees it."""
    (pod,) = (pod for each in render(made, platform).manifests for pod in templates(each))
    (container,) = pod.containers
    ports = {each["name"]: (each["containerPort"], "TCP") for each in container.fields.get("ports", ())}
    return NetworkPod("team-a", pod.metadata["labels"], "10.0.0.1", ports, "mail-1")


def test_only_who_is_named_reaches_a_service_and_is_reached() -> None:
    """Routers, Prometheus and named callers come in; the DNS, the store and named places are reached; nobody else."""
    service = Service(TOKENS, edge=Edge("a.example.org"), monitoring=releases.monitoring(TOKENS), callers=("team-b",))
    made = release(service, egress=(Destination("db", (5432,), ("192.0.2.16/28",)),), proxy=releases.PROXY)
    for platform in (Platform(dns_addresses=("169.254.20.10",)), Platform.openshift()):
        policies = render(made, platform).manifests
        mail = pod_of(made, platform)

        def comes_in(namespace: str, port: int = 8080, mail: NetworkPod = mail, policies: Any = policies) -> bool:
            return decide(Attempt(NetworkPod(namespace), mail, port), policies).is_allowed

        def goes_out(to: NetworkPod | Outside, port: int, mail: NetworkPod = mail, policies: Any = policies) -> bool:
            return decide(Attempt(mail, to, port), policies).is_allowed

        named = (*platform.edge_namespaces, *platform.monitoring_namespaces, "team-b")
        assert [comes_in(each) for each in (*named, "team-a", "elsewhere")] == [True] * len(named) + [False, False]
        assert not comes_in("team-b", 9090)
        assert goes_out(NetworkPod(platform.dns_namespaces[0]), platform.dns_ports[0])
        assert goes_out(NetworkPod("store"), 7480) and not goes_out(NetworkPod("store"), 80)
        assert goes_out(Outside("192.0.2.20"), 5432) and not goes_out(Outside("192.0.2.40"), 5432)
        assert goes_out(Outside("192.0.2.8"), 3128)
        assert goes_out(Outside("169.254.20.10"), 53) is bool(platform.dns_addresses)
        assert not goes_out(Outside("192.0.2.99"), 443)
        assert decide(Attempt(Outside("10.9.9.9", is_node=True), mail, 8080), policies).is_allowed


def test_a_policy_of_one_release_is_about_no_other() -> None:
    """Pods of the namespace that are not the release's are left as they are."""
    policies = render(release(), Platform()).manifests
    other = pod_of(replace(release(), name="other"), Platform())
    assert decide(Attempt(NetworkPod("elsewhere"), other, 8080), policies).is_allowed
    assert decide(Attempt(other, Outside("192.0.2.99"), 443), policies).is_allowed


def test_a_canary_is_reached_by_the_routers_without_a_route_of_its_own() -> None:
    """What another release's route leads to lets routers in, and makes no route."""
    platform = Platform.openshift()
    for has_edge in (True, False):
        canary = release(Service(TOKENS, behind=Behind("stable", has_edge=has_edge)))
        assert not {"Route", "Ingress"} & set(kinds(canary, platform))
        policies, pod = render(canary, platform).manifests, pod_of(canary, platform)
        assert decide(Attempt(NetworkPod("openshift-ingress"), pod, 8080), policies).is_allowed == has_edge


def test_a_canary_by_pods_is_behind_the_stable_service_and_no_other() -> None:
    """The stable release's Service leads to its pods; that release's own Deployment and policy do not know them."""
    stable, own = release(), {"app.kubernetes.io/managed-by": "noteship", "noteship.dev/route": "mail"}
    by_pods = replace(release(Service(TOKENS, behind=Behind("mail"))), name="mail-canary")
    by_route = replace(release(Service(TOKENS, behind=Behind("mail", is_weighed=True))), name="mail-canary")
    service = one(stable, Platform(), "Service")["spec"]["selector"]
    assert service == own

    def labels(of: Release) -> dict[str, str]:
        found: dict[str, str] = one(of, Platform(), "Deployment")["spec"]["template"]["metadata"]["labels"]
        return found

    assert service.items() <= labels(stable).items() and service.items() <= labels(by_pods).items()
    assert not service.items() <= labels(by_route).items()
    selected = one(stable, Platform(), "Deployment")["spec"]["selector"]["matchLabels"]
    assert not selected.items() <= labels(by_pods).items()
    assert "Service" not in kinds(by_pods, Platform())
    assert one(by_route, Platform(), "Service")["spec"]["selector"].items() <= labels(by_route).items()


def test_a_canary_is_scraped_once_and_has_no_rules_of_its_own() -> None:
    """Behind the stable release's Service it is scraped with that one's pods; else by a monitor of its own."""
    watched, platform = releases.monitoring(TOKENS), releases.PLATFORMS["full"]
    kept = {"ServiceMonitor", "PodMonitor", "PrometheusRule", "GrafanaDashboard"}
    for is_weighed, monitors in ((True, {"ServiceMonitor"}), (False, set[str]())):
        canary = release(Service(TOKENS, monitoring=watched, behind=Behind("stable", is_weighed=is_weighed)))
        assert kept & set(kinds(canary, platform)) == monitors


def test_a_route_leads_a_share_elsewhere() -> None:
    """By weights that add up to a hundred, and everything else of it is as it was; of both kinds."""
    gateway = releases.PLATFORMS["full"]
    asked = ((Platform.openshift(), Edge("mail.example.org")), (gateway, releases.EDGES["gateway"]))
    for platform, edge in asked:
        plain = edges.edge(release(Service(TOKENS, edge=edge)), platform)
        [route] = plain
        led = edges.led(route, "mail-canary", 7)
        if route["kind"] == "Route":
            told = [led["spec"]["to"], *led["spec"]["alternateBackends"]]
            assert led["spec"]["tls"] == route["spec"]["tls"]
        else:
            told = led["spec"]["rules"][0]["backendRefs"]
            assert {each["port"] for each in told} == {80}
            assert led["spec"]["parentRefs"] == route["spec"]["parentRefs"]
        assert [(each["name"], each["weight"]) for each in told] == [("mail", 93), ("mail-canary", 7)]
        assert led["metadata"] == route["metadata"]


def test_jobs_and_schedules_score_and_end() -> None:
    """A job is tried again, ends, and goes away; a schedule begins one at a time, in its zone, in its queue."""
    job = Job("s3://a/in", "s3://a/out", queue="team-a")
    for shape in (job, Schedule(job, "@daily", "Europe/Berlin")):
        made = release(shape)
        assert kinds(made, Platform())[-1] == ("Job" if shape is job else "CronJob")
        assert "Service" not in kinds(made, Platform())
        assert "has no Kueue" in render(made, Platform()).left_out[0]
        assert '"kueue.x-k8s.io/queue-name": "team-a"' in json.dumps(render(made, Platform(has_kueue=True)).manifests)
    spec = one(release(Schedule(job, "@daily", "Europe/Berlin")), Platform(), "CronJob")["spec"]
    assert (spec["timeZone"], spec["concurrencyPolicy"]) == ("Europe/Berlin", "Forbid")
    assert spec["jobTemplate"]["spec"]["template"]["spec"]["restartPolicy"] == "Never"


def test_kserve_is_told_what_a_deployment_would_be() -> None:
    """The same pod is a predictor with its labels; what KServe makes is not rendered; without KServe it is an error."""
    service = InferenceService(TOKENS, Replicas(2, 10), Edge("mail.example.org"), releases.monitoring(TOKENS))
    full = replace(releases.PLATFORMS["full"], has_gateways=False)
    assert not {"Deployment", "Service", "HorizontalPodAutoscaler"} & set(kinds(release(service), full))
    made = one(release(service), full, "InferenceService")
    predictor = made["spec"]["predictor"]
    assert made["metadata"]["annotations"]["serving.kserve.io/autoscalerClass"] == "hpa"
    assert (predictor["minReplicas"], predictor["maxReplicas"], predictor["scaleMetric"]) == (2, 10, "cpu")
    assert predictor["containers"][0]["name"] == "kserve-container"
    policy = one(release(service), full, "NetworkPolicy")["spec"]
    assert policy["podSelector"]["matchLabels"].items() <= predictor["labels"].items()
    behind = one(release(service), full, "Ingress")["spec"]["rules"][0]["http"]["paths"][0]["backend"]
    assert behind == {"service": {"name": "mail-predictor", "port": {"name": "http"}}}
    fixed = one(release(InferenceService(TOKENS, Replicas(2, 2))), full, "InferenceService")
    assert fixed["metadata"]["annotations"]["serving.kserve.io/autoscalerClass"] == "none"
    with pytest.raises(BadRelease, match="no KServe"):
        render(release(service), Platform())


TLS = SecretKey("a", "b")
KEY = "-----BEGIN EC PRIVATE KEY-----\nMHc=\n-----END EC PRIVATE KEY-----\n"
REFUSED = [
    (lambda: replace(release(), image="mail:latest"), "another one tomorrow"),
    (lambda: replace(release(), name="Mail"), "small letters"),
    (lambda: replace(release(), namespace="team_a"), "small letters"),
    (lambda: replace(release(), team="a team"), "no value of a label"),
    (lambda: Bundle("abc"), "no whole digest"),
    (lambda: release(store=None), "comes from it"),
    (lambda: release(authorities="secret"), "no certificate"),
    (lambda: release(authorities=releases.PEM + KEY), "a private key"),
    (lambda: Access(), "nobody is asked"),
    (lambda: Access(tokens=TLS, is_open=True), "nobody is"),
    (lambda: Access(reviews=("a=predict",)), "API's addresses"),
    (lambda: Replicas(0, 1), "0 to 1"),
    (lambda: Replicas(3, 2), "3 to 2"),
    (lambda: Resources(cpu="lots"), "number of processors"),
    (lambda: Resources(cpu="0"), "number of processors"),
    (lambda: Resources(cpu="4"), "more than the limit"),
    (lambda: Resources(memory="much"), "amount of memory"),
    (lambda: Destination("db", (5432,)), "resolve its name"),
    (lambda: Destination("db", (0,), ("192.0.2.1",)), "1 to 65535"),
    (lambda: Destination("db", (5432,), ("db.example.org",)), "give addresses"),
    (lambda: StoreAccess("https://me:secret@s3.example.org", TLS, STORE.at), "no plain"),
    (lambda: Proxy("http://me:secret@proxy.example.org:3128", STORE.at), "holds a login"),
    (lambda: Service(TOKENS, port=80), "without rights"),
    (lambda: Service(TOKENS, monitoring=replace(releases.monitoring(TOKENS), token=None)), "see nothing"),
    (lambda: InferenceService(releases.ACCESSES["tls"]), "without TLS"),
    (lambda: InferenceService(TOKENS, behind=Behind("mail")), "share by number"),
    (lambda: Edge(gateway="public"), "NAMESPACE/NAME"),
    (lambda: Schedule(Job("a", "b"), "* * *"), "five fields"),
    (lambda: Stream("nats://me:secret@nats", "a", "b", STORE.at), "holds a login"),
]
USELESS = [
    (lambda: Access(tokens=TLS, audience="models"), "token audience"),
    (lambda: Edge(gateway="a/b", ingress_class="nginx"), "gateway"),
    (lambda: Edge(certificate="a"), "certificate of the edge"),
    (lambda: Destination("db", (1,), ("192.0.2.1",), pods={"a": "b"}), "pods of db"),
    (lambda: Service(releases.ACCESSES["open"], monitoring=releases.monitoring(TOKENS)), "token of Prometheus"),
    (lambda: Service(TOKENS, edge=Edge(), behind=Behind("other")), "edge"),
    (
        lambda: replace(
            release(Service(TOKENS, monitoring=releases.monitoring(TOKENS))), store=None, bundle=Bundle(DIGEST, "/b")
        ),
        "monitoring",
    ),
    (lambda: Stream("nats://n", "a", "b", STORE.at, replicas=Replicas(1, 2)), "replicas"),
]


@pytest.mark.parametrize(("make", "said"), REFUSED)
def test_what_cannot_be_deployed_is_refused_when_it_is_described(make: Any, said: str) -> None:
    """Each mistake is an error that says the reason; a login in an address is not told again."""
    with pytest.raises(BadRelease) as caught:
        make()
    assert said in str(caught.value)
    assert "me:secret" not in str(caught.value)


@pytest.mark.parametrize(("make", "setting"), USELESS)
def test_a_setting_without_effect_is_an_error(make: Any, setting: str) -> None:
    """What would change nothing is refused, with its name."""
    with pytest.raises(SettingWithoutEffect) as caught:
        make()
    assert caught.value.setting == setting


# One field of a pod, made bad: whoever changes how pods are rendered is caught.
BAD = [
    ("spec.hostNetwork", True),
    ("spec.securityContext.runAsNonRoot", False),
    ("spec.securityContext.seccompProfile", {"type": "Unconfined"}),
    ("spec.volumes", [{"name": "a", "hostPath": {"path": "/"}}]),
    ("spec.containers[0].securityContext.privileged", True),
    ("spec.containers[0].securityContext.allowPrivilegeEscalation", None),
    ("spec.containers[0].securityContext.capabilities", None),
    ("spec.containers[0].securityContext.runAsUser", 0),
    ("spec.containers[0].ports", [{"containerPort": 1, "hostPort": 1}]),
]


@pytest.mark.parametrize(("path", "value"), BAD)
def test_one_bad_field_is_refused_in_any_of_them(path: str, value: Any) -> None:
    """In a manifest of each shape, one field planted bad is found by the standard at its place."""
    shapes = ("Deployment", "Job", "CronJob")
    for kind in shapes:
        manifest = next(
            each for _, platform, each in every() if each["kind"] == kind and not platform.has_user_namespaces
        )
        (pod,) = templates(manifest)
        prefix = pod.path.removesuffix("spec")
        found = restricted.violations(planted(manifest, prefix + path, value))
        assert any(each.path.startswith(prefix + path) for each in found)


def test_images_are_named_by_digest_and_words_are_the_verbs_own() -> None:
    """The words that pods give to noteship are options that its command line takes."""
    verbs = {each.name: each for each in VERBS}
    for _, _, pod in every_pod():
        (container,) = pod.containers
        assert container.fields["image"] == IMAGE
        verb, *words = container.fields["args"]
        parser = argparse.ArgumentParser()
        parser.add_argument("--project")
        verbs[verb].options(parser)
        parsed = parser.parse_args(words)
        assert parsed.project in ("/project", "/etc/noteship/project")
    assert len({each["kind"] for _, _, each in every()}) == 17


def test_the_text_of_a_left_out_thing_is_a_sentence_for_people() -> None:
    """Lines say what is missing and what is so instead."""
    lines = set(itertools.chain.from_iterable(rendered.left_out for _, _, rendered in RENDERED))
    assert len(lines) >= 6
    assert all(": " in line and not line.endswith(".") for line in lines)
