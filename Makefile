# GAN Cubes. `make` alone lists what there is. Everything lands in this folder: environments in .venv*, results in out/.
# Packages come by pip; a stamp file in each environment says that it is filled, so a second call installs nothing.
SHELL := bash
.DEFAULT_GOAL := help
.PHONY: help cube training test lint extension bench window pictures

PIP := -m pip --disable-pip-version-check install

help:  ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 18

cube: .venv/.base  ## install the base (no torch), make out/cube.glb and out/cube.png with the shipped generator
	@mkdir -p out
	.venv/bin/gancube cube --seed 7 --out out/cube.glb --render out/cube.png
	@echo "The cube is in $(CURDIR)/out/cube.glb, its picture in $(CURDIR)/out/cube.png"

training: .venv/.train  ## add what training needs (torch, onnx) to .venv
	@echo "gan-train is in $(CURDIR)/.venv/bin"

test: .venv/.test  ## run every test, with every Blender whose Python is on this machine
	@.ci/test

lint: .venv/.lint  ## check style and formatting
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .

extension: .venv/.base  ## build the zips that Blender installs, into dist/
	.venv/bin/python blender_addon/build_extension.py

bench: .venv/.test  ## measure seconds and memory; judges nothing
	.venv/bin/python -m pytest tests/benchmarks -m bench -s

window: .venv/.test  ## drive the panel in a real Blender window: make window BLENDER=/path/to/blender
	.venv/bin/python -m pytest tests/window -m window -s

pictures: .venv/.test  ## make the pictures of blender_addon/README.md: make pictures BLENDER=/path/to/blender
	.venv/bin/python -m pytest tests/window -m window -s -k tour
	.venv/bin/python -m tests.window.pictures

# The main environment. 3.11 brings bpy 5.0, 3.13 brings bpy 5.2.
.venv/.base: pyproject.toml
	.ci/environment .venv 3.11 3.13
	.venv/bin/python $(PIP) -e .
	@touch $@

.venv/.train: pyproject.toml
	.ci/environment .venv 3.11 3.13
	.venv/bin/python $(PIP) -e '.[train]'
	@touch .venv/.base $@

.venv/.test: pyproject.toml
	.ci/environment .venv 3.11 3.13
	.venv/bin/python $(PIP) -e '.[train,test]'
	@touch .venv/.base .venv/.train $@

.venv/.lint: pyproject.toml
	.ci/environment .venv 3.11 3.13
	.venv/bin/python $(PIP) -e '.[lint]'
	@touch .venv/.base $@

# Environments for the Blenders that .venv does not hold: no torch, and our own package without its demand for one bpy.
BESIDE_BPY := onnxruntime pillow onnx pytest

.venv-bpy4.2/.filled: pyproject.toml
	.ci/environment .venv-bpy4.2 3.11
	.venv-bpy4.2/bin/python $(PIP) 'bpy==4.2.*' 'numpy<2' $(BESIDE_BPY)
	.venv-bpy4.2/bin/python $(PIP) --no-deps -e .
	@touch $@

.venv-bpy5.2/.filled: pyproject.toml
	.ci/environment .venv-bpy5.2 3.13
	.venv-bpy5.2/bin/python $(PIP) 'bpy==5.2.*' numpy $(BESIDE_BPY)
	.venv-bpy5.2/bin/python $(PIP) --no-deps -e .
	@touch $@
