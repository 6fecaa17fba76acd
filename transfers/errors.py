"""What can go wrong with a file. The message is a sentence for the person who brought it."""

from __future__ import annotations


class TransferRefused(Exception):
    """The file cannot be taken. `place` says where in it, such as "runs[0].answers[3].level"; empty for the whole."""

    def __init__(self, sentence: str, place: str = "") -> None:
        super().__init__(f"{place}: {sentence}" if place else sentence)
        self.sentence = sentence
        self.place = place


class AlreadyHere(TransferRefused):
    """The project of the file, or a copy of it, is in this installation."""
