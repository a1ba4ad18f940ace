"""What can be wrong with a trial.

::

    Invalid  ├── InvalidTrial
             └── TrialTooLarge
"""

from __future__ import annotations

from weftline.features.errors import Invalid


class InvalidTrial(Invalid):
    """What is to happen in the trial cannot happen."""

    code = "invalid_trial"
    title = "Trial not valid"


class TrialTooLarge(Invalid):
    """The trial takes more time or memory than it may."""

    code = "trial_too_large"
    title = "Trial too large"
