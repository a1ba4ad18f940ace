"""Workflow definitions: reading, validating and compiling them, and the expressions in them."""

from weftline.language.compile import compile_workflow, load
from weftline.language.durations import parse_duration
from weftline.language.errors import DefinitionError, DurationError, ParseError, Problem, SyntaxProblem
from weftline.language.expressions import compile_expression
from weftline.language.model import Workflow, definition_schema
from weftline.language.parse import parse_definition
from weftline.language.program import ExpressionError, Program
from weftline.language.templates import compile_template
from weftline.language.validate import Validation, validate

__all__ = [
    "DefinitionError",
    "DurationError",
    "ExpressionError",
    "ParseError",
    "Problem",
    "Program",
    "SyntaxProblem",
    "Validation",
    "Workflow",
    "compile_expression",
    "compile_template",
    "compile_workflow",
    "definition_schema",
    "load",
    "parse_definition",
    "parse_duration",
    "validate",
]
