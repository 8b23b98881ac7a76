"""scene: bpy without user interface. PNG bytes in, datablocks and files out. Never numpy, never onnxruntime."""
