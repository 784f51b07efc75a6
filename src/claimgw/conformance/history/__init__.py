"""Rules that need what came before, or who is registered: functions of a Case whose `memory` is there."""
