"""Numbers of things in words."""


def counted(n: int, one: str, several: str | None = None) -> str:
    """A number with its noun, in the singular or the plural: `1 pair`, `2 pairs`.

    Args:
        n: the number.
        one: the noun in the singular.
        several: the noun in the plural; by default, with an s.
    """
    return f"{n} {one if n == 1 else several or f'{one}s'}"
