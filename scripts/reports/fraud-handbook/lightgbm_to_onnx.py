"""Trains LightGBM on rows of float32 (features, then the label) and writes it as ONNX: rows width seed trees model. Prints the seconds of training."""

import sys
import time

import lightgbm
import numpy
from onnxmltools import convert_lightgbm
from onnxmltools.convert.common.data_types import FloatTensorType

path, model = sys.argv[1], sys.argv[5]
width, seed, trees = (int(given) for given in sys.argv[2:5])
table = numpy.fromfile(path, dtype=numpy.float32).reshape(-1, width)
features, label = table[:, :-1], table[:, -1].astype(int)

classifier = lightgbm.LGBMClassifier(
    n_estimators=trees,
    learning_rate=0.1,
    max_depth=4,
    num_leaves=15,
    reg_lambda=5,
    min_child_weight=1,
    min_child_samples=1,
    min_data_in_bin=1,
    max_bin=1023,
    colsample_bynode=0.33,
    random_state=seed,
    n_jobs=1,
    verbose=-1,
)
begun = time.perf_counter()
classifier.fit(features, label)
print(time.perf_counter() - begun)

onnx = convert_lightgbm(
    classifier,
    initial_types=[("features", FloatTensorType([None, width - 1]))],
    zipmap=False,
    target_opset=15,
)
with open(model, "wb") as file:
    file.write(onnx.SerializeToString())
