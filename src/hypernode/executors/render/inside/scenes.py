"""Inside Blender: what a scene must not do or need, and how it is set up for a job."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from .pictures import choose_format

bpy: Any = import_module("bpy")

GPU_KINDS = ("OPTIX", "CUDA", "HIP", "METAL", "ONEAPI")
SIMULATIONS = {"CLOTH", "SOFT_BODY", "FLUID", "DYNAMIC_PAINT"}
SIMULATION_NODES = {"GeometryNodeSimulationOutput", "GeometryNodeBake"}
IMPORT_NODES = "GeometryNodeImport"
"""Nodes that read files at paths which they compute."""
NOT_NEEDED = {"Sound", "Text"}
LINKED = "Library"


class Refused(Exception):
    """The scene cannot be rendered anywhere."""


class Failed(Exception):
    """This machine cannot."""


def open_scene(path: str) -> list[str]:
    """Load a scene so that none of its scripts run. Returns what its owner should know."""
    bpy.context.preferences.filepaths.use_scripts_auto_execute = False
    try:
        bpy.ops.wm.open_mainfile(filepath=path, use_scripts=False, load_ui=False)
    except RuntimeError as error:
        kind = Failed if "newer version" in str(error) else Refused
        raise kind(f"Blender cannot open the scene: {str(error).removeprefix('Error: ').strip()}") from None
    muted = mute_python()
    for each in bpy.data.scenes:  # What is cut together is no part of a frame, and its files are not needed.
        each.sequence_editor_clear()
    check_files(Path(path).resolve().parent)
    scene = bpy.context.scene
    notes = []
    if muted:
        notes.append(f"Python in drivers never runs; these keep their values: {', '.join(sorted(muted)[:10])}")
    if scene.render.engine != "CYCLES":
        notes.append(f"the scene is made for {scene.render.engine}; it is rendered with Cycles")
    if scene.use_nodes and scene.render.use_compositing:
        notes.append("the scene's compositor is left out")
    return notes


def mute_python() -> set[str]:
    """Stop all drivers that need Python's interpreter; those that only calculate need none. Says which."""
    muted: set[str] = set()
    for each in everything():
        for curve in each.animation_data.drivers if each.animation_data else ():
            if curve.driver.type == "SCRIPTED" and not curve.driver.is_simple_expression:
                curve.mute = True
                muted.add(f"{each.name}.{curve.data_path}[{curve.array_index}]")
    return muted


def everything() -> Iterator[Any]:
    """All data-blocks that can have drivers, with the node trees that lie within others."""
    for collection in bpy.data.bl_rna.properties:
        if collection.type == "COLLECTION":
            for each in getattr(bpy.data, collection.identifier):
                yield from (
                    part for part in (each, getattr(each, "node_tree", None)) if hasattr(part, "animation_data")
                )


def check_files(inside: Path) -> None:
    """All files that the scene needs must lie in its folder. Raises Refused."""
    for tree in bpy.data.node_groups:
        for node in tree.nodes:
            if node.bl_idname.startswith(IMPORT_NODES):
                raise Refused(f"{tree.name} has a node that reads a file ({node.bl_label}): import it into the scene")
    for owner, paths in bpy.data.file_path_map(include_libraries=True).items():
        kind = owner.rna_type.identifier
        if kind in NOT_NEEDED or (kind != LINKED and owner.users <= owner.use_fake_user):
            continue
        for path in paths:
            full = Path(bpy.path.abspath(path, library=owner.library)).resolve()
            if not full.is_relative_to(inside):
                raise Refused(
                    f"{owner.name} needs {path}, which is outside of the job: pack it into the scene, or make the path "
                    "relative (`//...`) and give the file as an asset"
                )
            if not full.exists() and not stands_for_many(owner, full):
                raise Refused(f"{owner.name} needs {path}, which is not among the assets")


def stands_for_many(owner: Any, path: Path) -> bool:
    """A sequence, or a picture in tiles: which of its files are needed shows while rendering."""
    many = getattr(owner, "source", "") in ("SEQUENCE", "TILED") or getattr(owner, "is_sequence", False)
    return many and path.parent.is_dir()


def is_simulated() -> bool:
    """Whether a frame depends on those before it."""
    return (
        bpy.context.scene.rigidbody_world is not None
        or any(modifier.type in SIMULATIONS for each in bpy.data.objects for modifier in each.modifiers)
        or any(
            system.settings.type == "EMITTER" or system.use_hair_dynamics
            for each in bpy.data.objects
            for system in each.particle_systems
        )
        or any(node.bl_idname in SIMULATION_NODES for tree in bpy.data.node_groups for node in tree.nodes)
    )


def choose_device(wanted: str) -> str:
    """What Cycles computes with, as in `CPU` or `OPTIX NVIDIA H100`. Raises Failed."""
    cycles = bpy.context.preferences.addons["cycles"].preferences
    for kind in GPU_KINDS if wanted != "cpu" else ():
        try:
            cycles.compute_device_type = kind
        except TypeError:  # This build of Blender knows no such devices.
            continue
        cycles.refresh_devices()
        names = [device.name for device in cycles.devices if device.type == kind]
        if names:
            for device in cycles.devices:
                device.use = device.type == kind
            return f"{kind} {' + '.join(names)}"
    if wanted == "gpu":
        raise Failed(f"Cycles finds no GPU here ({', '.join(GPU_KINDS)}): ask for the device `auto` or `cpu`")
    cycles.compute_device_type = "NONE"
    return "CPU"


def configure(job: Mapping[str, Any], device: str) -> None:
    """Make the picture depend on the job and the scene alone, and each pixel take the samples that are paid."""
    scene = bpy.context.scene
    render = scene.render
    render.engine = "CYCLES"
    render.resolution_x, render.resolution_y, render.resolution_percentage = job["width"], job["height"], 100
    render.film_transparent = job["transparent"]
    render.dither_intensity = 0  # It is noise that depends on a tile's place.
    render.threads_mode = "AUTO"
    # Each of these makes other files, runs other code, or looks at what was there before.
    for name in ("compositing", "sequencer", "freestyle", "multiview", "stamp", "persistent_data", "render_cache"):
        put(render, **{f"use_{name}": False})
    put(render, use_overwrite=True, use_placeholder=False, use_single_layer=False)
    choose_samples(scene.cycles, job, "CPU" if device == "CPU" else "GPU")
    first = next((layer for layer in scene.view_layers if layer.use), scene.view_layers[0])
    for layer in scene.view_layers:
        layer.use = layer == first
        layer.use_freestyle = False
    put(first.cycles, use_denoising=True)  # Where the scene denoises at all.
    put(render.image_settings, color_management="FOLLOW_SCENE")
    choose_format(
        render.image_settings, "PNG" if job["output"] == "png" else "OPEN_EXR", "RGBA" if job["transparent"] else "RGB"
    )
    if job["camera"]:
        choose_camera(scene, job["camera"])


def choose_samples(cycles: Any, job: Mapping[str, Any], device: str) -> None:
    """The same number for every pixel, drawn the same way everywhere. Raises Failed."""
    put(
        cycles,
        device=device,
        samples=job["samples"],
        seed=job["seed"],
        use_animated_seed=True,
        use_adaptive_sampling=False,
        use_layer_samples="IGNORE",
        use_sample_subset=False,
        sample_offset=0,
        time_limit=0,
        use_guiding=False,  # It learns from the whole frame: a tile would look different.
        shading_system=False,  # OSL compiles programs, and they read files.
        use_denoising=job["denoise"],
    )
    if job["denoise"]:
        if not import_module("_cycles").with_openimagedenoise:
            raise Failed("this Blender was built without OpenImageDenoise")
        put(cycles, denoiser="OPENIMAGEDENOISE", denoising_use_gpu=False)


def choose_camera(scene: Any, name: str) -> None:
    """Use one camera for all frames. Raises Refused."""
    cameras = [each.name for each in scene.objects if each.type == "CAMERA"]
    if name not in cameras:
        raise Refused(f"the scene has no camera {name}; it has {', '.join(cameras[:10]) or 'none'}")
    scene.camera = scene.objects[name]
    for marker in scene.timeline_markers:
        marker.camera = None


def put(owner: Any, **values: Any) -> None:
    """Set what this version of Blender knows."""
    for name, value in values.items():
        if hasattr(owner, name):
            setattr(owner, name, value)
