"""gan_train: from a folder of images to one ONNX file. Imports nothing by itself; needs torch for training, never
bpy."""
