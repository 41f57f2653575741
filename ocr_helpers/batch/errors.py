"""What a run over many documents refuses, one class per cause."""

from ocr_helpers.errors import OcrHelpersError

__all__ = [
    "BatchOptionError",
    "ClusterError",
    "JobChangedError",
    "JobFileError",
    "ModelsDifferError",
    "NoSourcesError",
    "OutputError",
    "OutputFullError",
    "OutputInUseError",
    "OutputReadOnlyError",
    "SourceChangedError",
    "SourceVanishedError",
    "TooManyPagesError",
    "WorkersFailedError",
]


class BatchOptionError(OcrHelpersError, ValueError):
    """An option of ``read_documents`` has a value that cannot be used."""


class NoSourcesError(OcrHelpersError):
    """A source is not there, or none was given."""


class SourceVanishedError(OcrHelpersError):
    """The folder of the sources is gone in the middle of a run: a network folder, a removable disk."""


class SourceChangedError(OcrHelpersError):
    """A file changed between being opened and its last page being read."""


class TooManyPagesError(OcrHelpersError):
    """A document says that it has more pages than ``max_pages``."""


class JobChangedError(OcrHelpersError):
    """The output folder holds results of other settings, models or another version of this package."""


class JobFileError(OcrHelpersError):
    """The output folder's ``job.json`` is not one that this version wrote."""


class OutputError(OcrHelpersError):
    """The output folder cannot be written to."""


class OutputFullError(OutputError):
    """The disk is full, or a limit on the size of files or on their sum is reached."""


class OutputReadOnlyError(OutputError):
    """The output folder, or the whole file system, may not be written to."""


class OutputInUseError(OutputError):
    """Another run is writing to the same output folder."""


class ModelsDifferError(OcrHelpersError):
    """A worker's model files are not those that the job began with."""


class WorkersFailedError(OcrHelpersError):
    """Worker processes end before they have read anything."""


class ClusterError(OcrHelpersError):
    """The Dask cluster cannot be reached, has no workers, or lost them all."""
