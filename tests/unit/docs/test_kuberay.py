"""The manifest for Kubernetes: KubeRay's own field names, and a command, a version and an interface that are ours.

The names are those of KubeRay's reference (https://ray-project.github.io/kuberay/reference/api/) and of its page on
RayCronJob (https://docs.ray.io/en/master/cluster/kubernetes/getting-started/raycronjob-quick-start.html), version 1.6.
No cluster is at hand: that the operator takes it is not tested.
"""

from __future__ import annotations

import re
import shlex
from typing import Any

import yaml

from pipelines.cli.run import run
from tests.home import PROJECT

FIELDS: dict[str, set[str]] = {
    "": {"apiVersion", "kind", "metadata", "spec"},
    "spec": {"schedule", "timeZone", "jobTemplate", "suspend"},
    "spec.jobTemplate": {
        "activeDeadlineSeconds", "backoffLimit", "rayClusterSpec", "submitterPodTemplate", "metadata",
        "clusterSelector", "submitterConfig", "deletionStrategy", "entrypoint", "runtimeEnvYAML", "jobId",
        "submissionMode", "entrypointResources", "entrypointNumCpus", "entrypointNumGpus", "ttlSecondsAfterFinished",
        "shutdownAfterJobFinishes", "suspend",
    },
    "spec.jobTemplate.rayClusterSpec": {
        "rayVersion", "headGroupSpec", "workerGroupSpecs", "enableInTreeAutoscaling", "autoscalerOptions", "suspend",
        "headServiceAnnotations", "managedBy", "gcsFaultToleranceOptions", "authOptions", "upgradeStrategy",
    },
    "spec.jobTemplate.rayClusterSpec.headGroupSpec": {
        "template", "rayStartParams", "serviceType", "enableIngress", "headService", "resources", "labels",
    },
    "spec.jobTemplate.rayClusterSpec.workerGroupSpecs[]": {
        "template", "rayStartParams", "groupName", "replicas", "minReplicas", "maxReplicas", "numOfHosts", "suspend",
        "idleTimeoutSeconds", "scaleStrategy", "resources", "labels",
    },
}  # fmt: skip
"""The fields of RayCronJobSpec, RayJobSpec, RayClusterSpec, HeadGroupSpec and WorkerGroupSpec."""


def manifest() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((PROJECT / "docs" / "kuberay" / "night.yaml").read_text("utf-8"))
    return found


def at(document: Any, path: str) -> list[Any]:
    found = [document]
    for part in filter(None, path.split(".")):
        name, is_list = part.removesuffix("[]"), part.endswith("[]")
        found = [item for each in found for item in (each[name] if is_list else [each[name]])]
    return found


def test_every_field_is_one_that_kuberay_documents() -> None:
    document = manifest()
    assert (document["apiVersion"], document["kind"]) == ("ray.io/v1", "RayCronJob")
    for path, known in FIELDS.items():
        for found in at(document, path):
            assert set(found) <= known, path
    cluster = document["spec"]["jobTemplate"]["rayClusterSpec"]
    for group in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"]):
        assert all(isinstance(value, str) for value in group["rayStartParams"].values()), "Ray takes texts alone"


def test_the_command_is_ours_and_rays_version_the_one_that_is_tested() -> None:
    job = manifest()["spec"]["jobTemplate"]
    command = shlex.split(job["entrypoint"])
    assert command[0] == "okr"
    assert (command[1], command[3]) == ("--home", "run")
    given = run.make_context("run", command[4:]).params
    assert (given["engine"], given["shards"]) == ("ray", 50)
    pinned = re.search(r"^ray==(.+)$", (PROJECT / "constraints.txt").read_text("utf-8"), re.MULTILINE)
    assert pinned is not None
    assert job["rayClusterSpec"]["rayVersion"] == pinned[1]


def test_no_secret_stands_in_it() -> None:
    for group in at(manifest(), "spec.jobTemplate.rayClusterSpec.workerGroupSpecs[].template.spec.containers[]"):
        assert [each["secretRef"]["name"] for each in group["envFrom"]] == ["okr-secrets"]
        assert [each["name"] for each in group["env"]] == ["RAY_USAGE_STATS_ENABLED"]
