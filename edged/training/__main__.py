"""``python -m edged.training drone_sound``: train a model that edged ships."""

import argparse
import sys
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from edged.errors import EdgedError
from edged.training.drone_sound import Plan, Reporter, train

REPOSITORY = Path(__file__).resolve().parents[2]


class BarReporter(Reporter):
    """Shows a bar for each part of the work."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task: TaskID | None = None

    def begin(self, what: str, total: int) -> None:
        """A new bar."""
        self._task = self._progress.add_task(what, total=total, note="")

    def advance(self, note: str = "") -> None:
        """One step on."""
        if self._task is not None:
            self._progress.update(self._task, advance=1, note=note)


def arguments() -> argparse.Namespace:
    """The command line, parsed."""
    plan = Plan()
    parser = argparse.ArgumentParser(prog="scripts/train", description="Train a model that edged ships.")
    parser.add_argument("model", choices=["drone_sound"])
    parser.add_argument("--data", type=Path, default=REPOSITORY.parent / "shared" / "data", help="folder of the data")
    parser.add_argument("--out", type=Path, default=REPOSITORY / "models", help="folder to write the model's into")
    parser.add_argument("--seed", type=int, default=plan.seed)
    parser.add_argument("--steps", type=int, default=plan.steps, help="training steps of each model")
    parser.add_argument("--twins", type=int, default=plan.twins, choices=(1, 2, 3), help="folds to judge by")
    parser.add_argument("--per-fold", type=int, default=plan.per_fold, help="examples made of each fold")
    parser.add_argument("--workers", type=int, default=plan.workers, help="processor cores to use")
    return parser.parse_args()


def main() -> int:
    """Train; 0 when all went well."""
    given = arguments()
    plan = Plan(seed=given.seed, steps=given.steps, twins=given.twins, per_fold=given.per_fold, workers=given.workers)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    try:
        with Progress(*columns, TextColumn("{task.fields[note]}"), console=console) as progress:
            facts = train(given.data, given.out, plan, BarReporter(progress))
    except (EdgedError, OSError) as error:
        console.print(f"[red]{error}[/red]", highlight=False)
        return 1
    console.print_json(data=facts["metrics"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
