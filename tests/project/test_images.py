"""What is deployed runs as nobody in particular, names commands and settings that there are, and keeps no secret."""

from __future__ import annotations

import re
import shutil
import stat
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from samouk.cli import main
from samouk.settings import SETTINGS

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
VARIABLES = {setting.variable for setting in SETTINGS}
ONCE = {"migrate", "bucket"}
"""Services of the compose file that end by themselves."""


def compose() -> dict[str, Any]:
    """The compose file, its anchors resolved."""
    document: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yml").read_text())
    return document


def manifests() -> list[dict[str, Any]]:
    """What Kubernetes would get."""
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("no kubectl, which renders the manifests")
    done = subprocess.run([kubectl, "kustomize", DEPLOY / "kubernetes"], capture_output=True, text=True, check=True)
    return list(yaml.safe_load_all(done.stdout))


def is_command(words: list[str]) -> bool:
    """Whether ``samouk`` takes the first word as a command, and each ``--option`` as one of it."""
    command = main.get_command(None, words[0])  # type: ignore[arg-type]
    if command is None:
        return False
    options = {option for one in command.params for option in one.opts}
    return all(word in options for word in words[1:] if word.startswith("--"))


def is_setting(variable: str) -> bool:
    return variable in VARIABLES or variable.removesuffix("_FILE") in VARIABLES


def instructions(word: str) -> list[str]:
    """What follows a word at the beginning of a line of the Dockerfile."""
    text = (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ")
    return re.findall(rf"^{word} (.*)$", text, re.MULTILINE)


def test_the_image_runs_as_another_user_than_root() -> None:
    """By number, so that Kubernetes can tell; the home belongs to it."""
    assert instructions("USER") == ["10001:10001"]
    assert "useradd --system --uid 10001" in " ".join(instructions("RUN"))


def test_the_image_is_built_of_named_things() -> None:
    """No `latest`; only the package and what it is built from goes in; the extras are there."""
    assert all(("latest" not in line and ":" in line) or "${PYTHON}" in line for line in instructions("FROM"))
    assert {line.split()[0] for line in instructions("COPY")} == {"pyproject.toml", "src", "--from=build"}
    assert not instructions("ADD")
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    (named,) = re.findall(r'"\.\[([\w,]+)\]"', " ".join(instructions("RUN")))
    assert set(named.split(",")) <= extras.keys()
    assert (ROOT / ".dockerignore").read_text().startswith("*\n")


def test_the_image_has_a_health_check_and_ends_when_told() -> None:
    """The platform's own address, and the signal that lets requests end."""
    assert "/health/live" in instructions("HEALTHCHECK")[0]
    assert instructions("STOPSIGNAL") == ["SIGTERM"]
    (words,) = instructions("CMD")
    assert is_command(yaml.safe_load(words))


def test_every_service_of_compose_is_looked_after() -> None:
    """Each has a health check or ends by itself, and comes back; what others need is waited for until it is healthy."""
    services = compose()["services"]
    for name, service in services.items():
        healthy = "healthcheck" in service or (service["image"] == "samouk" and service["command"][0] == "serve")
        assert healthy or name in ONCE, name
        for needed, how in service.get("depends_on", {}).items():
            wanted = "service_completed_successfully" if needed in ONCE else "service_healthy"
            assert how["condition"] == wanted, (name, needed)


def test_compose_runs_commands_and_settings_that_there_are() -> None:
    """A renamed command or a typing error would be found by a person at night."""
    for name, service in compose()["services"].items():
        if service["image"] == "samouk":
            assert is_command(service["command"]), name
            ours = [variable for variable in service["environment"] if variable.startswith("SAMOUK_")]
            assert all(map(is_setting, ours)), name
            assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
        assert ":" in service["image"] or service["image"] == "samouk", f"{name}: no version of its image is named"


def test_compose_opens_one_port_to_this_machine_alone() -> None:
    """Whoever wants more puts a proxy with TLS before it."""
    ports = [port for service in compose()["services"].values() for port in service.get("ports", [])]
    assert ports == ["127.0.0.1:8000:8000"]


def test_secrets_are_made_once_and_can_be_read_by_who_needs_them(tmp_path: Path) -> None:
    """The script makes what compose names, random each time, and never over others."""
    made = []
    for name in ("one", "two"):
        folder = tmp_path / name / "secrets"
        folder.mkdir(parents=True)
        shutil.copy(DEPLOY / "secrets" / "make.sh", folder)
        subprocess.run(["sh", "make.sh"], cwd=folder, check=True, capture_output=True)
        made.append({path.name: path.read_text() for path in folder.iterdir() if path.name != "make.sh"})
        again = subprocess.run(["sh", "make.sh"], cwd=folder, check=False, capture_output=True, text=True)
        assert again.returncode == 1
        assert "there are secrets already" in again.stderr
        env = folder.parent / ".env"
        assert env.read_text().startswith("SAMOUK_S3_SECRET=")
        assert stat.S_IMODE(env.stat().st_mode) == 0o600
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700  # the files can be read by all who come so far
    assert made[0].keys() == {Path(one["file"]).name for one in compose()["secrets"].values()}
    assert made[0]["postgres_password"] in made[0]["database_url"]
    assert all(made[0][name] != made[1][name] for name in made[0])
    assert made[0]["redis_conf"].split() == ["requirepass", made[0]["redis_url"].split(":")[2].partition("@")[0]]
    assert "/run/secrets/redis_conf" in compose()["services"]["redis"]["command"]


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.stem)
def test_a_unit_is_one_that_systemd_takes(unit: Path, tmp_path: Path) -> None:
    """Its command is one of ours; it gains no rights, and writes nowhere but its own folder."""
    text = unit.read_text()
    (words,) = re.findall(r"^ExecStart=/opt/samouk/bin/samouk (.*)$", text, re.MULTILINE)
    assert is_command(words.split())
    for line in ("User=samouk", "NoNewPrivileges=yes", "ProtectSystem=strict", "CapabilityBoundingSet="):
        assert f"{line}\n" in text
    assert ("Restart=always\n" in text) == (unit.stem != "samouk-server")  # nobody ends these two but systemd
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("no systemd-analyze, which reads units as systemd does")
    # The program is where the unit will find it, so that systemd has nothing to say of its absence.
    there = tmp_path / unit.name
    there.write_text(text.replace("/opt/samouk/bin/samouk", shutil.which("true") or "/bin/true"))
    done = subprocess.run([analyze, "verify", there], capture_output=True, text=True, check=False)
    assert [line for line in done.stderr.splitlines() if unit.name in line] == []


def test_pods_have_no_rights_and_bounds_on_their_memory() -> None:
    """Each container of each workload, by the strictest of the cluster's own profiles."""
    pods = [one["spec"]["template"]["spec"] for one in manifests() if "template" in one.get("spec", {})]
    assert len(pods) == 4
    for pod in pods:
        assert pod["securityContext"]["runAsNonRoot"]
        assert pod["automountServiceAccountToken"] is False
        for container in pod["containers"]:
            context = container["securityContext"]
            assert context["readOnlyRootFilesystem"]
            assert not context["allowPrivilegeEscalation"]
            assert context["capabilities"] == {"drop": ["ALL"]}
            assert "memory" in container["resources"]["limits"]
            assert is_command(container["args"]), container["args"]


def test_pods_get_settings_that_there_are_and_secrets_from_files() -> None:
    """The one map of settings holds no secret: they are mounted."""
    (settings,) = [one["data"] for one in manifests() if one["kind"] == "ConfigMap"]
    assert all(map(is_setting, settings))
    assert not [value for value in settings.values() if re.search(r"://[^/]*:[^/]*@", value)]
    kinds = {one["kind"] for one in manifests()}
    assert kinds >= {"NetworkPolicy", "PodDisruptionBudget", "HorizontalPodAutoscaler", "Job", "Service"}


def test_servers_keep_their_disks_and_go_one_after_the_other() -> None:
    """Answered predictions wait on a disk that outlives the pod; a roll-out leaves others that serve."""
    made = {(one["kind"], one["metadata"]["name"]): one["spec"] for one in manifests() if "spec" in one}
    server = made["StatefulSet", "samouk-server"]
    assert (server["updateStrategy"], server["podManagementPolicy"]) == ({"type": "RollingUpdate"}, "Parallel")
    pod = server["template"]["spec"]
    (container,) = pod["containers"]
    assert container["readinessProbe"]["httpGet"]["path"] == "/health/ready"
    places = {one["mountPath"]: one["name"] for one in container["volumeMounts"]}
    (claim,) = server["volumeClaimTemplates"]
    assert claim["metadata"]["name"] == places["/var/lib/samouk"]
    assert places["/var/lib/samouk"] not in {volume["name"] for volume in pod["volumes"]}
    assert set(server["persistentVolumeClaimRetentionPolicy"].values()) == {"Retain"}
    assert made["Service", server["serviceName"]]["clusterIP"] == "None"
    assert "clusterIP" not in made["Service", "samouk"]
    assert made["PodDisruptionBudget", "samouk-server"]["minAvailable"] < server["replicas"]
    target = made["HorizontalPodAutoscaler", "samouk-server"]["scaleTargetRef"]
    assert (target["kind"], target["name"]) == ("StatefulSet", "samouk-server")


def test_a_unit_that_reloads_has_processes_to_renew() -> None:
    """SIGHUP would end a server of one process."""
    text = (DEPLOY / "systemd" / "samouk-server.service").read_text()
    workers = re.search(r"^ExecStart=.* --workers (\d+)$", text, re.MULTILINE)
    assert "\nExecReload=/bin/kill -HUP" in text
    assert workers is not None
    assert int(workers[1]) > 1
