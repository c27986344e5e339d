"""Commands as the command line runs them."""

import argparse

from edged.cli.terminal import complain
from edged.errors import EdgedError


def run(module, *arguments):
    """The exit status."""
    parser = argparse.ArgumentParser()
    module.add_parser(parser.add_subparsers(dest="command"))
    name = module.__name__.rpartition(".")[2].replace("_", "-")
    try:
        return module.run(parser.parse_args([name, *map(str, arguments)]))
    except EdgedError as error:
        complain(error)
        return error.exit_code
