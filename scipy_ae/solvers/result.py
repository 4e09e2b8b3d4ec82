"""What a run of a solver hands back."""

from typing import Any


class Result(dict):
    """A dictionary whose entries are attributes too, with the fields of SciPy's ``OptimizeResult``.

    It is not that class itself: ``scipy.optimize`` takes longer to import than ten letters take to learn. Where SciPy
    is in the room (``minimize(method=...)``) its own class is handed over.
    """

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"this result has no '{name}'; it has {', '.join(self)}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self]

    def __repr__(self) -> str:
        width = max(map(len, self), default=0)
        return "\n".join(f"{name.rjust(width)}: {value!r}" for name, value in self.items())
