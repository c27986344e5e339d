"""Asks OSV (https://osv.dev) whether anything in requirements.lock is known to be vulnerable; one request for all.

    known_vulnerabilities.py [LOCK] [--url URL]

Exit status 1 where something is. Where nobody can be asked it says so, and that is no fault: a build needs no network.
"""

import argparse
import json
import re
import sys
import urllib.request
from pathlib import Path
from typing import Any, NamedTuple

URL = "https://api.osv.dev/v1/querybatch"
LIMIT_S = 10.0
MOST_BYTES = 10_000_000
LOCK = Path(__file__).parents[1] / "requirements.lock"


class Pinned(NamedTuple):
    """One line of the lock file."""

    name: str
    version: str


def main() -> int:
    """Ask, and say what was found."""
    parser = argparse.ArgumentParser(prog="known_vulnerabilities.py")
    parser.add_argument("lock", nargs="?", type=Path, default=LOCK, metavar="LOCK")
    parser.add_argument("--url", default=URL, help="of a server that answers as OSV's querybatch does")
    options = parser.parse_args()
    packages = read_lock(options.lock.read_text())
    try:
        found = vulnerable(packages, ask(options.url, packages))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        print(f"known vulnerabilities: not asked for: {options.url} gives no answer here ({error})")
        return 0
    for package, ids in found.items():
        print(f"{package.name} {package.version}: {', '.join(ids)}; see https://osv.dev, and lock a later version")
    print(f"known vulnerabilities: {len(found)} of {len(packages)} packages")
    return 1 if found else 0


def read_lock(text: str) -> list[Pinned]:
    """The packages that a lock file pins."""
    return [Pinned(*found) for found in re.findall(r"^([A-Za-z0-9._-]+)==([^\s;]+)", text, re.MULTILINE)]


def ask(url: str, packages: list[Pinned]) -> list[dict[str, Any]]:
    """What is known of each, in their order. OSError where nobody answers."""
    queries = [{"package": {"name": it.name, "ecosystem": "PyPI"}, "version": it.version} for it in packages]
    request = urllib.request.Request(
        url, json.dumps({"queries": queries}).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=LIMIT_S) as answer:
        results: list[dict[str, Any]] = json.loads(answer.read(MOST_BYTES))["results"]
    return results


def vulnerable(packages: list[Pinned], results: list[dict[str, Any]]) -> dict[Pinned, list[str]]:
    """What is known to be vulnerable, and by which names. ValueError where an answer is missing."""
    pairs = zip(packages, results, strict=True)
    return {package: [one["id"] for one in result["vulns"]] for package, result in pairs if result.get("vulns")}


if __name__ == "__main__":
    sys.exit(main())
