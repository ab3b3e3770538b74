"""Prints what a package holds, as SPDX 2.3 (ISO/IEC 5962 describes 2.2.1; https://spdx.github.io/spdx-spec/v2.3/) in JSON.

    sbom.py NAME VERSION SECONDS BINARY [FILE SOURCE DEBIAN-VERSION]…

NAME is the package's, SECONDS since the epoch its date, BINARY the server within it; FILE is a library that comes with it, or an archive (.a)
that is linked into it, of the Debian source package SOURCE. Licences and addresses are in libraries.json; versions of Swift packages are in
Package.swift, of the Swift runtime in `swift --version`.
"""

import datetime
import hashlib
import json
import pathlib
import re
import subprocess
import sys

FOLDER = pathlib.Path(__file__).parent
LIBRARIES = json.loads((FOLDER / "libraries.json").read_text())


def package(name: str, version: str, license: str, url: str, file: pathlib.Path | None = None, purl: str | None = None) -> dict:
    identifier = re.sub(r"[^A-Za-z0-9.-]", "-", f"SPDXRef-{name}" + (f"-{file.name}" if file else ""))
    found = {"SPDXID": identifier, "name": name, "versionInfo": version, "downloadLocation": url, "filesAnalyzed": False,
             "licenseConcluded": license, "licenseDeclared": license, "copyrightText": "NOASSERTION"}
    if file:
        found["packageFileName"] = file.name
        found["checksums"] = [{"algorithm": "SHA256", "checksumValue": hashlib.sha256(file.read_bytes()).hexdigest()}]
    if purl:
        found["externalRefs"] = [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl}]
    return found


def linked_statically() -> list[dict]:
    """The Swift runtime and the packages of Package.swift."""
    compiler = subprocess.run(["swift", "--version"], capture_output=True, text=True, check=True).stdout
    versions = {"swift": re.search(r"Swift version (\S+)", compiler)[1]}
    manifest = (FOLDER / "../../Package.swift").read_text()
    versions |= dict(re.findall(r'\.package\(url: "https://github\.com/[^"]*/([^"/]+)", exact: "([^"]+)"\)', manifest))
    return [package(name, version, **LIBRARIES[name], purl=f"pkg:swift/{LIBRARIES[name]['url'][8:]}@{version}")
            for name, version in sorted(versions.items())]


def main() -> None:
    name, version, seconds, binary = sys.argv[1:5]
    rest = sys.argv[5:]
    product = package("radial", version, "Apache-2.0", "NOASSERTION", pathlib.Path(binary))
    static = linked_statically()
    bundled = [package(source, debian, **LIBRARIES[source], file=pathlib.Path(file), purl=f"pkg:deb/debian/{source}@{debian}?arch=source")
               for file, source, debian in zip(rest[0::3], rest[1::3], rest[2::3])]
    relations = [("SPDXRef-DOCUMENT", "DESCRIBES", product)]
    relations += [(product["SPDXID"], "STATIC_LINK", other) for other in static]
    relations += [(product["SPDXID"], "STATIC_LINK" if other["packageFileName"].endswith(".a") else "DYNAMIC_LINK", other) for other in bundled]
    digest = product["checksums"][0]["checksumValue"]
    json.dump({
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": name,
        "documentNamespace": f"https://spdx.org/spdxdocs/{name}-{digest}",
        "creationInfo": {
            "created": datetime.datetime.fromtimestamp(int(seconds), datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "creators": ["Tool: radial-scripts-package"]},
        "packages": [product, *static, *bundled],
        "relationships": [{"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other["SPDXID"]}
                          for one, kind, other in relations]}, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
