"""The Compose file: what its schema does not say."""

from rules import DEFAULTS, SPARE, image_problems, seconds


def problems(document: dict, flags: dict, version: str) -> list[str]:
    return [f"{name}: {problem}" for name, service in document["services"].items() for problem in service_problems(service, flags, version)]


def service_problems(service: dict, flags: dict, version: str):
    yield from image_problems(service["image"], version)
    command, *arguments = service["command"]
    if command != "serve":
        yield f"expected the command to begin with `serve`, found {command}"
    values = {f"--{name}": value for name, value in DEFAULTS.items()}
    for argument in arguments:
        flag, _, value = argument.partition("=")
        values[flag] = value
        if flag not in flags:
            yield f"`radial serve --help` knows no {flag}"
    needed = seconds(values["--drain-delay"]) + seconds(values["--drain-timeout"]) + SPARE
    # Compose's own is 10 s.
    grace = seconds(service.get("stop_grace_period", "10s"))
    if needed > grace:
        yield f"--drain-delay and --drain-timeout need {needed:g} s, stop_grace_period is {grace:g}: it would be killed amid requests"
    expected = {"read_only": True, "cap_drop": ["ALL"], "security_opt": ["no-new-privileges:true"]}
    for key, value in expected.items():
        if service.get(key) != value:
            yield f"{key}: expected {value}, found {service.get(key)}"
    for volume in service["volumes"]:
        if volume.get("read_only") is not True:
            yield f"{volume['target']}: expected read_only, for Radial writes nothing"
    targets = [volume["target"] for volume in service["volumes"]]
    if values.get("--models-dir") not in targets:
        yield f"--models-dir is {values.get('--models-dir')}, mounted are {targets}"
    if not all(port.endswith(f":{DEFAULTS['port']}") for port in service["ports"]):
        yield f"expected the container's port to be {DEFAULTS['port']}, which the image listens on, found {service['ports']}"
