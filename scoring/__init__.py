"""What answers mean: the risk index of a project, where it comes from, and what would lower it.

Pure arithmetic: no database, no clock, no input or output. `evaluate` is the way in, and `docs/scoring.md` explains
the numbers.
"""

from __future__ import annotations

from scoring.calibration import (
    BaseRate,
    Calibration,
    CalibrationStage,
    Estimate,
    IndexModel,
    base_rate,
    calibrate,
    fit_index_model,
    stage_of,
)
from scoring.disagreement import disagreement_word, krippendorff_alpha
from scoring.engines import CURRENT, evaluate
from scoring.errors import (
    DuplicateAnswer,
    InvalidInstrument,
    InvalidOutcomes,
    InvalidTarget,
    LevelOutOfRange,
    ScoringError,
    UnclearAnswer,
    UnknownEngine,
    UnknownQuestion,
)
from scoring.improvement import narrowings, path_steps, shortest_path
from scoring.inputs import Agreed, Answers, Exclusion, Instrument, Item, Response, instrument_for
from scoring.results import (
    Confidence,
    DimensionResult,
    Disagreement,
    Level,
    Narrowing,
    Path,
    Result,
    Step,
)
from scoring.serial import result_from_dict, result_to_dict
from scoring.v1 import level_of
from scoring.validation import (
    Auc,
    Block,
    Corp,
    Forecasts,
    Skill,
    auc,
    brier_score,
    corp,
    prequential,
    skill,
    spiegelhalter_z,
)

__all__ = [
    "CURRENT",
    "Agreed",
    "Answers",
    "Auc",
    "BaseRate",
    "Block",
    "Calibration",
    "CalibrationStage",
    "Confidence",
    "Corp",
    "DimensionResult",
    "Disagreement",
    "DuplicateAnswer",
    "Estimate",
    "Exclusion",
    "Forecasts",
    "IndexModel",
    "Instrument",
    "InvalidInstrument",
    "InvalidOutcomes",
    "InvalidTarget",
    "Item",
    "Level",
    "LevelOutOfRange",
    "Narrowing",
    "Path",
    "Response",
    "Result",
    "ScoringError",
    "Skill",
    "Step",
    "UnclearAnswer",
    "UnknownEngine",
    "UnknownQuestion",
    "auc",
    "base_rate",
    "brier_score",
    "calibrate",
    "corp",
    "disagreement_word",
    "evaluate",
    "fit_index_model",
    "instrument_for",
    "krippendorff_alpha",
    "level_of",
    "narrowings",
    "path_steps",
    "prequential",
    "result_from_dict",
    "result_to_dict",
    "shortest_path",
    "skill",
    "spiegelhalter_z",
    "stage_of",
]
