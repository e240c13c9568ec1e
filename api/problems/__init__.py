"""Every error that a client can see: RFC 9457 problem documents with stable types."""

from __future__ import annotations

from api.problems.catalogue import PROBLEMS, ProblemType
from api.problems.errors import FieldError, Problem, invalid

__all__ = ["PROBLEMS", "FieldError", "Problem", "ProblemType", "invalid"]
