"""Packs the corpora, an archive for each target, as they are committed.

    corpus.py pack FOLDER ARCHIVE
    corpus.py unpack ARCHIVE FOLDER

An archive is the same for the same inputs, so that it only changes when they do.
"""

import shutil
import sys
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo


def pack(folder: Path, archive: Path) -> None:
    archive.parent.mkdir(parents=True, exist_ok=True)
    with ZipFile(archive, "w", ZIP_DEFLATED, compresslevel=9) as packed:
        for file in sorted(folder.iterdir()):
            # Without the time of day.
            packed.writestr(ZipInfo(file.name), file.read_bytes(), ZIP_DEFLATED)


def unpack(archive: Path, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if archive.exists():
        with ZipFile(archive) as packed:
            packed.extractall(folder)


if __name__ == "__main__":
    {"pack": pack, "unpack": unpack}[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]))
