"""A token holds for one visitor and one start of the server."""

from __future__ import annotations

import pytest

from dashboards.browser.token import Tokens, new_visitor


def test_a_token_holds_for_its_visitor_only() -> None:
    tokens, visitor, other = Tokens(), new_visitor(), new_visitor()
    assert tokens.holds(visitor, tokens.of(visitor))
    assert not tokens.holds(other, tokens.of(visitor))


def test_a_token_of_another_start_does_not_hold() -> None:
    visitor = new_visitor()
    assert not Tokens().holds(visitor, Tokens().of(visitor))


@pytest.mark.parametrize("token", ["", "x", "ä", "\ud800", "0" * 64])
def test_whatever_else_is_given_does_not_hold(token: str) -> None:
    assert not Tokens().holds(new_visitor(), token)


def test_without_a_visitor_there_is_no_token() -> None:
    tokens = Tokens()
    assert not tokens.holds("", tokens.of(""))
    assert not tokens.holds("v" * 1000, tokens.of("v" * 1000))
