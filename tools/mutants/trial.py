"""Runs tests: to see what they call, and on mutants, each in a fork."""

import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from mutants.patch import PACKAGE

_OPTIONS = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--tb=short", "--no-header"]
_OPTIONS += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # of plugins, in a fork


def run_tests(root: Path, files: Iterable[str], plugin: Any) -> int:
    """Run pytest in this process and return its exit code."""
    return int(pytest.main([*_OPTIONS, *(str(root / name) for name in files)], [plugin]))


def outside_modules(root: Path) -> list[str]:
    """Return the names of the imported modules that are neither the package's nor its tests'."""
    return [
        name
        for name, module in list(sys.modules.items())
        if name.split(".")[0] not in (PACKAGE, "mutants", "__main__", "conftest")
        and not str(getattr(module, "__file__", None) or "").startswith(f"{root}{os.sep}")
    ]


class Chosen:
    """A pytest plugin that runs some tests, in a given order.

    Args:
        only: Names of the tests; all where `None`.

    Attributes:
        failed: The first test that failed, with the end of what it said.
    """

    def __init__(self, only: list[str] | None = None) -> None:
        self._places = None if only is None else {name: i for i, name in enumerate(only)}
        self.failed = ""

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        if self._places is not None:
            places = self._places
            items[:] = [item for item in items if item.nodeid in places]
            items.sort(key=lambda item: places[item.nodeid])

    def pytest_runtest_logreport(self, report: Any) -> None:
        self._note(report)

    def pytest_collectreport(self, report: Any) -> None:
        self._note(report)

    def _note(self, report: Any) -> None:
        if report.failed and not self.failed:
            self.failed = f"{report.nodeid or 'collection'} {report.longreprtext[-300:]}"


class Collected(Chosen):
    """A pytest plugin that collects the tests and hands over to `work` instead of running them."""

    def __init__(self, work: Callable[[], None]) -> None:
        super().__init__()
        self._work = work
        self._items: dict[str, Any] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: Any) -> bool:
        self._items = {item.nodeid: item for item in session.items}
        self._work()
        return True

    def run(self, only: list[str]) -> str:
        """Run tests and return the first that failed, or nothing."""
        items = [self._items[name] for name in only]
        items[0].config.pluginmanager.unregister(name="terminalreporter")  # prints a letter each
        for item, following in zip(items, [*items[1:], None], strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self.failed:
                break
        return self.failed


class Reach(Chosen):
    """A pytest plugin that notes which functions each test calls, and how long it takes.

    What a test's setup calls is noted for all tests of its file: a fixture of the module is set up
    once.
    """

    def __init__(self, root: Path) -> None:
        super().__init__()
        self._root = f"{root}{os.sep}"
        self._package = f"{root / PACKAGE}{os.sep}"
        self._calls: dict[str, set[str]] = {}
        self._of_setup: dict[str, set[str]] = {}
        self._seconds: dict[str, float] = {}

    def by_file(self) -> dict[str, Any]:
        """Return of each file what setups call, and of each test what it calls and its seconds."""
        files: dict[str, Any] = {
            name: {"setup": sorted(calls), "tests": {}} for name, calls in self._of_setup.items()
        }
        for test, calls in self._calls.items():
            told = {"calls": sorted(calls), "seconds": self._seconds[test]}
            files[test.split("::")[0]]["tests"][test] = told
        return files

    def _record(self, into: set[str]) -> None:
        def note(frame: Any, event: str, argument: Any) -> None:  # of each call
            code = frame.f_code
            if code.co_filename.startswith(self._package):
                scope = code.co_qualname.split(".<locals>")[0]
                into.add(f"{code.co_filename.removeprefix(self._root)}::{scope}")

        sys.settrace(note)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: Any) -> None:
        self._record(self._of_setup.setdefault(item.nodeid.split("::")[0], set()))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_call(self, item: Any) -> None:
        self._record(self._calls.setdefault(item.nodeid, set()))

    def pytest_runtest_teardown(self) -> None:
        sys.settrace(None)

    def pytest_runtest_logreport(self, report: Any) -> None:
        super().pytest_runtest_logreport(report)
        self._seconds[report.nodeid] = self._seconds.get(report.nodeid, 0.0) + report.duration
