"""What can go wrong with a store, each said in four parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from noteship import errors

__all__ = [
    "BadStoreUrl",
    "BadTree",
    "BucketMissing",
    "DamagedObject",
    "DamagedReference",
    "LinkLeavesFolder",
    "MissingObject",
    "RefMoved",
    "SourceChanged",
    "SourceUnreadable",
    "StoreDenied",
    "StoreFailed",
    "StoreFull",
    "StoreReadOnly",
    "StoreUnreachable",
    "TargetUnwritable",
]

_DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


@dataclass(eq=False)
class BadStoreUrl(errors.UsageError):
    """The address of a store cannot be understood."""

    url: str
    reason: str
    nearest: str = ""

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact=f"'{errors.cut(self.url, 200)}' is not the address of a store: {self.reason}",
            where="[store] url",
            nearest=self.nearest,
            remedy="write a folder (file:PATH), s3://BUCKET/PREFIX, or leave it out for .noteship/store",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("s4://team-a/mail", "the scheme 's4' is not known", "s3")


@dataclass(eq=False)
class BucketMissing(errors.EnvironmentLacks):
    """The server answers and has no such bucket."""

    url: str
    endpoint: str

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact=f"there is no bucket for the store {self.url}",
            where=self.endpoint,
            remedy="make the bucket with the server's own tools, or correct [store] url or AWS_ENDPOINT_URL",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("s3://team-a/mail", "http://ceph.example.org:7480")


@dataclass(eq=False)
class StoreFull(errors.EnvironmentLacks):
    """No room is left where the store is."""

    url: str
    key: str
    reason: str

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact="the store is full: nothing of the object was kept, all that was there before still is",
            where=f"{self.url}, writing {self.key}",
            nearest=errors.cut(self.reason),
            remedy="free room with `noteship gc`, raise the quota, or name a larger place under [store] url; run again",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("/home/ada/mail/.noteship/store", f"objects/{_DIGEST[:2]}/{_DIGEST[2:]}", "No space left on device")


@dataclass(eq=False)
class StoreReadOnly(errors.EnvironmentLacks):
    """The store can be read here, not written."""

    url: str
    key: str
    reason: str

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact="the store cannot be written",
            where=f"{self.url}, writing {self.key}",
            nearest=errors.cut(self.reason),
            remedy="give yourself the right to write there, or name another place under [store] url",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("/mnt/team/store", "refs/champion.json", "Read-only file system")


@dataclass(eq=False)
class StoreUnreachable(errors.EnvironmentLacks):
    """The store's server does not answer; a later try may succeed."""

    retryable = True

    url: str
    endpoint: str
    reason: str

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact="the store does not answer",
            where=f"{self.url}, through {self.endpoint}",
            nearest=errors.cut(self.reason),
            remedy="see that the server runs and AWS_ENDPOINT_URL names it, then run again: what is done stays done",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("s3://team-a/mail", "http://ceph.example.org:7480", "connection refused")


@dataclass(eq=False)
class StoreDenied(errors.EnvironmentLacks):
    """The store refuses the credentials, or there are none."""

    url: str
    endpoint: str
    reason: str

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact="the store refuses access",
            where=f"{self.url}, through {self.endpoint}",
            nearest=errors.cut(self.reason),
            remedy="set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, to credentials that may use it",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("s3://team-a/mail", "http://ceph.example.org:7480", "InvalidAccessKeyId")


@dataclass(eq=False)
class StoreFailed(errors.EnvironmentLacks):
    """The store failed in a way that has no class of its own."""

    url: str
    key: str
    reason: str

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact="the store failed",
            where=f"{self.url}, at {self.key}" if self.key else self.url,
            nearest=errors.cut(self.reason),
            remedy="see to what is named above, then run again: what is done stays done",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("s3://team-a/mail", "refs/champion.json", "NoSuchBucket: the bucket team-a does not exist")


@dataclass(eq=False)
class MissingObject(errors.WorkFailed):
    """An object that something names is not in the store."""

    url: str
    digest: str

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact=f"the store does not have the object {self.digest}",
            where=self.url,
            nearest="it was swept, set aside as damaged, or is in another store",
            remedy="`noteship run` makes again what stages produce; what came from elsewhere must be stored again",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("/home/ada/mail/.noteship/store", _DIGEST)


@dataclass(eq=False)
class DamagedObject(errors.WorkFailed):
    """An object's bytes do not have the digest that names it; it was set aside."""

    url: str
    digest: str
    aside: str = ""

    def parts(self) -> errors.Parts:
        """The message."""
        kept = f"set aside as {self.aside}" if self.aside else "it could not be set aside, the store cannot be written"
        return errors.Parts(
            fact=f"the object {self.digest} is damaged: its bytes have another digest; nothing of it was used",
            where=self.url,
            nearest=kept,
            remedy="`noteship run` makes it again; if this happens often, test the disk",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("/home/ada/mail/.noteship/store", _DIGEST, f"damaged/{_DIGEST}-5f2c81")


@dataclass(eq=False)
class DamagedReference(errors.WorkFailed):
    """A reference does not hold a plain value; it was set aside."""

    url: str
    name: str
    aside: str = ""

    def parts(self) -> errors.Parts:
        """The message."""
        kept = f"set aside as {self.aside}" if self.aside else "it could not be set aside, the store cannot be written"
        return errors.Parts(
            fact=f"the reference {errors.cut(self.name, 200)} is damaged: it holds no complete JSON value",
            where=self.url,
            nearest=kept,
            remedy="run again, which goes on without it; a champion or a release must be named again",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("/home/ada/mail/.noteship/store", "champion", "damaged/champion-5f2c81")


@dataclass(eq=False)
class BadTree(errors.WorkFailed):
    """An object that is to describe a folder does not, or describes one that must not be made."""

    url: str
    digest: str
    reason: str

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact=f"the object {self.digest} does not describe a folder that can be made here",
            where=self.url,
            nearest=errors.cut(self.reason),
            remedy="do not trust what wrote it; nothing was put in place",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("s3://team-a/mail", _DIGEST, "the name '../.bashrc' leaves the folder")


@dataclass(eq=False)
class RefMoved(errors.WorkFailed):
    """A reference is no longer what the writer had read."""

    retryable = True

    url: str
    name: str
    expected: str

    def parts(self) -> errors.Parts:
        """The message."""
        had = f"version {errors.cut(self.expected, 80)}" if self.expected else "to be absent"
        return errors.Parts(
            fact=f"the reference {errors.cut(self.name, 200)} was changed by someone else; it was not written",
            where=self.url,
            nearest=f"expected {had}",
            remedy="look at what it is now, and try again",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("s3://team-a/mail", "champion", "d41d8cd98f00")


@dataclass(eq=False)
class SourceUnreadable(errors.WorkFailed):
    """A file or folder that is to be stored cannot be read."""

    path: str
    reason: str

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact=f"{self.path} cannot be stored, because it cannot be read",
            where=self.path,
            nearest=errors.cut(self.reason),
            remedy="see that it is there, is a file or a folder, and may be read",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("data/training.parquet", "Permission denied")


@dataclass(eq=False)
class SourceChanged(errors.WorkFailed):
    """A file kept changing while it was being stored."""

    retryable = True

    path: str

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact=f"{self.path} changed each time while it was being stored",
            where=self.path,
            nearest="another process writes it",
            remedy="wait until it is written, or stop what writes it, and run again",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("data/training.parquet")


@dataclass(eq=False)
class LinkLeavesFolder(errors.WorkFailed):
    """A folder that is to be stored holds a symbolic link that points out of it, or nowhere."""

    path: str
    points_to: str

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact=f"{self.path} is a link that leads out of the folder to be stored, or to no file",
            where=self.path,
            nearest=f"it points to {errors.cut(self.points_to, 200)}",
            remedy="copy the file in place of the link, or leave the link out",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("plots/latest.png", "/home/ada/pictures/latest.png")


@dataclass(eq=False)
class TargetUnwritable(errors.EnvironmentLacks):
    """What comes out of the store cannot be written where it is to go."""

    path: str
    reason: str

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact=f"{self.path} cannot be written; what was there before still is",
            where=self.path,
            nearest=errors.cut(self.reason),
            remedy="free room on that disk, or give yourself the right to write there, and run again",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("data/features.parquet", "No space left on device")
