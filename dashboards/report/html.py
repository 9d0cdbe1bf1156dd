"""The pages of a report, out of its data object and one language. Loads nothing from elsewhere, runs no script."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from dashboards.report.model import Check, Missing, Promise, Report, Takeover, Timeline
from dashboards.report.plots import burns, distances, drain, gantt, heat, monitors, saturation, timeline, trend, writers
from dashboards.report.sentence import sentence
from dashboards.report.shown import Language
from results.finding import Verdict

_MOST_FINDINGS, _MOST_HAPPENINGS = 5, 160
_ABOUT_THE_RUN = frozenset({"evidence", "journal", "generator-health", "injection-receipt"})


@dataclass(frozen=True)
class Picture:
    """A plot, and what it shows in words with numbers. No plot where there is nothing but zeros: then the words say it."""

    svg: str
    text: str


@dataclass(frozen=True)
class _Told:
    """One of the three numbers, as it is read."""

    label: str
    value: str
    about: str
    verdict: Verdict | None


def render(data: Report, language: Language) -> str:
    """The whole page."""
    happenings = data.timeline.happenings if isinstance(data.timeline, Timeline) else []
    template = _templates().get_template("report.html")
    bad = worst_first(data.checks)
    phases = ["steady", "recovered"]
    return template.render(
        data=data,
        lang=language,
        say=language.say,
        css=_css(),
        sentence=sentence(data, language),
        promises=[_told(promise, data, language) for promise in data.promises],
        worst=bad[:_MOST_FINDINGS],
        more_findings=len(bad[_MOST_FINDINGS:]),
        pictures=pictures(data, language),
        happenings=happenings[:_MOST_HAPPENINGS],
        hidden_happenings=len(happenings[_MOST_HAPPENINGS:]),
        human=_human(data.takeover_steps, language),
        expense_phases=phases if data.t0_ns is not None else phases[:1],
        norms={
            norm: [each for each in data.audit.norms if each.norm == norm]
            for norm in dict.fromkeys(each.norm for each in data.audit.norms)
        },
    )


def worst_first(checks: list[Check]) -> list[Check]:
    """What did not pass: failed before inconclusive, patients before what is about the drill itself."""
    bad = [check for check in checks if check.verdict is not Verdict.PASS]
    return sorted(bad, key=lambda check: (-check.verdict.severity, check.name in _ABOUT_THE_RUN))


def pictures(data: Report, language: Language) -> dict[str, Picture | None]:
    """By name; None where the evidence has nothing to draw."""
    fault = data.t0_ns is not None
    made: dict[str, Picture | None] = dict.fromkeys(
        ("trend", "distances", "timeline", "gantt", "drain", "writers", "heat", "monitors", "burns", "saturation")
    )
    if not isinstance(data.trend, Missing):
        made["trend"] = Picture(trend.draw(data.trend, language), trend.describe(data.trend, language))
    if not isinstance(data.distances, Missing):
        made["distances"] = Picture(
            distances.draw(data.distances, language), distances.describe(data.distances, language)
        )
    if not isinstance(data.timeline, Missing):
        made["timeline"] = Picture(
            timeline.draw(data.timeline, language, fault), timeline.describe(data.timeline, language, fault)
        )
    if not isinstance(data.takeover_steps, Missing):
        made["gantt"] = Picture(
            gantt.draw(data.takeover_steps, language), gantt.describe(data.takeover_steps, language)
        )
    if not isinstance(data.drain, Missing):
        made["drain"] = Picture(drain.draw(data.drain, language), drain.describe(data.drain, language))
    if not isinstance(data.writers, Missing):
        made["writers"] = Picture(writers.draw(data.writers, language, fault), writers.describe(data.writers, language))
    if not isinstance(data.heat, Missing):
        made["heat"] = Picture(heat.draw(data.heat, language, fault), heat.describe(data.heat, language))
    if not isinstance(data.monitors, Missing):
        made["monitors"] = Picture(
            monitors.draw(data.monitors, language, fault), monitors.describe(data.monitors, language)
        )
    if not isinstance(data.burns, Missing):
        made["burns"] = Picture(burns.draw(data.burns, language, fault), burns.describe(data.burns, language))
    if not isinstance(data.saturation, Missing):
        made["saturation"] = Picture(
            saturation.draw(data.saturation, language, fault), saturation.describe(data.saturation, language)
        )
    return made


def _told(promise: Promise, data: Report, language: Language) -> _Told:
    name, value, objective = promise.name, promise.value, promise.objective
    if promise.verdict is None:
        return _Told(language.say(f"promise.{name}"), "–", language.say("missing.not-asked"), None)
    shown = language.length(value) if name == "unserved" else language.number(value)
    if name == "unserved":
        about = language.say(
            "promise.unserved.about",
            objective=language.length(objective),
            worst=language.length(data.worst_patients_s),
        )
    elif name == "lost":
        about = language.say("promise.lost.about", of=language.number(promise.of), objective=language.number(objective))
    else:
        about = language.say(
            "promise.affected.about",
            of=language.number(promise.of),
            on_time=language.percent(data.availability, 2),
            objective=language.percent(objective, 0),
        )
    return _Told(language.say(f"promise.{name}"), shown, about, promise.verdict)


def _human(steps: Takeover | Missing, language: Language) -> str:
    if isinstance(steps, Missing):
        return ""
    if not any(step.human for step in steps.steps):
        return language.say("human.nobody")
    share = language.percent(steps.human_share, 0)
    return language.say("human.share", seconds=language.unit(steps.human_s, "s", 1), share=share)


def _with_role(svg: str, name: str) -> Markup:
    """The picture for those who do not see it: one image whose text stands below it."""
    # made by matplotlib, which escapes every text in it
    return Markup(svg.replace("<svg ", f'<svg role="img" aria-labelledby="{escape(name)}-text" ', 1))  # noqa: S704


@cache
def _templates() -> Environment:
    made = Environment(
        loader=PackageLoader("dashboards"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["with_role"] = _with_role
    return made


def _css() -> str:
    source, _, _ = PackageLoader("dashboards").get_source(_templates(), "report.css")
    return source
