"""How hard Hypothesis looks: seconds by default, as long as it takes with the profile `deep`.

The short run takes the same examples each time, so that a change is judged by what it changed;
`pytest tests/contracts --hypothesis-profile=deep` is the long run, which takes new ones.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings

DEEP = "deep"
CHECKS = (HealthCheck.too_slow, HealthCheck.function_scoped_fixture)


def register_deep() -> None:
    """Makes the profile known; called before Hypothesis picks one."""
    settings.register_profile(
        DEEP,
        max_examples=3_000,
        stateful_step_count=60,
        deadline=None,
        suppress_health_check=CHECKS,
        print_blob=True,
    )


def effort(examples: int, steps: int = 30) -> settings:
    """The settings of a test: these few examples, or those of the deep profile."""
    if settings.get_current_profile_name() == DEEP:
        return settings.get_profile(DEEP)
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        derandomize=True,
        suppress_health_check=CHECKS,
    )
