"""What can be wrong with a test, as opposed to with the workflow that it is about.

::

    TestProblem
    ├── UnmockedAction     a step calls an action that the test says nothing about
    ├── NeedsDatabase      an action joins its step's transaction
    ├── UnknownWorkflow    a step starts a workflow that the test does not have
    ├── InvalidScript      the script asks for what there is not
    ├── ActRefused         the execution refused what the script asked of it
    └── EndlessRun         the execution does not come to rest

An expectation that is not met is an ``AssertionError``, as everywhere.
"""

from __future__ import annotations


class TestProblem(Exception):
    """A test cannot be carried out as it is written."""

    __test__ = False
    """Not a class of tests, whatever its name begins with."""


class UnmockedAction(TestProblem):
    """A step calls an action that is neither mocked nor allowed to be real.

    Attributes:
        action: its name.
        step: the node that calls it.
    """

    def __init__(self, action: str, step: str) -> None:
        super().__init__(
            f"step '{step}' calls the action '{action}', which the test says nothing about: mock it "
            f'(`.mock("{action}", returns=…)`; in a test file `mocks: {{{action}: {{returns: …}}}}`) or let it run '
            f'(`real_actions=["{action}"]`; in a test file `realActions: [{action}]`)'
        )
        self.action = action
        self.step = step


class NeedsDatabase(TestProblem):
    """An action that runs as it is joins its step's transaction, and a test has no database.

    Attributes:
        step: the node that calls it.
    """

    def __init__(self, step: str) -> None:
        super().__init__(
            f"the action of step '{step}' joins its step's transaction, and a test has no database: mock the action, "
            f'or the step (`.mock_step("{step}", returns=…)`; in a test file `mockSteps: {{{step}: {{returns: …}}}}`)'
        )
        self.step = step


class UnknownWorkflow(TestProblem):
    """A step starts a workflow that the test neither has nor mocks.

    Attributes:
        workflow: its id.
        step: the node that starts it.
    """

    def __init__(self, workflow: str, step: str) -> None:
        super().__init__(
            f"step '{step}' starts the workflow '{workflow}', which the test does not have: give its definition "
            f'(`.child(…)`; in a test file `children: […]`) or mock it (`.mock_workflow("{workflow}", returns=…)`; '
            f"in a test file `mockWorkflows: {{{workflow}: {{returns: …}}}}`)"
        )
        self.workflow = workflow
        self.step = step


class InvalidScript(TestProblem):
    """The test asks for something that there is not: a step, an outcome, an input that fits."""


class ActRefused(TestProblem):
    """The execution refused what the script asked of it.

    Attributes:
        code: of the refusal.
    """

    def __init__(self, act: str, code: str, message: str) -> None:
        super().__init__(f"{act} was refused: {message} ({code})")
        self.code = code


class EndlessRun(TestProblem):
    """The execution goes on and on."""
