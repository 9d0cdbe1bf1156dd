"""What anybody may have written is shown as it is, and means nothing: tried with a real renderer that lets HTML through."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from results import markdown

RENDERER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def shown(rendered: str) -> str:
    """The text that a reader sees."""
    return html.unescape(re.sub(r"<[^>]*>", "", rendered)).strip()


def cells(row: str) -> list[str]:
    page = RENDERER.render(f"| a | b |\n|---|---|\n{row}\n")
    return [shown(cell) for cell in re.findall(r"<td>(.*?)</td>", page, re.S)]


@pytest.mark.parametrize(
    "name",
    [
        "<script>alert(1)</script>",
        "a|b",
        "*a* _b_ **c** ~~d~~",
        "`x` ``y",
        "[a](https://example.org) ![b](c.png)",
        "latency_p50_ms/steady",
        "R&D &lt;b&gt;",
        "\\| \\<i>",
        "<!-- gone -->",
    ],
)
def test_names_are_shown_as_they_are_in_text_and_in_cells(name: str) -> None:
    page = RENDERER.render(f"Drill {markdown.text(name)} passed")
    assert shown(page) == f"Drill {name} passed"
    assert set(re.findall(r"<(\w+)", page)) == {"p"}
    assert cells(f"| {markdown.text(name)} | second |") == [name, "second"]


@given(st.text(max_size=60))
def test_any_text_stays_in_its_cell(name: str) -> None:
    row = f"| x{markdown.text(name)} | {markdown.code('y' + name)} |"
    assert cells(row) == ["x" + markdown.one_line(name), markdown.one_line("y" + name)]


def test_code_is_shown_with_its_own_backticks_and_bars() -> None:
    assert cells(f"| {markdown.code('a `b` ``c`` |d')} | {markdown.code('`')} |") == ["a `b` ``c`` |d", "`"]


def test_what_turns_the_direction_of_writing_or_a_terminals_colour_is_a_space() -> None:
    assert markdown.one_line("a\u202eb\x1b[31mc\nd\u2028e") == "a b [31mc d e"
