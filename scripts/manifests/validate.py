"""Validates what scripts/deploy ships, statically and against a running server, and then damages it and expects a refusal each time.

    validate.py RADIAL [--kserve DIR]

RADIAL is the server's binary, DIR holds KServe's CustomResourceDefinitions. scripts/manifests.sh makes the environment and calls this.
"""

import argparse
import copy
import pathlib
import sys
import tempfile

import dashboard
import live
import rules
from damage import DAMAGES
from schemas import Schemas, read

FOLDER = live.ROOT / "scripts/deploy"


class Validation:
    def __init__(self, binary: str, kserve: pathlib.Path | None, folder: pathlib.Path):
        self.command, self.folder = [*live.confinement(binary), binary], folder
        self.schemas, self.flags = Schemas(kserve), live.flags_of(binary)
        self.metrics: set[str] = set()

    def static_problems(self, documents: list[dict]) -> list[str]:
        found = [f"{document['kind']} {document['metadata']['name']}: {problem}"
                 for document in documents for problem in self.schemas.problems(document)]
        # Rules may trust the schema.
        return found or rules.problems(documents, self.flags)

    def live_problems(self, documents: list[dict], drain: bool) -> list[str]:
        name = next((document["metadata"]["name"] for document in documents if document["kind"] == "InferenceService"), "")
        found = []
        for workload in rules.workloads(documents):
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
    return [f"HorizontalPodAutoscaler: the server has no metric {name}" for name in wanted if name not in metrics]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("radial")
    parser.add_argument("--kserve", type=pathlib.Path)
    options = parser.parse_args()
    problems, refused, accepted = [], 0, []
    with tempfile.TemporaryDirectory() as temporary:
        validation = Validation(options.radial, options.kserve, pathlib.Path(temporary))
        manifests = {path.name: read(path) for path in (FOLDER / "kubernetes.yaml", FOLDER / "kserve.yaml")}
        for name, documents in manifests.items():
            found = validation.static_problems(documents) or validation.live_problems(documents, drain=True)
            problems += [f"{name}: {problem}" for problem in found]
            print(f"{name}: {len(documents)} documents, {len(found)} problems")
        panels = dashboard.read(FOLDER / "dashboard.json")
        found = dashboard.problems(panels, validation.metrics)
        problems += [f"dashboard.json: {problem}" for problem in found]
        print(f"dashboard.json: {len(dashboard.expressions(panels))} expressions, {len(found)} problems")

        skipped = 0
        for damage in DAMAGES:
            if damage.needs_kserve and not options.kserve:
                skipped += 1
                continue
            if damage.file == "dashboard.json":
                broken = copy.deepcopy(panels)
                damage.apply(broken)
                found = dashboard.problems(broken, validation.metrics)
            else:
                broken = copy.deepcopy(manifests[damage.file])
                damage.apply({document["kind"]: document for document in broken})
                found = validation.static_problems(broken) or (validation.live_problems(broken, drain=False) if damage.live else [])
            # Refused for this very reason.
            if any(damage.expected in problem for problem in found):
                refused += 1
            else:
                accepted.append(f"{damage.file} with {damage.what}: expected a problem with {damage.expected!r}, found {found}")
    if not options.kserve:
        print(f"KServe's schemas: skipped, with {skipped} damages that they would refuse; name them with --kserve DIR")
    print(f"damaged: {refused} of {refused + len(accepted)} refused for what was done to them")
    for problem in problems + accepted:
        print(problem, file=sys.stderr)
    sys.exit(1 if problems or accepted else 0)


if __name__ == "__main__":
    main()
