"""`python -m checklists validate FILE...`: says what is wrong with checklist definitions, line by line.

Exit status: 0 when every file is in order, 1 when one has problems, 2 when one cannot be read or the call is wrong.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Sequence
from pathlib import Path

from checklists.loader import parse
from checklists.validation import file_problems


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m checklists", description="Checks checklist definitions.")
    commands = parser.add_subparsers(dest="command", required=True)
    validate = commands.add_parser("validate", help="report every problem as FILE:LINE: reason")
    validate.add_argument("files", metavar="FILE", nargs="+", type=Path)
    # Texts of a definition may hold characters that the terminal's encoding lacks.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    return max(_validate(path) for path in parser.parse_args(arguments).files)


def _validate(path: Path) -> int:
    try:
        found = file_problems(path)
    except OSError as error:
        print(f"{path}: cannot be read: {error.strerror}", file=sys.stderr)
        return 2
    for problem in found:
        print(problem)
    if found:
        return 1
    checklist = parse(path.read_text(encoding="utf-8"))
    print(f"{path}: ok, {len(checklist.questions)} questions, {len(checklist.claims)} claims")
    return 0


if __name__ == "__main__":
    sys.exit(main())
