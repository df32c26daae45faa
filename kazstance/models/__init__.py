"""Systems that predict labels: baselines that learn, models on this machine, language models and their prompts."""

from kazstance.models.systems import find_system, shortcuts_for

__all__ = ["find_system", "shortcuts_for"]
