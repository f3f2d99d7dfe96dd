"""Every command that the README and the docs show can be typed."""

import re
import shlex
from pathlib import Path

import pytest

from vae_keras.cli.arguments import parse_command
from vae_keras.config.presets import check_members

REPOSITORY = Path(__file__).parents[3]
# The studies' own page has a test of its own, `test_study_commands.py`.
PAGES = [
    page
    for page in (REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md")))
    if page.name != "studies_commands.md"
]
PROGRAMS = {"vae-keras": (), "train.py": ("train",)}
# A page on how to write a member shows how it will be called.
WRITTEN_BY_THE_READER = ("laplace", "sparse_means")


def commands(text):
    """Return the command lines of this package's programs in a Markdown page."""
    blocks = re.findall(r"^```(\w*)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    shell = "".join(block for language, block in blocks if language in ("bash", ""))
    lines = shell.replace("\\\n", " ").splitlines()
    for row in re.findall(r"^\|.*\|$", text, re.MULTILINE):
        lines += re.findall(r"`(vae-keras [^`]+ --[^`]+)`", row)
    for line in lines:
        words = shlex.split(line, comments=True)
        for position, word in enumerate(words):
            if Path(word).name in PROGRAMS:
                yield line.strip(), [*PROGRAMS[Path(word).name], *words[position + 1 :]]
                break


COMMANDS = {
    line: arguments
    for page in PAGES
    for line, arguments in commands(page.read_text(encoding="utf-8"))
    if not any(word in line for word in (*WRITTEN_BY_THE_READER, "..."))
}


def test_commands_are_found():
    assert len(COMMANDS) > 60


@pytest.mark.parametrize("arguments", COMMANDS.values(), ids=COMMANDS)
def test_the_command_can_be_typed(arguments):
    name, *flags = arguments
    if {"--help", "--resume", "--config"} & {name, *flags}:
        return  # shows help, or reads a run that is not there
    command = parse_command(name, flags)
    if name == "train":
        check_members(command.settings)
