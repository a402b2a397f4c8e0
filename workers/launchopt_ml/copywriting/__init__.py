"""Writers of ad copy behind one Protocol. The phrasebook needs no weights and is the default."""

from launchopt_ml.copywriting.phrasebook import PhrasebookWriter
from launchopt_ml.copywriting.writer import Brief, Example, Persona, Writer, WriterFailed

__all__ = ["Brief", "Example", "Persona", "PhrasebookWriter", "Writer", "WriterFailed"]
