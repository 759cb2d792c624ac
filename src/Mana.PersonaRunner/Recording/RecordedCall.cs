using Mana.Contracts;

namespace Mana.PersonaRunner.Recording;

/// <summary>One call of the tick, as the ratings refer to it.</summary>
internal sealed class RecordedCall(int seq, string tool, string module, bool isKnown)
{
    public int Seq { get; } = seq;

    /// <summary>The id by which the persona names the call as evidence.</summary>
    public string ActionId { get; } = $"a{seq}";

    public string Tool { get; } = tool;

    public string Module { get; } = module;

    public bool IsKnown { get; } = isKnown;

    /// <summary><c>ok</c>, <c>error</c> or <c>in-doubt</c>; null while it is under way.</summary>
    public string? Result { get; private set; }

    /// <summary>What it answered, where an earlier process heard it.</summary>
    public string? Restored { get; private set; }

    /// <summary>An earlier process was about to make it, and nobody knows what became of it.</summary>
    public bool IsInDoubt { get; private set; }

    public bool? IsError => Result is null ? null : Result != CallResults.Ok;

    public int? LatencyMs { get; private set; }

    public void Ended(string result, int latencyMs)
    {
        Result = result;
        LatencyMs = latencyMs;
    }

    /// <summary>Takes over what the journal has of the call.</summary>
    public void Restore(CallRow row)
    {
        Result = row.Result;
        LatencyMs = row.LatencyMs;
        Restored = row.Result is null ? null : row.Output ?? "";
        IsInDoubt = row.Result is null;
    }
}

/// <summary>What can become of a call.</summary>
internal static class CallResults
{
    public const string Ok = "ok";

    /// <summary>The tool, or the way to it, failed.</summary>
    public const string Error = "error";

    /// <summary>It was sent, and whether it was carried out is not known and cannot be asked.</summary>
    public const string InDoubt = "in-doubt";
}

/// <summary>How personas are shown.</summary>
internal static class PersonaNames
{
    /// <summary>The persona's name; an auth service that sends none has it in the e-mail: persona.anna@… is Anna.</summary>
    public static string DisplayName(this DuePersona persona)
    {
        if (persona.Name is { Length: > 0 } name)
        {
            return name;
        }

        var local = persona.Email.Split('@')[0];
        var last = local[(local.LastIndexOf('.') + 1)..];
        return last.Length == 0 ? persona.Email : char.ToUpperInvariant(last[0]) + last[1..];
    }
}
