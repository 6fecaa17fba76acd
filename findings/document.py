from reports.dimensions import DimensionPage  # noqa
from reports.document import ReportDocument, ReportOptions, build_document  # noqa
from reports.plan import PlanStep, PointsRow  # noqa
