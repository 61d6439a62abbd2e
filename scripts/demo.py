"""What ./demo shows: every command is run for real, in a copy of examples/austen."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parents[1]
PLACE = ROOT / ".demo/austen"
# Written for the demo; the model has not seen them.
DOCUMENTS = {
    "a letter": "My dear Sister, I had the honour of a visit from Mr. Alderton on Thursday, whose manners were so "
    "agreeable that Mama has talked of nothing else since, and we are all engaged to dine at the Hall.",
    "a review": "Best crunchy snack I ever bought!!! The flavor is amazing, my dog and my kids love it, five stars, "
    "will order another pack on subscription.",
}


def main() -> int:
    """Run the demo; the exit code is that of the first command that fails."""
    # The service gets no part of the terminal, so that what is printed here is one thread.
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    shutil.rmtree(PLACE, ignore_errors=True)
    shutil.copytree(ROOT / "examples/austen", PLACE, ignore=shutil.ignore_patterns(".noteship", "__pycache__"))
    print(f"Seven ordinary notebooks, copied to {PLACE.relative_to(ROOT)}. What do they make of each other?")
    steps = (["graph"], ["run"], ["run"], ["validate", "--report", "report.html"], ["promote", "latest"])
    for words in steps:
        code = command(*words)
        if code:
            return code
    return serve()


def command(*words: str) -> int:
    """Show a command and run it."""
    print(f"\n$ noteship {' '.join(words)}")
    begun = time.perf_counter()
    code = subprocess.run(["noteship", *words], cwd=PLACE, check=False).returncode
    print(f"({time.perf_counter() - begun:.1f} s, exit {code})")
    return code


def serve() -> int:
    """Start the service, send it two documents, show its answers and metrics, and stop it."""
    print("\n$ noteship serve --port 0 --json &")
    with subprocess.Popen(
        ["noteship", "serve", "--port", "0", "--json"], cwd=PLACE, stdout=subprocess.PIPE, text=True
    ) as service:
        try:
            url = started(service)
            print(url)
            for name, text in DOCUMENTS.items():
                print(f'\n$ curl {url}/predict --json \'{{"rows": [{{"text": "{text[:48]}…"}}]}}\'   # {name}')
                print(post(f"{url}/predict", {"rows": [{"text": text}]}))
            print(f"\n$ curl {url}/metrics   # in part")
            with urllib.request.urlopen(f"{url}/metrics") as answer:
                lines = answer.read().decode().splitlines()
            print("\n".join(line for line in lines if line.startswith("noteship_") and not skipped(line)))
        finally:
            service.terminate()
    print(f"\nThe project is in {os.path.relpath(PLACE)}; go on there: noteship run --alternatives")
    return service.returncode


def started(service: subprocess.Popen[str]) -> str:
    """The URL, once the service is ready."""
    assert service.stdout is not None
    text = ""
    for line in service.stdout:
        text += line
        if line.startswith("}"):
            break
    if not text:
        raise SystemExit(service.wait() or 1)
    return str(json.loads(text)["url"])


def post(url: str, body: object) -> str:
    """Send JSON and give what came back."""
    request = urllib.request.Request(url, json.dumps(body).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return str(answer.read().decode())


def skipped(line: str) -> bool:
    """Buckets and creation times are for a scraper, not for a reader."""
    return "_bucket" in line or "_created" in line


if __name__ == "__main__":
    sys.exit(main())
