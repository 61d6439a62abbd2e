"""What can go wrong with images, each said in four parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from noteship import errors

__all__ = [
    "BadAuthorities",
    "BadChallenge",
    "BadImageName",
    "BadLogins",
    "BadProxy",
    "BadRegistryAnswer",
    "ContextUnfit",
    "CredentialHelperFailed",
    "ImageFolderUnwritable",
    "NoImageFolder",
    "NotInRegistry",
    "PlainRefused",
    "RegistryBusy",
    "RegistryDenied",
    "RegistryFailed",
    "RegistryRefused",
    "RegistryUnreachable",
    "RegistryUntrusted",
    "UnsuitableBase",
    "WrongBytes",
]

_DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


@dataclass(eq=False)
class BadAuthorities(errors.EnvironmentLacks):
    """The file of certificate authorities that is to be trusted cannot be."""

    path: str
    reason: str

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact="the certificate authorities to trust cannot be read",
            where=self.path,
            nearest=errors.cut(self.reason),
            remedy="name a file of PEM certificates with SSL_CERT_FILE, or unset it for the system's own",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("/etc/team/ca.pem", "No such file or directory")


@dataclass(eq=False)
class BadChallenge(errors.EnvironmentLacks):
    """A registry asks for a login in a way that is unsafe or not known."""

    registry: str
    reason: str

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact=f"{self.registry} asks for a login in a way that is not followed; no password was sent",
            where=self.registry,
            nearest=errors.cut(self.reason),
            remedy="ask who runs it: its WWW-Authenticate header must be Basic, or Bearer with an https:// realm",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("registry.example.org", "its realm http://login.example.org/token is without TLS")


@dataclass(eq=False)
class BadImageName(errors.UsageError):
    """The name of an image cannot be understood."""

    name: str
    reason: str
    nearest: str = ""

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact=f"'{errors.cut(self.name, 300)}' does not name an image: {errors.cut(self.reason)}",
            nearest=errors.cut(self.nearest, 300),
            remedy="write REGISTRY/REPOSITORY:TAG or REGISTRY/REPOSITORY@sha256:…, with the registry's host",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("team/mail:1", "it begins with no registry, and none is guessed", "registry.example.org/team/mail:1")


@dataclass(eq=False)
class BadLogins(errors.EnvironmentLacks):
    """A file of registries' logins does not say what it should."""

    path: str
    reason: str

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact="the logins of registries cannot be read",
            where=self.path,
            nearest=errors.cut(self.reason),
            remedy="log in again with `docker login` or `podman login`, or name another file with REGISTRY_AUTH_FILE",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("/home/ada/.docker/config.json", "auths 'registry.example.org': its auth is no base64")


@dataclass(eq=False)
class BadProxy(errors.UsageError):
    """A proxy's address cannot be used."""

    proxy: str
    reason: str

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact=f"the proxy {errors.cut(self.proxy, 200)} cannot be used: {self.reason}",
            where="HTTPS_PROXY, HTTP_PROXY or ALL_PROXY",
            remedy="write http://HOST:PORT, or name the registry in NO_PROXY",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("socks5://proxy.example.org:1080", "only http and https are known")


@dataclass(eq=False)
class BadRegistryAnswer(errors.EnvironmentLacks):
    """What answers is no registry, or does not say what registries say."""

    registry: str
    asked: str
    reason: str

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact=f"{self.registry} does not answer as a registry does",
            where=self.asked,
            nearest=errors.cut(self.reason),
            remedy="see that the image's name has the registry's own host, and that nothing in between answers for it",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("registry.example.org", "POST /v2/team/mail/blobs/uploads/", "status 200 with a page of HTML")


@dataclass(eq=False)
class ContextUnfit(errors.UsageError):
    """A folder cannot be the one that a Containerfile is built from."""

    folder: str
    reason: str

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact=f"{self.folder} cannot be the folder that an image is built from: {errors.cut(self.reason)}",
            where=self.folder,
            remedy="name an empty folder outside of the project, or one that `noteship build --containerfile` made",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("/home/ada/mail", "it holds files of others already, such as train.ipynb")


@dataclass(eq=False)
class CredentialHelperFailed(errors.EnvironmentLacks):
    """The program that keeps registries' logins did not give one."""

    program: str
    registry: str
    reason: str

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact=f"{self.program} did not give the login of {self.registry}",
            where=f"{self.program} get",
            nearest=errors.cut(self.reason),
            remedy="run it by hand to see what it lacks, or take it out of credsStore and credHelpers and log in again",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("docker-credential-pass", "registry.example.org", "no such program on PATH")


@dataclass(eq=False)
class NotInRegistry(errors.WorkFailed):
    """A registry has no such image or blob."""

    repository: str
    what: str
    nearest: str = ""

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact=f"there is no {self.what} in {self.repository}",
            where=self.repository,
            nearest=errors.cut(self.nearest),
            remedy="correct the name; where a login is needed to see it, some registries say that it is not there",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("registry.example.org/team/mail", "image '2.1'", "2.0, 2.0.1")


@dataclass(eq=False)
class PlainRefused(errors.UsageError):
    """Something is to be asked without TLS where that is not allowed."""

    address: str
    reason: str

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact=f"{errors.cut(self.address, 200)} is not asked without TLS; nothing was sent there",
            where=errors.cut(self.reason, 200),
            remedy="let it serve https, or name it under plain in [image], if nobody else is on the way",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("http://objects.example.org/blobs/9f86d081", "a redirect of registry.example.org")


@dataclass(eq=False)
class RegistryBusy(errors.EnvironmentLacks):
    """A registry asks for patience, more than is waited."""

    retryable = True

    registry: str
    asked: str
    wait_s: float

    def parts(self) -> errors.Parts:
        """The message."""
        wait = f"it asks to wait {self.wait_s:.0f} s" if self.wait_s else "it says not for how long"
        return errors.Parts(
            fact=f"{self.registry} takes no more requests for now",
            where=self.asked,
            nearest=wait,
            remedy="run again later: what was brought there stays; log in where only strangers are limited",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("registry.example.org", "GET /v2/python/manifests/3.11", 3600.0)


@dataclass(eq=False)
class RegistryDenied(errors.EnvironmentLacks):
    """A registry refuses the login, or there is none."""

    registry: str
    asked: str
    login: str
    reason: str = ""

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact=f"{self.registry} refuses access",
            where=self.asked,
            nearest=errors.cut("; ".join(part for part in (self.login, self.reason) if part)),
            remedy=f"`docker login {self.registry}` or `podman login {self.registry}` as who may do this, or name a "
            "file of logins with REGISTRY_AUTH_FILE",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        asked = "POST /v2/team/mail/blobs/uploads/"
        return cls("registry.example.org", asked, "as ada, of /home/ada/.docker/config.json", "DENIED: read only")


@dataclass(eq=False)
class RegistryFailed(errors.EnvironmentLacks):
    """A registry fails, again and again; a later try may succeed."""

    retryable = True

    registry: str
    asked: str
    reason: str

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact=f"{self.registry} fails",
            where=self.asked,
            nearest=errors.cut(self.reason),
            remedy="see to the registry, its disk above all, then run again: what was brought there stays",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("registry.example.org", "PUT /v2/team/mail/manifests/2.1", "status 503")


@dataclass(eq=False)
class RegistryRefused(errors.WorkFailed):
    """A registry understands a request and does not do it."""

    registry: str
    asked: str
    reason: str

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact=f"{self.registry} refuses what it is asked for",
            where=self.asked,
            nearest=errors.cut(self.reason),
            remedy="see what it says above; quotas, allowed sizes, media types and names are the registry's own matter",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("registry.example.org", "PUT /v2/team/mail/manifests/2.1", "status 413: the project's quota is full")


@dataclass(eq=False)
class RegistryUnreachable(errors.EnvironmentLacks):
    """A registry does not answer; a later try may succeed."""

    retryable = True

    registry: str
    reason: str
    proxy: str = ""

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact=f"{self.registry} does not answer",
            where=self.registry + (f", through the proxy {self.proxy}" if self.proxy else ""),
            nearest=errors.cut(self.reason),
            remedy="see that it runs and the image's name has its host; HTTPS_PROXY and NO_PROXY say how it is reached",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("registry.example.org", "connection refused", "http://proxy.example.org:3128")


@dataclass(eq=False)
class RegistryUntrusted(errors.EnvironmentLacks):
    """A registry's certificate is not trusted."""

    registry: str
    reason: str

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact=f"the certificate of {self.registry} is not trusted; nothing was sent",
            where=self.registry,
            nearest=errors.cut(self.reason),
            remedy="where a private authority issued it, name the authority's PEM file with SSL_CERT_FILE",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("registry.example.org", "unable to get local issuer certificate")


@dataclass(eq=False)
class UnsuitableBase(errors.UsageError):
    """An image cannot be what another one is built on."""

    image: str
    reason: str
    nearest: str = ""

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact=f"nothing can be built on {errors.cut(self.image, 300)}: {errors.cut(self.reason)}",
            where=errors.cut(self.image, 300),
            nearest=errors.cut(self.nearest),
            remedy="name an image with Python for the target's platform, in OCI's format or Docker's schema 2",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("registry.example.org/python:3.11", "it is not for linux/arm64", "linux/amd64, linux/ppc64le")


@dataclass(eq=False)
class WrongBytes(errors.WorkFailed):
    """Bytes do not have the digest or the size that names them."""

    place: str
    digest: str
    reason: str

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact=f"the bytes of {self.digest} are others than their name says; nothing of them was used",
            where=self.place,
            nearest=errors.cut(self.reason),
            remedy="run again; if it stays, what wrote them there is broken or not to be trusted",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("registry.example.org/team/mail", f"sha256:{_DIGEST}", "they end after 1024 of 4096 bytes")


@dataclass(eq=False)
class ImageFolderUnwritable(errors.EnvironmentLacks):
    """An OCI folder cannot be read or written."""

    folder: str
    reason: str

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact=f"the OCI folder cannot be read or written: {errors.cut(self.reason)}",
            where=self.folder,
            remedy="free room there, or give yourself the right to read and write; what was there before still is",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("/mnt/usb/mail", "No space left on device")


@dataclass(eq=False)
class NoImageFolder(errors.UsageError):
    """A folder that is to hold images holds something else."""

    folder: str
    reason: str

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact=f"{self.folder} is no OCI folder: {errors.cut(self.reason)}",
            where=self.folder,
            remedy="name a folder that is empty or not there yet, or one that noteship or another OCI tool wrote",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("/home/ada/mail/out", "it has files, and no oci-layout among them")
