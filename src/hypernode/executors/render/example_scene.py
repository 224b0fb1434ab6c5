"""Made the scene of the example: `python example_scene.py example.blend`, run where `bpy` is."""

import math
import sys
from importlib import import_module
from typing import Any

bpy: Any = import_module("bpy")


def material(name: str, colour: tuple[float, float, float], *, metallic: float) -> Any:
    """A surface."""
    made = bpy.data.materials.new(name)
    made.use_nodes = True
    shader = made.node_tree.nodes["Principled BSDF"]
    shader.inputs["Base Color"].default_value = (*colour, 1)
    shader.inputs["Metallic"].default_value = metallic
    shader.inputs["Roughness"].default_value = 0.25
    return made


def main(path: str) -> None:
    """A copper monkey on a blue floor turns its head under the sky."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    bpy.ops.mesh.primitive_plane_add(size=40)
    bpy.context.object.data.materials.append(material("floor", (0.1, 0.2, 0.5), metallic=0))
    bpy.ops.mesh.primitive_monkey_add(size=2, location=(0, 0, 1))
    head = bpy.context.object
    head.data.materials.append(material("copper", (0.9, 0.4, 0.2), metallic=1))
    bpy.ops.object.shade_smooth()
    for frame, degrees in ((1, -20), (2, 20)):
        head.rotation_euler = (0, 0, math.radians(degrees))
        head.keyframe_insert("rotation_euler", frame=frame)
    bpy.ops.object.light_add(type="SUN", rotation=(0.8, 0.2, 0.4))
    bpy.context.object.data.energy = 4
    scene.world = bpy.data.worlds.new("sky")
    scene.world.use_nodes = True
    scene.world.node_tree.nodes["Background"].inputs["Color"].default_value = (0.5, 0.6, 0.8, 1)
    bpy.ops.object.camera_add(location=(0, -6, 2.5), rotation=(math.radians(75), 0, 0))
    scene.camera = bpy.context.object
    # The scene without Blender's windows, which are most of a small file.
    bpy.data.libraries.write(path, {scene}, compress=True)


if __name__ == "__main__":
    main(sys.argv[1])
