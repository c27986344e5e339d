"""``edged completion``: what a shell needs to complete edged's commands, options and choices."""

import argparse
import shlex
import sys
from collections.abc import Iterator
from typing import Any

_HEAD = """\
# bash completion for edged; `edged completion bash` prints it
_edged() {
    local word=${COMP_WORDS[COMP_CWORD]} path="" at words="" values=""
    for ((at = 1; at < COMP_CWORD; at++)); do
        case "$path ${COMP_WORDS[at]}" in
"""
_MIDDLE = """\
        esac
    done
    case "$path" in
"""
_VALUES = """\
    esac
    case "$path ${COMP_WORDS[COMP_CWORD - 1]}" in
"""
_TAIL = """\
    esac
    COMPREPLY=()
    if [ -n "$values" ]; then
        mapfile -t COMPREPLY < <(compgen -W "$values" -- "$word")
    elif [[ $word == -* ]] || [ -z "$path" ]; then
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
    else
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word"; compgen -f -- "$word")
    fi
}
complete -o filenames -F _edged edged
"""


def add_parser(commands: Any) -> None:
    """Add this command's arguments."""
    parser = commands.add_parser(
        "completion",
        help="completion for the shell",
        description="Print completion for a shell; scripts/install puts it where bash looks for it. "
        'By hand: eval "$(edged completion bash)".',
    )
    parser.add_argument("shell", choices=("bash",))


def run(_options: argparse.Namespace) -> int:
    """Print it."""
    from edged.cli import parser

    sys.stdout.write(bash(parser()))
    return 0


def bash(top: argparse.ArgumentParser) -> str:
    """A bash script that completes all that ``top`` and the parsers below it take."""
    found = list(_commands("", top))
    steps = [f"            {_quoted(path)}) path={_quoted(path)} ;;\n" for path, _ in found if path]
    words = [f"        {_quoted(path)}) words={_quoted(' '.join(_words(parser)))} ;;\n" for path, parser in found]
    values = [
        f"        {'|'.join(_quoted(f'{path} {name}') for name in names)}) values={_quoted(' '.join(choices))} ;;\n"
        for path, parser in found
        for names, choices in _choices(parser)
    ]
    return "".join((_HEAD, *steps, _MIDDLE, *words, _VALUES, *values, _TAIL))


def _commands(path: str, parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Each parser with the words that lead to it, a blank before each: "", " models", " models pull"."""
    yield path, parser
    for name, below in _below(parser).items():
        yield from _commands(f"{path} {name}", below)


def _words(parser: argparse.ArgumentParser) -> list[str]:
    options = [name for action in parser._actions for name in action.option_strings]  # noqa: SLF001  # no public list
    places = [
        str(choice)
        for action in parser._actions  # noqa: SLF001
        if not action.option_strings and action.choices and not isinstance(action.choices, dict)
        for choice in action.choices
    ]
    return [*_below(parser), *places, *options]


def _choices(parser: argparse.ArgumentParser) -> Iterator[tuple[list[str], list[str]]]:
    """The options that take one of a few values, with these."""
    for action in parser._actions:  # noqa: SLF001
        if action.option_strings and action.choices:
            yield list(action.option_strings), [str(choice) for choice in action.choices]


def _below(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The parsers of its commands, by name."""
    choices = [action.choices for action in parser._actions if isinstance(action.choices, dict)]  # noqa: SLF001
    return {name: below for each in choices for name, below in each.items()}


def _quoted(words: str) -> str:
    return shlex.quote(words)
