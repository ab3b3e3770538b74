"""What no schema says: that the parts of a manifest agree with each other, with the server's flags, and with its way to stop."""

import re
from dataclasses import dataclass
from fractions import Fraction

# Seconds between the last answer and the end of the process; measured: less than 0.2.
SPARE = 2
# Kubernetes' own, where a manifest cannot or does not say.
DEFAULT_GRACE = 30
UNITS = {"": 1, "m": Fraction(1, 1000), "k": 10**3, "M": 10**6, "G": 10**9, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}
TIMES = {"": 1, "us": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600}
# The server's own, which validate.py holds to `radial serve --help`.
DEFAULTS = {"port": "8080", "drain-delay": "0", "drain-timeout": "30", "max-body-bytes": "16777216"}


@dataclass
class Workload:
    """One container that runs Radial, and what surrounds it."""

    name: str
    pod: dict
    annotations: dict
    labels: dict

    @property
    def container(self) -> dict:
        return self.pod["containers"][0]

    @property
    def arguments(self) -> list[str]:
        return self.container.get("args", [])

    @property
    def command(self) -> str:
        """The subcommand, which is the first argument."""
        return next(iter(self.arguments), "")

    @property
    def environment(self) -> dict[str, str]:
        return {entry["name"]: entry.get("value", "") for entry in self.container.get("env", [])}

    def flag(self, *names: str) -> str | None:
        """The value of `--NAME=value`, else of its variable, else the server's default."""
        for name in names:
            for argument in self.arguments:
                if argument.startswith(f"--{name}="):
                    return argument.partition("=")[2]
        variables = (self.environment.get("RADIAL_" + name.upper().replace("-", "_")) for name in names)
        return next((value for value in variables if value is not None), DEFAULTS.get(names[0]))

    def port(self, reference) -> int | None:
        """The number of a port that is named or numbered."""
        ports = self.container.get("ports", [])
        return next((p["containerPort"] for p in ports if reference in (p["containerPort"], p.get("name"))), None)

    @property
    def probes(self) -> dict[str, dict]:
        return {kind: self.container[kind] for kind in ("startupProbe", "readinessProbe", "livenessProbe") if kind in self.container}


def workloads(documents: list[dict]) -> list[Workload]:
    found = []
    for document in documents:
        name, spec = f"{document['kind']} {document['metadata']['name']}", document["spec"]
        if document["kind"] in ("Deployment", "Job"):
            template = spec["template"]
            metadata = template.get("metadata", {})
            found.append(Workload(name, template["spec"], metadata.get("annotations", {}), metadata.get("labels", {})))
        elif document["kind"] == "ServingRuntime":
            annotations = {key.replace(".kserve.", "."): value for key, value in spec.get("annotations", {}).items()}
            found.append(Workload(name, spec, annotations, spec.get("labels", {})))
    return found


def problems(documents: list[dict], flags: dict[str, dict], version: str) -> list[str]:
    """`flags` are those of each subcommand, `version` is the server's."""
    found = []
    for workload in workloads(documents):
        rules = [flag_problems(workload, flags), security_problems(workload), image_problems(workload.container["image"], version)]
        if not workload.name.startswith("Job "):
            rules += [port_problems(workload), drain_problems(workload)]
        found += [f"{workload.name}: {problem}" for rule in rules for problem in rule]
    return found + together_problems(documents) + kserve_problems(documents)


def flag_problems(workload: Workload, flags: dict[str, set[str]]):
    arguments, expected = workload.arguments, "predict" if workload.name.startswith("Job ") else "serve"
    if workload.command != expected:
        yield f"expected the arguments to begin with `{expected}`, which they replace in the image, found {arguments[:1]}"
    for argument in arguments[1:]:
        if argument.startswith("-") and argument.partition("=")[0] not in flags[expected]:
            yield f"`radial {expected} --help` knows no {argument.partition('=')[0]}"
    if expected == "predict":
        return
    for variable in workload.environment:
        if variable.startswith("RADIAL_") and "--" + variable[7:].lower().replace("_", "-") not in flags["serve"]:
            yield f"`radial serve --help` knows no flag of the variable {variable}"
    if workload.flag("host") != "0.0.0.0":
        yield f"expected --host or RADIAL_HOST to be 0.0.0.0, found {workload.flag('host')}: nothing outside the pod would reach it"


def port_problems(workload: Workload):
    listening = int(workload.flag("port", "http-port", "http_port"))
    if workload.port(listening) is None:
        yield f"listens on port {listening}, which is not among its containerPorts"
    # Probes and Prometheus ask the admin listener, if there is one.
    if address := workload.flag("admin-address"):
        listening = int(address.rpartition(":")[2])
        if workload.port(listening) is None:
            yield f"its admin listener's port {listening} is not among its containerPorts"
    for kind in ("readinessProbe", "livenessProbe"):
        if kind not in workload.probes:
            yield f"has no {kind}"
    for kind, probe in workload.probes.items():
        if workload.port(probe["httpGet"]["port"]) != listening:
            yield f"{kind} asks port {probe['httpGet']['port']}, the server listens on {listening}"
    if workload.annotations.get("prometheus.io/port") != str(listening):
        yield f"expected the annotation of Prometheus' port to be \"{listening}\", found {workload.annotations.get('prometheus.io/port')}"
    if workload.annotations.get("prometheus.io/path") != "/metrics":
        yield "expected the annotation of Prometheus' path to be /metrics"


def drain_problems(workload: Workload):
    delay, timeout = (seconds(workload.flag(flag)) for flag in ("drain-delay", "drain-timeout"))
    grace = workload.pod.get("terminationGracePeriodSeconds", DEFAULT_GRACE)
    if stop := workload.container.get("lifecycle", {}).get("preStop"):
        yield f"expected no preStop: the image has no program but radial, and --drain-delay gives the time; found {stop}"
    needed = delay + timeout + SPARE
    if needed > grace:
        yield (f"--drain-delay {delay:g} + --drain-timeout {timeout:g} + {SPARE} to spare = {needed:g} s, "
               f"terminationGracePeriodSeconds is {grace}: it would be killed amid requests")
    probe = workload.probes.get("readinessProbe", {})
    notices = probe.get("periodSeconds", 10) * probe.get("failureThreshold", 3) + probe.get("timeoutSeconds", 1)
    if delay < notices:
        yield f"a failing readinessProbe is noticed after {notices} s, --drain-delay gives {delay:g} s"


def security_problems(workload: Workload):
    own, pods = workload.container.get("securityContext", {}), workload.pod.get("securityContext", {})
    expected = {"runAsNonRoot": True, "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"}}
    for key, value in expected.items():
        if own.get(key, pods.get(key)) != value:
            yield f"securityContext.{key}: expected {value}, found {own.get(key, pods.get(key))}"
    written = [argument.partition("=")[2] for argument in workload.arguments if argument.startswith("--output=")]
    for mount in workload.container.get("volumeMounts", []):
        if not mount.get("readOnly") and not any(path.startswith(mount["mountPath"] + "/") for path in written):
            yield f"mounts {mount['mountPath']} to be written: Radial writes nothing but an --output"
    resources = workload.container.get("resources", {})
    for kind in ("cpu", "memory"):
        request, limit = (resources.get(side, {}).get(kind) for side in ("requests", "limits"))
        if request is None or limit is None or quantity(request) > quantity(limit):
            yield f"resources.{kind}: expected a request within a limit, found {request} and {limit}"


def image_problems(image: str, version: str):
    """A digest may be of any version."""
    if "@" not in image and not image.endswith(f":{version}"):
        yield f"expected an image with the tag {version}, the server's version, or a digest, found {image}"


def quantity(text: str, units: dict = UNITS) -> Fraction:
    number, unit = re.fullmatch(r"([0-9.]+)([a-zA-Z]*)", text).groups()
    return Fraction(number) * units[unit]


def seconds(text: str) -> float:
    """A time as flags say it, 15 or 500ms, or Compose, 1m30s."""
    if not re.fullmatch(r"([0-9.]+[a-z]*)+", text):
        raise ValueError(f"expected a time such as 15, 15s or 1m30s, found {text}")
    return sum(float(number) * TIMES[unit] for number, unit in re.findall(r"([0-9.]+)([a-z]*)", text))


def together_problems(documents: list[dict]):
    """Labels, selectors, ports and names of the plain manifests."""
    def of_kind(kind: str) -> list[dict]:
        return [document for document in documents if document["kind"] == kind]

    found = []
    for document, workload in zip(of_kind("Deployment"), [w for w in workloads(documents) if w.name.startswith("Deployment")]):
        name, spec, labels = document["metadata"]["name"], document["spec"], workload.labels

        def expect_selects(whose: str, selector: dict):
            if not selector or not selector.items() <= labels.items():
                found.append(f"{whose} selects {selector}, the pods of Deployment {name} are {labels}")

        expect_selects(f"Deployment {name}", spec["selector"]["matchLabels"])
        for constraint in workload.pod.get("topologySpreadConstraints", []):
            expect_selects("topologySpreadConstraints", constraint["labelSelector"]["matchLabels"])
        if str(spec.get("strategy", {}).get("rollingUpdate", {}).get("maxUnavailable")) != "0":
            found.append(f"Deployment {name}: expected rollingUpdate.maxUnavailable 0")
        for service in of_kind("Service"):
            whose = f"Service {service['metadata']['name']}"
            expect_selects(whose, service["spec"].get("selector", {}))
            for port in service["spec"]["ports"]:
                if workload.port(port.get("targetPort", port["port"])) is None:
                    found.append(f"{whose}: targetPort {port.get('targetPort')} is no port of the container")
            # Service links make NAME_PORT, NAME_SERVICE_HOST and others of a Service's name.
            if service["metadata"]["name"].upper() == "RADIAL" and workload.pod.get("enableServiceLinks", True):
                found.append(f"{whose} would set RADIAL_PORT in the pods: expected enableServiceLinks: false")
        for scaler in of_kind("HorizontalPodAutoscaler"):
            target = scaler["spec"]["scaleTargetRef"]
            if (target["apiVersion"], target["kind"], target["name"]) != (document["apiVersion"], "Deployment", name):
                found.append(f"HorizontalPodAutoscaler scales {target['kind']} {target['name']}, expected Deployment {name}")
            if "replicas" in spec:
                found.append(f"Deployment {name} sets replicas, which the HorizontalPodAutoscaler owns")
            for budget in of_kind("PodDisruptionBudget"):
                least = scaler["spec"].get("minReplicas", 1)
                may_go = budget["spec"].get("maxUnavailable", least - budget["spec"].get("minAvailable", 0))
                if not 0 < may_go < least:
                    found.append(f"PodDisruptionBudget: of {least} replicas {may_go} may go, expected at least one and not all")
        for budget in of_kind("PodDisruptionBudget"):
            expect_selects("PodDisruptionBudget", budget["spec"]["selector"]["matchLabels"])
        for policy in of_kind("NetworkPolicy"):
            expect_selects("NetworkPolicy", policy["spec"]["podSelector"].get("matchLabels", {}))
            for port in (port for rule in policy["spec"]["ingress"] for port in rule.get("ports", [])):
                if workload.port(port["port"]) is None:
                    found.append(f"NetworkPolicy: port {port['port']} is no port of the container")
    return found


def kserve_problems(documents: list[dict]):
    """An InferenceService and the runtime that it asks for."""
    runtimes = {document["metadata"]["name"]: document["spec"] for document in documents if document["kind"] == "ServingRuntime"}
    found = []
    for service in (document for document in documents if document["kind"] == "InferenceService"):
        model, name = service["spec"]["predictor"]["model"], f"InferenceService {service['metadata']['name']}"
        # Without a name KServe takes one that may be selected by itself.
        able = [key for key, spec in runtimes.items() if any(known.get("autoSelect") for known in spec["supportedModelFormats"])]
        asked = model.get("runtime", next(iter(able), "one with autoSelect"))
        runtime = runtimes.get(asked)
        if runtime is None:
            found.append(f"{name} asks for runtime {asked}, found {sorted(runtimes)}")
            continue
        formats = [known["name"] for known in runtime["supportedModelFormats"]]
        if model["modelFormat"]["name"] not in formats:
            found.append(f"{name} is of format {model['modelFormat']['name']}, the runtime knows {formats}")
        if model["protocolVersion"] not in runtime["protocolVersions"]:
            found.append(f"{name} speaks {model['protocolVersion']}, the runtime {runtime['protocolVersions']}")
        if service["metadata"].get("annotations", {}).get("storage.kserve.io/readonly", "true") != "true":
            found.append(f"{name}: the annotation storage.kserve.io/readonly makes the model writable, Radial writes nothing")
        container = runtime["containers"][0]
        if container["name"] != "kserve-container":
            found.append(f"expected the container to be called kserve-container, found {container['name']}")
        if any("h2c" in port.get("name", "") or "grpc" in port.get("name", "") for port in container["ports"]):
            found.append("a port's name says HTTP/2 to KServe")
        for argument in ("--model-name={{.Name}}", "--model=/mnt/models"):
            if argument not in container["args"]:
                found.append(f"ServingRuntime: expected the argument {argument}, found {container['args']}")
    return found
