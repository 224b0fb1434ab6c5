"""Makes the scenes of test_render.py: `python render_scenes.py FOLDER`, run where `bpy` is."""

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

bpy: Any = import_module("bpy")
FOLDER = Path(sys.argv[1])


def save(name: str) -> None:
    (FOLDER / name).mkdir(exist_ok=True)
    path = str(FOLDER / name / "scene.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path, compress=name == "main", relative_remap=False)


def material(name: str, node: str, **values: Any) -> Any:
    made = bpy.data.materials.new(name)
    made.use_nodes = True
    tree = made.node_tree
    shader = tree.nodes.new(node)
    for socket, value in values.items():
        shader.inputs[socket].default_value = value
    tree.links.new(shader.outputs[0], tree.nodes["Material Output"].inputs["Surface"])
    return made


def camera(name: str, x: float) -> Any:
    made = bpy.data.objects.new(name, bpy.data.cameras.new(name))
    made.data.type = "ORTHO"
    made.data.ortho_scale = 8
    made.location = (x, 0, 10)
    bpy.context.scene.collection.objects.link(made)
    return made


def plane(x: float, size: tuple[float, float], what: Any, z: float = 0.0) -> Any:
    bpy.ops.mesh.primitive_plane_add(size=1, location=(x, 0, z))
    made = bpy.context.object
    made.scale = (*size, 1)
    made.data.materials.append(what)
    return made


def main_scene() -> None:
    """From above, 8 x 6 units: the left three glow, on the right a ball moves in the light of a lamp."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.view_settings.view_transform = "Standard"
    scene.camera = camera("main", 0)
    camera("left", -3)
    plane(-3.5, (5, 8), material("glow", "ShaderNodeEmission", Color=(1, 0.5, 0, 1), Strength=1.0), 0.1)
    plane(0, (20, 20), material("floor", "ShaderNodeBsdfDiffuse", Color=(0.6, 0.7, 0.8, 1)))
    bpy.ops.mesh.primitive_uv_sphere_add(radius=1, location=(1.5, -1, 1))
    ball = bpy.context.object
    ball.name = "ball"
    ball.data.materials.append(material("gloss", "ShaderNodeBsdfGlossy", Roughness=0.4))
    ball.keyframe_insert("location", frame=1)
    ball.location.y = 1
    ball.keyframe_insert("location", frame=3)
    lamp = bpy.data.objects.new("lamp", bpy.data.lights.new("lamp", "AREA"))
    lamp.data.energy, lamp.data.size = 400, 2
    lamp.location = (2, -1, 5)
    scene.collection.objects.link(lamp)
    scene.render.engine = "CYCLES"


def hostile(canary: Path) -> None:
    """Three ways to run Python: a registered text, a driver, and a style of Freestyle."""
    scene = bpy.context.scene
    write = f"open({str(canary)!r} + {{!r}}, 'w').close()"
    text = bpy.data.texts.new("boot.py")
    text.write(write.format("-text"))
    text.use_module = True
    bad = bpy.data.objects["ball"].driver_add("scale", 0).driver
    bad.expression = f"({write.format('-driver')} or 1)"
    plain = bpy.data.objects["ball"].driver_add("scale", 1).driver
    plain.expression = "frame * 2"
    style = bpy.data.texts.new("style.py")
    style.write(write.format("-freestyle"))
    scene.render.use_freestyle = True
    layer = scene.view_layers[0]
    layer.use_freestyle = True
    layer.freestyle_settings.mode = "SCRIPT"
    module = layer.freestyle_settings.modules.new()
    module.script, module.use = style, True


def textured(path: str) -> None:
    """The glowing part shows a picture in place of its colour."""
    tree = bpy.data.materials["glow"].node_tree
    node = tree.nodes.new("ShaderNodeTexImage")
    node.image = bpy.data.images.new("picture", 1, 1)
    node.image.source = "FILE"
    node.image.filepath = path
    tree.links.new(node.outputs["Color"], tree.nodes["Emission"].inputs["Color"])


def importing() -> None:
    """Geometry nodes that read a file at a path that they make up."""
    group = bpy.data.node_groups.new("reader", "GeometryNodeTree")
    group.nodes.new("GeometryNodeImportText")
    bpy.data.objects["ball"].modifiers.new("reader", "NODES").node_group = group


def linked(library: Path) -> None:
    with bpy.data.libraries.load(str(library), link=True) as (_, into):
        into.objects = ["ball"]
    bpy.context.scene.collection.objects.link(into.objects[0])


def falling() -> None:
    """A ball that falls: where it is depends on all frames before."""
    ball = bpy.data.objects["ball"]
    ball.animation_data_clear()
    ball.location = (1.5, 0, 6)
    bpy.context.view_layer.objects.active = ball
    ball.select_set(True)
    bpy.ops.rigidbody.object_add(type="ACTIVE")


def everything() -> None:
    main_scene()
    save("main")
    for name, path in (
        ("textured", "//textures/blue.png"),
        ("absolute", "/etc/hostname"),
        ("windows", "C:\\pictures\\blue.png"),
        ("escaping", "//../../secret.png"),
    ):
        main_scene()
        textured(path)
        save(name)
    main_scene()
    hostile(FOLDER / "canary")
    save("hostile")
    main_scene()
    importing()
    save("importing")
    main_scene()
    linked(FOLDER / "main" / "scene.blend")
    save("linked")
    main_scene()
    falling()
    save("falling")
    main_scene()
    bpy.context.scene.camera = None
    save("blind")


everything()
os._exit(0)  # Blender's threads may hang in an orderly end.
