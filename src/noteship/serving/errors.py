"""What can keep a service from starting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from noteship.errors import EnvironmentLacks, Parts, UsageError, WorkFailed, cut

__all__ = ["BadCertificate", "BadReviewRule", "BadTokenFile", "CanaryFailed", "FieldsDiffer", "NoCluster"]

# Fields that are named before the rest is counted.
DIFFERENCES_SHOWN = 5


@dataclass(eq=False)
class CanaryFailed(WorkFailed):
    """The model was loaded, and does not score the row that its own signature gives as an example."""

    model: str
    version: str
    reason: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"the model {self.model} does not score the example row of its own signature",
            where=f"bundle {self.version}",
            nearest=cut(self.reason),
            remedy="make the bundle again with `noteship run`, in the environment that serves it",
        )

    @classmethod
    def example(cls) -> Self:
        """A step that fails here."""
        return cls("mail", "3f2a91c04d11", "ValueError, raised at sklearn/utils/validation.py, line 1093")


@dataclass(eq=False)
class FieldsDiffer(UsageError):
    """A canary or a shadow would refuse rows that are right for the default."""

    model: str
    version: str
    role: str
    default: str
    differences: tuple[str, ...]

    def parts(self) -> Parts:
        """The message."""
        shown = self.differences[:DIFFERENCES_SHOWN]
        more = len(self.differences) - len(shown)
        return Parts(
            f"version {self.version} of {self.model} cannot be a {self.role}: its fields are not those of the default",
            where=f"the default is version {self.default}",
            nearest="; ".join((*shown, f"and {more} more") if more else shown),
            remedy="make it the default, or a spare, which answers those who ask for its version",
        )

    @classmethod
    def example(cls) -> Self:
        """A field that is new, and one that was text."""
        differences = "'length' (an integer) is no field of the default", "'size' is a number, and in the default text"
        return cls("mail", "3f2a91c04d11", "canary", "77e0c1a9b2d4", differences)


@dataclass(eq=False)
class BadTokenFile(UsageError):
    """A line of a file of tokens says nothing that a service could go by; the line itself is not told."""

    path: str
    line: int
    reason: str

    def parts(self) -> Parts:
        """The message."""
        where = cut(self.path) + (f", line {self.line}" if self.line else "")
        return Parts(
            "the tokens cannot be read" if self.path else "the token cannot be made",
            where=where,
            nearest=self.reason,
            remedy="`noteship token NAME --scope predict` makes a token, and the line for the file",
        )

    @classmethod
    def example(cls) -> Self:
        """A token where its digest belongs."""
        reason = "the third word is not `sha256:` and 64 small hexadecimal digits; a token itself does not belong here"
        return cls("tokens.txt", 3, reason)


@dataclass(eq=False)
class BadReviewRule(UsageError):
    """A rule for the cluster's users is not in its form."""

    text: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"--token-review {cut(self.text, 200)} does not say who may do what",
            nearest="it is PATTERN=SCOPE[,SCOPE], and the scopes are predict, observe and admin",
            remedy="for the service accounts of a namespace: --token-review 'system:serviceaccount:team-a:*=predict'",
        )

    @classmethod
    def example(cls) -> Self:
        """A scope that there is not."""
        return cls("group:analysts=read")


@dataclass(eq=False)
class NoCluster(EnvironmentLacks):
    """The cluster is to say whose tokens are, and there is none around this process."""

    reason: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            "the cluster cannot be asked whose tokens are",
            nearest=cut(self.reason),
            remedy="leave --token-review out where the service is in no pod; in one, mount its service account's token",
        )

    @classmethod
    def example(cls) -> Self:
        """A laptop."""
        return cls("KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set")


@dataclass(eq=False)
class BadCertificate(UsageError):
    """TLS cannot be spoken with a certificate and its key."""

    certificate: str
    key: str
    reason: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            "the certificate and its key cannot be used",
            where=f"{cut(self.certificate)}, {cut(self.key)}",
            nearest=self.reason,
            remedy="name a certificate and its own key, both in PEM, the key without a password",
        )

    @classmethod
    def example(cls) -> Self:
        """A key of another certificate."""
        return cls("tls.crt", "tls.key", "KEY_VALUES_MISMATCH")
