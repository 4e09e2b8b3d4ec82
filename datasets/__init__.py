"""Datasets: ``load_*`` (shipped), ``make_*`` (generated), ``read_*`` (the user's files), ``find`` (any)."""

from scipy_ae.datasets.arrays import map_npy, read_npy, read_npz, write_npy, write_npz
from scipy_ae.datasets.catalogue import IMAGE_SOURCES, SUFFIXES, export, find, names
from scipy_ae.datasets.circles import make_circles
from scipy_ae.datasets.curves import make_curves
from scipy_ae.datasets.dataset import Dataset
from scipy_ae.datasets.digits import load_digits
from scipy_ae.datasets.font_header import read_font_header, write_font_header
from scipy_ae.datasets.fonts import load_font
from scipy_ae.datasets.glyphs import make_glyphs
from scipy_ae.datasets.idx import read_idx
from scipy_ae.datasets.image_files import read_images, read_pairs
from scipy_ae.datasets.logos import load_logos
from scipy_ae.datasets.photographs import load_photographs
from scipy_ae.datasets.sheet import write_sheet
from scipy_ae.datasets.svhn import read_mat
from scipy_ae.datasets.tables import read_csv, write_csv

__all__ = [
    "IMAGE_SOURCES",
    "SUFFIXES",
    "Dataset",
    "export",
    "find",
    "load_digits",
    "load_font",
    "load_logos",
    "load_photographs",
    "make_circles",
    "make_curves",
    "make_glyphs",
    "map_npy",
    "names",
    "read_csv",
    "read_font_header",
    "read_idx",
    "read_images",
    "read_mat",
    "read_npy",
    "read_npz",
    "read_pairs",
    "write_csv",
    "write_font_header",
    "write_npy",
    "write_npz",
    "write_sheet",
]
