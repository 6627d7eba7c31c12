"""PDFium's functions called through bare pointers.

A page has thousands of characters, and a call takes 0.3 µs that way, twice that otherwise.
"""

import ctypes
from functools import cache
from typing import Any

import pypdfium2.raw as pdfium


@cache
def prototype(name: str, result: Any, *arguments: Any) -> Any:
    """Return a function of PDFium that takes addresses as plain integers."""
    return ctypes.CFUNCTYPE(result, *arguments)(address(getattr(pdfium, name)))


def address(pointer: Any) -> int:
    """Return where a pointer points."""
    return ctypes.cast(pointer, ctypes.c_void_p).value or 0
