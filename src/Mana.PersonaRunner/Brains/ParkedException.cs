namespace Mana.PersonaRunner.Brains;

/// <summary>
/// The model is not to be asked now: the runner is paused or about to stop. The tick is left open where it stands and
/// goes on later; nothing has failed.
/// </summary>
/// <param name="reason">For the log and the page.</param>
internal sealed class ParkedException(string reason) : Exception(reason);
