"""Holds the manifests of scripts/deploy to the schemas of Kubernetes and KServe, and to what the server really has.

    validate.py URL HELP [KSERVE]

URL is a running server's, HELP a file with the text of `radial serve --help`, KSERVE the folder of KServe's CustomResourceDefinitions (without it
its kinds are left out). Afterwards the manifests are damaged in many ways, each of which must be noticed.
"""

import copy
import pathlib
import re
import sys
import urllib.error
import urllib.request

import jsonschema
import kubernetes_validate
import yaml

DEPLOY = pathlib.Path(__file__).resolve().parents[1] / "deploy"
KUBERNETES = "1.32"


class Wrong(Exception):
    """A manifest that cannot be applied, or does not fit the server."""


def closed(schema: dict) -> dict:
    """An OpenAPI schema of a CustomResourceDefinition in which unknown fields are wrong, as the API server prunes them."""
    schema = {name: value for name, value in schema.items() if not name.startswith("x-kubernetes") or name.endswith("unknown-fields")}
    if "properties" in schema:
        schema["properties"] = {name: closed(value) for name, value in schema["properties"].items()}
        if not schema.get("x-kubernetes-preserve-unknown-fields"):
            schema.setdefault("additionalProperties", False)
    for name in ("items", "additionalProperties"):
        if isinstance(schema.get(name), dict):
            schema[name] = closed(schema[name])
    return schema


def definitions(folder: pathlib.Path) -> dict[tuple[str, str], dict]:
    """Schemas by apiVersion and kind."""
    found = {}
    for path in folder.glob("*.yaml"):
        for definition in filter(None, yaml.safe_load_all(path.read_text())):
            spec = definition["spec"]
            for version in spec["versions"]:
                schema = closed(version["schema"]["openAPIV3Schema"])
                # The API server checks these itself; the definition only names them.
                schema["properties"]["metadata"] = {"type": "object", "required": ["name"]}
                found[f"{spec['group']}/{version['name']}", spec["names"]["kind"]] = schema
    return found


def check_schema(manifest: dict, kserve: dict) -> bool:
    key = manifest.get("apiVersion"), manifest.get("kind")
    if str(key[0]).startswith("serving.kserve.io/"):
        if not kserve:
            return False
        if key not in kserve:
            raise Wrong(f"KServe has no {key}")
        try:
            jsonschema.Draft202012Validator(kserve[key]).validate(manifest)
        except jsonschema.ValidationError as error:
            raise Wrong(f"{key[1]}: {error.json_path}: {error.message}") from None
        return True
    try:
        kubernetes_validate.validate(manifest, KUBERNETES, strict=True)
    except Exception as error:  # The library has one class for each mistake, and no common one.
        raise Wrong(f"{key[1]}: {error}") from None
    return True


def flag(arguments: list[str], name: str, default: float) -> float:
    return next((float(a.partition("=")[2]) for a in arguments if a.startswith(f"--{name}=")), default)


def check_container(container: dict, grace: float, help_text: str, url: str, model: str) -> None:
    """Flags, probes, and times that add up."""
    arguments = container["args"]
    for argument in arguments[1:]:
        name = argument.partition("=")[0]
        if not re.search(re.escape(name) + r"(?![a-z-])", help_text):
            raise Wrong(f"`radial serve` has no {name}")
    if arguments[0] != "serve":
        raise Wrong(f"the first argument is {arguments[0]}, not serve")
    ports = {port.get("name", port["containerPort"]): port["containerPort"] for port in container["ports"]}
    served = int(flag(arguments, "port", flag(arguments, "http-port", 8080)))
    if set(ports.values()) != {served}:
        raise Wrong(f"the container's ports are {ports}, the server listens on {served}")
    period = 0.0
    for name in ("startupProbe", "readinessProbe", "livenessProbe"):
        probe = container.get(name)
        if not probe:
            continue
        get = probe["httpGet"]
        if ports.get(get["port"], get["port"]) != served:
            raise Wrong(f"{name} asks port {get['port']}")
        path = get["path"].replace("{{.Name}}", model)
        try:
            status = urllib.request.urlopen(url + path).status
        except urllib.error.HTTPError as error:
            status = error.code
        if status != 200:
            raise Wrong(f"{name} {path} is answered by {status}")
        if name == "readinessProbe":
            period = probe["periodSeconds"] * probe["failureThreshold"]
    sleep = container.get("lifecycle", {}).get("preStop", {}).get("exec", {}).get("command", ["sleep", "0"])
    delay, timeout = flag(arguments, "drain-delay", 0), flag(arguments, "drain-timeout", 30)
    if not period < delay:
        raise Wrong(f"the readiness probe fails after {period} s, the drain delay is {delay} s")
    if not float(sleep[1]) + delay + timeout < grace:
        raise Wrong(f"preStop {sleep[1]} + drain {delay} + {timeout} s does not end within {grace} s")


def check(manifests: list[dict], kserve: dict, help_text: str, url: str, model: str) -> int:
    validated = sum(check_schema(manifest, kserve) for manifest in manifests)
    by_kind = {manifest["kind"]: manifest for manifest in manifests}
    if deployment := by_kind.get("Deployment"):
        spec = deployment["spec"]
        labels = spec["template"]["metadata"]["labels"]
        selectors = {
            "Deployment": spec["selector"]["matchLabels"], "Service": by_kind["Service"]["spec"]["selector"],
            "PodDisruptionBudget": by_kind["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
            "NetworkPolicy": by_kind["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"],
        }
        for kind, selector in selectors.items():
            if not selector.items() <= labels.items():
                raise Wrong(f"{kind} selects {selector}, the pods are {labels}")
        pod = spec["template"]["spec"]
        names = {port["name"] for port in pod["containers"][0]["ports"]}
        for port in by_kind["Service"]["spec"]["ports"]:
            if port["targetPort"] not in names:
                raise Wrong(f"the Service's target {port['targetPort']} is no port of the container")
        scaler = by_kind["HorizontalPodAutoscaler"]["spec"]
        if scaler["scaleTargetRef"]["name"] != deployment["metadata"]["name"]:
            raise Wrong("the HorizontalPodAutoscaler scales something else")
        metrics = urllib.request.urlopen(url + "/metrics").read().decode()
        for metric in scaler["metrics"]:
            name = metric.get("pods", {}).get("metric", {}).get("name")
            if name and f"\n{name} " not in metrics:
                raise Wrong(f"the server has no metric {name}")
        if by_kind["PodDisruptionBudget"]["spec"]["minAvailable"] >= scaler["minReplicas"]:
            raise Wrong("the PodDisruptionBudget lets no pod go")
        check_container(pod["containers"][0], pod["terminationGracePeriodSeconds"], help_text, url, model)
    if runtime := by_kind.get("ServingRuntime"):
        formats = {entry["name"] for entry in runtime["spec"]["supportedModelFormats"]}
        if by_kind["InferenceService"]["spec"]["predictor"]["model"]["modelFormat"]["name"] not in formats:
            raise Wrong("the InferenceService's format is not the ServingRuntime's")
        # KServe leaves Kubernetes' default of 30 s.
        check_container(runtime["spec"]["containers"][0], 30, help_text, url, model)
    return validated


def damaged(manifests: list[dict], kserve: dict):
    """The manifests, each time with one mistake; what that mistake is."""
    def change(kind: str, what: str, edit):
        copies = copy.deepcopy(manifests)
        for manifest in copies:
            if manifest["kind"] == kind:
                edit(manifest)
                yield what, copies

    def pod(manifest):
        return manifest["spec"]["template"]["spec"]

    yield from change("Deployment", "an unknown field", lambda m: pod(m).update(container=[]))
    yield from change("Deployment", "a string for a number", lambda m: m["spec"].update(revisionHistoryLimit="three"))
    yield from change("Deployment", "no containers", lambda m: pod(m).pop("containers"))
    yield from change("Deployment", "other labels", lambda m: m["spec"]["template"]["metadata"]["labels"].update({"app.kubernetes.io/name": "x"}))
    yield from change("Deployment", "too little grace", lambda m: pod(m).update(terminationGracePeriodSeconds=25))
    yield from change("Deployment", "an unknown flag", lambda m: pod(m)["containers"][0]["args"].append("--drain=1"))
    yield from change("Deployment", "another port", lambda m: pod(m)["containers"][0]["ports"][0].update(containerPort=8081))
    yield from change("Deployment", "a probe of nothing", lambda m: pod(m)["containers"][0]["readinessProbe"]["httpGet"].update(path="/ready"))
    yield from change("Deployment", "a slow probe", lambda m: pod(m)["containers"][0]["readinessProbe"].update(failureThreshold=6))
    yield from change("Service", "another target", lambda m: m["spec"]["ports"][0].update(targetPort="web"))
    yield from change("HorizontalPodAutoscaler", "another metric", lambda m: m["spec"]["metrics"][0]["pods"]["metric"].update(name="queue"))
    yield from change("HorizontalPodAutoscaler", "a metric without a target", lambda m: m["spec"]["metrics"][0]["pods"].pop("target"))
    yield from change("PodDisruptionBudget", "no pod may go", lambda m: m["spec"].update(minAvailable=3))
    yield from change("NetworkPolicy", "an unknown policy type", lambda m: m["spec"].update(policyType=["Ingress"]))
    if kserve:
        yield from change("ServingRuntime", "an unknown field", lambda m: m["spec"].update(container=[]))
        yield from change("ServingRuntime", "a number for a string", lambda m: m["spec"]["supportedModelFormats"][0].update(version=1))
        yield from change("ServingRuntime", "no containers", lambda m: m["spec"].pop("containers"))
        yield from change("InferenceService", "an unknown field", lambda m: m["spec"]["predictor"]["model"].update(uri="x"))
    yield from change("ServingRuntime", "an unknown flag", lambda m: m["spec"]["containers"][0]["args"].append("--model-path=/"))
    yield from change("InferenceService", "another format", lambda m: m["spec"]["predictor"]["model"]["modelFormat"].update(name="onnx"))


def main() -> None:
    url, help_text = sys.argv[1], pathlib.Path(sys.argv[2]).read_text()
    kserve = definitions(pathlib.Path(sys.argv[3])) if len(sys.argv) > 3 else {}
    model = urllib.request.urlopen(url + "/v2/models").read().decode().split('"')[3]
    validated = noticed = 0
    for name in ("kubernetes.yaml", "kserve.yaml"):
        manifests = [manifest for manifest in yaml.safe_load_all((DEPLOY / name).read_text()) if manifest]
        try:
            validated += check(manifests, kserve, help_text, url, model)
        except Wrong as error:
            sys.exit(f"{name}: {error}")
        for what, copies in damaged(manifests, kserve):
            try:
                check(copies, kserve, help_text, url, model)
            except Wrong:
                noticed += 1
            else:
                sys.exit(f"{name}: {what} was not noticed")
    print(f"{validated} manifests fit their schemas and the server, {noticed} mistakes noticed"
          + ("" if kserve else "; KServe's kinds were not held to their schemas, whose folder was not given"))


main()
