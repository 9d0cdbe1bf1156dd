"""From a dashboard as data to Grafana's own model, by Grafana's own library. The only file that needs it (a development tool)."""

from __future__ import annotations

import json
import string
from typing import TypeAlias

from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, statetimeline, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import common as common_model
from grafana_foundation_sdk.models import dashboard as model

from dashboards.grafana.model import Board, Panel
from dashboards.grafana.palette import BAD, GOOD, WARN

_SOURCE = model.DataSourceRef(type_val="prometheus", uid="${datasource}")
_COLUMNS = 24
_Drawn: TypeAlias = timeseries.Panel | stat.Panel | statetimeline.Panel


class DoesNotFit(ValueError):
    """Panels of a row are wider than it: one line."""


def draw(board: Board, others: tuple[Board, ...]) -> str:
    """The dashboard as JSON, with links to `others`. Raises DoesNotFit."""
    whole = (
        dashboard.Dashboard(board.title)
        .uid(board.uid)
        .description(board.text)
        .tags(["zweitherz"])
        .readonly()
        .tooltip(model.DashboardCursorSync.CROSSHAIR)
        .time("now-15m", "now")
        .refresh("5s")
        .timezone("browser")
        .with_variable(dashboard.DatasourceVariable("datasource").label("Prometheus").type("prometheus"))
    )
    for other in others:
        link = dashboard.DashboardLink(other.title).type(model.DashboardLinkType.LINK).url(f"/d/{other.uid}")
        whole = whole.link(link.tooltip(other.text).keep_time(True).include_vars(True))
    number = y = 0
    for row in board.rows:
        number += 1
        place = model.GridPos(h=1, w=_COLUMNS, x=0, y=y)
        whole = whole.with_row(dashboard.Row(row.title).id(number).grid_pos(place))
        y += 1
        x = height = 0
        for panel in row.panels:
            if panel.width > _COLUMNS:
                raise DoesNotFit(f"{board.uid}: {panel.title}: {panel.width} columns (limit {_COLUMNS})")
            if x + panel.width > _COLUMNS:
                x, y, height = 0, y + height, 0
            number += 1
            place = model.GridPos(h=panel.height, w=panel.width, x=x, y=y)
            whole = whole.with_panel(_panel(panel).id(number).grid_pos(place))
            x, height = x + panel.width, max(height, panel.height)
        y += height
    return json.dumps(whole.build(), cls=JSONEncoder, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _panel(panel: Panel) -> _Drawn:
    drawn: _Drawn
    if panel.kind == "number":
        last = common.ReduceDataOptions().calcs(["lastNotNull"])
        drawn = stat.Panel().reduce_options(last).graph_mode(common_model.BigValueGraphMode.AREA)
    elif panel.kind == "states":
        drawn = _states(panel)
    else:
        drawn = _lines(panel)
    drawn = drawn.title(panel.title).description(f"{panel.question} {panel.reads}").unit(panel.unit)
    drawn = drawn.datasource(_SOURCE).no_value("no data")
    if panel.kind != "states":
        drawn = drawn.thresholds(_thresholds(panel.limit))
    for letter, query in zip(string.ascii_uppercase, panel.queries, strict=False):
        asked = prometheus.Dataquery().expr(query.expr).legend_format(query.legend).ref_id(letter)
        drawn = drawn.with_target(asked.datasource(_SOURCE).range())
        if query.limit:
            drawn = drawn.override_by_query(letter, _AS_LIMIT)
    return drawn


def _lines(panel: Panel) -> timeseries.Panel:
    by_name = dashboard.FieldColor().mode(model.FieldColorModeId.PALETTE_CLASSIC_BY_NAME)
    legend = common.VizLegendOptions().display_mode(common_model.LegendDisplayMode.LIST).show_legend(True)
    drawn = (
        timeseries.Panel()
        .color_scheme(by_name)  # a site has the same colour in every panel
        .legend(legend.placement(common_model.LegendPlacement.BOTTOM))
        .tooltip(common.VizTooltipOptions().mode(common_model.TooltipDisplayMode.MULTI))
        .line_width(2)
        .axis_soft_min(0)
    )
    if panel.kind == "stacked":
        stacking = common.StackingConfig().mode(common_model.StackingMode.NORMAL).group("A")
        drawn = drawn.stacking(stacking).fill_opacity(30)
    if panel.limit is not None:
        drawn = drawn.thresholds_style(
            common.GraphThresholdsStyleConfig().mode(common_model.GraphThresholdsStyleMode.DASHED)
        )
    return drawn


def _states(panel: Panel) -> statetimeline.Panel:
    # text in every band: colour alone tells nobody anything
    called = {
        value: model.ValueMappingResult(text=state.text, color=state.colour, index=index)
        for index, (value, state) in enumerate(panel.states.items())
    }
    drawn = statetimeline.Panel().mappings([model.ValueMap(options=called)])
    return drawn.show_value(common_model.VisibilityMode.AUTO).merge_values(True).fill_opacity(80).row_height(0.8)


def _thresholds(limit: float | None) -> dashboard.ThresholdsConfig:
    steps = [model.Threshold(value=None, color=GOOD)]
    if limit is not None:
        steps.append(model.Threshold(value=limit, color=BAD))
    return dashboard.ThresholdsConfig().mode(model.ThresholdsMode.ABSOLUTE).steps(steps)


_AS_LIMIT = [
    model.DynamicConfigValue(id_val="color", value={"mode": "fixed", "fixedColor": WARN}),
    model.DynamicConfigValue(id_val="custom.lineStyle", value={"fill": "dash", "dash": [10, 10]}),
]
