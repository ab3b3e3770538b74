"""Validates what scripts/deploy ships, statically and against a running server, and then damages it and expects a refusal each time.

    validate.py RADIAL [--definitions DIR] [--without-kustomize]

RADIAL is the server's binary, DIR holds CustomResourceDefinitions of KServe and the Gateway API. Without kustomize, components and overlays are
skipped. scripts/manifests.sh makes the environment and calls this.
"""

import argparse
import copy
import pathlib
import sys
import tempfile

import compose
import dashboard
import job
import kustomize
import live
import rules
import surroundings
from damage import DAMAGES
from schemas import FROM_FOLDER, Schemas, oldest, read

FOLDER = live.ROOT / "scripts/deploy"


class Validation:
    def __init__(self, binary: str, definitions: pathlib.Path | None, folder: pathlib.Path):
        self.binary, self.command, self.folder = binary, [*live.confinement(binary), binary], folder
        self.schemas, self.flags, self.version = Schemas(definitions), live.flags_of(binary), live.said(binary, "--version").strip()
        for name, value in rules.DEFAULTS.items():
            if f"(default: {value})" not in (found := self.flags["serve"][f"--{name}"]):
                raise SystemExit(f"rules.py: expected the default of --{name} to be {value}, `radial serve --help` says: {found}")
        self.metrics: set[str] = set()

    def problems(self, file: str, content: list | dict) -> list[str]:
        """What is wrong with what a file holds, without a server."""
        if file == "dashboard.json":
            return dashboard.problems(content, self.metrics)
        if file == "compose.yaml":
            return self.schemas.compose_problems(content) or compose.problems(content, self.flags["serve"], self.version)
        if file == "prometheus-adapter.yaml":
            return query_problems(surroundings.adapter_queries(content[0]["rules"]), self.metrics)
        path = FOLDER / file
        return self.static_problems(content, oldest((path / "kustomization.yaml" if path.is_dir() else path).read_text(encoding="utf-8")))

    def static_problems(self, documents: list[dict], version: str) -> list[str]:
        found = [f"{document['kind']} {document['metadata']['name']}: {problem}"
                 for document in documents for problem in self.schemas.problems(document, version)]
        # Rules may trust the schema.
        return found or rules.problems(documents, self.flags, self.version) + surroundings.problems(documents)

    def live_problems(self, documents: list[dict], drain: bool) -> list[str]:
        name = next((document["metadata"]["name"] for document in documents if document["kind"] == "InferenceService"), "")
        found = [problem for document in documents if document["kind"] == "Job" for problem in job.problems(document, self.binary, self.folder)]
        for workload in rules.workloads(documents):
            if workload.command != "serve":
                continue
            with live.Server(workload, name, self.command, self.folder) as server:
                problems = server.wait() or server.probe_problems()
                if not problems:
                    live.ask(server.url + "/predict", live.SEVEN, server.host)
                    self.metrics = dashboard.names(live.ask(server.admin_url + "/metrics")[1])
                    problems = scaler_problems(documents, self.metrics)
                found += problems or (server.drain_problems() if drain else [])
        return found


def scaler_problems(documents: list[dict], metrics: set[str]) -> list[str]:
    wanted = [metric["pods"]["metric"]["name"] for document in documents if document["kind"] == "HorizontalPodAutoscaler"
              for metric in document["spec"]["metrics"] if metric["type"] == "Pods"]
    found = [f"HorizontalPodAutoscaler: the server has no metric {name}" for name in wanted if name not in metrics]
    return found + query_problems({query: query for query in surroundings.queries(documents)}, metrics)


def query_problems(queries: dict[str, str], metrics: set[str]) -> list[str]:
    """Of expressions by the name of what they are."""
    unknown = [f"{name}: the server has no metric {metric}" for name, query in queries.items()
               for metric in dashboard.metrics_of(query) if metric not in metrics]
    return unknown + dashboard.parse_problems(list(queries.items()))


def shipped(kustomized: bool) -> dict:
    """What every file holds, and what kustomize makes of the folders; what gives the metrics comes first."""
    content = {name: read(FOLDER / name) for name in ("base/kubernetes.yaml", "kserve.yaml", "job.yaml", "prometheus-adapter.yaml")}
    content["compose.yaml"] = read(FOLDER / "compose.yaml")[0]
    content["dashboard.json"] = dashboard.read(FOLDER / "dashboard.json")
    if kustomized:
        content |= {f"components/{path.name}": kustomize.with_component(path) for path in sorted((FOLDER / "components").iterdir())}
        content |= {f"overlays/{path.name}": kustomize.built(path) for path in sorted((FOLDER / "overlays").iterdir())}
    else:
        print("components and overlays: skipped, for this release has neither kubectl nor kustomize")
    return content


def is_manifest(content: list | dict) -> bool:
    return isinstance(content, list) and "kind" in content[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("radial")
    parser.add_argument("--definitions", type=pathlib.Path)
    parser.add_argument("--without-kustomize", action="store_true")
    options = parser.parse_args()
    problems, refused, skipped, accepted = [], 0, 0, []
    with tempfile.TemporaryDirectory() as temporary:
        validation = Validation(options.radial, options.definitions, pathlib.Path(temporary))
        content = shipped(not options.without_kustomize)
        for file, whole in content.items():
            found = validation.problems(file, whole)
            if not found and is_manifest(whole):
                found = validation.live_problems(whole, drain=file.endswith((".yaml", "/example")))
            problems += [f"{file}: {problem}" for problem in found]
            print(f"{file}: {f'{len(whole)} documents' if isinstance(whole, list) else 'whole'}, {len(found)} problems")

        for damage in DAMAGES:
            if damage.file not in content or damage.needs and damage.needs not in validation.schemas.groups:
                skipped += 1
                continue
            broken = copy.deepcopy(content[damage.file])
            damage.apply({document["kind"]: document for document in broken} if is_manifest(broken) else broken)
            found = validation.problems(damage.file, broken) or (validation.live_problems(broken, drain=False) if damage.live else [])
            # Refused for this very reason.
            if any(damage.expected in problem for problem in found):
                refused += 1
            else:
                accepted.append(f"{damage.file} with {damage.what}: expected a problem with {damage.expected!r}, found {found}")
    missing = [group for group in FROM_FOLDER if group not in validation.schemas.groups]
    if missing:
        print(f"held to no schema: {', '.join(missing)}; name a folder of CustomResourceDefinitions with --definitions DIR")
    print(f"damaged: {refused} of {refused + len(accepted)} refused for what was done to them, {skipped} not tried")
    for problem in problems + accepted:
        print(problem, file=sys.stderr)
    sys.exit(1 if problems or accepted else 0)


if __name__ == "__main__":
    main()
