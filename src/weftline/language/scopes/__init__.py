"""What expressions can use at each place of a definition, for tools that help to write them."""

from weftline.language.scopes.checking import Checked, Finding, check_expression
from weftline.language.scopes.functions import FUNCTIONS, Function
from weftline.language.scopes.names import Known, Scope, VariableFact, scope_at
from weftline.language.scopes.shapes import Shape

__all__ = [
    "FUNCTIONS",
    "Checked",
    "Finding",
    "Function",
    "Known",
    "Scope",
    "Shape",
    "VariableFact",
    "check_expression",
    "scope_at",
]
