"""Which files are to be read: folders walked in a fixed order, each file under a name that no other has.

Nothing is opened here. What a file is, and how many pages it has, a worker finds out: files are untrusted,
and a worker may die of one.
"""

import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from hashlib import blake2b
from pathlib import Path, PurePath
from typing import Final, TypeAlias

from ocr_helpers.batch.errors import BatchOptionError, NoSourcesError
from ocr_helpers.errors import shown
from ocr_helpers.output_files import safe_stem

__all__ = ["SUFFIXES", "FoundSources", "Skipped", "SourceFile", "Sources", "find_sources", "result_name"]

SUFFIXES: Final = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".gif", ".bmp", ".pdf")
"""What files in a folder are taken where no pattern says otherwise; in capitals as well."""

Sources: TypeAlias = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file to read.

    Attributes:
        key: its name in the manifest: the path below its source, after the source's own name.
        path: absolute.
        root: the folder whose absence means that the whole source is gone.
        size: in bytes.
        mtime_ns: time of the last change.

    """

    key: str
    path: str
    root: str
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something found that is not read, and why."""

    key: str
    reason: str


@dataclass(frozen=True, slots=True)
class FoundSources:
    """What was found.

    Attributes:
        files: in the order in which they are read.
        skipped: what had a fitting name and is not read.
        roots: absolute path of each source → the name that its keys begin with.

    """

    files: list[SourceFile] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    roots: dict[str, str] = field(default_factory=dict)


def result_name(key: str, page: int) -> str:
    """Path of a page's result below the folder of results; different for every key and page.

    The file's own name is in it for people, made safe, and the hash of the whole key for uniqueness. 256
    folders share the files out.
    """
    digest = blake2b(os.fsencode(key), digest_size=8).hexdigest()
    return f"{digest[:2]}/{safe_stem(key)[:60]}-{digest}.p{page + 1:05d}.json"


def find_sources(
    sources: Sources,
    *,
    pattern: str | Sequence[str] | None = None,
    follow_links: bool = False,
    leave_out: Path | None = None,
    known_roots: Mapping[str, str] | None = None,
) -> FoundSources:
    """Walk folders and take files as they are named, each once, in an order that does not change.

    Names that begin with a dot are passed over. A file named itself is taken whatever it is called.

    Args:
        sources: a path or several, of files and folders.
        pattern: one or more shell patterns for files in folders, such as ``"*.png"``; one with a slash
            (``"2023/*.pdf"``) is matched with the path below the folder. None: :data:`SUFFIXES`.
        follow_links: whether links to folders are followed; each folder is then walked once, so a loop ends.
            Links to files are always followed.
        leave_out: a folder that is not walked into: where results are written.
        known_roots: names that sources had before; they keep them.

    Raises:
        NoSourcesError: a source is not there, or none was given.
        BatchOptionError: a pattern is not text, or a source is not a path.

    """
    patterns = _patterns(pattern)
    given = list(_given(sources))
    if not given:
        raise NoSourcesError("No sources were given. Pass a folder, a file, or a list of them.")
    found = FoundSources()
    names = dict(known_roots or {})
    walk = _Walk(found, patterns, follow_links, leave_out)
    for path in given:
        absolute = os.path.abspath(path)  # noqa: PTH100 - resolve() would follow links: names would change
        try:
            state = Path(absolute).stat()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise NoSourcesError(
                f"{shown(path)} cannot be read: {reason}. Check the path; if it is on a network folder or a "
                "removable disk, connect it."
            ) from None
        if stat.S_ISDIR(state.st_mode):
            root = absolute
            found.roots[root] = _root_name(root, names)
            walk.folder(root, found.roots[root])
        else:
            root = os.path.dirname(absolute)  # noqa: PTH120
            found.roots[root] = _root_name(root, names)
            name = os.path.basename(absolute)  # noqa: PTH119
            walk.file(absolute, f"{found.roots[root]}/{name}", root, state)
    return found


class _Walk:
    def __init__(
        self, found: FoundSources, patterns: Sequence[str] | None, follow: bool, leave_out: Path | None
    ) -> None:
        self._found, self._patterns, self._follow = found, patterns, follow
        self._leave_out = os.path.realpath(leave_out) if leave_out is not None else None
        self._seen: set[str] = set()
        self._walked: set[tuple[int, int]] = set()

    def file(self, path: str, key: str, root: str, state: os.stat_result) -> None:
        if path in self._seen:
            return
        self._seen.add(path)
        if stat.S_ISREG(state.st_mode):
            self._found.files.append(SourceFile(key, path, root, state.st_size, state.st_mtime_ns))
        else:
            self._skip(key, "it is a device, a pipe or a socket")

    def folder(self, root: str, name: str) -> None:
        """Walk without recursion: folders may be nested deeper than Python calls."""
        waiting = [(root, name)]
        while waiting:
            folder, key = waiting.pop()
            inner = []
            for entry in self._entries(folder, key):
                entry_key = f"{key}/{entry.name}"
                try:
                    if entry.is_dir():
                        if self._enter(entry, entry_key):
                            inner.append((entry.path, entry_key))
                    elif self._fits(entry.name, entry_key[len(name) + 1 :]):
                        self.file(entry.path, entry_key, root, entry.stat())
                except OSError as error:  # a link that leads nowhere or in a circle, a file just deleted
                    self._skip(entry_key, error.strerror or str(error))
            waiting.extend(reversed(inner))

    def _entries(self, folder: str, key: str) -> Iterator[os.DirEntry[str]]:
        try:
            state = Path(folder).stat()
            if (state.st_dev, state.st_ino) in self._walked and self._follow:
                self._skip(key, "the folder was walked already, under another name")
                return
            self._walked.add((state.st_dev, state.st_ino))
            with os.scandir(folder) as entries:
                listed = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            self._skip(key, error.strerror or str(error))
            return
        yield from (entry for entry in listed if not entry.name.startswith("."))

    def _enter(self, entry: os.DirEntry[str], key: str) -> bool:
        if self._leave_out is not None and os.path.realpath(entry.path) == self._leave_out:
            return False
        if entry.is_symlink() and not self._follow:
            self._skip(key, "it is a link to a folder; follow_links=True follows them")
            return False
        return True

    def _fits(self, name: str, below: str) -> bool:
        if self._patterns is None:
            return name.lower().endswith(SUFFIXES)
        return any(fnmatchcase(below if "/" in one else name, one) for one in self._patterns)

    def _skip(self, key: str, reason: str) -> None:
        self._found.skipped.append(Skipped(key, reason))


def _given(sources: object) -> Iterator[str]:
    several = [sources] if isinstance(sources, str | os.PathLike) else sources
    if not isinstance(several, Iterable) or isinstance(several, bytes | Mapping):
        raise BatchOptionError(f"sources is {shown(sources)}; expected a path or a list of paths.")
    for one in several:
        path = os.fspath(one) if isinstance(one, str | os.PathLike) else None
        if not isinstance(path, str) or not path.strip():
            raise BatchOptionError(f"{shown(one)} is not a path; sources are paths of files and folders.")
        try:
            yield str(Path(path).expanduser())
        except RuntimeError as error:  # ~name of a user who does not exist
            raise NoSourcesError(f"{shown(path)} cannot be a path: {error}.") from None


def _patterns(pattern: object) -> Sequence[str] | None:
    if pattern is None:
        return None
    several = [pattern] if isinstance(pattern, str) else pattern
    if not isinstance(several, Sequence) or not all(isinstance(one, str) and one for one in several):
        raise BatchOptionError(
            f"pattern is {shown(pattern)}; expected one such as '*.png', or a list of them."
        )
    return list(several)


def _root_name(root: str, names: dict[str, str]) -> str:
    """Return the folder's own name, with as many folders above it as it takes to be unlike all others."""
    if root in names:
        return names[root]
    parts = PurePath(root).parts[1:] or ("root",)
    taken = set(names.values())
    candidates = ["/".join(parts[-count:]) for count in range(1, len(parts) + 1)]
    candidates += [f"{candidates[-1]}~{number}" for number in range(2, len(taken) + 3)]
    # A name below which another lies could give two files one key.
    free = next(name for name in candidates if not any(_overlap(name, other) for other in taken))
    names[root] = free
    return free


def _overlap(one: str, other: str) -> bool:
    return f"{one}/".startswith(f"{other}/") or f"{other}/".startswith(f"{one}/")
