"""`retake demo`: the whole story of one student, over real HTTP on a fresh database."""

from cli.demo.command import demo

__all__ = ("demo",)
