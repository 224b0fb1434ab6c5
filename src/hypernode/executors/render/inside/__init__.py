"""What runs inside Blender, never in our process: it needs nothing of Hypernode, only what Blender brings."""
