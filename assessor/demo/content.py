"""The invented projects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class DemoOutcome:
    """How it ended: a kind of projects.models.Outcome, days ago, and a sentence."""

    kind: str
    days_ago: int
    sentence: str
    is_delayed: bool = False


@dataclass(frozen=True, slots=True)
class DemoProposal:
    """What an invented nightly check offers: the level of a question with the note and the link that go with it."""

    question: str
    level: int
    note: str
    title: str
    link: str


@dataclass(frozen=True, slots=True)
class DemoProject:
    """`risk` is the index aimed at, `drift` its change since the first snapshot, `age` days since the newest one.

    `written` gives the answers of each dimension in order instead: a level, dk, na, or - for a question that is not due.
    `earlier` are the levels that the first snapshot had instead.
    """

    name: str
    goal: str
    unit: str
    stage: str
    risk: int
    drift: int
    age: int
    facts: tuple[str, ...] = ()
    share_answered: float = 1.0
    written: Mapping[str, str] = field(default_factory=dict)
    earlier: Mapping[str, int] = field(default_factory=dict)
    outcome: DemoOutcome | None = None
    proposals: tuple[DemoProposal, ...] = ()


PERSONAL = ("personal_data", "affects_people")
COMMON = ("multiple_sources", "labelled_data")

CLAIMS = {
    "problem": "4 2 3 3 2 2 3 3 1 1 2 3",
    "data": "3 3 2 na 3 3 2 1 2 2 3 2 dk",
    "team": "2 3 2 1 2 2 1 2 3 1",
    "customer": "3 2 2 3 2 3 2 2 dk 3 3 dk",
    "platform": "2 2 3 1 2 2 3 2 2 -",
    "operations": "0 3 2 2 3 2 3 2 3 3 dk",
}
CLAIMS_EARLIER = {
    "operations.rollback": 0, "operations.code-checks": 0, "customer.contact": 1, "data.quality": 1, "data.access": 2,
    "platform.production-home": 1, "team.run-people": 1, "operations.monitoring": 0, "data.tested-on": 1,
    "operations.lifecycle": 1, "operations.research-code": 1, "data.permission": 1, "problem.success-measure": 2,
}  # fmt: skip

CHECK = "nightly check (demo)"
CLAIMS_PROPOSALS = (
    DemoProposal(
        "data.quality",
        4,
        "The last 30 loads were counted, and one was stopped.",
        "Log of the loads",
        "https://ci.example.org/claims-triage/loads",
    ),
    DemoProposal(
        "operations.code-checks",
        3,
        "212 automated tests ran in the last build, and every change had a reviewer.",
        "Last build",
        "https://ci.example.org/claims-triage/builds",
    ),
    DemoProposal(
        "operations.rollback",
        4,
        "The rehearsal went back to the previous version in 14 minutes.",
        "Rehearsal",
        "https://ci.example.org/claims-triage/rehearsal",
    ),
)

PROJECTS = (
    DemoProject(
        "Claims triage",
        "Simple claims are paid within a day, and handlers spend their time on the others.",
        "Insurance",
        "pilot",
        69,
        -11,
        1,
        (*PERSONAL, *COMMON, "other_teams_data", "people_act", "regulated_data"),
        written=CLAIMS,
        earlier=CLAIMS_EARLIER,
        proposals=CLAIMS_PROPOSALS,
    ),
    DemoProject(
        "Churn early warning",
        "Account managers call customers who are about to leave, two weeks earlier than today.",
        "Retail",
        "prototype",
        58,
        -2,
        6,
        ("personal_data", *COMMON, "people_act"),
    ),
    DemoProject(
        "Invoice fraud detection",
        "Fewer false invoices are paid, without delaying the honest ones.",
        "Finance",
        "production",
        41,
        1,
        12,
        (*COMMON, "people_act"),
        outcome=DemoOutcome(
            "no_value", 120, "It runs, and the clerks check every alert by hand as before.", is_delayed=True
        ),
    ),
    DemoProject(
        "Fresh-food demand forecast",
        "Shops throw away a tenth less fresh food.",
        "Retail",
        "production",
        37,
        -4,
        9,
        COMMON,
    ),
    DemoProject(
        "Turbine predictive maintenance",
        "Turbines are repaired before they stop.",
        "Energy",
        "pilot",
        69,
        2,
        18,
        ("multiple_sources", "other_teams_data", "real_time"),
    ),
    DemoProject(
        "Call-centre summaries",
        "Agents close a call without typing a summary.",
        "Service",
        "prototype",
        56,
        -1,
        3,
        ("personal_data", "people_act"),
    ),
    DemoProject(
        "Credit-limit optimiser",
        "Limits follow what customers can repay.",
        "Banking",
        "pilot",
        66,
        4,
        31,
        (*PERSONAL, *COMMON, "regulated_data"),
    ),
    DemoProject(
        "Store replenishment",
        "Shelves are full with a fifth less stock.",
        "Retail",
        "production",
        23,
        -3,
        9,
        COMMON,
        outcome=DemoOutcome("value", 210, "Stock fell by a fifth in the first half-year, and shelves stayed full."),
    ),
    DemoProject(
        "Identity document extraction",
        "New customers are checked in minutes instead of days.",
        "Banking",
        "prototype",
        54,
        -2,
        24,
        (*PERSONAL, "labelled_data", "regulated_data"),
    ),
    DemoProject(
        "Last-mile route planning",
        "Drivers finish their rounds an hour earlier.",
        "Logistics",
        "pilot",
        55,
        -9,
        6,
        ("multiple_sources", "real_time", "people_act"),
    ),
    DemoProject(
        "Energy load forecast",
        "Less balancing energy is bought at short notice.",
        "Energy",
        "production",
        29,
        1,
        12,
        ("multiple_sources",),
        outcome=DemoOutcome("value", 300, "The share of balancing energy fell as planned."),
    ),
    DemoProject(
        "Product recommendations",
        "Visitors find a second product they want.",
        "Retail",
        "production",
        38,
        -1,
        3,
        ("personal_data", "real_time"),
    ),
    DemoProject(
        "Price elasticity model",
        "Prices follow what customers are ready to pay.",
        "Retail",
        "prototype",
        61,
        2,
        47,
        COMMON,
    ),
    DemoProject(
        "Shift scheduling",
        "Shifts fit the work and the people, without overtime.",
        "Operations",
        "idea",
        76,
        0,
        62,
        ("affects_people", "personal_data"),
    ),
    DemoProject(
        "Warranty cost forecast",
        "Reserves match what warranties will cost.",
        "Finance",
        "prototype",
        57,
        -3,
        104,
        ("multiple_sources",),
    ),
    DemoProject(
        "Visual inspection, line 4",
        "Faulty parts are found before they are packed.",
        "Manufacturing",
        "pilot",
        52,
        -4,
        9,
        ("labelled_data", "real_time", "people_act"),
    ),
    DemoProject(
        "Lead scoring EMEA",
        "Sales calls the leads that buy.",
        "Sales",
        "prototype",
        63,
        1,
        104,
        ("personal_data", *COMMON),
    ),
    DemoProject(
        "Customer lifetime value",
        "Marketing spends where customers stay.",
        "Retail",
        "production",
        46,
        2,
        18,
        ("personal_data", "multiple_sources"),
    ),
    DemoProject(
        "Marketing mix model",
        "Each channel gets the budget it earns.",
        "Marketing",
        "prototype",
        60,
        -2,
        104,
        ("multiple_sources", "other_teams_data"),
    ),
    DemoProject(
        "Contract clause search",
        "Lawyers find a clause in a minute.",
        "Legal",
        "pilot",
        48,
        -1,
        12,
        ("labelled_data", "people_act"),
    ),
    DemoProject(
        "Money-laundering alert ranking",
        "Investigators see the worst alerts first.",
        "Banking",
        "prototype",
        79,
        11,
        3,
        (*PERSONAL, *COMMON, "regulated_data", "people_act"),
    ),
    DemoProject(
        "Spare-parts forecast",
        "Mechanics wait for fewer parts.",
        "Logistics",
        "production",
        35,
        -2,
        24,
        ("multiple_sources",),
    ),
    DemoProject(
        "E-mail routing",
        "Letters reach the right desk at once.",
        "Service",
        "production",
        24,
        0,
        31,
        ("labelled_data",),
        outcome=DemoOutcome("value", 160, "Nine letters in ten reach the right desk at once."),
    ),
    DemoProject(
        "Supplier risk score",
        "Buyers see a failing supplier a quarter earlier.",
        "Procurement",
        "idea",
        72,
        2,
        47,
        ("multiple_sources", "other_teams_data"),
    ),
    DemoProject(
        "Loan default early signals",
        "Advisers talk to borrowers before they miss a payment.",
        "Banking",
        "prototype",
        64,
        -1,
        104,
        (*PERSONAL, *COMMON, "regulated_data"),
    ),
    DemoProject(
        "Water-leak detection",
        "Leaks are found within a day.",
        "Utilities",
        "pilot",
        55,
        -4,
        6,
        ("multiple_sources", "real_time"),
    ),
    DemoProject(
        "Crop yield estimate",
        "Growers plan the harvest with a known margin of error.",
        "Agriculture",
        "idea",
        87,
        1,
        78,
        ("other_teams_data",),
        0.6,
    ),
    DemoProject("Returns prediction", "Fewer parcels come back.", "Retail", "prototype", 51, -2, 18, COMMON),
    DemoProject(
        "Assortment optimiser",
        "Each shop offers what its street buys.",
        "Retail",
        "idea",
        71,
        0,
        104,
        ("multiple_sources",),
        outcome=DemoOutcome("cancelled", 60, "Stopped before the prototype: shop managers were never asked."),
    ),
    DemoProject(
        "Voice-of-customer topics",
        "Product teams read what customers say, every Monday.",
        "Service",
        "production",
        43,
        -1,
        12,
        ("labelled_data",),
        outcome=DemoOutcome("no_value", 90, "The topics are read, and no product plan has changed because of them."),
    ),
    DemoProject(
        "Fleet fuel anomalies",
        "Fuel losses are noticed the same day.",
        "Logistics",
        "pilot",
        59,
        1,
        104,
        ("multiple_sources", "real_time"),
    ),
    DemoProject(
        "Ticket deflection bot",
        "Simple tickets are solved without waiting.",
        "Service",
        "pilot",
        74,
        7,
        3,
        ("labelled_data", "people_act"),
    ),
    DemoProject(
        "Safety-incident prediction", "Dangerous shifts are prevented.", "Manufacturing", "idea", 82, 8, 9, (*PERSONAL,)
    ),
    DemoProject(
        "Cash-flow forecast",
        "Treasury borrows less at short notice.",
        "Finance",
        "production",
        45,
        -2,
        24,
        ("multiple_sources",),
    ),
    DemoProject(
        "Tax code classifier",
        "Invoices carry the right tax code the first time.",
        "Finance",
        "prototype",
        53,
        -1,
        31,
        ("labelled_data",),
    ),
    DemoProject(
        "Catalogue image search",
        "Buyers find a product by a photo.",
        "Retail",
        "pilot",
        49,
        -4,
        6,
        ("labelled_data", "real_time"),
    ),
    DemoProject(
        "Network outage prediction",
        "Crews are on site before the outage.",
        "Utilities",
        "prototype",
        67,
        4,
        47,
        (*COMMON, "real_time"),
    ),
    DemoProject(
        "Data-quality watchdog",
        "Broken loads are stopped before anybody reads them.",
        "Data office",
        "production",
        33,
        -3,
        12,
        ("multiple_sources",),
        outcome=DemoOutcome("value", 240, "Eleven broken loads were stopped before anybody read them."),
    ),
    DemoProject(
        "Sepsis ward alert",
        "Nurses are warned two hours earlier.",
        "Health",
        "pilot",
        77,
        -1,
        18,
        (*PERSONAL, *COMMON, "regulated_data", "real_time", "people_act"),
    ),
    DemoProject(
        "Cross-border VAT reconciliation and anomaly explanation for shared-service centres (phase 2)",
        "Differences between countries are explained before the month is closed.",
        "Finance",
        "prototype",
        62,
        2,
        31,
        ("multiple_sources", "other_teams_data"),
    ),
)

NOTES = (
    "Checked with the people concerned; the list is on the project page.",
    "True for the main source. The second one follows next month.",
    "Agreed in the last review. The minutes name who does it.",
    "We tried this once by hand. A regular way is still missing.",
    "The team sees this differently; the lower answer was chosen.",
)
EVIDENCE = (
    "Minutes of the last review",
    "Page in the team's wiki",
    "Ticket with the decision",
    "Report of the last run",
    "Project brief",
)
REASON = "Every source belongs to the unit that runs the project."
