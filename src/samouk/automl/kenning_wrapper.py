"""Kenning's side of a scenario: a model wrapper for any ONNX model from one float32 table to shares of classes.

It is copied beside the scenario and runs where Kenning is installed; samouk never imports it.
"""

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import onnxruntime
from kenning.core.model import ModelWrapper
from kenning.datasets.tabular_dataset import TabularDataset


class OnnxTable(ModelWrapper):  # type: ignore[misc]  # Kenning is not there when types are checked
    """Rows of a ``TabularDataset`` through an ONNX model."""

    default_dataset = TabularDataset
    arguments_structure: ClassVar[dict[str, Any]] = {}

    model_prepared: bool

    def prepare_model(self) -> None:
        if not self.model_prepared:
            self.load_model(self.model_path)
            self.model_prepared = True

    def load_model(self, model_path: Any) -> None:
        self.session = onnxruntime.InferenceSession(str(model_path), providers=["CPUExecutionProvider"])

    def save_model(self, model_path: Any) -> None:
        Path(str(model_path)).write_bytes(Path(str(self.model_path)).read_bytes())

    def save_to_onnx(self, model_path: Any) -> None:
        self.save_model(model_path)

    def preprocess_input(self, X: list[Any]) -> list[Any]:  # noqa: N803 - Kenning's name
        return [np.asarray(X[0], np.float32).reshape(1, -1)]

    def run_inference(self, X: list[Any]) -> list[Any]:  # noqa: N803 - Kenning's name
        self.prepare_model()
        return list(self.session.run(None, {self.session.get_inputs()[0].name: X[0]}))

    def train_model(self) -> None:
        raise NotImplementedError("the model comes trained")

    def get_io_specification_from_model(self) -> dict[str, Any]:
        self.prepare_model()
        width = self.session.get_inputs()[0].shape[1]
        classes = self.session.get_outputs()[0].shape[1]
        return {
            "input": [{"name": "features", "shape": [(1, width), (1, 1, width)], "dtype": "float64"}],
            "processed_input": [{"name": "features", "shape": (1, width), "dtype": "float32"}],
            "output": [{"name": "score", "shape": (1, classes), "dtype": "float32"}],
        }

    @classmethod
    def derive_io_spec_from_json_params(cls, json_dict: Any) -> dict[str, Any]:
        return {"input": [], "output": []}

    def convert_input_to_bytes(self, inputdata: Any) -> bytes:
        return np.asarray(inputdata[0], np.float32).tobytes()

    def convert_output_from_bytes(self, outputdata: bytes) -> list[Any]:
        return [np.frombuffer(outputdata, np.float32).reshape(1, -1)]

    @classmethod
    def get_framework(cls) -> str:
        return "onnx"

    @classmethod
    def get_framework_version(cls) -> str:
        return str(onnxruntime.__version__)

    @classmethod
    def get_output_formats(cls) -> list[str]:
        return ["onnx"]
