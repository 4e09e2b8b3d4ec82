"""Trained networks for other programs: ONNX files and a torch module, with the same outputs as ours.

Both are made from the same ``steps``; onnx and torch are imported where they are needed, and only there.
"""

from scipy_ae.export.onnx import PRECISIONS, write_onnx
from scipy_ae.export.steps import decoder_steps, encoder_steps
from scipy_ae.export.torch import to_torch

__all__ = ["PRECISIONS", "decoder_steps", "encoder_steps", "to_torch", "write_onnx"]
