"""What can go wrong with the layers of images, each said in four parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from noteship import errors

__all__ = [
    "CompilerEnded",
    "DamagedLayer",
    "DamagedWheel",
    "FileChanged",
    "FileUnfit",
    "LayersUnwritable",
    "UnfitWheel",
    "WheelsClash",
]

_DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


@dataclass(eq=False)
class CompilerEnded(errors.WorkFailed):
    """The interpreter that compiles sources of an image does not start, or ended at one of them."""

    retryable = True

    python: str
    path: str
    reason: str

    def parts(self) -> errors.Parts:
        """The message."""
        at = f" at {self.path}" if self.path else ""
        return errors.Parts(
            fact=f"the interpreter that makes byte code ended{at}: {errors.cut(self.reason)}",
            where=self.python,
            nearest="too little memory, or an interpreter that is damaged",
            remedy=f"see that '{self.python} -I -S -c pass' works, give more memory, and build again",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        path = "/opt/noteship/lib/python3.12/site-packages/mail/words.py"
        return cls("/home/ada/mail/.venv/bin/python", path, "ended by signal 9 (SIGKILL)")


@dataclass(eq=False)
class DamagedLayer(errors.WorkFailed):
    """A layer that was kept is damaged, and what is made anew is another one."""

    retryable = True

    layer: str
    folder: str

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact=f"the layer '{self.layer}' that was kept from an earlier build is damaged; it was made anew",
            where=self.folder,
            nearest="a disk fault, or a file that was changed by hand",
            remedy="build again; if this happens often, test the disk",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("numpy 2.2.1", "/home/ada/.cache/noteship/layers")


@dataclass(eq=False)
class DamagedWheel(errors.WorkFailed):
    """A wheel's file does not have the digest that is locked."""

    wheel: str
    expected: str
    found: str

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact=f"{self.wheel} is damaged: its bytes are not those that are locked; nothing of it was used",
            where=self.wheel,
            nearest=f"sha256 {self.found}, locked {self.expected}",
            remedy="delete the file and build again, so that it is fetched anew",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("numpy-2.2.1-cp312-cp312-manylinux_2_28_x86_64.whl", _DIGEST, _DIGEST[::-1])


@dataclass(eq=False)
class FileChanged(errors.WorkFailed):
    """A file changed while an image was made of it."""

    retryable = True

    path: str

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact=f"{self.path} changed while it was put into an image; nothing of it was kept",
            where=self.path,
            nearest="an editor, a run or another program that was writing it",
            remedy="build again when it is written",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("/home/ada/mail/features.py")


@dataclass(eq=False)
class FileUnfit(errors.WorkFailed):
    """A file that is to be a part of an image cannot be read, or may not be there."""

    path: str
    reason: str

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact=f"{self.path} cannot become a part of an image: {errors.cut(self.reason)}",
            where=self.path,
            remedy="correct what is said above, or leave the file out, and build again",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("bundle/model", "it is a link that leads out of the folder: /srv/models/4")


@dataclass(eq=False)
class LayersUnwritable(errors.EnvironmentLacks):
    """Layers cannot be kept where they are to be kept."""

    folder: str
    reason: str

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact=f"layers cannot be written: {errors.cut(self.reason)}",
            where=self.folder,
            remedy="free room there, give yourself the right to write, or set XDG_CACHE_HOME to a folder of yours",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("/home/ada/.cache/noteship/layers", "No space left on device")


@dataclass(eq=False)
class UnfitWheel(errors.WorkFailed):
    """A wheel is not as the wheel format wants it, or does what no wheel should."""

    wheel: str
    reason: str

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact=f"{self.wheel} cannot become a part of an image: {errors.cut(self.reason)}",
            where=self.wheel,
            nearest="a download cut short, or a wheel that was packed by hand",
            remedy="fetch it again; if the index has it so, lock another version, or put a sound one into a team index",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("fastmath-1.2-py3-none-any.whl", "the name '../../etc/passwd' leads out of the wheel")


@dataclass(eq=False)
class WheelsClash(errors.WorkFailed):
    """Two packages bring the same path with different contents, and only one can be there."""

    path: str
    one: str
    other: str

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact=f"{self.one} and {self.other} both bring /{self.path}, and not the same one",
            where=f"{self.one}; {self.other}",
            nearest="two packages for one thing (opencv-python and opencv-python-headless), or tests packed by mistake",
            remedy="leave one of them out of the lock, or lock a version that does not bring the path",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls(
            "opt/noteship/lib/python3.12/site-packages/cv2/__init__.py",
            "opencv_python-4.11.0-cp37-abi3-manylinux_2_17_x86_64.whl",
            "opencv_python_headless-4.11.0-cp37-abi3-manylinux_2_17_x86_64.whl",
        )
