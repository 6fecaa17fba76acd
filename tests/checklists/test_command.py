import subprocess
import sys
from pathlib import Path

import pytest

from checklists.__main__ import main

ROOT = Path(__file__).parents[2]
SMALL = Path(__file__).parent / "small.yaml"
RELEASED = ROOT / "checklists" / "definitions" / "ml_readiness" / "1.0.yaml"


def make_broken(folder):
    path = folder / "broken.yaml"
    path.write_text(
        SMALL.read_text().replace("must_have: true", "must_have: maybe").replace("value: 0.85", "value: 85")
    )
    return path


def test_a_file_in_order_is_summed_up(capsys):
    assert main(["validate", str(RELEASED)]) == 0
    assert capsys.readouterr().out == f"{RELEASED}: ok, 68 questions, 167 claims\n"


def test_problems_are_printed_line_by_line(tmp_path, capsys):
    path = make_broken(tmp_path)
    assert main(["validate", str(path)]) == 1
    assert capsys.readouterr().out == (
        f"{path}:27: base rate “fail-85”, value: must be a number from 0 to 1, such as 0.22\n"
        f"{path}:38: question “data.access”, must_have: must be true or false\n"
    )


def test_the_worst_file_decides_and_all_are_looked_at(tmp_path, capsys):
    assert main(["validate", str(tmp_path / "missing.yaml"), str(make_broken(tmp_path)), str(SMALL)]) == 2
    output = capsys.readouterr()
    assert output.err == f"{tmp_path / 'missing.yaml'}: cannot be read: No such file or directory\n"
    assert len(output.out.splitlines()) == 3
    assert output.out.endswith("ok, 1 questions, 2 claims\n")


def test_a_folder_cannot_be_read(tmp_path, capsys):
    assert main(["validate", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith(f"{tmp_path}: cannot be read")


@pytest.mark.parametrize("arguments", [[], ["validate"], ["unknown", "x"]])
def test_a_wrong_call_is_refused(arguments, capsys):
    with pytest.raises(SystemExit) as raised:
        main(arguments)
    assert raised.value.code == 2
    assert "usage: python -m checklists" in capsys.readouterr().err


def test_it_runs_as_a_module_in_a_terminal_that_knows_ascii_only(tmp_path):
    run = subprocess.run(
        [sys.executable, "-m", "checklists", "validate", str(make_broken(tmp_path))],
        cwd=ROOT,
        env={"PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 1
    assert "\\u201cfail-85\\u201d" in run.stdout
    assert run.stderr == ""
