"""`python -m scoring`: JSON on standard input, JSON on standard output. `docs/scoring.md` shows both.

    python -m scoring              scores answers
    python -m scoring calibrate    what recorded outcomes allow to be said

Exit status 0, or 2 with one sentence per problem on standard error and nothing on standard output.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import BinaryIO

from scoring.jsonio import InvalidRequest, calibrate_request, evaluate_request, parse
from scoring.serial import Json

COMMANDS: Mapping[tuple[str, ...], Callable[[Mapping[str, object]], dict[str, Json]]] = {
    (): evaluate_request,
    ("calibrate",): calibrate_request,
}


def main(arguments: Sequence[str], source: BinaryIO, output: BinaryIO, errors: BinaryIO) -> int:
    """Runs one command and returns the exit status."""
    try:
        command = COMMANDS.get(tuple(arguments))
        if command is None:
            raise InvalidRequest("Usage: python -m scoring [calibrate] < input.json")
        answer = json.dumps(command(parse(source.read())), allow_nan=False)
    except InvalidRequest as error:
        text = "".join(f"{sentence}\n" for sentence in error.sentences)
        # Names may hold characters that no encoding can write.
        errors.write(text.encode("utf-8", "backslashreplace"))
        errors.flush()
        return 2
    output.write(answer.encode("ascii") + b"\n")
    output.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], sys.stdin.buffer, sys.stdout.buffer, sys.stderr.buffer))
