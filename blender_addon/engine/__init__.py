"""The engine: cards, inference, pixels. Numpy and onnxruntime at most; never bpy. This file imports nothing."""
