// RadialEngine
