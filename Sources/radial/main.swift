print("radial")
