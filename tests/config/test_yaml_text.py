"""Names become keys that keep their letters, in every script."""

from __future__ import annotations

import pytest

from reconciler.config.yaml_text import slug


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Käthe Groß", "käthe-groß"),
        ("Ka\u0308the", "käthe"),
        ("z\u0300\u0301\u0302algo", "zalgo"),
        ("İstanbul", "istanbul"),
        ("Größer", "größer"),
        ("Yılmaz", "yılmaz"),
        ("Søren Ærø Łukasz Đorđe", "søren-ærø-łukasz-đorđe"),
        ("Fußball & mehr!", "fußball-mehr"),
        ("Мамы 3Б", "мамы-3б"),
        ("家長會", "家長會"),
        ("⚽", ""),
    ],
)
def test_a_key_keeps_the_letters_of_a_name(name: str, key: str) -> None:
    assert slug(name) == key
