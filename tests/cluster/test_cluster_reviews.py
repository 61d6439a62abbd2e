"""A deployed service that asks the cluster whose tokens its callers have, by the rights of its manifests."""

from __future__ import annotations

from typing import Any

import pytest

from cluster.deployables import Deployable

pytestmark = pytest.mark.cluster
# The answer's status for each token in /secret, and for none.
ASK = """
import json, pathlib, sys, urllib.error, urllib.request
def status(token):
    header = {'Authorization': 'Bearer ' + token} if token else {}
    try:
        request = urllib.request.Request(sys.argv[1], json.dumps({'rows': [{'a': 0, 'b': 0}]}).encode(), header)
        return urllib.request.urlopen(request, timeout=20).status
    except urllib.error.HTTPError as error:
        return error.code
tokens = {path.name: path.read_text() for path in pathlib.Path('/secret').iterdir() if path.is_file()}
print(json.dumps({name: status(token) for name, token in {**tokens, 'none': ''}.items()}))
"""


def test_the_clusters_tokens_open_a_deployed_service(mail: Deployable) -> None:
    """An allowed account comes in, another is 403, a wrong token or none 401; then the binding goes, too."""
    tokens = {name: mail.token(name) for name in ("shop", "stock")}
    mail.keep("mail-callers", **tokens, guessed="guessed")
    rule = f"system:serviceaccount:{mail.namespace}:shop=predict"
    mail.declare("", f'[kubernetes.access]\nreviews = ["{rule}"]')
    done = mail.deploy()
    assert done["ready"] == 1
    pod = mail.live("apps/v1", "Deployment")["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is True and pod["serviceAccountName"] == "mail"
    address = f"http://mail.{mail.namespace}.svc/predict"
    told: Any = mail.said(mail.begin(ASK, address, secret="mail-callers"))
    assert told == {"shop": 200, "stock": 403, "guessed": 401, "none": 401}
    binding = "rbac.authorization.k8s.io/v1", "ClusterRoleBinding", f"noteship-{mail.namespace}-mail"
    assert mail.live(*binding)["roleRef"]["name"] == "system:auth-delegator"
    mail.project.json("undeploy")
    assert mail.live(*binding) is None
