"""How large the report of a run is, and how soon a reader can use its latent explorer.

`python benchmarks/report_page.py RUN [RUN ...]` opens `report.html` of each run in turn, in
headless Chromium without a network, and prints its size and the time from the request to the
explorer being ready. Needs `pip install -e '.[test]'` and a Chromium.
"""

import argparse
import shutil
import statistics
from pathlib import Path

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="+", type=Path, help="run directories with a report.html")
    parser.add_argument("--rounds", type=int, default=7, help="times that each page is opened")
    arguments = parser.parse_args()
    from playwright.sync_api import sync_playwright

    browser_path = shutil.which("chromium") or shutil.which("google-chrome")
    ready: dict[Path, list[float]] = {run: [] for run in arguments.runs}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=list(FLAGS))
        for _ in range(arguments.rounds):
            for run in arguments.runs:
                context = browser.new_context(offline=True)
                page = context.new_page()
                page.goto((run / "report.html").absolute().as_uri())
                while page.evaluate("window.explorerReady") is None:
                    page.wait_for_timeout(20)
                ready[run].append(page.evaluate("window.explorerReady") / 1000)
                context.close()
        browser.close()
    for run, seconds in ready.items():
        size = (run / "report.html").stat().st_size / 1e6
        print(
            f"{run}: {size:.2f} MB, explorer ready after {statistics.median(seconds):.2f} s "
            f"({min(seconds):.2f} to {max(seconds):.2f} in {len(seconds)} rounds)"
        )


if __name__ == "__main__":
    main()
