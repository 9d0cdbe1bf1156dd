"""Does Prometheus page? Alerts that fire there, of the burn rates of our objectives or of anybody's rules."""

from __future__ import annotations

from monitors.look import Look
from monitors.place import Place
from monitors.source import Unreadable, answered, of_prometheus
from targets.model import Prometheus, Tools

# label and values that wake somebody up: Sloth's, and what is usual besides
PAGES = {"sloth_severity": {"page"}, "severity": {"page", "critical"}}


class PrometheusAlerts:
    """Fails while an alert fires that pages; one that is pending does not."""

    name, period_s = "prometheus-alerts", 1.0

    def __init__(self, place: Place, tools: Tools, prometheus: Prometheus) -> None:
        """Raises NoSecret, BadTarget."""
        self._source = of_prometheus(place, tools, prometheus)

    def look(self) -> Look:
        try:
            alerts = answered(self._source.get("/api/v1/alerts").content)["alerts"]
            firing = [dict[str, str](alert["labels"]) for alert in alerts if alert["state"] == "firing"]
        except Unreadable as error:
            return Look(ok=False, blind=True, why=str(error))
        except (KeyError, ValueError, TypeError) as error:
            why = f"answer: not as Prometheus shows alerts ({type(error).__name__})"
            return Look(ok=False, blind=True, why=why)
        paging = sorted(
            {
                labels.get("alertname", "without a name")
                for labels in firing
                if any(labels.get(label) in values for label, values in PAGES.items())
            }
        )
        figures = {"firing": float(len(firing))}
        if paging:
            return Look(ok=False, why=f"firing: {', '.join(paging)}", figures=figures)
        return Look(ok=True, figures=figures)
