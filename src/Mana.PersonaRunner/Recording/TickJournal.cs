using Mana.Contracts;

namespace Mana.PersonaRunner.Recording;

/// <summary>
/// Another process has taken the tick since: whatever this one still wants to write of it is refused. Who meets this
/// stops at once; the tick lives on elsewhere, or was ended.
/// </summary>
internal sealed class StaleEpochException(TickId tick) : Exception($"Tick {tick} has been taken over or ended.")
{
    public TickId Tick { get; } = tick;
}

/// <summary>A tick that this process may run: its row, the epoch that guards its writes, and what was done of it before.</summary>
/// <param name="Id">The tick.</param>
/// <param name="Epoch">From 1; more than 1 means that it was interrupted or parked.</param>
/// <param name="Persona">Whose tick it is, as it was known when the tick was opened.</param>
/// <param name="IgnoresPause">Somebody asked for it during a pause.</param>
/// <param name="Journal">What was stored of it.</param>
internal sealed record TakenTick(TickId Id, long Epoch, DuePersona Persona, bool IgnoresPause, TickJournal Journal);

/// <summary>
/// What is stored of a tick when it is taken: it is resumed by playing it again from its start with the answers that
/// are here, until there are no more.
/// </summary>
internal sealed class TickJournal(string phase, IReadOnlyList<TurnRow> turns, IReadOnlyList<ModelCallRow> modelCalls, IReadOnlyList<CallRow> calls)
{
    private static readonly string[] Order =
        [TickPhases.Queued, TickPhases.SignIn, TickPhases.Connect, TickPhases.Act, TickPhases.Rate, TickPhases.Remember, TickPhases.Deliver, TickPhases.Ended];

    private readonly Dictionary<int, ModelCallRow> _modelCalls = modelCalls.ToDictionary(row => row.Seq);
    private readonly Dictionary<int, CallRow> _calls = calls.ToDictionary(row => row.Seq);

    /// <summary>Of a tick that begins.</summary>
    public static TickJournal Empty { get; } = new(TickPhases.SignIn, [], [], []);

    public bool IsEmpty => turns.Count + modelCalls.Count + calls.Count == 0;

    /// <summary>Whether the tick had entered the phase.</summary>
    public bool Has(string other) => Array.IndexOf(Order, other) <= Array.IndexOf(Order, phase);

    /// <summary>What was said at that place; null where the journal ends.</summary>
    /// <exception cref="InvalidDataException">Somebody else spoke there: the journal is of another version of the runner.</exception>
    public string? Turn(int seq, string role)
    {
        if (seq >= turns.Count)
        {
            return null;
        }

        return turns[seq].Role == role ? turns[seq].Text : throw Misfit();
    }

    /// <summary>The model call at that place; without content it was asked and never answered. Null where the journal ends.</summary>
    public ModelCallRow? ModelCall(int seq, string purpose)
    {
        if (!_modelCalls.TryGetValue(seq, out var row))
        {
            return null;
        }

        return row.Purpose == purpose ? row : throw Misfit();
    }

    /// <summary>The tool call at that place; without result nobody knows what became of it. Null where the journal ends.</summary>
    public CallRow? Call(int seq, string tool)
    {
        if (!_calls.TryGetValue(seq, out var row))
        {
            return null;
        }

        return row.Tool == tool ? row : throw Misfit();
    }

    private static InvalidDataException Misfit() => new("The journal of this tick was written by another version of the runner and cannot be resumed.");
}

/// <summary>What was noted since the last write and goes to the disk with the next one.</summary>
internal sealed class TickNotes
{
    /// <summary>The phases that were entered; the last is the one that lasts.</summary>
    public List<string> Phases { get; } = [];

    public List<TurnRow> Turns { get; } = [];

    /// <summary>Model calls that are about to be made.</summary>
    public List<ModelCallRow> Asked { get; } = [];

    /// <summary>Model calls of an earlier process that were never answered and are made again.</summary>
    public List<int> AskedAgain { get; } = [];

    /// <summary>Model calls that came back.</summary>
    public List<ModelCallRow> Answered { get; } = [];

    /// <summary>A model call that was not made after all: the tick was parked before it.</summary>
    public int? Withdrawn { get; set; }

    /// <summary>Calls that are about to be made.</summary>
    public List<CallRow> Calls { get; } = [];

    /// <summary>Calls of an earlier process whose result nobody knows and that are made again.</summary>
    public List<int> CallsAgain { get; } = [];

    public string? Summary { get; set; }

    public bool IsEmpty =>
        Phases.Count + Turns.Count + Asked.Count + AskedAgain.Count + Answered.Count + Calls.Count + CallsAgain.Count == 0 && Summary is null && Withdrawn is null;
}
