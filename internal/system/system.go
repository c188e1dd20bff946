package system

// System is everything that a part of Heddle may ask of the machine.
type System struct {
	Clock       Clock
	Files       Files
	Random      Random
	Environment Environment
	Commands    Commands
}

// Real returns the machine itself. The result holds no state and may be shared.
func Real() *System {
	return &System{
		Clock:       realClock{},
		Files:       realFiles{},
		Random:      realRandom{},
		Environment: realEnvironment{},
		Commands:    realCommands{},
	}
}
