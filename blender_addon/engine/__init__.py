"""The engine: cards, latents, inference, pixels, measures. Numpy and onnxruntime at most; never bpy. This file imports nothing."""
