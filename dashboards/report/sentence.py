"""The one sentence for management: what happens to patients if the data centre burns, as far as this drill has shown it."""

from __future__ import annotations

from dashboards.report.model import Report
from dashboards.report.shown import Language
from results.finding import Verdict


def sentence(data: Report, language: Language) -> str:
    """Says no more than what was asked and measured."""
    verdict = language.say(f"sentence.verdict.{data.verdict}")
    if not data.audit.fault:
        return f"{language.say('sentence.unreadable')} {verdict}"
    if data.t0_ns is None and data.audit.fault != "none":
        return f"{language.say('sentence.no-fault')} {verdict}"
    parts = [_outage(data, language), *_readings(data, language)]
    key = "sentence.site" if data.loses_site else "sentence.other"
    text = language.say(key, site=data.lost_site, drill=data.title or data.drill, what=", ".join(parts))
    if data.verdict is Verdict.PASS:
        return text
    return f"{text} {verdict}"


def _outage(data: Report, language: Language) -> str:
    recovery = next((check for check in data.checks if check.name == "recovery-time"), None)
    if recovery is None and data.availability is None:
        return language.say(
            "sentence.acknowledged", count=language.number(data.acknowledged), of=language.number(data.intended)
        )
    if recovery is None:
        return language.say("sentence.on-time", share=language.percent(data.availability, 2))
    rta = next((each.value for each in data.promises if each.name == "unserved"), None)
    if rta is None:
        return language.say("sentence.not-restored")
    return (
        language.say("sentence.undisturbed")
        if rta == 0
        else language.say("sentence.unserved", length=language.length(rta))
    )


def _readings(data: Report, language: Language) -> list[str]:
    promises = {each.name: each for each in data.promises}
    lost, affected = promises["lost"], promises["affected"]
    parts = []
    if lost.verdict is not None:
        key = "sentence.loss-unknown" if lost.value is None else "sentence.lost" if lost.value else "sentence.none-lost"
        parts.append(language.say(key, lost=language.number(lost.value), of=language.number(lost.of)))
    if affected.verdict is not None and affected.value is not None:
        parts.append(
            language.say("sentence.affected", count=language.number(affected.value), of=language.number(affected.of))
        )
    return parts
